"""What a maildrop lists, line by line, and the numbers in it."""

from collections.abc import Iterable
from dataclasses import dataclass

# A unique-id has 70 octets at most (RFC 1939 section 7); servers that go somewhat beyond do no harm.
UIDL_OCTETS = 255
# What a list entry takes at most: number, space, unique-id of 70, CRLF.
ENTRY_OCTETS = 84
# Longer numbers are no numbers of messages or octets, whatever their digits.
NUMBER_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as listed: its number in this session, unique-id ("" where it has none that is one), and
    size as the server says (-1 where it does not).
    """

    msgno: int
    uidl: str
    octets: int


class Rest:
    """Entries still to be asked for, taken one by one; `next` is known beforehand, None at the end."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = iter(entries)
        self.next: Entry | None = next(self._entries, None)

    def take(self) -> Entry:
        assert self.next is not None
        taken, self.next = self.next, next(self._entries, None)
        return taken


def entries_of(uidls: dict[int, bytes], sizes: dict[int, bytes], *, by_size: bool) -> list[Entry]:
    """Return what two lists say together, in the order of the one of names; `by_size`: of the other."""
    numbers = sizes if by_size else uidls
    return [
        Entry(n, unique_id(uidls.get(n, b"")), number(sizes.get(n, b"").partition(b" ")[0])) for n in numbers
    ]


def numbered(lines: list[bytes]) -> dict[int, bytes] | None:
    """Return the lines of a UIDL or LIST answer by number; None where one of them has none."""
    found = {}
    for line in lines:
        digits, _, rest = line.partition(b" ")
        msgno = number(digits)
        if msgno < 1:
            return None
        found[msgno] = rest.strip()
    return found


def unique_id(octets: bytes) -> str:
    """Return a unique-id as text, or "" where it is none: 0x21 to 0x7E only (RFC 1939 section 7)."""
    if len(octets) > UIDL_OCTETS or not octets.isascii():
        return ""
    text = octets.decode("ascii")
    return text if text.isprintable() and " " not in text else ""


def number(octets: bytes) -> int:
    """Return a decimal number, or -1 where it is none."""
    return int(octets) if octets.isdigit() and len(octets) <= NUMBER_DIGITS else -1
