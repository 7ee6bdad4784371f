"""The dictionary of a user's small mail: trained on what is here once there is enough, and then kept.

Letters to one person have much in common (the same servers' headers, correspondents, signatures), which
compressing each by itself cannot use. Measured on two corpora: 300 letters train one as good as 1,000 do, and
small mail takes a fifth less. How long the pieces of one are is said here: zstd would try out five lengths in
five times the time, and what it finds compresses no better.
"""

import zstandard

from restante import log
from stored.model.account import Account
from stored.model.body import Words
from stored.model.octets import loaded
from stored.model.rows import UNREADABLE

_LOG = log.get("store")

ENOUGH_MESSAGES = 300
MOST_SAMPLES = 400
SAMPLE_OCTETS = 6 * 1024
PIECE_OCTETS = 500
SEGMENT_OCTETS = 8
LARGEST_OCTETS = 64 * 1024
SMALLEST_OCTETS = 4 * 1024


def current(account: Account) -> Words | None:
    """Return the dictionary new mail is compressed with, or None. Reads only."""
    number = len(account.dictionaries)
    return Words(number, account.dictionaries.octets(number)) if number else None


def samples(account: Account) -> list[bytes]:
    """Return the beginnings of the newest messages; empty while there are not enough. Reads only."""
    last = account.rows.last_uid()
    if last < ENOUGH_MESSAGES:
        return []
    found = []
    for uid in account.bodies.keys(min=max(last - MOST_SAMPLES, 1)):
        try:
            body = account.bodies[uid]
            found.append(body.stream(SAMPLE_OCTETS))
            body._p_deactivate()
        except UNREADABLE:
            continue
    return found if len(found) >= ENOUGH_MESSAGES else []


def train(found: list[bytes]) -> bytes:
    """Return a dictionary for octets such as these; empty where they have nothing in common. Takes 30 ms."""
    total = sum(map(len, found))
    wanted = min(LARGEST_OCTETS, max(SMALLEST_OCTETS, total // 16))
    try:
        octets = bytes(
            zstandard.train_dictionary(wanted, [*found], k=PIECE_OCTETS, d=SEGMENT_OCTETS, level=3).as_bytes()
        )
        loaded(octets)
    except zstandard.ZstdError as trouble:
        _LOG.info("dictionary.not_trained", cause=trouble)
        return b""
    return octets


def keep(account: Account, octets: bytes) -> Words | None:
    """Keep a trained dictionary unless there is one; inside a unit of work. Return the one in use."""
    if octets and not len(account.dictionaries):
        account.dictionaries.add(octets)
    return current(account)
