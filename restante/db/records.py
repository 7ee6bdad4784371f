"""A storage around a storage: every record carries a CRC32, since ZODB's own records have none.

A record is 4 octets of CRC-32 (big-endian, of the rest) and the pickle. It is made and checked where a
record passes between the database and the storage, so it holds for every kind of storage ZODB knows.
Built as ZODB/tests/hexstorage.py shows a storage wrapper to be built.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import zope.interface
from ZODB.interfaces import IStorageWrapper
from ZODB.utils import oid_repr

from restante import log
from restante.errors import Damaged

_CRC_OCTETS = 4
_PASSED_ON = (
    *("close", "getName", "getSize", "history", "isReadOnly", "lastTransaction", "new_oid", "sortKey"),
    *("tpc_abort", "tpc_begin", "tpc_finish", "tpc_vote", "supportsUndo", "undo", "undoLog", "undoInfo"),
)


_LOG = log.get("db")
_REPORTED: set[bytes] = set()
_MOST_REPORTED = 10_000


def _report(oid: bytes, checksum: bytes) -> None:
    """Log a damaged record, once: whoever reads around it never tells."""
    known = oid + checksum
    if oid and known not in _REPORTED and len(_REPORTED) < _MOST_REPORTED:
        _REPORTED.add(known)
        _LOG.error("record.damaged", item=oid_repr(oid))


def seal(data: bytes) -> bytes:
    """Return a record with its checksum. Pure."""
    return zlib.crc32(data).to_bytes(_CRC_OCTETS, "big") + data


def unseal(record: bytes, oid: bytes = b"") -> bytes:
    """Return what was sealed, or raise Damaged, which is logged once."""
    data = record[_CRC_OCTETS:]
    if zlib.crc32(data).to_bytes(_CRC_OCTETS, "big") != record[:_CRC_OCTETS]:
        _report(oid, record[:_CRC_OCTETS])
        raise Damaged(
            "A stored record is damaged; restore it from the backup.",
            cause=f"checksum of object {oid_repr(oid) if oid else 'unknown'}",
        )
    return data


@zope.interface.implementer(IStorageWrapper)
class CheckedRecords:
    """Wrap `base` so that what is stored is sealed and what is loaded is checked."""

    def __init__(self, base: Any) -> None:
        self.base = base
        base.registerDB(self)
        for name in _PASSED_ON:
            method = getattr(base, name, None)
            if method is not None:
                setattr(self, name, method)
        zope.interface.directlyProvides(self, zope.interface.providedBy(base))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.base, name)

    def __len__(self) -> int:
        return len(self.base)

    def load(self, oid: bytes, version: str = "") -> tuple[bytes, bytes]:
        record, tid = self.base.load(oid, version)
        return unseal(record, oid), tid

    def loadBefore(self, oid: bytes, tid: bytes) -> tuple[bytes, bytes, bytes | None] | None:
        found = self.base.loadBefore(oid, tid)
        return None if found is None else (unseal(found[0], oid), found[1], found[2])

    def loadSerial(self, oid: bytes, serial: bytes) -> bytes:
        return unseal(self.base.loadSerial(oid, serial), oid)

    def store(self, oid: bytes, serial: bytes, data: bytes, version: str, transaction: Any) -> Any:
        return self.base.store(oid, serial, seal(data), version, transaction)

    def restore(
        self,
        oid: bytes,
        serial: bytes,
        data: bytes | None,
        version: str,
        prev_txn: bytes | None,
        transaction: Any,
    ) -> Any:
        return self.base.restore(oid, serial, data and seal(data), version, prev_txn, transaction)

    def pack(self, pack_time: float, references: Callable[..., Any], gc: bool = True) -> Any:
        def checked(record: bytes, oids: Any = None) -> Any:
            return references(unseal(record), oids)

        return self.base.pack(pack_time, checked, gc)

    def iterator(self, start: bytes | None = None, stop: bytes | None = None) -> Iterator[Any]:
        transactions = self.base.iterator(start, stop)
        try:
            for transaction in transactions:
                yield _CheckedTransaction(transaction)
        finally:
            if hasattr(transactions, "close"):
                transactions.close()

    def record_iternext(self, next: bytes | None = None) -> tuple[bytes, bytes, bytes, bytes | None]:
        oid, tid, record, following = self.base.record_iternext(next)
        return oid, tid, unseal(record, oid), following

    def new_instance(self) -> "CheckedRecords":
        """Wrap the instance that a storage with its own multiversioning (RelStorage) makes a connection."""
        return CheckedRecords(self.base.new_instance())

    def before_instance(self, before: bytes) -> "CheckedRecords":
        return CheckedRecords(self.base.before_instance(before))

    def registerDB(self, db: Any) -> None:
        self.db = db

    def transform_record_data(self, data: bytes) -> bytes:
        return seal(data)

    def untransform_record_data(self, record: bytes) -> bytes:
        return unseal(record)

    def invalidateCache(self) -> Any:
        return self.db.invalidateCache()

    def invalidate(self, transaction_id: bytes, oids: Any, version: str = "") -> Any:
        return self.db.invalidate(transaction_id, oids, version)

    def references(self, record: bytes, oids: Any = None) -> Any:
        return self.db.references(unseal(record), oids)

    def copyTransactionsFrom(self, other: Any) -> None:
        """Copy a whole other storage in here, record by record."""
        for transaction in other.iterator():
            self.tpc_begin(transaction, transaction.tid, transaction.status)
            for record in transaction:
                self.restore(record.oid, record.tid, record.data, "", None, transaction)
            self.tpc_vote(transaction)
            self.tpc_finish(transaction)


class _CheckedTransaction:
    """A transaction of the iterator whose records are checked as they are read."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction

    def __iter__(self) -> Iterator[Any]:
        for record in self._transaction:
            if record.data:
                record.data = unseal(record.data, record.oid)
            yield record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)
