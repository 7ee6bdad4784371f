"""Keeps the queue's file small, every hour or so, in a thread that never dies of it."""

import threading

from relayd.queue import MailQueue
from restante import log

_LOG = log.get("upkeep")


class Upkeep:
    """Calls the queue's `tidy` now and then."""

    def __init__(self, queue: MailQueue, every_seconds: float, pack_above_octets: int) -> None:
        self._queue = queue
        self._every_seconds = every_seconds
        self._pack_above_octets = pack_above_octets
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it. A pack under way goes on until the process ends, which a pack survives."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            try:
                self._queue.tidy(self._pack_above_octets)
            except Exception as error:
                _LOG.error("upkeep.failed", cause=error)
