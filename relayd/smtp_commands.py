"""What one SMTP connection is answered: aiosmtpd's session, bounded, and what happens at each command.

Protocol only: what a letter must be stands in headers.py, what becomes of it in queue.py. The loop never
waits for the disk: it awaits the future of the queue's writer.

What aiosmtpd leaves open, and the answer here:

- a line over 1,001 octets ends a letter, and the read buffer is no larger: `LINE_OCTETS`
- a command may have 512 octets, which a token in AUTH exceeds; and the table of such limits is one for
  all connections, cleared by each: `Connection.__init__`
- addresses are mended, "a b@c" into somebody else's: `_getaddr`
- an exception's text goes to the client: `handle_exception`
- any number of connections and octets is taken: `Gate`, `Turned`
- a failed login without `handled=False` is never answered: `SmtpServer._authenticator`
"""

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as SessionState

from relayd import headers
from relayd.headers import Unacceptable
from relayd.queue import MailQueue, new_item_id
from relayd.types import Arrival
from restante import address, log
from restante.errors import InvalidArgument, NoSpace, RestanteError

_LOG = log.get("smtp")

# Large enough that the stream is read in large pieces; a longer line ends the letter with 500.
LINE_OCTETS = 262_144
COMMAND_OCTETS = 12_288
_PATH = re.compile(r'<((?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>(.*)', re.DOTALL)


@dataclass(frozen=True)
class Limits:
    """What one client, and all together, may ask of us."""

    message_octets: int = 36 << 20
    line_octets: int = 998
    recipients: int = 1000
    connections: int = 50
    in_flight_octets: int = 144 << 20
    idle_seconds: float = 300


class Gate:
    """Counts connections and the octets of letters on their way in."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connections: set[Connection] = set()
        self.octets = 0

    def take(self, octets: int) -> bool:
        if self.octets and self.octets + octets > self.limits.in_flight_octets:
            return False
        self.octets += octets
        return True


class Connection(SMTP):
    """One connection. Reserves the octets a client announced until its letter is answered."""

    line_length_limit = LINE_OCTETS
    command_size_limit = COMMAND_OCTETS

    def __init__(self, handler: "Commands", gate: Gate, **options: Any) -> None:
        # Of the instance: aiosmtpd would share, and clear, one table for all connections.
        self.command_size_limits = defaultdict(lambda: COMMAND_OCTETS)
        self.gate = gate
        self.reserved = 0
        super().__init__(handler, **options)

    def connection_made(self, transport: Any) -> None:
        self.gate.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.gate.connections.discard(self)
        self.release()
        super().connection_lost(error)

    def release(self) -> None:
        self.gate.octets -= self.reserved
        self.reserved = 0

    def _set_post_data_state(self) -> None:
        self.release()
        super()._set_post_data_state()  # type: ignore[no-untyped-call]

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PATH.fullmatch(arg.strip())
        return (found[1], found[2]) if found else (None, None)

    async def check_auth_needed(self, caller_method: str) -> bool:
        if self.session is not None and self.session.authenticated:
            return False
        await self.push("530 5.7.0 Only storage servers send here, with their key")
        return True


class Turned(asyncio.Protocol):
    """A connection too many: told so, and closed."""

    def connection_made(self, transport: Any) -> None:
        transport.write(b"421 4.3.2 Too many connections; try again in a moment\r\n")
        transport.close()


class Commands:
    """What happens at each command. One object for all connections."""

    def __init__(self, queue: MailQueue, limits: Limits, hostname: str) -> None:
        self._queue = queue
        self._limits = limits
        self._hostname = hostname

    async def handle_MAIL(
        self, server: Connection, session: SessionState, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        octets = _announced(options) or self._limits.message_octets
        refusal = _bad_address(sender, envelope) or self._queue.refusal(octets)
        if refusal:
            return refusal
        if not server.gate.take(octets):
            return "452 4.3.1 Too much is arriving at the moment; try again"
        server.reserved = octets
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self,
        server: Connection,
        session: SessionState,
        envelope: Envelope,
        recipient: str,
        options: list[str],
    ) -> str:
        refusal = _bad_address(recipient, envelope)
        if refusal:
            return refusal
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients; send to the others separately"
        if recipient not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(recipient)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Connection, session: SessionState, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        # aiosmtpd goes on holding the letter while it is being written; once is enough.
        envelope.content = envelope.original_content = None
        try:
            arrival = self._arrival(session, envelope, content)
            refusal = self._queue.refusal(len(arrival.content))
            if refusal:
                return refusal
            accepted = await asyncio.wrap_future(self._queue.accept(arrival))
        except Unacceptable as error:
            _LOG.info("letter.refused", reply=error.reply, submission=_submission_or_nothing(content))
            return error.reply
        except NoSpace:
            return "452 4.3.1 The disk is full; try again later"
        except RestanteError as error:
            _LOG.warning("letter.not_queued", cause=error)
            return "451 4.3.0 The relay could not keep the letter; try again in a moment"
        _LOG.info(
            "letter.accepted" if accepted.new else "letter.repeated",
            item=accepted.item,
            user=arrival.user,
            submission=arrival.submission,
            octets=len(arrival.content),
            count=len(arrival.recipients),
        )
        return accepted.answer

    def _arrival(self, session: SessionState, envelope: Envelope, content: bytes) -> Arrival:
        """Check a letter and give it its header. Raises Unacceptable."""
        headers.check_octets(content, self._limits.line_octets)
        header = headers.header_of(content)
        user, submission = headers.submission_of(header)
        source, sender = str(session.auth_data), envelope.mail_from or ""
        local_parts = [one.rpartition("@")[0] for one in (sender, *envelope.rcpt_tos)]
        smtputf8 = not (header.isascii() and all(one.isascii() for one in local_parts))
        if smtputf8 and not envelope.smtp_utf8:
            raise Unacceptable("554 5.6.7 The letter needs SMTPUTF8, which its sender did not ask for")
        mark = headers.Stamp(
            hostname=self._hostname,
            client=session.host_name or "",
            client_address=_peer_name(session.peer),
            submitter=source,
            protocol="UTF8SMTPA" if smtputf8 else "ESMTPA",
            item=new_item_id(),
            at=self._queue.now(),
        )
        return Arrival(
            sender,
            tuple(envelope.rcpt_tos),
            headers.stamp(content, mark),
            smtputf8,
            mark.item,
            source,
            user,
            submission,
        )

    async def handle_exception(self, error: Exception) -> str:
        _LOG.error("smtp.failed", cause=error)
        return "451 4.3.0 The relay met an error of its own; try again later"


def _announced(options: list[str]) -> int:
    """Return the SIZE that MAIL announced, or 0."""
    for option in options:
        name, _, value = option.partition("=")
        if name.upper() == "SIZE" and value.isdigit():
            return int(value)
    return 0


def _bad_address(text: str, envelope: Envelope) -> str:
    """Return why an address cannot be used, or nothing."""
    try:
        usable = address.parse(text).address.casefold() == text.casefold()
    except InvalidArgument:
        usable = False
    if not usable:
        return "553 5.1.3 That is not an address; it is written name@domain"
    if not text.isascii() and not envelope.smtp_utf8:
        return "553 5.6.7 An address with letters beyond ASCII needs SMTPUTF8"
    return ""


def _peer_name(peer: Any) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else "local"


def _submission_or_nothing(content: bytes) -> str:
    try:
        return headers.submission_of(headers.header_of(content))[1]
    except Unacceptable:
        return ""
