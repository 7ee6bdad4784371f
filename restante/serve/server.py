"""A daemon's listeners together: bound at once, started together, drained together."""

import time
from collections.abc import Sequence

from restante import log
from restante.config import HttpSettings
from restante.errors import RestanteError
from restante.serve.application import Application
from restante.serve.listener import Listener
from restante.serve.sockets import allow_descriptors

_log = log.get("serve")
_LOOK_AGAIN_SECONDS = 0.02


class Server:
    """Serve applications, each at its address: "127.0.0.1:8601", "[::1]:8601" or "unix:/path".

    The addresses are bound at once, so a port that is taken is told before anything else begins: raises
    StartError. Port 0 lets the system choose; `addresses` tells what it chose.
    """

    def __init__(
        self, listeners: Sequence[tuple[Application, str]], settings: HttpSettings, **timing: float
    ) -> None:
        allow_descriptors(settings.connection_limit * len(listeners))
        self._drain_seconds = settings.drain_seconds
        self._hurried = False  # no Event: a signal handler sets it, and could meet the lock inside
        self._drained = False
        self._listeners: list[Listener] = []
        try:
            for application, address in listeners:
                self._listeners.append(Listener(application, address, settings, **timing))
        except RestanteError:
            for listener in self._listeners:
                listener.end()
            raise

    @property
    def addresses(self) -> list[str]:
        """The addresses as bound, in the order given."""
        return [listener.address for listener in self._listeners]

    @property
    def urls(self) -> list[str]:
        """Where each application answers over TCP: "http://127.0.0.1:8601/profile/"."""
        return [f"http://{listener.address}{listener.application.path}" for listener in self._listeners]

    def start(self) -> None:
        """Begin to serve, in threads of its own; returns at once."""
        for listener in self._listeners:
            listener.start()
            _log.info("serve.listening", listen=listener.address, path=listener.application.path)

    def hurry(self) -> None:
        """End a drain that is waiting."""
        self._hurried = True

    def drain(self, seconds: float | None = None) -> None:
        """Stop: refuse new connections, answer what has arrived, then close. Blocks for `seconds` at most.

        What begins to arrive on an open connection meanwhile is answered 503. Without `seconds` the
        settings decide.
        """
        if self._drained:
            return
        self._drained = True
        until = time.monotonic() + (self._drain_seconds if seconds is None else seconds)
        for listener in self._listeners:
            listener.stop_listening()
        waiting = [listener for listener in self._listeners if not listener.close_idle()]
        while waiting and time.monotonic() < until and not self._hurried:
            time.sleep(_LOOK_AGAIN_SECONDS)
            waiting = [listener for listener in waiting if not listener.close_idle()]
        if waiting:
            _log.warning("serve.cut", listen=", ".join(listener.address for listener in waiting))
        for listener in self._listeners:
            listener.end()
        _log.info("serve.stopped")

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.drain()
