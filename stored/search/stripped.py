"""A letter without the octets of what is attached to it: all that a reader of its words looks at.

Attachments are most of all mail and say nothing to the index, so they are neither loaded, nor written as
base64 again, nor sent to the process that reads. The letter keeps its form: every part is there with its
header, those of attachments empty.
"""

import hashlib
import re

from stored.model.body import Body, damaged
from stored.model.coding import coded_octets, encoded

#: Of texts that are parts of their own: more than is ever read of one letter's text (`mime.text`).
TEXTS_OCTETS = 4 << 20

_SAID = re.compile(rb"^content-type:\s*[\w.+-]+/", re.I | re.M)
_READ = re.compile(rb"text/(?:plain|html)|message/|multipart/", re.I)


def stripped_octets(body: Body) -> int:
    """Return how many octets `stripped` gives of `body`, its texts in parts of their own not counted."""
    own = (coded_octets(octets, width, crlf) for _, octets, width, crlf, shared in body.segments if shared)
    return body.octets - sum(own)


def stripped(body: Body) -> bytes:
    """Return the octets of `body` but for its attachments'. Raises Damaged.

    Each piece has passed zstd's own checksum; the hash of the whole can be checked only where nothing was
    left out.
    """
    stream, pieces = body.stream(body.octets), []
    seat, at, left = 0, 0, TEXTS_OCTETS  # seat: in what is compressed together, at: in the letter
    for gap, octets, width, crlf, shared in body.segments:
        pieces.append(before := stream[seat : seat + gap])
        seat, at = seat + gap, at + gap
        coded = coded_octets(octets, width, crlf)
        if not shared:
            pieces += _written(stream[seat : seat + octets], width, coded, crlf=crlf)
            seat += octets
        elif left and not _attached(before):
            taken = min(coded, left)
            pieces += body.pieces(at, at + taken)
            left -= taken
        at += coded
    pieces.append(stream[seat:])
    letter = b"".join(pieces)
    if len(letter) == body.octets and hashlib.sha256(letter).digest() != body.sha256:
        raise damaged("SHA-256 differs")
    return letter


def _written(octets: bytes, width: int, coded: int, *, crlf: bool) -> list[bytes]:
    """Return a few octets as the base64 they came as."""
    return list(encoded(lambda low, high: octets[low:high], len(octets), width, crlf, 0, coded))


def _attached(before: bytes) -> bool:
    """Tell whether the part that begins after these octets of its letter is certainly no text of it."""
    header = before[before.rfind(b"\n--") + 1 :]
    return bool(_SAID.search(header)) and not _READ.search(header)
