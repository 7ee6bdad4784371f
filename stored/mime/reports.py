"""What a mail server or a reader's program reports of a letter: as notices with their English sentences.

Delivery reports (RFC 3464), also of servers that only write a letter about it, and receipts (RFC 8098). Pure;
takes anything.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from stored.mime.addresses import addresses_of
from stored.mime.charsets import decode, unturned
from stored.mime.headers import Fields, decode_words, fields_of, first, message_ids
from stored.mime.parts import Part, beginning
from stored.mime.scanner import Node, Octets, header_bounds

Notice = dict[str, Any]


class Delivery(NamedTuple):
    """What a server reports of a letter: of each recipient, by which host, and that letter's own fields."""

    recipients: list[Notice]
    host: str
    returned: Fields


REPORTED_LIMIT = 20  # recipients told of one report
REPORT_OCTETS = 65_536
_DETAIL_CHARACTERS = 400

_ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_DISPOSITIONS = frozenset(("displayed", "deleted", "dispatched", "processed", "denied", "failed"))
_DELIVERY = frozenset(("message/delivery-status", "message/global-delivery-status"))
_RECEIPT = frozenset(("message/disposition-notification", "message/global-disposition-notification"))
REPORTS = _DELIVERY | _RECEIPT
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def reports_in(raw: Octets, node: Node) -> Iterator[Notice]:
    """Yield what the parts of `node` report, receipts first."""
    for child in node.children:
        if child.type in _RECEIPT:
            yield _receipt(_blocks(raw, child, REPORTED_LIMIT), about(_returned(raw, node)))
    yield from map(delivery_notice, deliveries_in(raw, node, REPORTED_LIMIT))


def deliveries_in(raw: Octets, node: Node, limit: int) -> list[Delivery]:
    """Return what the parts of `node` report of a letter's way to its recipients, `limit` of them at most."""
    found = [
        _delivery(_blocks(raw, child, limit), _returned(raw, node), limit)
        for child in node.children
        if child.type in _DELIVERY
    ]
    # Some servers send an empty report beside the one that says something.
    return [one for one in found if one.recipients] or found[:1]


def _blocks(raw: Octets, node: Node, limit: int) -> list[Fields]:
    """Return the groups of fields that a report is made of."""
    encoding = first(node.fields, "content-transfer-encoding")
    part = Part("", "", "", 0, False, node.body, node.end, "8bit")
    if encoding.strip().lower() in ("base64", "quoted-printable"):
        part = Part("", "", "", 0, False, node.body, node.end, encoding.strip().lower())
    octets = beginning(raw, part, REPORT_OCTETS)
    blocks = re.split(rb"\n(?:[ \t]*\r?\n)+", octets.replace(b"\r\n", b"\n"))
    return [fields for block in blocks[: limit + 2] if (fields := fields_of(block.lstrip(b"\n")))]


def _returned(raw: Octets, node: Node) -> Fields:
    """Return the header of the letter that a report is about, as it was when it came back."""
    for child in node.children:
        if child.type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
            "message/global-headers",
        ):
            end, _ = header_bounds(raw, child.body, child.end, whole=True)
            return fields_of(raw[child.body : end])
    return []


def about(fields: Fields) -> Notice:
    """Return what there is to say of a letter with these fields."""
    return {
        "subject": decode_words(first(fields, "subject"))[:_DETAIL_CHARACTERS],
        "message_id": "".join(message_ids(first(fields, "message-id"))[:1]),
    }


def _delivery(blocks: list[Fields], returned: Fields, limit: int) -> Delivery:
    recipients = [one for fields in blocks if (one := _recipient(fields))][:limit]
    host = next(filter(None, (_typed(first(fields, "reporting-mta")) for fields in blocks)), "")
    return Delivery(recipients, "".join(host.split()[:1]), returned)


def delivery_notice(delivery: Delivery) -> Notice:
    recipients = delivery.recipients
    notice = {"kind": "delivery_report", "recipients": recipients, **about(delivery.returned)}
    return notice | {"sentence": _delivery_sentence(recipients)}


def _recipient(fields: Fields) -> Notice | None:
    """Return what became of one recipient (RFC 3464 section 2.3); None for fields about the whole report."""
    named = [_typed(first(fields, name)) for name in ("original-recipient", "final-recipient")]
    original, final = map(_address, named)
    address = original or final
    action = first(fields, "action").strip().lower().partition(" ")[0]
    if not any(named) and not action:
        return None
    status = _STATUS.search(first(fields, "status"))
    if action not in _ACTIONS:
        action = (
            "failed"
            if not status or status[0][0] == "5"
            else "delayed"
            if status[0][0] == "4"
            else "delivered"
        )
    passed_on = bool(original and final) and original.casefold() != final.casefold()
    return {
        "address": address,
        **({"final": final} if passed_on else {}),
        "action": action,
        "status": status[0] if status else "",
        "detail": _typed(first(fields, "diagnostic-code"))[:_DETAIL_CHARACTERS],
    }


def _typed(value: str) -> str:
    """Return what stands behind "rfc822;" and the like in a field of a report. Pure."""
    kind, semicolon, said = value.partition(";")
    text = unturned(decode_words(said if semicolon else kind)).strip()
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text


def _address(said: str) -> str:
    """Return what a report calls a recipient where it is an address, else "", as for names of X.400. Pure."""
    local, at, domain = said.rpartition("@")
    return said[:254] if local and at and domain and not said.startswith("/") else ""


