"""What a letter is beside its text: an invitation, a delivery report, a receipt, signed, encrypted.

Each notice is a kind with fields, from which a client makes a sentence in its reader's language, and the
English sentence for scripts. Nothing is verified here: "signed" says that there is a signature.
"""

import re
from collections.abc import Iterator

from stored.mime.addresses import addresses_of
from stored.mime.bounces import passed_a_list
from stored.mime.cautions import from_elsewhere
from stored.mime.charsets import clean
from stored.mime.headers import Fields, first
from stored.mime.invitations import invitations_in
from stored.mime.links import domain_of
from stored.mime.parts import Part, beginning
from stored.mime.reports import (
    REPORT_OCTETS,
    REPORTED_LIMIT,
    REPORTS,
    Notice,
    delivery_notice,
    reports_in,
    told_in_words,
)
from stored.mime.scanner import Node, Octets, Scan

NOTICE_LIMIT = 10

_PGP = re.compile(rb"^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE)-----", re.M)
_OF_PGP = b"-----BEGIN PGP "
# How the octets of S/MIME that are signed, not encrypted, begin: with the name of that kind (RFC 5652 5.1).
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


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
        elif any(child.type in REPORTS for child in node.children):
            yield from reports_in(raw, node)
    for part in parts:
        if part.type in ("text/calendar", "application/ics") or part.name.lower().endswith(".ics"):
            yield from invitations_in(raw, part, scan.root.fields)
        elif _is_smime(part):
            yield _sealed(raw, part)
        elif part.type == "application/pgp-encrypted" and part.parent != "multipart/encrypted":
            yield _encrypted("pgp")  # some servers make of its multipart an ordinary one
        elif part.body and part.type == "text/plain":
            said = beginning(raw, part, REPORT_OCTETS)
            if _OF_PGP in said and (armour := _PGP.search(said)):
                yield _encrypted("pgp") if armour[1] == b"MESSAGE" else _signed("pgp")
    yield from map(delivery_notice, told_in_words(raw, scan.root, parts, REPORTED_LIMIT))
    yield from _sent_by(scan.root.fields)
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


def _sealed(raw: Octets, part: Part) -> Notice:
    """Return what there is to say of a letter that is inside S/MIME: signed or encrypted."""
    named = part.smime_type in ("signed-data", "certs-only") or part.name.lower().endswith(".p7c")
    if not named and (part.smime_type or _SIGNED_DATA not in beginning(raw, part, 40)):
        return _encrypted("smime")
    sentence = "This letter is signed together with its text; save it and open it with a program for that."
    return {"kind": "signed", "by": "smime", "sentence": sentence}


def _signed(by: str) -> Notice:
    sentence = "This letter is signed; the signature was not checked."
    return {"kind": "signed", "by": by, "sentence": sentence}


def _encrypted(by: str) -> Notice:
    sentence = "This letter is encrypted; save it and open it where the key is."
    return {"kind": "encrypted", "by": by, "sentence": sentence}


def _sent_by(fields: Fields) -> Iterator[Notice]:
    """Say that somebody of another domain sent the letter for its writer: many do so by right.

    Mailing lists and newsletters do as a rule, so nothing is said of what they send.
    """
    domains = [domain_of(one.address) for one in addresses_of(first(fields, "from"), 10)]
    for sender in addresses_of(first(fields, "sender"), 1):
        apart = from_elsewhere(sender.address, domains)
        if apart and any(domains) and not passed_a_list(fields):
            address = clean(sender.address)[:254]
            sentence = f"{address} sent this letter for its writer."
            yield {"kind": "sent_by", "address": address, "sentence": sentence}


def _receipt_wanted(fields: Fields) -> Iterator[Notice]:
    """Say that the writer would like to know when the letter is read; nothing is ever sent of itself."""
    value = first(fields, "disposition-notification-to")
    asking = addresses_of(value, 1) if value else []
    if asking:
        sentence = f"{asking[0].address} would like to know that you read this; nothing was told."
        yield {"kind": "receipt_wanted", "address": clean(asking[0].address)[:254], "sentence": sentence}
