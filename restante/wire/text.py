"""Text and times as both encodings can carry them. Pure functions."""

import re
from datetime import UTC, datetime, timedelta, timezone

# What XML 1.0 (section 2.2) cannot carry, even escaped: C0 but tab, line feed and carriage return,
# surrogates standing alone, and the two last code points of the basic plane.
_NOT_CARRIED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(?:Z|([+-])(\d\d):([0-5]\d))",
    re.ASCII,
)


def clean_text(text: str) -> str:
    """Return `text` without the characters XML cannot carry. Pure.

    Removed: C0 controls except tab, line feed and carriage return; lone surrogates; U+FFFE and U+FFFF.
    """
    return _NOT_CARRIED.sub("", text)


def has_controls(text: str) -> bool:
    """Tell whether `text` holds a control character or a line or paragraph separator. Pure."""
    return _CONTROL.search(text) is not None


def to_time(moment: datetime) -> str:
    """Return `moment` as RFC 3339 text in UTC, whole seconds: `2026-11-23T14:50:00Z`. Pure.

    Raises ValueError for a time without a zone, since nobody could say which moment it is.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be sent")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_time(text: str) -> datetime:
    """Return the moment that RFC 3339 `text` names, in UTC. Pure.

    Strict: capital T and Z, a zone always, a day that exists, no leap second.
    Raises ValueError.
    """
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError("not RFC 3339")
    year, month, day, hour, minute, second = (int(part) for part in found.group(1, 2, 3, 4, 5, 6))
    micros = int((found[7] or "").ljust(6, "0"))
    away = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    zone = timezone(-away if found[8] == "-" else away)
    try:
        return datetime(year, month, day, hour, minute, second, micros, zone).astimezone(UTC)
    except OverflowError as exc:  # the year 1 or 9999, moved over the edge by its zone
        raise ValueError("outside the calendar") from exc
