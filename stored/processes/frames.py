"""How the daemon and a process of its own speak: a head of JSON, and octets behind it.

4 octets length of the head · 8 octets length of what follows · the head · what follows
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Any, BinaryIO

import orjson

SLICE_OCTETS = 1 << 20

_LENGTHS = Struct(">IQ")


def write(stream: BinaryIO, head: dict[str, Any], pieces: Iterable[bytes] = (), octets: int = 0) -> None:
    """Write one frame, whose `pieces` have so many `octets` together, and flush it."""
    said = orjson.dumps(head)
    ahead = _LENGTHS.pack(len(said), octets) + said
    for piece in pieces:
        # Together with the first piece: a head by itself would wake who reads for nothing.
        stream.write(ahead + piece)
        ahead = b""
    stream.write(ahead)
    stream.flush()


def read(stream: BinaryIO) -> tuple[dict[str, Any], int]:
    """Return the head of the next frame and how many octets follow it. Raises EOFError at the end."""
    said, following = _LENGTHS.unpack(exactly(stream, _LENGTHS.size))
    head: dict[str, Any] = orjson.loads(exactly(stream, said))
    return head, following


def exactly(stream: BinaryIO, count: int) -> bytes:
    """Return the next `count` octets. Raises EOFError where there are fewer."""
    octets = stream.read(count)
    if len(octets) < count:
        raise EOFError
    return octets


def slices(stream: BinaryIO, count: int) -> Iterator[bytes]:
    """Yield the next `count` octets a megabyte at a time. Raises EOFError where there are fewer."""
    while count:
        piece = exactly(stream, min(count, SLICE_OCTETS))
        count -= len(piece)
        yield piece
