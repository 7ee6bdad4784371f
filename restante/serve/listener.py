"""Running applications on waitress, with what its defaults leave open answered. The only file that knows it.

| waitress by itself | here |
|---|---|
| `select`, which dies near 1,100 connections | `poll` |
| 100 connections, then nobody else gets in | 1,000, and at the limit the longest waiting make room |
| keeps a body of up to 1 GiB before anybody is asked | the application's limit, by address and credentials |
| waits for ever for a client that does not read | TCP_USER_TIMEOUT |
| waits for ever for a client that trickles its request | a deadline for the whole of it |
| obeys chunked where a length is given as well | 400 and close (RFC 9112 section 6.3) |
| tells its own errors as text/plain | as our error object |
| cuts queued requests when it stops | listener closed, whatever arrived is answered, then the end |

Each listener has its own loop and its own threads: were they shared, requests waiting for another daemon
could keep out the very call by which that daemon answers.
"""

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest, RequestEntityTooLarge

from restante import log
from restante.config import HttpSettings
from restante.serve.application import Application
from restante.serve.refusals import HEADER_OCTETS, Refusal
from restante.serve.sockets import listen, name_of, unlink

STALL_SECONDS = 30
"""How long a client may leave octets unread before it is cut off."""

REQUEST_SECONDS = 30
"""How long a request may take to arrive, beyond what it brings at 4 KiB a second."""

SLOWEST_OCTETS_A_SECOND = 4096
_FRAMING_OCTETS = 64 * 1024  # what chunks may cost beside their octets: waitress keeps all of a chunk's line
_TELL_AGAIN_SECONDS = 60
_BODY_IN_MEMORY_OCTETS = 64 * 1024
_ANSWER_IN_MEMORY_OCTETS = 256 * 1024
_SWALLOWED_OCTETS = 8 * 1024 * 1024
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


# A full queue and a full house are no news each time; what is news is told by `serve.full` below.
logging.getLogger("waitress").setLevel(logging.ERROR)

_log = log.get("serve")


class _Adjustments(Adjustments):  # type: ignore[misc]
    """waitress's settings, and what our parser and channel must know of the listener they belong to."""

    body_limit_octets: Callable[..., int]
    request_seconds: float = REQUEST_SECONDS
    draining_since: float = float("inf")


class _Nowhere:
    """A buffer that only counts: where the rest of a refused body goes."""

    def __init__(self, octets: int) -> None:
        self._octets = octets

    def append(self, data: bytes) -> None:
        self._octets += len(data)

    def close(self) -> None:
        """Nothing was kept."""

    def __len__(self) -> int:
        return self._octets


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """One request as it arrives, with our limits on it."""

    _error: Refusal | None = None
    expect_continue: bool = False

    def __init__(self, adj: _Adjustments) -> None:
        super().__init__(adj)
        self.started_at = time.monotonic()
        self.limit_octets = 0

    @property
    def error(self) -> Refusal | None:
        return self._error

    @error.setter
    def error(self, error: Any) -> None:
        self._error = error if isinstance(error, Refusal) else Refusal(error)

    def parse_header(self, header_plus: bytes) -> None:
        """Read the header; refuse what two readers could understand in two ways."""
        try:
            super().parse_header(header_plus)
        except ValueError as exc:  # a length of thousands of digits
            raise ParsingError("a number that cannot be read") from exc
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("two lengths")
        authorized = "AUTHORIZATION" in self.headers
        self.limit_octets = self.adj.body_limit_octets(self.path, authorized=authorized)

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        body = self.body_rcv
        if (
            body is not None
            and self.error is None
            and max(self.content_length, len(body)) > self.limit_octets
        ):
            self._refuse_body()
        if self.chunked and self.body_bytes_received - len(body) > _FRAMING_OCTETS:
            self.error = self.error or BadRequest("")
            self.completed = True
        return consumed

    def _refuse_body(self) -> None:
        """Answer 413: at once if the client waits for leave, else after reading the body into nowhere.

        Closing on a client that still writes would lose the answer.
        """
        self.error = RequestEntityTooLarge("")
        kept = self.body_rcv.getbuf()
        self.body_rcv.buf = _Nowhere(len(kept))
        kept.close()
        if self.expect_continue:
            self.expect_continue = False
            self.completed = True

    def overdue(self) -> bool:
        allowed: float = self.adj.request_seconds + self.body_bytes_received / SLOWEST_OCTETS_A_SECOND
        return time.monotonic() - self.started_at > allowed


