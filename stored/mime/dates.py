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
# A zone as "GMT+0200" or "+02:00". Other names of zones are read as UTC (RFC 5322 section 4.3): nobody agrees
# on what they mean.
_ZONE = re.compile(r"(?:\s(?:GMT|UTC?))?\s*([+-]\d\d):?(\d\d)\s*$")
_ISO_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ]\s*(\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d{1,9})?\s*(Z|[+-]\d{2}:?\d{2})?"
)


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
            zone = (match[7] or "Z").replace(":", "")
            return datetime.strptime(
                f"{match[1]}{match[2]}{match[3]} {match[4]}{match[5]}{match[6] or '00'} {zone}",
                "%Y%m%d %H%M%S %z",
            ).astimezone(UTC)
        parsed = parsedate_tz(_ZONE.sub(r" \1\2", said))
        if parsed is None or not 1 <= parsed[2] <= 31:
            return None
        return datetime.fromtimestamp(mktime_tz(parsed), UTC)
    except (ValueError, OverflowError, IndexError, TypeError, OSError):
        return None
