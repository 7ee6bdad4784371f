"""The moment that a header field names (RFC 5322 section 3.3), in every dress that writers give it."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import mktime_tz, parsedate_tz

from stored.mime.headers import COMMENT

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
# As nearly every field has it; whatever else it may be is read with more care.
_USUAL = re.compile(
    r"\s*+(?:[A-Z][a-z]{2}, ?)?([0-9]{1,2}) ([A-Z][a-z]{2}) ((?:19|20)[0-9]{2}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})(?: \([A-Z]{1,5}\))?\s*+"
)
_ISO_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ]\s*(\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,9})?\s*(Z|[+-]\d{2}:?\d{2})?|\s*$)"
)
# A zone as "GMT+0200", "+02:00" or "+2". Other names of zones are read as UTC (RFC 5322 section 4.3): nobody
# agrees on what they mean.
_ZONE = re.compile(r"(?:\s(?:GMT|UTC?))?\s*([+-])(\d{1,2})(?::?(\d\d))?\s*$")
_FRACTION = re.compile(r"(?<=:\d\d)\.\d{1,9}")
_HALF_DAY = re.compile(r"(?<!\d)(\d{1,2})((?::\d\d){1,2})\s*([AP])M\b", re.I)
_MONTH = re.compile(r"(?<=\d)\s*([a-z]{3})[a-z]{0,6}[\s,.]*(?=\d)", re.I)
_EARLIEST = 1000  # some programs write a date that they do not have as the first day of the year 0001


def date_of(value: str) -> datetime | None:
    """Return a Date field's moment in UTC; None when it names none. Pure."""
    return _usual(value) or _unusual(value)


def _usual(value: str) -> datetime | None:
    """Return the moment where it is written as usual, None for all else."""
    match = _USUAL.fullmatch(value)
    if match is None or match[2] not in _MONTHS:
        return None
    day, name, year, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        there = datetime(int(year), _MONTHS[name], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    east = timedelta(hours=int(hours), minutes=int(minutes))
    return there - east if sign == "+" else there + east


def _unusual(value: str) -> datetime | None:
    said = value[:200]
    while "(" in said and (bare := COMMENT.sub(" ", said)) != said:
        said = bare
    try:
        if match := _ISO_DATE.match(said.strip()):
            return _iso(match)
        parsed = parsedate_tz(_tidied(said) if ":" in said else said)
        if parsed is None and ":" not in said:  # a day without a time
            parsed = parsedate_tz(f"{_tidied(said)} 00:00")
        if parsed is None:
            return None
        year, _, day, hour, minute, *_ = parsed
        year += 1900 if 100 <= year < 1000 else 0  # of three digits: RFC 5322 section 4.3
        if year < _EARLIEST or not 1 <= day <= 31 or hour > 24 or minute > 59:
            return None
        return datetime.fromtimestamp(mktime_tz((year, *parsed[1:])), UTC)
    except (ValueError, OverflowError, IndexError, TypeError, OSError):
        return None


def _iso(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, zone = match.groups()
    there = datetime.strptime(
        f"{year}{month}{day} {hour or '00'}{minute or '00'}{second or '00'} {(zone or 'Z').replace(':', '')}",
        "%Y%m%d %H%M%S %z",
    )
    return there.astimezone(UTC) if there.year >= _EARLIEST else None


def _tidied(said: str) -> str:
    """Return a date with its zone, its hour and its month as most write them."""
    said = _MONTH.sub(r" \1 ", _FRACTION.sub("", said))
    if ":" in said:
        said = _ZONE.sub(lambda found: f" {found[1]}{found[2]:>02}{found[3] or '00'}", said)
    return _HALF_DAY.sub(_of_whole_day, said, count=1)


def _of_whole_day(found: re.Match[str]) -> str:
    """Return a time of the day that was told by halves: 12 AM is midnight, 12 PM noon."""
    hour = int(found[1])
    if hour <= 12:
        hour = hour % 12 + (12 if found[3] in "Pp" else 0)
    return f"{hour:02}{found[2]}"
