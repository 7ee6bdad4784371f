"""The report that tells a sender what did not arrive: RFC 3464 inside RFC 6522. Pure.

It is written for a person first, in Spanish (formal, as every letter of the service is) and English: what
did not arrive, why, and what to do; the server's own words stand below, quoted, and the machine-readable
part after that. Only the header of the letter
goes back. It is a letter itself: from the null sender, so that nothing ever answers it.
"""

import base64
import re
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256

from relayd.courier.reply import Reply
from relayd.headers import Unacceptable, fields, value_of
from relayd.reasons import Reason, reason_of

HEADER_LIMIT_OCTETS = 65_536


@dataclass(frozen=True)
class Failure:
    """One recipient a letter did not reach, and the reply that said so."""

    recipient: str
    reply: Reply


@dataclass(frozen=True)
class Bounce:
    """Everything a report is made of. `header` is the failed letter's, `item` its id in the queue."""

    hostname: str
    sender: str
    failures: tuple[Failure, ...]
    header: bytes
    item: str
    arrived_at: float
    at: float


def compose(bounce: Bounce) -> bytes:
    """Return the report as octets, CRLF and at most 998 octets a line throughout. Pure; never raises."""
    boundary = f"=_{bounce.item}_{sha256(bounce.header).hexdigest()[:16]}"
    parts = [_for_people(bounce), _for_programs(bounce), _their_header(bounce.header)]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return _own_header(bounce, boundary) + b"\r\n" + body + b"--%s--\r\n" % boundary.encode()


def _own_header(bounce: Bounce, boundary: str) -> bytes:
    reply_to = _field_of(bounce.header, b"message-id")
    lines = [
        f"Received: by {bounce.hostname} (Restante) id {bounce.item}; {formatdate(bounce.at)}",
        f"Date: {formatdate(bounce.at)}",
        f"From: Restante <postmaster@{bounce.hostname}>",
        f"To: <{bounce.sender}>",
        "Subject: No se pudo entregar su mensaje / Your message was not delivered",
        f"Message-ID: <dsn.{bounce.item}.{int(bounce.at * 1000)}@{bounce.hostname}>",
        *([f"In-Reply-To: {reply_to}", f"References: {reply_to}"] if _is_message_id(reply_to) else []),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{boundary}"',
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _for_people(bounce: Bounce) -> bytes:
    """Return the part a person reads, Spanish first, then English."""
    subject = _field_of(bounce.header, b"subject")
    when = formatdate(bounce.arrived_at)
    spanish = _told(
        "Este mensaje suyo no llegó a todos sus destinatarios.",
        [("Asunto", _decoded(subject)), ("Aceptado", when)],
        bounce,
        ("Por qué", "Qué hacer", "Respuesta de {host}: «{words}»"),
        0,
    )
    english = _told(
        "This message of yours did not reach every recipient.",
        [("Subject", _decoded(subject)), ("Accepted", when)],
        bounce,
        ("Why", "What to do", "The answer of {host}: “{words}”"),
        1,
    )
    text = f"(English below)\n\n{spanish}\n{'-' * 60}\n\n{english}"
    return _text_part(text)


def _told(
    opening: str, about: list[tuple[str, str]], bounce: Bounce, words: tuple[str, str, str], language: int
) -> str:
    """Return one language's text."""
    why, what, said = words
    lines = [opening, "", *(f"{name}: {value}" for name, value in about if value)]
    for failure in bounce.failures:
        reason: Reason = reason_of(failure.reply)[language]
        lines += ["", failure.recipient, f"  {why}: {reason.why}", f"  {what}: {reason.what_to_do}"]
        if failure.reply.host:
            lines.append("  " + said.format(host=failure.reply.host, words=failure.reply.words))
    return "\n".join(lines) + "\n"


def _for_programs(bounce: Bounce) -> bytes:
    """Return the message/delivery-status part (RFC 3464 section 2)."""
    groups = [
        [
            f"Reporting-MTA: dns; {bounce.hostname}",
            f"X-Restante-Item: {bounce.item}",
            f"Arrival-Date: {formatdate(bounce.arrived_at)}",
        ]
    ]
    for failure in bounce.failures:
        reply = failure.reply
        groups.append(
            [
                f"Final-Recipient: {_typed_address(failure.recipient)}",
                "Action: failed",
                f"Status: {reply.enhanced}",
                *([f"Remote-MTA: dns; {_ascii(reply.host)}"] if reply.host else []),
                f"Diagnostic-Code: {'smtp' if reply.host else 'x-restante'}; {_diagnostic(reply)}",
                f"Last-Attempt-Date: {formatdate(bounce.at)}",
            ]
        )
    text = "\r\n\r\n".join("\r\n".join(group) for group in groups)
    return b"Content-Type: message/delivery-status\r\n\r\n" + text.encode("ascii", "replace") + b"\r\n"


def _their_header(header: bytes) -> bytes:
    """Return the failed letter's header as text/rfc822-headers, base64 where it is not plain ASCII lines."""
    header = _whole_fields(header[:HEADER_LIMIT_OCTETS])
    lines = header.split(b"\r\n")
    whole = not any(b"\r" in line or b"\n" in line for line in lines)
    plain = header.isascii() and whole and max(map(len, lines)) <= 998
    if plain:
        return b"Content-Type: text/rfc822-headers\r\n\r\n" + header
    return (
        b"Content-Type: text/rfc822-headers; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + _base64_lines(header)
    )


def _whole_fields(header: bytes) -> bytes:
    """Return `header` without a field cut in two at its end."""
    end = header.rfind(b"\r\n")
    return header[: end + 2] if end >= 0 else b""


def _text_part(text: str) -> bytes:
    return (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + _base64_lines(text.replace("\n", "\r\n").encode("utf-8", "replace"))
    )


def _base64_lines(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def _field_of(header: bytes, wanted: bytes) -> str:
    """Return the first value of a field, or nothing where the header cannot be read."""
    try:
        return next((value_of(field) for name, field in fields(header) if name == wanted), "")
    except Unacceptable:
        return ""


def _decoded(subject: str) -> str:
    """Return a subject with its encoded words read, in one line of at most 200 characters."""

    def one(found: re.Match[str]) -> str:
        charset, kind, text = found.groups()
        try:
            if kind in "bB":
                return base64.b64decode(text + "==").decode(charset, "replace")
            raw = re.sub(
                rb"=([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text.replace("_", " ").encode()
            )
            return raw.decode(charset, "replace")
        except (ValueError, LookupError):
            return found[0]

    joined = re.sub(r"(\?=)\s+(=\?)", r"\1\2", subject[:2000])
    text = re.sub(r"=\?([\w-]{1,40})\?([bBqQ])\?([^?\s]*)\?=", one, joined)
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()[:200]


def _is_message_id(text: str) -> bool:
    return re.fullmatch(r"<[!-;=?-~]{1,900}>", text) is not None


def _typed_address(address: str) -> str:
    """Return an address with its type; what is not ASCII in the escapes of RFC 6533 section 3."""
    if address.isascii():
        return f"rfc822; {address}"
    return "utf-8; " + "".join(c if c.isascii() else f"\\x{{{ord(c):X}}}" for c in address)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _diagnostic(reply: Reply) -> str:
    return _ascii(f"{reply.code} {reply.enhanced} {reply.text}".strip())