class _Task(WSGITask):  # type: ignore[misc]
    """One request being answered."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ["restante.late"] = self.request.started_at > self.channel.adj.draining_since
        if self.channel.server.family == socket.AF_UNIX:
            environ["REMOTE_ADDR"] = "unix"
        return environ

    def build_response_header(self) -> bytes:
        if self._told_to_close():
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def set_close_on_finish(self) -> None:
        """Close after the answer, but not because a 204 or 304 has no length: it needs none."""
        if self.has_body or self.version == "1.0" or self._told_to_close():
            super().set_close_on_finish()

    def _told_to_close(self) -> bool:
        draining: bool = self.channel.adj.draining_since < float("inf")
        return draining or self.request.headers.get("CONNECTION", "").lower() == "close"


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    task_class = _Task
    parser_class = _Parser

    def is_idle(self) -> bool:
        """Tell whether nothing is asked, arriving or waiting to be sent."""
        return not bool(self.requests or self.request or self.total_outbufs_len)

    def waiting_since(self) -> float:
        """Return how old this is for making room: a trickled request counts from its beginning."""
        if self.request is not None:
            return float(time.time() - (time.monotonic() - self.request.started_at))
        return float(self.last_activity)


class _Listening:
    """What both kinds of listener do beyond waitress's. Everything here runs in the loop's thread."""

    paused_until = 0.0
    told_full_at = 0.0

    def readable(self: Any) -> bool:
        if self.accepting and len(self._map) >= self.adj.connection_limit:
            self.make_room()
        if time.monotonic() < self.paused_until:
            return False
        ready: bool = super().readable()  # type: ignore[misc]
        return ready

    def make_room(self: Any) -> None:
        """Close a twentieth of the connections: those that wait longest with nothing being answered."""
        now = time.time()
        if now - self.told_full_at > _TELL_AGAIN_SECONDS:
            self.told_full_at = now
            _log.warning("serve.full", connections=len(self.active_channels))
        waiting = [
            channel
            for channel in self.active_channels.values()
            if not channel.requests and now - channel.waiting_since() > 1
        ]
        waiting.sort(key=_Channel.waiting_since)
        for channel in waiting[: max(1, self.adj.connection_limit // 20)]:
            channel.will_close = True

    def maintenance(self: Any, now: float) -> None:
        super().maintenance(now)  # type: ignore[misc]
        for channel in self.active_channels.values():
            request = channel.request
            if request is not None and not channel.requests and request.overdue():
                channel.will_close = True

    def accept(self: Any) -> Any:
        """Accept a connection; out of descriptors, make room and look again a little later."""
        try:
            return super().accept()  # type: ignore[misc]
        except OSError as exc:
            if exc.errno in _NO_ROOM:
                self.paused_until = time.monotonic() + 0.2
                self.make_room()
            raise


class _TcpListening(_Listening, TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel


class _UnixListening(_Listening, UnixWSGIServer):  # type: ignore[misc]
    channel_class = _Channel


class Listener:
    """One address, the application behind it, and the loop that serves it."""

    def __init__(
        self, application: Application, address: str, settings: HttpSettings, **timing: float
    ) -> None:
        self.application = application
        self.socket = listen(address)
        self.address = name_of(self.socket)
        self._adjustments = _adjust(application, settings, **timing)
        self._dispatcher = ThreadedTaskDispatcher()
        kind = _UnixListening if self.socket.family == socket.AF_UNIX else _TcpListening
        self._map: dict[int, Any] = {}
        self._server = kind(
            application,
            self._map,
            True,
            self.socket,
            dispatcher=self._dispatcher,
            adj=self._adjustments,
            bind_socket=False,
            sockinfo=(self.socket.family, self.socket.type, self.socket.proto, self.socket.getsockname()),
        )
        self._loop = threading.Thread(target=self._server.run, name=f"serve {self.address}", daemon=True)

    def start(self) -> None:
        self._dispatcher.set_thread_count(self._adjustments.threads)
        self._loop.start()

    def stop_listening(self) -> None:
        """Take in whoever is at the door, close it, and read what they have already sent."""
        self.application.draining = True
        self._in_loop(self._close_door)
        for _ in range(2):  # between these lies a whole turn of the loop, which reads what had arrived
            self._in_loop(lambda: None)
        self._adjustments.draining_since = time.monotonic()

    def close_idle(self) -> bool:
        """Close the connections on which nothing is going on; tell whether none is left at all."""

        def close() -> None:
            for channel in self._server.active_channels.values():
                if channel.is_idle():
                    channel.will_close = True

        self._in_loop(close)
        return not self._server.active_channels

    def end(self) -> None:
        """Close everything. Whoever is still being answered is cut off."""
        if self._loop.is_alive():
            self._in_loop(self._close_all)
            self._loop.join(5)
        else:
            wasyncore.close_all(self._map)
        unlink(self.address)
        self._dispatcher.shutdown(timeout=1)

    def _close_all(self) -> None:
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # wakes the thread that may be waiting for its client
        wasyncore.close_all(self._map)

    def _close_door(self) -> None:
        server = self._server
        known = -1
        while known < len(server.active_channels) < self._adjustments.connection_limit:
            known = len(server.active_channels)
            server.handle_accept()
        server.accepting = False
        server.del_channel()
        self.socket.close()
        unlink(self.address)

    def _in_loop(self, work: Callable[[], object]) -> None:
        """Do `work` in the loop's thread and wait until it is done. Not to be called from that thread."""
        done = threading.Event()

        def do() -> None:
            try:
                work()
            finally:
                done.set()

        self._server.trigger.pull_trigger(do)
        while self._loop.is_alive() and not done.wait(0.5):
            pass


def _adjust(
    application: Application,
    settings: HttpSettings,
    stall_seconds: float = STALL_SECONDS,
    request_seconds: float = REQUEST_SECONDS,
    cleanup_seconds: float = 5,
) -> _Adjustments:
    application.limits.body_octets = settings.body_limit_octets
    application.trusted_proxy = settings.trusted_proxy
    adjustments = _Adjustments(
        listen="127.0.0.1:0",  # never used: the socket is given
        threads=settings.threads,
        connection_limit=settings.connection_limit,
        asyncore_use_poll=True,
        max_request_header_size=HEADER_OCTETS,
        max_request_body_size=max(_SWALLOWED_OCTETS, application.largest_body_octets() + 1),
        inbuf_overflow=_BODY_IN_MEMORY_OCTETS,
        outbuf_overflow=_ANSWER_IN_MEMORY_OCTETS,
        log_socket_errors=False,
        clear_untrusted_proxy_headers=False,  # the application decides whom to believe
        ident="restante",
    )
    adjustments.body_limit_octets = application.body_limit_octets
    adjustments.request_seconds = request_seconds
    adjustments.cleanup_interval = cleanup_seconds
    stall = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_seconds * 1000))
    adjustments.socket_options = [*Adjustments.socket_options, stall]
    return adjustments
