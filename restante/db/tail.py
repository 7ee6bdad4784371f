"""Read what the saved index does not cover, before ZODB does: drop a torn tail and say so, refuse damage.

ZODB cuts a database at the first header it does not understand, puts the rest in a `.trN` file and goes
on as if nothing were lost (measured: one flipped bit, 9 messages of 50 left). A crash tears only the last
transaction, the one nobody was told had been kept; anything else that does not read is damage.

The file: a transaction header (23 octets and three texts), data records (42 octets each and their data, or
8 octets of back pointer), the transaction's length again. ZODB/FileStorage/format.py draws it.
"""

import os
import struct
from typing import Any, BinaryIO

from restante import log
from restante.errors import DatabaseDamaged

_LOG = log.get("db")
_TRANSACTION = struct.Struct(">8sQcHHH")
_RECORD = struct.Struct(">8s8sQQHQ")


def check_tail(file: BinaryIO, name: str, index: Any, start: int) -> None:
    """Verify every transaction from `start` to the end of `file`, and cut off a torn last one.

    `index` maps object to position for what lies before `start`. Raises DatabaseDamaged (permanent) and
    leaves the file as it was; drops only what no commit was ever reported for, and logs that.
    """
    end = os.fstat(file.fileno()).st_size
    position = start
    seen: dict[bytes, int] = {}
    while position < end:
        following = _transaction_end(file, position, end, index, seen)
        if following is None:
            _drop_or_refuse(file, name, position, end)
            return
        position = following


def _transaction_end(
    file: BinaryIO, position: int, end: int, index: Any, seen: dict[bytes, int]
) -> int | None:
    """Return where the transaction at `position` ends, or None where it is not whole."""
    file.seek(position)
    header = file.read(_TRANSACTION.size)
    if len(header) < _TRANSACTION.size:
        return None
    tid, length, status, user, description, extension = _TRANSACTION.unpack(header)
    if status not in (b" ", b"p", b"u") or position + length + 8 > end:
        return None
    file.seek(position + length)
    if int.from_bytes(file.read(8), "big") != length:
        return None
    at, limit = position + _TRANSACTION.size + user + description + extension, position + length
    while at < limit:
        file.seek(at)
        record = file.read(_RECORD.size)
        if len(record) < _RECORD.size:
            return None
        oid, record_tid, previous, transaction_at, version, octets = _RECORD.unpack(record)
        if (record_tid, transaction_at, version) != (tid, position, 0):
            return None
        if previous and previous != (seen.get(oid) or index.get(oid, 0)):
            return None
        seen[oid] = at
        at += _RECORD.size + (octets or 8)
    return limit + 8 if at == limit else None


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
    file.seek(position)
    header = file.read(_TRANSACTION.size)
    if len(header) < _TRANSACTION.size:
        return True
    _tid, length, status, *_ = _TRANSACTION.unpack(header)
    if status == b"c":
        return bool(position + length + 8 >= end)
    return bool(position + length + 8 > end) and not _whole_transaction_before(file, position, end)


def _whole_transaction_before(file: BinaryIO, position: int, end: int) -> bool:
    """Tell whether a whole transaction that begins at or after `position` ends the file."""
    file.seek(end - 8)
    length: int = int.from_bytes(file.read(8), "big")
    begins = end - 8 - length
    if length < _TRANSACTION.size or begins < position:
        return False
    if begins == position:
        return True
    file.seek(begins)
    _tid, same, status, *_ = _TRANSACTION.unpack(file.read(_TRANSACTION.size))
    return bool(same == length and status in (b" ", b"p", b"u"))
