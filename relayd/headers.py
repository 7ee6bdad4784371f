"""The header of a letter that is being accepted: what must not be in it, what must. Pure, on octets.

Nothing is parsed that need not be and nothing is re-serialised: fields are found, removed or put in
front, and every other octet stays as it came (RFC 5321 section 4.4, RFC 5322 section 3.6).
"""

import re
import secrets
from dataclasses import dataclass
from email.utils import formatdate

HEADER_LIMIT_OCTETS = 262_144
RECEIVED_LIMIT = 50

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


class Unacceptable(Exception):
    """The letter cannot be relayed. `reply` is the SMTP answer that says why (always 5.x.x)."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True)
class Stamp:
    """What we add: who handed the letter over, who we are, under which id and when."""

    hostname: str
    client: str
    client_address: str
    submitter: str
    protocol: str
    item: str
    at: float


def check_octets(content: bytes, line_limit_octets: int) -> None:
    """Raise Unacceptable where `content` is not canonical: bare CR or LF, NUL, or a line too long.

    A line is counted without its CRLF. Looks at one octet in each `line_limit_octets`, not at each line.
    """
    ends = content.count(b"\r\n")
    if content.count(b"\r") != ends or content.count(b"\n") != ends:
        raise Unacceptable("554 5.6.0 The message has a line that does not end in CRLF")
    if b"\0" in content:
        raise Unacceptable("554 5.6.0 The message has a NUL octet")
    at, window = 0, line_limit_octets + 2
    while len(content) - at > window:
        end = content.rfind(b"\n", at, at + window)
        if end < 0:
            raise Unacceptable(f"554 5.6.0 The message has a line over {line_limit_octets} octets")
        at = end + 1
    if content.find(b"\n", at) < 0 and len(content) - at > line_limit_octets:
        raise Unacceptable(f"554 5.6.0 The message has a line over {line_limit_octets} octets")


def header_of(content: bytes) -> bytes:
    """Return the header with the CRLF of its last field, without the empty line after it."""
    if content.startswith(b"\r\n"):
        return b""
    end = content.find(b"\r\n\r\n")
    return content if end < 0 else content[: end + 2]


def fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """Return (name in lower case, whole field with its folding and CRLF) in order.

    Raises Unacceptable where a line is neither a field nor the continuation of one.
    """
    found: list[tuple[bytes, bytes]] = []
    for line in header.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t") and found:
            name, field = found[-1]
            found[-1] = (name, field + line)
            continue
        match = _FIELD.match(line)
        if match is None:
            raise Unacceptable("554 5.6.0 The header has a line that is not a field")
        found.append((match[1].lower(), line if line.endswith(b"\r\n") else line + b"\r\n"))
    return found


def value_of(field: bytes) -> str:
    """Return a field's value, unfolded and stripped."""
    value = field.partition(b":")[2].replace(b"\r\n", b"")
    return value.decode("utf-8", "replace").strip()


def submission_of(header: bytes) -> tuple[str, str]:
    """Return (user, submission id) of the `Restante-Submission` field, or two empty texts without one.

    Raises Unacceptable where there are two or it is not two words.
    """
    values = [value_of(field) for name, field in fields(header) if name == b"restante-submission"]
    if not values:
        return "", ""
    words = values[0].split()
    if len(values) > 1 or len(words) != 2 or max(map(len, words)) > 200:
        raise Unacceptable("554 5.6.0 Restante-Submission must stand once and be a user and an id")
    return words[0], words[1]


def stamp(content: bytes, mark: Stamp) -> bytes:
    """Return the letter as it will travel: Bcc and Restante-Submission gone, Received in front.

    Date and Message-ID are added only where missing. Raises Unacceptable where the letter has gone
    round over 50 servers (5.4.6) or its header cannot be read.
    """
    header = header_of(content)
    if len(header) > HEADER_LIMIT_OCTETS:
        raise Unacceptable(f"554 5.6.0 The header is over {HEADER_LIMIT_OCTETS} octets")
    kept = [
        (name, field)
        for name, field in fields(header)
        if name not in (b"bcc", b"resent-bcc", b"restante-submission")
    ]
    names = [name for name, _ in kept]
    if names.count(b"received") > RECEIVED_LIMIT:
        raise Unacceptable("554 5.4.6 The message is going round in circles: too many Received fields")
    added = [_received(mark)]
    if b"date" not in names:
        added.append(f"Date: {formatdate(mark.at)}\r\n".encode())
    if b"message-id" not in names:
        added.append(f"Message-ID: <{mark.item}.{secrets.token_hex(6)}@{mark.hostname}>\r\n".encode())
    return b"".join([*added, *(field for _, field in kept), _after(content, header)])


def _after(content: bytes, header: bytes) -> bytes:
    """Return the empty line and the body; a letter of nothing but header gets its empty line."""
    rest = content[len(header) :]
    return rest if rest.startswith(b"\r\n") else b"\r\n" + rest


def _received(mark: Stamp) -> bytes:
    """Return the trace field of RFC 5321 section 4.4."""
    client = re.sub(r"[^A-Za-z0-9._:\[\]-]", "", mark.client)[:255] or "unknown"
    return (
        f"Received: from {client} ([{mark.client_address}] authenticated as {mark.submitter})\r\n"
        f"\tby {mark.hostname} (Restante) with {mark.protocol} id {mark.item};\r\n"
        f"\t{formatdate(mark.at)}\r\n"
    ).encode()
