"""Time zones that a calendar brings along (RFC 5545 section 3.6.5). Pure; takes anything.

Programs of one maker name zones as nobody else does ("Romance Standard Time"), and say beside the name what
is meant: since when which offset holds, and on which days of a year it changes.
"""

import calendar
import re
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ONSET_LIMIT = 50  # changes of one zone that are looked at

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?")
_START = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})")
_MONTH = re.compile(r"0?[1-9]|1[0-2]")
_DAY = re.compile(r"([+-]?\d)?(SU|MO|TU|WE|TH|FR|SA)")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Onset(NamedTuple):
    """From when on an offset from UTC holds: from `start`, and where `month` is given in each year again.

    Then it begins on the `week`th such weekday of the month (0 is Monday; -1 the last), or on the day of
    `start` where `week` is 0.
    """

    start: datetime
    offset: timedelta
    month: int = 0
    week: int = 0
    weekday: int = 0

    def before(self, local: datetime) -> datetime | None:
        """Return when this began last before `local` or at that moment; None where it had not begun."""
        if not self.month:
            return self.start if self.start <= local else None
        for year in (local.year, local.year - 1):
            began = self._in_year(year)
            if began is not None and self.start.date() <= began.date() and began <= local:
                return began
        return None

    def _in_year(self, year: int) -> datetime | None:
        try:
            day = self._day(year) if self.week else date(year, self.month, self.start.day)
            return datetime.combine(day, self.start.time())
        except ValueError:
            return None

    def _day(self, year: int) -> date:
        first, days = calendar.monthrange(year, self.month)
        fits = range(1 + (self.weekday - first) % 7, days + 1, 7)
        place = self.week - 1 if self.week > 0 else self.week
        return date(year, self.month, fits[max(-len(fits), min(place, len(fits) - 1))])


Zones = dict[str, list[Onset]]


def onset_of(said: dict[str, str]) -> Onset | None:
    """Return what a STANDARD or DAYLIGHT of a zone says; None where it makes no sense."""
    offset, start = _OFFSET.fullmatch(said.get("TZOFFSETTO", "")), _START.match(said.get("DTSTART", ""))
    if offset is None or start is None:
        return None
    seconds = int(offset[2]) * 3600 + int(offset[3]) * 60 + int(offset[4] or 0)
    holds = timedelta(seconds=-seconds if offset[1] == "-" else seconds)
    rule = dict(part.partition("=")[::2] for part in said.get("RRULE", "").upper().split(";"))
    day = _DAY.fullmatch(rule.get("BYDAY", ""))
    month = _MONTH.fullmatch(rule.get("BYMONTH", ""))
    years, months, days, hours, minutes, rest = map(int, start.groups())
    try:
        begins = datetime(years, months, days, hours, minutes, min(rest, 59))
    except ValueError:
        return None
    if abs(holds) >= timedelta(days=1):
        return None
    if rule.get("FREQ") != "YEARLY" or month is None:
        return Onset(begins, holds)
    if day is None:
        return Onset(begins, holds, int(month[0]))
    return Onset(begins, holds, int(month[0]), int(day[1] or 1), _WEEKDAYS.index(day[2]))


def offset_at(onsets: list[Onset], local: datetime) -> timedelta | None:
    """Return the offset that holds at a clock's time: the one that began last, else the first there is."""
    began = [(at, onset.offset) for onset in onsets[:ONSET_LIMIT] if (at := onset.before(local))]
    if began:
        return max(began)[1]
    return min(onsets, key=lambda onset: onset.start).offset if onsets else None


def known_zone(name: str) -> ZoneInfo | None:
    """Return the zone that a name means to everybody; some programs put their own mark in front of it."""
    parts = name.strip().strip("/").split("/")
    for taken in (len(parts), 3, 2):
        said = "/".join(parts[-taken:])
        if taken <= len(parts) and _NAME.fullmatch(said):
            try:
                return ZoneInfo(said)
            except (KeyError, ValueError, OSError):
                continue
    return None
