"""Letters that came back: whom they did not reach, as a report says, and what it shows of their way. Pure.

What became of which recipient is for those to say who know whom the letter was sent to.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stored.mime.addresses import addresses_of
from stored.mime.headers import Fields, first, message_ids
from stored.mime.links import domain_of
from stored.mime.parts import Part
from stored.mime.reports import Delivery, about, deliveries_in, made_of, told_in_words
from stored.mime.scanner import Node, Octets

BOUNCED_LIMIT = 100  # a letter of ours goes to no more
_SERVERS = ("mailer-daemon", "postmaster")
_PASSED_LIMIT = 20


class Bounce(NamedTuple):
    """One recipient that a letter did not reach, as a report says. `message_id` names that letter.

    `final` is where it failed, "" where that is `address`. `hosts` are the domains of who reports; `passed`,
    whom the letter had been delivered to on its way; `listed`: it had gone through a mailing list.
    """

    message_id: str
    address: str
    detail: str
    final: str = ""
    hosts: Sequence[str] = ()
    passed: Sequence[str] = ()
    listed: bool = False


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
    nodes = [root, *(child for child in root.children if child.type == "multipart/report")]
    deliveries = [one for node in nodes for one in deliveries_in(raw, node, BOUNCED_LIMIT)]
    deliveries += told_in_words(raw, root, parts, BOUNCED_LIMIT)
    made = made_of(raw, root, parts)
    return [bounce for delivery in deliveries for bounce in _bounces(delivery, root.fields, made)]


def _bounces(delivery: Delivery, fields: Fields, made: Mapping[str, str]) -> Iterator[Bounce]:
    answered = "".join(message_ids(first(fields, "in-reply-to"))[:1])
    message_id = about(delivery.returned)["message_id"] or answered
    writers = addresses_of(first(fields, "from"), 1)
    hosts = [host for host in (delivery.host, *(domain_of(one.address) for one in writers)) if host]
    passed, listed = _passed(delivery.returned), passed_a_list(delivery.returned)
    for one in delivery.recipients if message_id else ():
        if one["action"] == "failed":
            address, final = one["address"], one.get("final", "")
            if not final and address.casefold() in made:
                address, final = made[address.casefold()], address
            yield Bounce(message_id, address, one["detail"] or one["status"], final, hosts, passed, listed)


def _passed(fields: Fields) -> list[str]:
    """Return whom a letter had been delivered to before it came back, as servers note it."""
    values = (value for name, value in fields if name.lower() in ("delivered-to", "x-original-to"))
    return [one.address for value in values for one in addresses_of(value, 1)][:_PASSED_LIMIT]


_OF_LISTS = re.compile(
    r"list-(?:id|post|unsubscribe|subscribe|help|owner|archive)|(?:x-)?mailing-list|x-beenthere", re.I
)
# What lists call those to whom reports on their letters go: owner-club, club-bounces+eva=dos.example.
_LIST_OWNER = re.compile(r"(?:\A|[-+.=_])(?:bounces?|owner|errors|return|request|admin)(?:[-+.=_]|\Z)", re.I)


def passed_a_list(fields: Fields) -> bool:
    """Tell whether a letter with these fields had gone through a mailing list (RFC 2369, RFC 2919). Pure.

    Lists of old are known by their Precedence, or by an owner or the list itself as Sender or Return-Path.
    """
    if any(_OF_LISTS.fullmatch(name) for name, _ in fields):
        return True
    if first(fields, "precedence").strip().lower() in ("list", "bulk"):
        return True
    to = {one.address.casefold() for name in ("to", "cc") for one in addresses_of(first(fields, name), 20)}
    return any(
        one.address.casefold() in to or _is_owner(one.address)
        for name in ("sender", "return-path")
        for one in addresses_of(first(fields, name), 1)
    )


def _is_owner(address: str) -> bool:
    """Tell whether an address is of a list's owner; who passes a letter on for one writes SRS into it."""
    local = address.rpartition("@")[0]
    return bool(_LIST_OWNER.search(local)) and "srs" not in local.lower()
