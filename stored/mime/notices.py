"""What a letter is beside its text: an invitation, a delivery report, a receipt, signed, encrypted.

Each notice is a kind with fields, from which a client makes a sentence in its reader's language, and the
English sentence for scripts. Nothing is verified here: "signed" says that there is a signature.
"""

import re
from collections.abc import Iterator
from typing import Any

from stored.mime.calendar import CALENDAR_OCTETS, Invitation, invitation_of
from stored.mime.charsets import clean, decode
from stored.mime.headers import (
    Fields,
    addresses_of,
    decode_words,
    fields_of,
    first,
    message_ids,
)
from stored.mime.parts import Part, beginning
from stored.mime.scanner import Node, Octets, Scan, header_bounds

Notice = dict[str, Any]

REPORTED_LIMIT = 20  # recipients told of one report
NOTICE_LIMIT = 10
_REPORT_OCTETS = 65_536
_DETAIL_CHARACTERS = 400

_ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_DISPOSITIONS = frozenset(("displayed", "deleted", "dispatched", "processed", "denied", "failed"))
_DELIVERY = frozenset(("message/delivery-status", "message/global-delivery-status"))
_RECEIPT = frozenset(("message/disposition-notification", "message/global-disposition-notification"))
_REPORTS = _DELIVERY | _RECEIPT
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_PGP = re.compile(rb"^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE)-----", re.M)


def notices_in(raw: Octets, scan: Scan, parts: list[Part]) -> list[Notice]:
    """Return what there is to say of a scanned message, in the order of its parts; ten at most."""
    found: list[Notice] = []
    for notice in _notices(raw, scan, parts):
        if len(found) >= NOTICE_LIMIT:
            break
        if notice not in found:
            found.append(notice)
    return found


def _notices(raw: Octets, scan: Scan, parts: list[Part]) -> Iterator[Notice]:
    for node in _nodes(scan.root):
        if node.type == "multipart/signed":
            yield _signed("pgp" if "pgp" in _protocol(node) else "smime")
        elif node.type == "multipart/encrypted":
            yield _encrypted("pgp")
        elif any(child.type in _REPORTS for child in node.children):
            yield from _report(raw, node)
    for part in parts:
        if part.type in ("text/calendar", "application/ics") or part.name.lower().endswith(".ics"):
            yield from _invitations(raw, part)
        elif _is_smime(part):
            signed = part.smime_type in ("signed-data", "certs-only") or part.name.lower().endswith(".p7c")
            yield _signed("smime") if signed else _encrypted("smime")
        elif part.body and part.type == "text/plain":
            said = raw[part.start : min(part.end, part.start + _REPORT_OCTETS)]
            if b"-----BEGIN PGP " in said and (armour := _PGP.search(said)):
                yield _encrypted("pgp") if armour[1] == b"MESSAGE" else _signed("pgp")
    yield from _receipt_wanted(scan.root.fields)


def _is_smime(part: Part) -> bool:
    """Tell whether a part is signed or encrypted by S/MIME; some writers say so by its name only."""
    named = part.type == "application/octet-stream" and part.name.lower().endswith((".p7m", ".p7c"))
    return named or part.type in ("application/pkcs7-mime", "application/x-pkcs7-mime")


def _nodes(root: Node) -> Iterator[Node]:
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def _protocol(node: Node) -> str:
    return node.parameters.get("protocol", "").lower()


def _signed(by: str) -> Notice:
    sentence = "This letter is signed; the signature was not checked."
    return {"kind": "signed", "by": by, "sentence": sentence}


def _encrypted(by: str) -> Notice:
    sentence = "This letter is encrypted; save it and open it where the key is."
    return {"kind": "encrypted", "by": by, "sentence": sentence}


# Invitations ------------------------------------------------------------------------------------------


def _invitations(raw: Octets, part: Part) -> Iterator[Notice]:
    invitation = invitation_of(decode(beginning(raw, part, CALENDAR_OCTETS), part.charset or "utf-8"))
    if invitation is not None:
        yield _invitation(invitation)


