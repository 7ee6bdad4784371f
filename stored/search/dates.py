"""Days and spans of time as people write them, in the zone they live in. Pure but for the clock given."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from stored.search.vocabulary import folded

_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_SPAN = re.compile(r"(\d{1,5})\s*([a-z]*)")

_DAYS_AGO = {"today": 0, "hoy": 0, "yesterday": 1, "ayer": 1, "anteayer": 2, "antier": 2}
_UNITS = {
    "hours": "h hour hours hora horas",
    "days": "d day days dia dias",
    "weeks": "w s week weeks semana semanas",
    "months": "m month months mes meses",
    "years": "y a year years ano anos",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}


@dataclass(frozen=True)
class Clock:
    """What moment it is, and how many minutes east of Greenwich the person who asks lives."""

    now: datetime
    zone_minutes: int = 0

    def days(self, text: str) -> tuple[int, int] | None:
        """Return the first second of the day, month or year that `text` names, and the first one after.

        2026-11-23, 2026/11, 2026, 23/11/2026 (the day first), today, ayer. None for anything else.
        """
        first_and_next = self._days(folded_date(text))
        if first_and_next is None:
            return None
        first, following = first_and_next
        return self._second(first), self._second(following)

    def ago(self, text: str) -> int | None:
        """Return the second that lies "7d", "2 semanas", "3m" or "1y" back, None for anything else."""
        less_than_none = text.lstrip().startswith(("-", "−"))
        match = None if less_than_none else _SPAN.fullmatch(folded(text))
        unit = _UNIT.get(match[2] or "d") if match else None
        if match is None or unit is None:
            return None
        count = int(match[1])
        days = {"hours": count / 24, "days": count, "weeks": 7 * count, "months": 30.44 * count}
        try:
            return int((self.now - timedelta(days=days.get(unit, 365.25 * count))).timestamp())
        except OverflowError:
            return -(1 << 62)

    def _days(self, text: str) -> tuple[date, date] | None:
        if text in _DAYS_AGO:
            today = self.now.astimezone(self._zone()).date()
            day = today - timedelta(days=_DAYS_AGO[text])
            return day, day + timedelta(days=1)
        try:
            if match := _YEAR_FIRST.fullmatch(text):
                return _span(int(match[1]), int(match[2] or 0), int(match[3] or 0))
            if match := _DAY_FIRST.fullmatch(text):
                year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
                return _span(year, int(match[2]), int(match[1]))
        except (ValueError, OverflowError):
            pass
        return None

    def _zone(self) -> timezone:
        return timezone(timedelta(minutes=self.zone_minutes))

    def _second(self, day: date) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return int(midnight.timestamp()) - 60 * self.zone_minutes


def folded_date(text: str) -> str:
    return text.strip().casefold()


def _span(year: int, month: int, day: int) -> tuple[date, date]:
    """Return the first day of that day, month or year, and the first after it. Raises ValueError."""
    if day:
        first = date(year, month, day)
        return first, first + timedelta(days=1)
    if month:
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    return date(year, 1, 1), date(year + 1, 1, 1)
