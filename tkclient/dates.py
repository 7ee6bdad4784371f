"""Times as people say them. Pure: `now` is always given; aware times in, the terminal's own zone out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Mapping, Optional

from tkclient.words import Words

CLOCKS_DIFFER = timedelta(minutes=15)


def parse_time(text: str) -> Optional[datetime]:
    """Return the aware time of an RFC 3339 text, or None when it is not one."""
    text = text.strip()
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def short(words: Words, text: str, now: datetime, zone: Optional[tzinfo] = None) -> str:
    """Say a time in a list's width: "10:42", "ayer", "lunes", "12 mar", "12/3/2019"."""
    when = _local(text, zone)
    if when is None:
        return ""
    days = _days_before(when, now, zone)
    if days == 0:
        return _clock(when)
    if days == 1:
        return words("date.yesterday")
    if 1 < days < 7:
        return words("date.weekday.%d" % when.weekday())
    if when.year == now.astimezone(zone).year:
        return words("date.day_month", day=when.day, month=words("date.month_short.%d" % when.month))
    return words("date.numbers", day=when.day, month=when.month, year=when.year)


def full(words: Words, text: str, now: datetime, zone: Optional[tzinfo] = None) -> str:
    """Say a time beside a letter: "hoy 10:42", "ayer 10:42", "lunes 10:42", "12 de marzo de 2026, 10:42"."""
    when = _local(text, zone)
    if when is None:
        return ""
    days = _days_before(when, now, zone)
    clock = _clock(when)
    if days == 0:
        return words("date.today_at", time=clock)
    if days == 1:
        return words("date.yesterday_at", time=clock)
    if 1 < days < 7:
        return words("date.weekday_at", day=words("date.weekday.%d" % when.weekday()), time=clock)
    month = words("date.month.%d" % when.month)
    return words("date.full", day=when.day, month=month, year=when.year, time=clock)


def of_letter(row: Mapping[str, Any]) -> str:
    """Return the time a letter says it was written, unless that is after it arrived: then when it arrived."""
    arrived = str(row["received_at"])
    sent, got = parse_time(str(row.get("sent_at", ""))), parse_time(arrived)
    if sent is None or (got is not None and sent > got + CLOCKS_DIFFER):
        return arrived
    return str(row["sent_at"])


def ago(words: Words, text: str, now: datetime) -> str:
    """Say how long ago: "recién", "hace 2 min", "hace 3 h", then as `short`."""
    when = parse_time(text)
    if when is None:
        return ""
    minutes = int((now - when).total_seconds() // 60)
    if minutes < 1:
        return words("date.just_now")
    if minutes < 60:
        return words("date.minutes_ago", count=minutes)
    if minutes < 12 * 60:
        return words("date.hours_ago", count=minutes // 60)
    return short(words, text, now)


def _local(text: str, zone: Optional[tzinfo]) -> Optional[datetime]:
    when = parse_time(text)
    if when is None:
        return None
    try:
        return when.astimezone(zone)
    except (OverflowError, OSError, ValueError):
        return None


def _days_before(when: datetime, now: datetime, zone: Optional[tzinfo]) -> int:
    return (now.astimezone(zone).date() - when.date()) // timedelta(days=1)


def _clock(when: datetime) -> str:
    return "%02d:%02d" % (when.hour, when.minute)
