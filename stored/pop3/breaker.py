"""Breaking a session off from another thread, at any moment: reaching the server and encrypting included."""

from contextlib import suppress
from socket import SHUT_RDWR, socket
from threading import Lock

from restante.errors import ConnectionFailed


class Breaker:
    """Holds on to the connection of one session after another. Safe to use from any thread."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._guard = Lock()
        self._connection: socket | None = None
        self.broken = False

    def watch(self, connection: socket) -> None:
        """Break off `connection` from now on. Raises ConnectionFailed when it is already to be broken off."""
        with self._guard:
            self._connection = connection
            if not self.broken:
                return
        connection.close()
        raise self.failure()

    def failure(self) -> ConnectionFailed:
        """Return what is to be raised where a session was broken off."""
        return ConnectionFailed(f"The connection to {self._host} was broken off.", about=self._host)

    def abort(self) -> None:
        """End what is going on; whoever is waiting for the server gets a ConnectionFailed. Never raises."""
        with self._guard:
            self.broken = True
            if self._connection is not None:
                # Not SSLSocket.shutdown, which would have the other thread read on without decrypting.
                with suppress(OSError):
                    socket.shutdown(self._connection, SHUT_RDWR)
