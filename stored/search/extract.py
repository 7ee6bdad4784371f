"""What of a letter is worth finding: its subject, people, file names and text, as one Document.

What the row already says is taken from there; the rest is read from the octets. Never raises: a letter that
cannot be understood is found by what its row says. Knows neither store nor index.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from restante import log
from stored.mime.addresses import addresses_of
from stored.mime.headers import decode_words
from stored.mime.parts import Part, beginning, parts_in
from stored.mime.scanner import ORDINARY, Octets, Scan
from stored.mime.text import TEXT_LIMIT, text_in
from stored.search.index import Document
from stored.search.plan import joined_address

_LOG = log.get("search")
_NAMES_CHARACTERS = 16_384
_DAY = 86_400

#: Of letters that a letter forwards: how many are read, how deep, and how much of each.
LETTERS_WITHIN = 20
DEEPEST_WITHIN = 3
LETTER_OCTETS = 1 << 20


def document(uid: int, time: int, row: bytes, raw: Octets | None) -> Document:
    """Return the document of a message: `row` its JSON without the opening brace; no `raw`: unreadable."""
    said = _row(row)
    try:
        return _read(uid, time, said, raw)
    except Exception as error:
        _LOG.warning("search.unread", uid=uid, cause=error)
        return _read(uid, time, said, None)


def _read(uid: int, time: int, said: dict[str, Any], raw: Octets | None) -> Document:
    scan = None if raw is None else Scan(raw)
    fields = scan.root.fields if scan else []
    parts = parts_in(raw, scan, sized=False) if raw is not None and scan else []
    names = "\n".join(part.name for part in parts if part.name)[:_NAMES_CHARACTERS]
    sender = said.get("from", {})
    return Document(
        uid=uid,
        time=time,
        sent=_sent(said.get("sent_at", ""), time),
        octets=int(said.get("octets", 0) or 0),
        attachments=said.get("attachments", 0),
        account=said.get("account", ""),
        texts=(
            said.get("subject") or decode_words(_field(fields, "subject"))[:998],
            _person(sender) if sender.get("address") else decode_words(_field(fields, "from"))[:998],
            _recipients(fields, said),
            names,
            said_in(raw, parts) if raw is not None else "",
        ),
    )


def said_in(raw: Octets, parts: list[Part]) -> str:
    """Return all that a letter says: its text, then subject, sender and text of those it forwards."""
    return "\n".join(filter(None, islice(_said(raw, parts, 0), 2 * LETTERS_WITHIN)))[:TEXT_LIMIT]


def text_of(raw: Octets) -> str:
    """Return what `said_in` returns of a letter, "" of one that cannot be understood. Never raises."""
    try:
        return said_in(raw, parts_in(raw, Scan(raw), sized=False))
    except Exception as error:
        _LOG.warning("search.unread", cause=error)
        return ""


def _said(raw: Octets, parts: list[Part], depth: int) -> Iterator[str]:
    yield text_in(raw, parts)[0]
    for part in parts:
        if part.type == "message/rfc822" and depth < DEEPEST_WITHIN:
            within = beginning(raw, part, LETTER_OCTETS)
            scan = Scan(within, ORDINARY)
            yield "\n".join(decode_words(_field(scan.root.fields, name)) for name in ("subject", "from"))
            yield from _said(within, parts_in(within, scan, sized=False), depth + 1)


def _row(row: bytes) -> dict[str, Any]:
    try:
        said: dict[str, Any] = orjson.loads(b"{" + row)
    except orjson.JSONDecodeError:
        return {}
    return said


def _field(fields: list[tuple[str, str]], *names: str) -> str:
    return ", ".join(value for name, value in fields if name.lower() in names)


def _recipients(fields: list[tuple[str, str]], said: dict[str, Any]) -> str:
    """Return everybody the letter went to: the row knows only the first three."""
    everybody = _field(fields, "to", "cc", "bcc")
    if everybody:
        people = [_named(one.name, one.address) for one in addresses_of(everybody)]
    else:
        people = [_person(one) for one in said.get("to", ())]
    return "\n".join(people)[:_NAMES_CHARACTERS]


def _person(address: dict[str, str]) -> str:
    return _named(address.get("name", ""), address.get("address", ""))


def _named(name: str, address: str) -> str:
    """Return somebody's words; the address in one word too, since its parts are in many others."""
    return f"{name} {address} {joined_address(address)}"


def _sent(sent_at: str, time: int) -> int:
    """Return when the letter says it was written, when it came if it does not, or says it was later."""
    try:
        sent = int(datetime.fromisoformat(sent_at).astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        return time
    return sent if 0 <= sent <= time + _DAY else time