def _delivery_sentence(recipients: list[Notice]) -> str:
    said = {
        # Not "your letter to": a report may speak of somebody to whom others passed the letter on.
        "failed": "Your letter could not be delivered to {}",
        "delayed": "Your letter has not been delivered to {} yet; its server keeps trying",
        "delivered": "Your letter was delivered to {}",
        "relayed": "Your letter to {} was passed on",
        "expanded": "Your letter to {} was passed on to a list",
    }
    for action, sentence in said.items():
        those = [one for one in recipients if one["action"] == action]
        if those:
            names = ", ".join(one["address"] or "somebody" for one in those[:3]) + (
                " and others" if those[3:] else ""
            )
            detail = next(
                (one["detail"] or one["status"] for one in those if one["detail"] or one["status"]), ""
            )
            return sentence.format(names) + (f": {detail.rstrip('.')}" if detail else "") + "."
    return "A mail server reports on a letter of yours."


def _receipt(blocks: list[Fields], original: Notice) -> Notice:
    """Return what a disposition notification says (RFC 8098)."""
    fields = [field for block in blocks for field in block]
    mode, _, kind = first(fields, "disposition").partition(";")
    disposition = re.split(r"[/\s;,]", kind.strip().lower(), maxsplit=1)[0]
    readers = (_address(_typed(first(fields, f"{name}-recipient"))) for name in ("final", "original"))
    reader = next(filter(None, readers), "")
    ids = message_ids(first(fields, "original-message-id"))
    notice = {
        "kind": "read_receipt",
        "disposition": disposition if disposition in _DISPOSITIONS else "displayed",
        "address": reader,
        "automatic": mode.strip().lower().startswith("automatic"),
        **original,
    }
    if ids:
        notice["message_id"] = ids[0]
    verbs = {
        "deleted": "deleted without reading",
        "dispatched": "passed on",
        "processed": "has a program that dealt with",
        "denied": "gave no receipt for",
        "failed": "could not read",
    }
    verb = verbs.get(str(notice["disposition"]), "opened")
    sentence = f"{reader or 'The reader'} {verb} your letter."
    return notice | {"sentence": sentence}


# Reports in words -----------------------------------------------------------------------------------------


def told_in_words(raw: Octets, root: Node, parts: list[Part], limit: int) -> Iterator[Delivery]:
    """Yield what a server says of a letter that came back, where it says it in words alone.

    Exim names the recipients in a field of its own, qmail and those who followed it in paragraphs of a form
    that they published (https://cr.yp.to/proto/qsbmf.txt).
    """
    failed = addresses_of(first(root.fields, "x-failed-recipients"), limit)
    body = next((part for part in parts if part.body and part.type == "text/plain"), None)
    if body is None or any(part.type in REPORTS for part in parts):
        return
    if not failed and not beginning(raw, body, 100).startswith(_QMAIL):
        return
    said = decode(beginning(raw, body, REPORT_OCTETS), body.charset).replace("\r\n", "\n")
    told, *copy = _COPY.split(said, maxsplit=1)
    recipients = (
        [_failed(one.address, _said_below(told, one.address)) for one in failed]
        if failed
        else [_failed(*found.groups()) for found in islice(_PARAGRAPH.finditer(told), limit)]
    )
    if recipients:
        head = "".join(copy).partition("\n\n")[0].encode("utf-8", "replace")
        yield Delivery(recipients, "", fields_of(head) if head.strip() else _returned(raw, root))


_QMAIL = (b"Hi. This is the ", b"Sorry, we were unable to deliver your message")
# What one recipient's server said, up to an empty line.
_PARAGRAPH = re.compile(r"^<([^<>\s]{1,254})>:[ ]?\n?((?:[^\n]++\n?)*)", re.M)
# The line above a copy of the letter, and what is empty behind it; the copy may be a part of its own.
_COPY = re.compile(r"^-{3,} ?(?:Below this line|This is a copy|Original message)[^\n]*+\n+", re.M | re.I)
_STATUS_IN_WORDS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")


def _said_below(told: str, address: str) -> str:
    """Return the lines that are indented below the line of an address."""
    found = re.search(rf"^[ \t]*<?{re.escape(address)}>?:?[ \t]*\n((?:[ \t]+\S.*\n?)+)", told, re.M)
    return found[1] if found else ""


def _failed(address: str, detail: str) -> Notice:
    status = _STATUS_IN_WORDS.search(detail)
    return {
        "address": _address(unturned(address)),
        "action": "failed",
        "status": status[0] if status else "",
        "detail": " ".join(unturned(detail).split())[:_DETAIL_CHARACTERS],
    }


def made_of(raw: Octets, root: Node, parts: list[Part]) -> dict[str, str]:
    """Return of which address Exim made which other one, as it says in words below that: {other: address}."""
    body = next((part for part in parts if part.body and part.type == "text/plain"), None)
    if body is None or not first(root.fields, "x-failed-recipients"):
        return {}
    said = decode(beginning(raw, body, REPORT_OCTETS), body.charset).replace("\r\n", "\n")
    return {found[1].casefold(): found[2] for found in _MADE_OF.finditer(said)}


_MADE_OF = re.compile(
    r"^[ \t]{0,9}([^\s()]{1,254})\n[ \t]{1,9}\((?:ultimately )?generated from ([^\s()]{1,254})\)", re.M
)
