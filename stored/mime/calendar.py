"""Invitations: what a text/calendar part asks (RFC 5545, RFC 5546). Pure; takes anything."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stored.mime.charsets import clean

CALENDAR_OCTETS = 262_144
_LINES = 5_000
_TEXT_CHARACTERS = 500
_METHODS = frozenset(("request", "cancel", "reply", "publish", "counter", "declinecounter", "refresh", "add"))
_ANSWERS = frozenset(("accepted", "declined", "tentative", "delegated"))

_PROPERTY = re.compile(
    r'([A-Za-z0-9-]{1,60})((?:;[^:;="]{1,60}=(?:"[^"]*+"|[^":;]*+)(?:,"[^"]*+")*+)*+):(.*)', re.S
)
_PARAMETER = re.compile(r';([^:;="]{1,60})=(?:"([^"]*+)"|([^":;]*+))')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
_DURATION = re.compile(r"\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d{1,6}S)?)?")


class Property(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str


class Moment(NamedTuple):
    """When something is. `text` is RFC 3339 in UTC, a date alone, or clock time of an unknown `zone`."""

    text: str
    zone: str = ""


class Invitation(NamedTuple):
    """One event as its organizer or a guest speaks of it; texts are empty where nothing is said."""

    method: str
    title: str
    place: str
    start: Moment
    end: Moment
    organizer: tuple[str, str]  # name, address
    answer: str  # what a guest answered, in a reply
    guest: tuple[str, str]  # who answered
    repeats: bool


NO_MOMENT = Moment("")


def invitation_of(text: str) -> Invitation | None:
    """Return what the first event of a calendar says; None where there is none."""
    method = ""
    event: dict[str, Property] | None = None
    depth: list[str] = []
    for line in _lines(text):
        name, value = line.name, line.value.strip()
        if name == "BEGIN":
            depth.append(value.upper())
            if value.upper() == "VEVENT" and event is None and len(depth) <= 3:
                event = {}
        elif name == "END":
            if depth:
                depth.pop()
            if value.upper() == "VEVENT" and event is not None:
                break
        elif name == "METHOD" and depth[-1:] != ["VEVENT"]:
            method = value.lower()
        elif event is not None and depth[-1:] == ["VEVENT"]:
            event.setdefault(name, line)
    if event is None:
        return None
    return _invitation(method if method in _METHODS else "publish", event)


def _lines(text: str) -> Iterator[Property]:
    """Yield the properties of a calendar, unfolded."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text[:CALENDAR_OCTETS])
    for line in unfolded.splitlines()[:_LINES]:
        match = _PROPERTY.match(line)
        if match:
            parameters = {
                found[1].upper(): found[2] if found[2] is not None else found[3]
                for found in _PARAMETER.finditer(match[2])
            }
            yield Property(match[1].upper(), parameters, match[3])


def _invitation(method: str, event: dict[str, Property]) -> Invitation:
    guest = event.get("ATTENDEE") if method == "reply" else None
    answer = guest.parameters.get("PARTSTAT", "").lower() if guest else ""
    start = _moment(event.get("DTSTART"))
    cancelled = _text(event.get("STATUS")).lower() == "cancelled"
    return Invitation(
        method="cancel" if cancelled else method,
        title=_text(event.get("SUMMARY")),
        place=_text(event.get("LOCATION")),
        start=start,
        end=_moment(event.get("DTEND")) if "DTEND" in event else _after(start, event.get("DURATION")),
        organizer=_person(event.get("ORGANIZER")),
        answer=answer if answer in _ANSWERS else "",
        guest=_person(guest),
        repeats="RRULE" in event or "RDATE" in event,
    )


def _text(found: Property | None) -> str:
    if found is None:
        return ""
    said = _ESCAPED.sub(
        lambda match: " " if match[1] in "nN" else match[1], found.value[: 4 * _TEXT_CHARACTERS]
    )
    return " ".join(clean(said).split())[:_TEXT_CHARACTERS]


def _person(found: Property | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    address = found.value.strip()
    address = address[7:] if address[:7].lower() == "mailto:" else ""
    name = clean(found.parameters.get("CN", "")).strip("\"' ")
    return " ".join(name.split())[:200], "".join(clean(address).split())[:254]


def _moment(found: Property | None) -> Moment:
    """Return when a DTSTART or DTEND is, in UTC where its zone is known."""
    match = _TIME.match(found.value.strip()) if found else None
    if match is None or found is None:
        return NO_MOMENT
    try:
        numbers = [int(number) for number in match.groups()[:6] if number]
        if len(numbers) < 6:
            return Moment(date(*numbers[:3]).isoformat())
        year, month, day, hour, minute, second = numbers
        local = datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return NO_MOMENT
    if match[7]:
        return _in_utc(local.replace(tzinfo=UTC))
    name = found.parameters.get("TZID", "").strip().lstrip("/")[:80]
    if _ZONE.fullmatch(name):
        try:
            return _in_utc(local.replace(tzinfo=ZoneInfo(name)))
        except (KeyError, ValueError, OSError, OverflowError):
            pass
    return Moment(local.strftime("%Y-%m-%dT%H:%M:%S"), clean(name))


def _in_utc(moment: datetime) -> Moment:
    try:
        return Moment(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except OverflowError:
        return NO_MOMENT


def _after(start: Moment, duration: Property | None) -> Moment:
    """Return the end of what begins at `start` and lasts as long as `duration` says."""
    match = _DURATION.fullmatch(duration.value.strip().upper()) if duration else None
    if match is None or "T" not in start.text:
        return NO_MOMENT
    weeks, days, hours, minutes = (int(number or 0) for number in match.groups())
    lasts = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    try:
        ends = datetime.fromisoformat(start.text) + lasts
    except (ValueError, OverflowError):
        return NO_MOMENT
    return Moment(
        ends.replace(tzinfo=None).isoformat() + ("Z" if start.text.endswith("Z") else ""), start.zone
    )
