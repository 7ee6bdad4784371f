"""Running until told to stop, and stopping without cutting anybody off."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from restante import log
from restante.serve.server import Server

_log = log.get("serve")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
    with _heard(server.hurry) as wait:
        server.start()
        number = wait()
        _log.info("serve.draining", signal=signal.Signals(number).name)
        try:
            if on_drain is not None:
                on_drain()
        finally:
            server.drain()
        if on_stopped is not None:
            on_stopped()
        return 0


@contextmanager
def _heard(again: Callable[[], object]) -> Iterator[Callable[[], int]]:
    """Give what waits for the first signal and returns its number; `again` is called at each later one.

    The system may hand a signal to any thread: one that is being made takes it, and the main thread, asleep,
    would never hear of it. So the interpreter writes its number where the main thread reads.
    """
    came = 0

    def told(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came += 1
        if came > 1:
            again()

    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        written_before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        handled_before = {number: signal.signal(number, told) for number in _SIGNALS}
        try:
            yield lambda: _first(reading)
        finally:
            for number, handler in handled_before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(written_before)


def _first(reading: socket.socket) -> int:
    """Return the number of the first of our signals, once it is written. Blocks."""
    while (number := reading.recv(1)[0]) not in _SIGNALS:
        pass
    return number
