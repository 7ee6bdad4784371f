"""A letter's words to the octets that travel: RFC 5322 and MIME, all of it 7-bit, CRLF, lines within 998.

What is ours alone (Bcc, and what a draft remembers) stands first in the header, and `Composed.skip` says
where the rest begins: what is sent is `octets[skip:]`, so nothing has to be taken out again. Pure; knows no
account, and no blob by its id.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from restante.address import Address, split
from restante.errors import InvalidArgument, TooLarge
from restante.wire import clean_text
from restante.wire.text import has_controls

LETTER_OCTETS = 36_000_000  # what the relay takes unless set otherwise, a little less
LINE_OCTETS = 998
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
_QUOTABLE = re.compile(r"[ -~]{1,60}")
_PLAIN_FILE_NAME = re.compile(r"[A-Za-z0-9 !#$&+,;=@^_`{}~().\[\]-]{1,60}")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}")
_REFERENCES = 20
_SLICE_OCTETS = 57 * 8192  # whole lines of base64


@dataclass(frozen=True)
class Attachment:
    """One file that goes with a letter."""

    name: str
    type: str
    octets: bytes


@dataclass(frozen=True)
class Letter:
    """Everything a letter says. `references` are message ids without brackets, the oldest first.

    `private` are fields for the copy kept here, such as what a draft remembers: they are never sent. `marks`
    are fields for other programs.
    """

    sender: Address | None
    to: Sequence[Address]
    subject: str
    text: str
    sent_at: datetime
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()
    message_id: str = ""
    references: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    private: Sequence[tuple[str, str]] = field(default=())
    marks: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True)
class Composed:
    """The copy to keep, and from where on it is what is sent."""

    octets: bytes
    skip: int


def new_message_id(address: str) -> str:
    """Return a message id, without brackets, that nobody else makes, in the domain of `address`."""
    return f"{secrets.token_hex(12)}@{split(address)[1]}"


def compose(letter: Letter) -> Composed:
    """Return the octets of `letter`. Pure but for the boundary it draws.

    Raises InvalidArgument (a control character in a name, address, subject or file name), TooLarge.
    """
    private = [field.encode() for field in _private(letter)]
    head = [field.encode("utf-8") for field in _fields(letter)]
    body = _body(letter.text, letter.attachments)
    octets = b"".join([*private, *head, *body])
    if len(octets) > LETTER_OCTETS:
        raise too_large(len(octets))
    return Composed(octets, sum(map(len, private)))


def too_large(octets: int) -> TooLarge:
    return TooLarge(
        f"With its attachments the letter has {octets // 1_000_000} MB; at most"
        f" {LETTER_OCTETS // 1_000_000} MB can be sent. Send some of the files in a letter of their own."
    )


# The header -------------------------------------------------------------------------------------------


def _private(letter: Letter) -> Iterable[str]:
    for name, value in letter.private:
        yield f"{name}: {_folded(value)}\r\n"
    if letter.bcc:
        yield _address_field("Bcc", letter.bcc)


def _fields(letter: Letter) -> Iterable[str]:
    yield f"Date: {format_datetime(letter.sent_at)}\r\n"
    if letter.sender:
        yield _address_field("From", [letter.sender])
    if letter.to:
        yield _address_field("To", letter.to)
    if letter.cc:
        yield _address_field("Cc", letter.cc)
    if letter.message_id:
        yield f"Message-ID: <{letter.message_id}>\r\n"
    known = [id for id in letter.references if _MESSAGE_ID.fullmatch(id)]
    if known:
        yield f"In-Reply-To: <{known[-1]}>\r\n"
        # The oldest names the thread, the newest the place in it; those between may be left out.
        shown = known if len(known) <= _REFERENCES else [known[0], *known[1 - _REFERENCES :]]
        yield "References: " + "\r\n ".join(f"<{id}>" for id in shown) + "\r\n"
    yield _unstructured("Subject", letter.subject)
    for name, value in letter.marks:
        yield _unstructured(name, value)
    yield "MIME-Version: 1.0\r\n"


def _one_line(text: str, what: str) -> str:
    """Return `text` fit for a header. Raises InvalidArgument for a control character."""
    if has_controls(text):
        raise InvalidArgument(f"The {what} holds a line end or control character; take it out.", about=what)
    return clean_text(text)


def _unstructured(name: str, text: str) -> str:
    text = _one_line(text, name.lower())
    return f"{name}: {_words(text, name)}\r\n"


def _words(text: str, field_name: str = "") -> str:
    """Return `text` as a header says it: as it is where that is possible, else in encoded words, folded."""
    plain = text.isascii() and "=?" not in text and text == " ".join(text.split())
    if plain and max(map(len, text.split(" "))) <= 200:
        return Header(text, "us-ascii", maxlinelen=76, header_name=field_name).encode(linesep="\r\n")
    return Header(text, "utf-8", maxlinelen=76, header_name=field_name).encode(linesep="\r\n")


def _address_field(name: str, addresses: Sequence[Address]) -> str:
    return f"{name}: " + ",\r\n ".join(_mailbox(address) for address in addresses) + "\r\n"


def _mailbox(address: Address) -> str:
    """Return one address with its name, the domain as DNS knows it."""
    local, domain = split(_one_line(address.address, "address"))
    name = _one_line(address.name, "name").strip()
    if not name:
        return f"{local}@{domain}"
    if _PLAIN_NAME.fullmatch(name) and "=?" not in name:
        phrase = name
    elif _QUOTABLE.fullmatch(name) and "=?" not in name:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = Header(name, "utf-8", maxlinelen=72).encode(linesep="\r\n")
    return f"{phrase}\r\n <{local}@{domain}>" if len(phrase) > 30 else f"{phrase} <{local}@{domain}>"


def _folded(value: str) -> str:
    return "\r\n ".join(value[at : at + 76] for at in range(0, len(value), 76))


# The body ---------------------------------------------------------------------------------------------


def _body(text: str, attachments: Sequence[Attachment]) -> list[bytes]:
    """Return the body with the fields that describe it, in pieces."""
    if not attachments:
        return _text_part(text)
    boundary = f"=_{secrets.token_hex(16)}".encode()  # "=_" never stands in quoted-printable or base64
    delimiter = b"\r\n--" + boundary
    pieces = [b'Content-Type: multipart/mixed;\r\n boundary="' + boundary + b'"\r\n']
    pieces += [delimiter, b"\r\n", *_text_part(text)]
    for attachment in attachments:
        pieces += [delimiter, b"\r\n", *_attachment_part(attachment)]
    return [*pieces, delimiter, b"--\r\n"]


def _text_part(text: str) -> list[bytes]:
    lines = clean_text(text).replace("\r\n", "\n").replace("\r", "\n")
    octets = lines.replace("\n", "\r\n").encode("utf-8", "replace")
    strange = len(octets) - len(octets.translate(None, _NOT_ASCII))
    if not strange and _travels(octets):
        encoding, encoded = b"7bit", octets
    elif strange * 6 <= len(octets):
        # The C routine breaks lines with the line end it meets first, a bare one where it meets none.
        encoding = b"quoted-printable"
        encoded = binascii.b2a_qp(octets, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    else:
        encoding, encoded = b"base64", _base64(octets)
    return [
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n",
        encoded,
    ]


_NOT_ASCII = bytes(range(0x80, 0x100))


def _travels(octets: bytes) -> bool:
    """Tell whether ASCII text arrives as it is: no long line, none a server along the way would change."""
    lines = octets.split(b"\r\n")
    return all(len(line) <= LINE_OCTETS and not line.startswith(b"From ") for line in lines) and not any(
        line.endswith((b" ", b"\t")) for line in lines
    )


def _attachment_part(attachment: Attachment) -> list[bytes]:
    name = _one_line(attachment.name, "file name")
    disposition = "Content-Disposition: attachment" + _parameter("filename", name) + "\r\n"
    kind = attachment.type
    if kind == "message/rfc822" and _whole_letter(attachment.octets):
        # RFC 2046 section 5.2.1 lets a letter travel inside a letter only unencoded.
        head = f"Content-Type: message/rfc822\r\n{disposition}\r\n"
        return [head.encode(), attachment.octets]
    if kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    head = f"Content-Type: {kind}\r\n{disposition}Content-Transfer-Encoding: base64\r\n\r\n"
    return [head.encode(), _base64(attachment.octets)]


def _whole_letter(octets: bytes) -> bool:
    """Tell whether a letter can stand inside another octet for octet."""
    if not octets.isascii() or b"\0" in octets:
        return False
    lines = octets.split(b"\r\n")
    return all(len(line) <= LINE_OCTETS and b"\n" not in line and b"\r" not in line for line in lines)


def _base64(octets: bytes) -> bytes:
    return b"".join(
        base64.encodebytes(octets[at : at + _SLICE_OCTETS]).replace(b"\n", b"\r\n")
        for at in range(0, len(octets), _SLICE_OCTETS)
    )


def _parameter(name: str, value: str) -> str:
    """Return `; name="value"`, by RFC 2231 in UTF-8 (and in sections) where it is not plain and short."""
    if not value:
        return ""
    if _PLAIN_FILE_NAME.fullmatch(value) and value == value.strip():
        return f';\r\n {name}="{value}"'
    pieces = [""]
    for letter in value:
        coded = quote(letter, safe="!#$&+^_`{}~.-")
        if len(pieces[-1]) + len(coded) > 60:
            pieces.append("")
        pieces[-1] += coded
    if len(pieces) == 1:
        return f";\r\n {name}*=utf-8''{pieces[0]}"
    first = f";\r\n {name}*0*=utf-8''{pieces[0]}"
    return first + "".join(f";\r\n {name}*{at}*={piece}" for at, piece in enumerate(pieces[1:], 1))
