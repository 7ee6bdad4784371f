"""Read what the saved index does not cover, before ZODB does: drop a torn tail and say so, refuse damage.

ZODB cuts a database at the first header it does not understand, puts the rest in a `.trN` file and goes
on as if nothing were lost (measured: one flipped bit, 9 messages of 50 left). A crash tears only the last
transaction, the one nobody was told had been kept; anything else that does not read is damage.

The file: a transaction header (23 octets and three texts), data records (42 octets each and their data, or
8 octets of back pointer), the transaction's length again. ZODB/FileStorage/format.py draws it.
"""

import os
import struct
from typing import Any, BinaryIO, NamedTuple

from ZODB.FileStorage.FileStorage import packed_version
from ZODB.FileStorage.format import CorruptedError

from restante import log
from restante.errors import DatabaseDamaged

_LOG = log.get("db")
_TRANSACTION = struct.Struct(">8sQcHHH")
_RECORD = struct.Struct(">8s8sQQHQ")
_KEPT = (b" ", b"p", b"u")
_BEING_WRITTEN = b"c"


def check_tail(file: BinaryIO, name: str, index: Any, start: int) -> None:
    """Verify every transaction from `start` to the end of `file`, and cut off a torn last one.

    `index` maps object to position for what lies before `start`. Raises DatabaseDamaged (permanent) and
    leaves the file as it was; drops only what no commit was ever reported for, and logs that.
    """
    file.seek(0)
    if file.read(len(packed_version)) != packed_version:
        return  # No database at all, which FileStorage says well.
    end = os.fstat(file.fileno()).st_size
    known: dict[bytes, int] = {}
    position = start
    while position < end:
        following = _transaction_end(file, position, end, index, known)
        if following is None:
            _drop_or_refuse(file, name, position, end)
            return
        position = following


def check_headers(file: BinaryIO, end: int, found: Any) -> None:
    """Verify every transaction up to `end` and note in `found` where the newest revision of each object is.

    Raises CorruptedError.
    """
    position = len(packed_version)
    while position < end:
        following = _transaction_end(file, position, end, {}, found)
        if following is None:
            raise CorruptedError(f"the transaction at octet {position} is damaged")
        position = following


class _Header(NamedTuple):
    tid: bytes
    octets: int
    status: bytes
    user_octets: int
    description_octets: int
    extension_octets: int

    @property
    def own_octets(self) -> int:
        return _TRANSACTION.size + self.user_octets + self.description_octets + self.extension_octets


def _header_at(file: BinaryIO, position: int) -> _Header | None:
    file.seek(position)
    octets = file.read(_TRANSACTION.size)
    return _Header(*_TRANSACTION.unpack(octets)) if len(octets) == _TRANSACTION.size else None


def _number_at(file: BinaryIO, position: int) -> int:
    file.seek(position)
    return int.from_bytes(file.read(8), "big")


def _transaction_end(file: BinaryIO, position: int, end: int, index: Any, known: Any) -> int | None:
    """Return where the transaction at `position` ends, or None where it is not whole.

    `known` maps what was written between `index` and here to positions; a whole transaction is added to it.
    """
    header = _header_at(file, position)
    if header is None or header.status not in _KEPT or position + header.octets + 8 > end:
        return None
    limit = position + header.octets
    if _number_at(file, limit) != header.octets:
        return None
    here: dict[bytes, int] = {}
    at = position + header.own_octets
    while at < limit:
        file.seek(at)
        record = file.read(_RECORD.size)
        if len(record) < _RECORD.size:
            return None
        oid, tid, previous, transaction_at, version, octets = _RECORD.unpack(record)
        if (tid, transaction_at, version) != (header.tid, position, 0):
            return None
        if previous != (known.get(oid) or index.get(oid, 0)):
            return None
        here[oid] = at
        at += _RECORD.size + (octets or 8)
    if at != limit:
        return None
    known.update(here)
    return limit + 8


def _drop_or_refuse(file: BinaryIO, name: str, position: int, end: int) -> None:
    if not _torn(file, position, end):
        raise DatabaseDamaged(
            f"The database {name} is damaged at octet {position}; nothing was changed. Restore the backup.",
            about=name,
        )
    # By this very file, since ZODB goes on reading with it: its buffer must forget what is cut off.
    file.truncate(position)
    os.fsync(file.fileno())
    _LOG.warning("database.torn_tail_dropped", file=name, position=position, octets=end - position)


def _torn(file: BinaryIO, position: int, end: int) -> bool:
    """Tell whether what begins at `position` is one transaction that was being written when it stopped.

    While a transaction is written its status is "c"; the blank that makes it count is written last. A
    power cut may keep the blank and lose octets, but never the octets of a *later* transaction.
    """
    header = _header_at(file, position)
    if header is None:
        return True
    reaches = position + header.octets + 8
    if header.status == _BEING_WRITTEN:
        return reaches >= end
    return reaches > end and not _whole_transaction_ends(file, position, end)


def _whole_transaction_ends(file: BinaryIO, position: int, end: int) -> bool:
    """Tell whether a whole transaction, begun at `position` or after, ends the file.

    The length stands at both ends of a transaction; here the one at the end is believed. If it leads to
    `position` itself, the transaction is all there and the length at its beginning is what is damaged.
    """
    octets = _number_at(file, end - 8)
    begins = end - 8 - octets
    if begins == position:
        return True
    if octets < _TRANSACTION.size or begins < position:
        return False
    header = _header_at(file, begins)
    return header is not None and header.octets == octets and header.status in _KEPT
