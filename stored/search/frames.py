"""How the daemon and its reading process speak: a head of JSON, and octets behind it.

4 octets length of the head · 8 octets length of what follows · the head · what follows
"""

from collections.abc import Sequence
from struct import Struct
from typing import Any, BinaryIO

import orjson

_LENGTHS = Struct(">IQ")


def write(stream: BinaryIO, head: dict[str, Any], octets: Sequence[bytes] = ()) -> None:
    """Write one frame and flush it."""
    said = orjson.dumps(head)
    stream.write(_LENGTHS.pack(len(said), sum(map(len, octets))) + said)
    for piece in octets:
        stream.write(piece)
    stream.flush()


def read(stream: BinaryIO) -> tuple[dict[str, Any], memoryview]:
    """Return the next frame. Raises EOFError where the other end is gone."""
    said, following = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    head: dict[str, Any] = orjson.loads(_exactly(stream, said))
    return head, memoryview(_exactly(stream, following))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    octets = stream.read(count)
    if len(octets) < count:
        raise EOFError
    return octets
