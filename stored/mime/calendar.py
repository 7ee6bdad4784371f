"""Invitations: what a text/calendar part asks (RFC 5545, RFC 5546). Pure; takes anything."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NamedTuple

from stored.mime.charsets import clean, decode
from stored.mime.zones import ONSET_LIMIT, Zones, known_zone, offset_at, onset_of

CALENDAR_OCTETS = 262_144
_LINES = 5_000
_TEXT_CHARACTERS = 500
_METHODS = frozenset(("request", "cancel", "reply", "publish", "counter", "declinecounter", "refresh", "add"))
_OF_GUESTS = frozenset(("reply", "counter", "refresh"))
_ANSWERS = frozenset(("accepted", "declined", "tentative", "delegated"))

_PROPERTY = re.compile(
    r'([A-Za-z0-9-]{1,60})((?:;[^:;="]{1,60}=(?:"[^"]*+"|[^":;]*+)(?:,"[^"]*+")*)*):(.*)', re.S
)
_PARAMETER = re.compile(r';([^:;="]{1,60})=(?:"([^"]*+)"|([^":;]*+))')
_ESCAPED = re.compile(r"\\([\\;,nN])")
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
_FOLD = re.compile(rb"\r?\n[ \t]")
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
    guest: tuple[str, str]  # who answered, or asks for another time or for news
    repeats: bool


NO_MOMENT = Moment("")


def invitation_of(octets: bytes, charset: str = "") -> Invitation | None:
    """Return what the first event of a calendar says; None where there is none."""
    said = _Calendar()
    for line in _lines(octets, charset):
        said.take(line)
    return _invitation(said.method, said.event, said.zones) if said.event is not None else None


class _Calendar:
    """A calendar while its lines come in."""

    def __init__(self) -> None:
        self.method = "publish"
        self.event: dict[str, Property] | None = None
        self.zones: Zones = {}
        self._open: list[tuple[str, dict[str, Property]]] = []

    def take(self, line: Property) -> None:
        name, value = line.name, line.value.strip()
        if name == "BEGIN":
            self._begin(value.upper())
        elif name == "END":
            self._end()
        elif name == "METHOD" and (not self._open or self._open[-1][0] != "VEVENT"):
            self.method = value.lower() if value.lower() in _METHODS else "publish"
        elif self._open:
            self._open[-1][1].setdefault(name, line)

    def _begin(self, what: str) -> None:
        self._open.append((what, {}))
        if what == "VEVENT" and self.event is None and len(self._open) <= 3:
            self.event = self._open[-1][1]

    def _end(self) -> None:
        what, said = self._open.pop() if self._open else ("", {})
        if what not in ("STANDARD", "DAYLIGHT") or not self._open or "TZID" not in self._open[-1][1]:
            return
        onsets = self.zones.setdefault(self._open[-1][1]["TZID"].value.strip(), [])
        onset = onset_of({name: line.value.strip() for name, line in said.items()})
        if onset is not None and len(onsets) < ONSET_LIMIT:
            onsets.append(onset)


def _lines(octets: bytes, charset: str) -> Iterator[Property]:
    """Yield the properties of a calendar, unfolded: as octets, since some writers fold within a character."""
    unfolded = decode(_FOLD.sub(b"", octets[:CALENDAR_OCTETS]), charset or "utf-8")
    for line in unfolded.splitlines()[:_LINES]:
        match = _PROPERTY.match(line)
        if match:
            parameters = {
                found[1].upper(): found[2] if found[2] is not None else found[3]
                for found in _PARAMETER.finditer(match[2])
            }
            yield Property(match[1].upper(), parameters, match[3])


def _invitation(method: str, event: dict[str, Property], zones: Zones) -> Invitation:
    guest = event.get("ATTENDEE") if method in _OF_GUESTS else None
    answer = guest.parameters.get("PARTSTAT", "").lower() if guest and method == "reply" else ""
    start = _moment(event.get("DTSTART"), zones)
    ends = "DTEND" in event
    cancelled = _text(event.get("STATUS")).lower() == "cancelled"
    return Invitation(
        method="cancel" if cancelled else method,
        title=_text(event.get("SUMMARY")),
        place=_text(event.get("LOCATION")),
        start=start,
        end=_moment(event.get("DTEND"), zones) if ends else _after(start, event.get("DURATION")),
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


def _moment(found: Property | None, zones: Zones) -> Moment:
    """Return when a DTSTART or DTEND is, in UTC where its zone is known or told by the calendar."""
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
    name = found.parameters.get("TZID", "").strip()[:80]
    if zone := known_zone(name):
        return _in_utc(local.replace(tzinfo=zone))
    offset = offset_at(zones.get(name, []), local)
    if offset is not None:
        return _in_utc(local.replace(tzinfo=timezone(offset)))
    return Moment(local.strftime("%Y-%m-%dT%H:%M:%S"), clean(name))


def _in_utc(moment: datetime) -> Moment:
    try:
        return Moment(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except OverflowError:
        return NO_MOMENT


def _after(start: Moment, duration: Property | None) -> Moment:
    """Return the end of what begins at `start` and lasts as long as `duration` says."""
    match = _DURATION.fullmatch(duration.value.strip().upper()) if duration else None
    if match is None or not start.text:
        return NO_MOMENT
    weeks, days, hours, minutes = (int(number or 0) for number in match.groups())
    lasts = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    try:
        if "T" not in start.text:
            return Moment((date.fromisoformat(start.text) + lasts).isoformat())
        ends = datetime.fromisoformat(start.text) + lasts
    except (ValueError, OverflowError):
        return NO_MOMENT
    return Moment(
        ends.replace(tzinfo=None).isoformat() + ("Z" if start.text.endswith("Z") else ""), start.zone
    )