def _invitation(said: Invitation) -> Notice:
    notice: Notice = {
        "kind": "invitation",
        "method": said.method,
        "title": said.title,
        "place": said.place,
        "start": said.start.text,
        "end": said.end.text,
        "zone": said.start.zone,
        "repeats": said.repeats,
        "organizer": _address(*said.organizer),
    }
    if said.method == "reply":
        notice |= {"answer": said.answer, "guest": _address(*said.guest)}
    return notice | {"sentence": _invitation_sentence(said)}


def _invitation_sentence(said: Invitation) -> str:
    who = said.organizer[0] or said.organizer[1] or "Somebody"
    what = f"“{said.title}”" if said.title else "an appointment"
    when = f", {said.start.text}" if said.start.text else ""
    when += f" ({said.start.zone})" if said.start.zone and said.start.text else ""
    where = f", {said.place}" if said.place else ""
    if said.method == "reply":
        guest = said.guest[0] or said.guest[1] or "A guest"
        answers = {"accepted": "accepted", "declined": "declined", "tentative": "may come to"}
        return f"{guest} {answers.get(said.answer, 'answered the invitation to')} {what}{when}."
    if said.method == "cancel":
        return f"{who} called off {what}{when}{where}."
    return f"{who} {'announces' if said.method == 'publish' else 'invites you to'} {what}{when}{where}."


# Reports and receipts ---------------------------------------------------------------------------------


def _report(raw: Octets, node: Node) -> Iterator[Notice]:
    original = _original(raw, node)
    deliveries = []
    for child in node.children:
        if child.type in _DELIVERY:
            deliveries.append(_delivery(_blocks(raw, child), original))
        elif child.type in _RECEIPT:
            yield _receipt(_blocks(raw, child), original)
    # Some servers send an empty report beside the one that says something.
    yield from [one for one in deliveries if one["recipients"]] or deliveries[:1]


def _blocks(raw: Octets, node: Node) -> list[Fields]:
    """Return the groups of fields that a report is made of."""
    encoding = first(node.fields, "content-transfer-encoding")
    part = Part("", "", "", 0, False, node.body, node.end, "8bit")
    if encoding.strip().lower() in ("base64", "quoted-printable"):
        part = Part("", "", "", 0, False, node.body, node.end, encoding.strip().lower())
    octets = beginning(raw, part, _REPORT_OCTETS)
    blocks = re.split(rb"\n(?:[ \t]*\r?\n)+", octets.replace(b"\r\n", b"\n"))
    return [fields for block in blocks[: REPORTED_LIMIT + 2] if (fields := fields_of(block.lstrip(b"\n")))]


def _original(raw: Octets, node: Node) -> Notice:
    """Return what the letter that a report is about said of itself."""
    for child in node.children:
        if child.type in (
            "message/rfc822",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global",
        ):
            end, _ = header_bounds(raw, child.body, child.end, whole=True)
            fields = fields_of(raw[child.body : end])
            ids = message_ids(first(fields, "message-id"))
            return {
                "subject": decode_words(first(fields, "subject"))[:_DETAIL_CHARACTERS],
                "message_id": "".join(ids[:1]),
            }
    return {"subject": "", "message_id": ""}


def _delivery(blocks: list[Fields], original: Notice) -> Notice:
    recipients = [one for fields in blocks if (one := _recipient(fields))][:REPORTED_LIMIT]
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
        "denied": "gave no receipt for",
        "failed": "could not read",
    }
    verb = verbs.get(str(notice["disposition"]), "opened")
    sentence = f"{reader or 'The reader'} {verb} your letter."
    return notice | {"sentence": sentence}


def _receipt_wanted(fields: Fields) -> Iterator[Notice]:
    """Say that the writer would like to know when the letter is read; nothing is ever sent of itself."""
    value = first(fields, "disposition-notification-to")
    asking = addresses_of(value, 1) if value else []
    if asking:
        sentence = f"{asking[0].address} would like to know that you read this; nothing was told."
        yield {"kind": "receipt_wanted", "address": clean(asking[0].address)[:254], "sentence": sentence}


def _address(name: str, address: str) -> dict[str, str]:
    return {"name": name, "address": address}
