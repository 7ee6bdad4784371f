"""What an invitation says, as a notice with its English sentence. Pure; takes anything."""

from collections.abc import Iterator
from datetime import date, timedelta

from stored.mime.addresses import Address, addresses_of
from stored.mime.bounces import passed_a_list
from stored.mime.calendar import CALENDAR_OCTETS, Invitation, Moment, invitation_of
from stored.mime.cautions import called, from_elsewhere
from stored.mime.charsets import clean, unturned
from stored.mime.headers import Fields, first
from stored.mime.links import domain_of
from stored.mime.parts import Part, beginning
from stored.mime.reports import Notice
from stored.mime.scanner import Octets


def invitations_in(raw: Octets, part: Part, fields: Fields) -> Iterator[Notice]:
    """Yield what a calendar asks, where it asks something; `fields` are those of the letter it came in."""
    invitation = invitation_of(beginning(raw, part, CALENDAR_OCTETS), part.charset)
    if invitation is not None:
        yield _invitation(invitation, fields)


def _invitation(said: Invitation, fields: Fields) -> Notice:
    notice: Notice = {
        "kind": "invitation",
        "method": said.method,
        "title": unturned(said.title),
        "place": unturned(said.place),
        "start": said.start.text,
        "end": said.end.text,
        "zone": said.start.zone,
        "repeats": said.repeats,
        "organizer": _address(*said.organizer),
    }
    if said.method == "reply":
        notice["answer"] = said.answer
    if any(said.guest):
        notice["guest"] = _address(*said.guest)
    sentence = _invitation_sentence(said)
    if sent_by := _sent_by(said, fields):
        notice["sent_by"] = sent_by
        sentence += f" The letter is from {sent_by}."
    return notice | {"sentence": sentence}


def _sent_by(said: Invitation, fields: Fields) -> str:
    """Return who sent what somebody of another domain is to have said, "" where that is no matter.

    Calendars send it in somebody's name, to whom answers go then; a mailing list sends what it was sent.
    """
    speaks = said.guest if said.method in _OF_GUESTS else said.organizer
    senders = [
        one
        for name in ("from", "sender", "reply-to")
        for one in addresses_of(first(fields, name), 5)
        if "@" in one.address
    ]
    domains = [domain_of(one.address) for one in senders]
    if not senders or not from_elsewhere(speaks[1], domains) or passed_a_list(fields):
        return ""
    return unturned(clean(senders[0].address))[:254]


def _invitation_sentence(said: Invitation) -> str:
    who = called(Address(*said.organizer)) or "Somebody"
    what = f"“{unturned(said.title)}”" if said.title else "an appointment"
    when = f", {_when(said.start, said.end)}" if said.start.text else ""
    when += " and again after that" if said.repeats else ""
    where = f", {unturned(said.place)}" if said.place else ""
    guest = called(Address(*said.guest)) or "A guest"
    if said.method == "reply":
        answer = _ANSWERS.get(said.answer, "answered the invitation to")
        return f"{guest} {answer} {what}{when}."
    sentences = {
        "cancel": f"{who} called off {what}{when}{where}.",
        "publish": f"{who} announces {what}{when}{where}.",
        "add": f"{who} adds a date to {what}{when}{where}.",
        "counter": f"{guest} would like another time or place for {what}{when}{where}.",
        "declinecounter": f"{who} does not agree to another time or place for {what}{when}{where}.",
        "refresh": f"{guest} asks for the latest news of {what}{when}{where}.",
    }
    return sentences.get(said.method, f"{who} invites you to {what}{when}{where}.")


_OF_GUESTS = ("reply", "counter", "refresh")
_ANSWERS = {
    "accepted": "accepted",
    "declined": "declined",
    "tentative": "may come to",
    "delegated": "asked somebody else to go to",
}


def _when(start: Moment, end: Moment) -> str:
    """Return from when to when something is, as people write it: 2026-11-23 18:00 to 19:30 (UTC)."""
    day, _, clock = start.text.partition("T")
    last, _, end_clock = end.text.partition("T")
    if not clock:
        # The end of whole days is the day after them (RFC 5545 section 3.6.1).
        last = _day_before(last) if last and not end_clock else ""
        return f"{day} to {last}" if last > day else day
    said = f"{day} {clock[:5]}"
    if end_clock and end.text > start.text and end.zone == start.zone:
        said += f" to {end_clock[:5]}" if last == day else f" to {last} {end_clock[:5]}"
    zone = "UTC" if clock.endswith("Z") else start.zone
    return f"{said} ({zone})" if zone else said


def _day_before(day: str) -> str:
    try:
        return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    except OverflowError:
        return ""


def _address(name: str, address: str) -> dict[str, str]:
    return {"name": unturned(name), "address": unturned(address)}
