"""What a mail server or a reader's program reports of a letter: as notices with their English sentences.

Delivery reports (RFC 3464), also of servers that only write a letter about it, and receipts (RFC 8098). Pure;
takes anything.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from stored.mime.addresses import addresses_of
from stored.mime.charsets import decode
from stored.mime.headers import Fields, decode_words, fields_of, first, message_ids
from stored.mime.parts import Part, beginning
from stored.mime.scanner import Node, Octets, header_bounds

Notice = dict[str, Any]


class Bounce(NamedTuple):
    """One recipient that a letter did not reach, as a report says. `message_id` names that letter."""

    message_id: str
    address: str
    detail: str


REPORTED_LIMIT = 20  # recipients told of one report
BOUNCED_LIMIT = 100  # whom it did not reach; a letter of ours goes to no more
REPORT_OCTETS = 65_536
_DETAIL_CHARACTERS = 400

_ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_DISPOSITIONS = frozenset(("displayed", "deleted", "dispatched", "processed", "denied", "failed"))
_DELIVERY = frozenset(("message/delivery-status", "message/global-delivery-status"))
_RECEIPT = frozenset(("message/disposition-notification", "message/global-disposition-notification"))
REPORTS = _DELIVERY | _RECEIPT
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def reports_in(raw: Octets, node: Node, limit: int = REPORTED_LIMIT) -> Iterator[Notice]:
    original = _original(raw, node)
    deliveries = []
    for child in node.children:
        if child.type in _DELIVERY:
            deliveries.append(_delivery(_blocks(raw, child, limit), original, limit))
        elif child.type in _RECEIPT:
            yield _receipt(_blocks(raw, child, limit), original)
    # Some servers send an empty report beside the one that says something.
    yield from [one for one in deliveries if one["recipients"]] or deliveries[:1]


def _blocks(raw: Octets, node: Node, limit: int) -> list[Fields]:
    """Return the groups of fields that a report is made of."""
    encoding = first(node.fields, "content-transfer-encoding")
    part = Part("", "", "", 0, False, node.body, node.end, "8bit")
    if encoding.strip().lower() in ("base64", "quoted-printable"):
        part = Part("", "", "", 0, False, node.body, node.end, encoding.strip().lower())
    octets = beginning(raw, part, REPORT_OCTETS)
    blocks = re.split(rb"\n(?:[ \t]*\r?\n)+", octets.replace(b"\r\n", b"\n"))
    return [fields for block in blocks[: limit + 2] if (fields := fields_of(block.lstrip(b"\n")))]


def _original(raw: Octets, node: Node) -> Notice:
    """Return what the letter that a report is about said of itself."""
    for child in node.children:
        if child.type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
            "message/global-headers",
        ):
            end, _ = header_bounds(raw, child.body, child.end, whole=True)
            return _about(fields_of(raw[child.body : end]))
    return _about([])


def _about(fields: Fields) -> Notice:
    """Return what there is to say of a letter with these fields."""
    return {
        "subject": decode_words(first(fields, "subject"))[:_DETAIL_CHARACTERS],
        "message_id": "".join(message_ids(first(fields, "message-id"))[:1]),
    }


def _delivery(blocks: list[Fields], original: Notice, limit: int) -> Notice:
    recipients = [one for fields in blocks if (one := _recipient(fields))][:limit]
    notice = {"kind": "delivery_report", "recipients": recipients, **original}
    return notice | {"sentence": _delivery_sentence(recipients)}


def _recipient(fields: Fields) -> Notice | None:
    """Return what became of one recipient (RFC 3464 section 2.3); None for fields about the whole report."""
    address = _typed(first(fields, "original-recipient")) or _typed(first(fields, "final-recipient"))
    action = first(fields, "action").strip().lower().partition(" ")[0]
    if not address and not action:
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
    return {
        "address": address[:254],
        "action": action,
        "status": status[0] if status else "",
        "detail": _typed(first(fields, "diagnostic-code"))[:_DETAIL_CHARACTERS],
    }


def _typed(value: str) -> str:
    """Return what stands behind "rfc822;" and the like in a field of a report. Pure."""
    kind, semicolon, said = value.partition(";")
    text = decode_words(said if semicolon else kind).strip()
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text


def _delivery_sentence(recipients: list[Notice]) -> str:
    said = {
        "failed": "Your letter to {} could not be delivered",
        "delayed": "Your letter to {} has not been delivered yet; its server keeps trying",
        "delivered": "Your letter to {} was delivered",
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
    reader = _typed(first(fields, "final-recipient")) or _typed(first(fields, "original-recipient"))
    ids = message_ids(first(fields, "original-message-id"))
    notice = {
        "kind": "read_receipt",
        "disposition": disposition if disposition in _DISPOSITIONS else "displayed",
        "address": reader[:254],
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


# Letters that came back -----------------------------------------------------------------------------------

_SERVERS = ("mailer-daemon", "postmaster")


def may_bounce(root: Node) -> bool:
    """Tell by its header whether a letter may report on another, so that it is worth a look. Pure."""
    if root.type == "multipart/report" or first(root.fields, "x-failed-recipients"):
        return True
    writer = first(root.fields, "from").lower()
    return any(name in writer for name in _SERVERS)


def bounces_in(raw: Octets, root: Node, parts: list[Part]) -> list[Bounce]:
    """Return whom other letters did not reach, as this one says of them. Pure.

    A report that does not have the letter it is about may name it as what it answers; a server that adds
    something to what passes it puts the whole report into another letter.
    """
    answered = message_ids(first(root.fields, "in-reply-to"))[:1]
    nodes = [root, *(child for child in root.children if child.type == "multipart/report")]
    reports = [notice for node in nodes for notice in reports_in(raw, node, BOUNCED_LIMIT)]
    reports += told_in_words(raw, root, parts, BOUNCED_LIMIT)
    return [
        Bounce(message_id, recipient["address"], recipient["detail"] or recipient["status"])
        for report in reports
        if report["kind"] == "delivery_report" and (message_id := report["message_id"] or "".join(answered))
        for recipient in report["recipients"]
        if recipient["action"] == "failed"
    ]


# Reports in words -----------------------------------------------------------------------------------------


def told_in_words(
    raw: Octets, root: Node, parts: list[Part], limit: int = REPORTED_LIMIT
) -> Iterator[Notice]:
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
        original = _about(fields_of(head)) if head.strip() else _original(raw, root)
        sentence = _delivery_sentence(recipients)
        yield {"kind": "delivery_report", "recipients": recipients, **original, "sentence": sentence}


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
        "address": address[:254],
        "action": "failed",
        "status": status[0] if status else "",
        "detail": " ".join(detail.split())[:_DETAIL_CHARACTERS],
    }
