"""Handing a letter to our relay by SMTP. Knows the protocol, not what a letter or a submission is.

    relay = Relay("127.0.0.1:8625", token=lambda: keys.issue("relayd"), timeout_seconds=60)
    accepted = relay.hand_over("ana@uno.example", ["eva@dos.example"], octets, "ana s0123")

A letter is handed over for all of its recipients in one transaction or for none: the relay knows a repeated
submission again and would not take up a recipient it put off the first time. Only those it refuses for good
are left out. Network; never to be called inside a unit of work.
"""

import re
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from restante.errors import ConfigError, InvalidArgument, Unavailable

NAME = "stored"
FIELD = "Restante-Submission"
_SUBMISSION = re.compile(r"[!-~]{1,200} [!-~]{1,200}")
_UNFIT = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True)
class Accepted:
    """What the relay took: its reply, and what it said of the recipients it refused for good."""

    reply: str
    refused: dict[str, str] = field(default_factory=dict)


class Relay:
    """Our relay, a new connection for each letter. Safe to use from any thread."""

    def __init__(
        self,
        address: str,
        *,
        token: Callable[[], str],
        timeout_seconds: float = 60,
        deadline_seconds: float = 600,
    ) -> None:
        """`token` gives fresh credentials. Each step may take the time-out, all together the deadline.

        Raises ConfigError for an address that is none.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ConfigError(f'relay.address = "{address}" is no address and port, such as 127.0.0.1:8625.')
        self._host, self._port = host.strip("[]"), int(port)
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds

    def hand_over(self, sender: str, recipients: Sequence[str], octets: bytes, submission: str) -> Accepted:
        """Hand a letter over under the name `submission` ("user id"). May be repeated harmlessly.

        What it refuses for good stands in the answer, recipient by recipient, be it the recipient or the
        letter that it refuses. Raises Unavailable (temporary): it is away or silent, or says later.
        """
        if not _SUBMISSION.fullmatch(submission):
            raise InvalidArgument("A submission is named by a user and an id.", cause=submission)
        try:
            with self._connected() as client:
                return self._transaction(client, sender, recipients, octets, submission)
        except (OSError, smtplib.SMTPException, UnicodeError) as exc:
            raise _away(f"{type(exc).__name__}: {getattr(exc, 'strerror', '') or ''}") from exc

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        client = smtplib.SMTP(timeout=self._timeout_seconds, local_hostname=NAME)
        # A relay that trickles passes every time-out; only ending the connection from outside ends that.
        alarm = threading.Timer(self._deadline_seconds, _end, [client])
        alarm.daemon = True
        alarm.start()
        try:
            _expect(client.connect(self._host, self._port), 220)
            _expect(client.ehlo(), 250)
            client.user, client.password = NAME, self._token()
            _expect(client.auth("PLAIN", client.auth_plain), 235)
            yield client
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
        finally:
            alarm.cancel()
            client.close()

    def _transaction(
        self, client: smtplib.SMTP, sender: str, recipients: Sequence[str], octets: bytes, submission: str
    ) -> Accepted:
        letter = f"{FIELD}: {submission}\r\n".encode() + octets
        options = [f"SIZE={len(letter)}"] if client.has_extn("size") else []
        if not all(text.isascii() for text in (sender, *recipients)):
            options.append("SMTPUTF8")
        refusal = _step(client.mail(sender, options))
        if refusal:
            return Accepted("", dict.fromkeys(recipients, refusal))
        refusals = {recipient: _step(client.rcpt(recipient)) for recipient in recipients}
        refused = {recipient: said for recipient, said in refusals.items() if said}
        if len(refused) == len(recipients):
            return Accepted("", refused)
        answer = _data(client, letter)
        refusal = _step(answer)
        if refusal:
            return Accepted("", dict.fromkeys(recipients, refusal) | refused)
        return Accepted(_said(*answer), refused)


def _data(client: smtplib.SMTP, letter: bytes) -> tuple[int, bytes | str]:
    try:
        return client.data(letter)
    except smtplib.SMTPDataError as exc:
        return exc.smtp_code, exc.smtp_error


def _expect(answer: tuple[int, bytes], wanted: int) -> None:
    """Raise Unavailable for any reply but `wanted`: before the letter there is nothing to refuse."""
    code, reply = answer
    if code != wanted:
        raise _away(_said(code, reply))


def _step(answer: tuple[int, bytes | str]) -> str:
    """Return "" where a step was taken, the reply where it is refused for good. Raises Unavailable."""
    code, reply = answer
    if code in (250, 251):
        return ""
    if 500 <= code <= 599 and code not in _OUR_TROUBLE:
        return _said(code, reply)
    raise _away(_said(code, reply))


# The relay does not know us (yet), or we are out of step: no fault of the letter.
_OUR_TROUBLE = frozenset({502, 503, 530, 535})


def _said(code: int, reply: bytes | str) -> str:
    """Return a reply as one line of at most 500 printable characters."""
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    return _UNFIT.sub(" ", f"{code} {text}")[:500].strip()


def _away(cause: str) -> Unavailable:
    return Unavailable(
        "The relay does not take letters at the moment; they are kept and handed over later.",
        about="relayd",
        cause=cause,
    )


def _end(client: smtplib.SMTP) -> None:
    sock = client.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
