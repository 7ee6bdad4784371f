"""Running until told to stop, and stopping without cutting anybody off."""

import signal
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType

from restante import log
from restante.serve.server import Server

_log = log.get("serve")


def run_until_signalled(
    server: Server,
    on_drain: Callable[[], object] | None = None,
    on_stopped: Callable[[], object] | None = None,
) -> int:
    """Start `server`, wait for SIGTERM or SIGINT, drain, and return the exit status 0.

    `on_drain` is called first, to tell background work to stop beginning anything; `on_stopped` after the
    last request was answered, to close what requests need. A second signal ends the waiting at once.
    Blocks until signalled; call it from the main thread.
    """
    arrived: SimpleQueue[int] = SimpleQueue()  # its put may be called from a signal handler

    def told(number: int, frame: FrameType | None) -> None:
        arrived.put(number)
        if arrived.qsize() > 1:
            server.hurry()

    previous = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.start()
        number = arrived.get()
        arrived.put(number)  # so that the next one is seen to be the second
        _log.info("serve.draining", signal=signal.Signals(number).name)
        try:
            if on_drain is not None:
                on_drain()
        finally:
            server.drain()
        if on_stopped is not None:
            on_stopped()
        return 0
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
