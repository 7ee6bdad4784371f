"""Read letters that strangers wrote: what they say, and where their parts stand.

Everything here takes any octets, never raises, and takes a time that follows the message's size only. The
raw octets are never changed nor written anew: parts are found by offsets (`scanner`), and a reader that
meets what it does not understand says less. Nothing here knows of accounts, folders or the database, so the
package can be run in a process of its own.
"""

from collections.abc import Iterator

from restante import log
from stored.mime.addresses import Address
from stored.mime.bounces import Bounce, may_bounce
from stored.mime.dates import date_of
from stored.mime.parts import Part, decode_slices, parts_in
from stored.mime.scanner import ORDINARY, Octets, Scan
from stored.mime.summary import Summary, summary_of
from stored.mime.text import text_in

__all__ = [
    "Address",
    "Bounce",
    "Octets",
    "Part",
    "Summary",
    "date_of",
    "decode_part",
    "ordinary_summary",
    "parts_of",
    "slices_of",
    "some_parts_of",
    "summarize",
    "text_of",
]

ORDINARY_HEADER_OCTETS = 32_768

_log = log.get("mime")


def summarize(raw: Octets) -> Summary:
    """Return what the list, the rules and the threads need to know of `raw`. Pure; never raises."""
    try:
        return summary_of(raw, Scan(raw))
    except Exception as exc:
        _unread(raw, exc)
        return Summary()


def ordinary_summary(raw: Octets) -> Summary | None:
    """Return the summary of a letter that is read in little time for certain, None for any other.

    Its header is short and its parts are few, so each step passes over it a bounded number of times; and it
    is no report on other letters, of which more is read. Pure; never raises.
    """
    ends = (raw.find(blank, 0, ORDINARY_HEADER_OCTETS) >= 0 for blank in (b"\n\r\n", b"\n\n"))
    if len(raw) > ORDINARY_HEADER_OCTETS and not any(ends):
        return None
    try:
        scan = Scan(raw, ORDINARY)
        return None if scan.too_complex or may_bounce(scan.root) else summary_of(raw, scan)
    except Exception:
        return None


def text_of(raw: Octets) -> tuple[str, bool]:
    """Return the letter's text (HTML as plain text), and whether it was cut at 262,144 characters.

    Pure; never raises.
    """
    try:
        return text_in(raw, parts_in(raw, Scan(raw), sized=False))
    except Exception as exc:
        _unread(raw, exc)
        return "", False


def parts_of(raw: Octets) -> list[Part]:
    """Return the leaves of the message in order, its texts included (`part.body`). Pure; never raises."""
    return some_parts_of(raw)[0]


def some_parts_of(raw: Octets) -> tuple[list[Part], bool]:
    """Return the leaves of the message, and whether these are all: there may be too many to be read."""
    try:
        scan = Scan(raw)
        return parts_in(raw, scan), not scan.too_complex
    except Exception as exc:
        _unread(raw, exc)
        return [], False


def decode_part(raw: Octets, part: Part) -> bytes:
    """Return the decoded octets of `part`, one that `parts_of(raw)` gave. Pure; never raises."""
    return b"".join(slices_of(raw, part))


def slices_of(raw: Octets, part: Part) -> Iterator[bytes]:
    """Yield the decoded octets of `part` a megabyte or so at a time. Pure; never raises."""
    return decode_slices(raw, part.start, part.end, part.encoding)


def _unread(raw: Octets, exc: Exception) -> None:
    """Say that a message was too strange for us; its octets are kept and served all the same."""
    _log.warning("message.unread", octets=len(raw), cause=exc)
