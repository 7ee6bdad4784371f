"""All that changes about a message, in one integer, so that its tree is small and quick to rewrite.

    word       time << 28 | folder << 12 | flags      34 + 16 + 12 bits
    order key  time << 28 | uid                       34 + 28 bits

Time is in whole seconds since 1970, UTC. Pure functions.
"""

SEEN, ANSWERED, FLAGGED, DRAFT, FORWARDED = 1, 2, 4, 8, 16
#: It was sent from here, wherever it lies by now. No client sees or sets this.
OWN = 32

FLAG_NAMES = ("seen", "answered", "flagged", "draft", "forwarded")

MAX_UID = (1 << 28) - 1
MAX_TIME = (1 << 34) - 1
MAX_FOLDER = (1 << 16) - 1

#: What a word says of folder and flags, without the time.
PLACE_MASK = (1 << 28) - 1


def make_word(time: int, folder: int, flags: int) -> int:
    """Return the word for these; a time outside 1970 to 2514 becomes the nearest that fits."""
    return min(max(time, 0), MAX_TIME) << 28 | folder << 12 | flags


def time_of(word: int) -> int:
    return word >> 28


def folder_of(word: int) -> int:
    return word >> 12 & MAX_FOLDER


def flags_of(word: int) -> int:
    return word & 0xFFF


def order_key(word: int, uid: int) -> int:
    """Return where the message stands in its folder: later times are greater, then later uids."""
    return word >> 28 << 28 | uid


def uid_of(key: int) -> int:
    return key & MAX_UID
