"""Running applications on waitress, with what its defaults leave open answered.

With `channel` the only file that knows it.

| waitress by itself | here |
|---|---|
| `select`, which dies near 1,100 connections | `poll` |
| 100 connections, then nobody else gets in | 1,000, and at the limit the longest waiting make room |
| keeps a body of up to 1 GiB before anybody is asked | the application's limit, by address and credentials |
| waits for ever for a client that does not read | TCP_USER_TIMEOUT |
| waits for ever for a client that trickles its request | a deadline for the whole of it |
| obeys chunked where a length is given as well | 400 and close (RFC 9112 section 6.3) |
| tells its own errors as text/plain | as our error object |
| wakes a thread for each request, and its loop afterwards | `turns`: the loop answers, unless it takes long |
| cuts queued requests when it stops | listener closed, whatever arrived is answered, then the end |

Each listener has its own threads: were they shared, requests waiting for another daemon
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
from waitress.server import TcpWSGIServer, UnixWSGIServer

from restante import log
from restante.config import HttpSettings
from restante.serve.application import Application
from restante.serve.channel import REQUEST_SECONDS, Channel, ListenerAdjustments
from restante.serve.refusals import HEADER_OCTETS
from restante.serve.sockets import listen, name_of, unlink
from restante.serve.turns import Turns

STALL_SECONDS = 30
"""How long a client may leave octets unread before it is cut off."""

_TELL_AGAIN_SECONDS = 60
_LONGEST_WAIT_SECONDS = 1  # maintenance is due every few seconds though nothing arrives
_BODY_IN_MEMORY_OCTETS = 64 * 1024
_ANSWER_IN_MEMORY_OCTETS = 256 * 1024
_SWALLOWED_OCTETS = 8 * 1024 * 1024
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


# A full queue and a full house are no news each time; what is news is told by `serve.full` below.
logging.getLogger("waitress").setLevel(logging.ERROR)

_log = log.get("serve")


class _Listening:
    """What both kinds of listener do beyond waitress's.

    All but `pull_trigger` runs in the thread that attends.
    """

    paused_until = 0.0
    told_full_at = 0.0

    def readable(self: Any) -> bool:
        if self.accepting and len(self._map) >= self.adj.connection_limit:
            self.make_room()
        if time.monotonic() < self.paused_until:
            return False
        ready: bool = super().readable()  # type: ignore[misc]
        return ready

    def pull_trigger(self: Any) -> None:
        """Have the loop look again at what it waits for; whoever attends is about to look anyway."""
        if not self.task_dispatcher.attends():
            super().pull_trigger()  # type: ignore[misc]

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
        waiting.sort(key=Channel.waiting_since)
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
    channel_class = Channel


class _UnixListening(_Listening, UnixWSGIServer):  # type: ignore[misc]
    channel_class = Channel


class Listener:
    """One address, the application behind it, and the loop that serves it."""

    def __init__(
        self, application: Application, address: str, settings: HttpSettings, **timing: float
    ) -> None:
        self.application = application
        self.socket = listen(address)
        self.address = name_of(self.socket)
        self._adjustments = _adjust(application, settings, **timing)
        self._turns = Turns(self._attend, settings.threads, self.address)
        kind = _UnixListening if self.socket.family == socket.AF_UNIX else _TcpListening
        self._map: dict[int, Any] = {}
        self._server = kind(
            application,
            self._map,
            True,
            self.socket,
            dispatcher=self._turns,
            adj=self._adjustments,
            bind_socket=False,
            sockinfo=(self.socket.family, self.socket.type, self.socket.proto, self.socket.getsockname()),
        )

    def start(self) -> None:
        self._turns.start()

    def _attend(self) -> bool:
        wasyncore.poll2(_LONGEST_WAIT_SECONDS, self._map)
        return bool(self._map)

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
        if self._turns.running():
            self._in_loop(self._close_all)
            self._turns.wait(5)
        else:
            wasyncore.close_all(self._map)
        unlink(self.address)
        self._turns.end()

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
        """Do `work` in the attending thread and wait until it is done. Not to be called from that thread."""
        done = threading.Event()

        def do() -> None:
            try:
                work()
            finally:
                done.set()

        self._server.trigger.pull_trigger(do)
        while self._turns.running() and not done.wait(0.5):
            pass


def _adjust(
    application: Application,
    settings: HttpSettings,
    stall_seconds: float = STALL_SECONDS,
    request_seconds: float = REQUEST_SECONDS,
    cleanup_seconds: float = 5,
) -> ListenerAdjustments:
    application.limits.body_octets = settings.body_limit_octets
    application.trusted_proxy = settings.trusted_proxy
    adjustments = ListenerAdjustments(
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
    adjustments.socket_options = [*ListenerAdjustments.socket_options, stall]
    return adjustments
