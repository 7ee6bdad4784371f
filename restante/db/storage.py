"""The embedded store's file: ZODB's FileStorage with answers to what it does not promise.

- Killed between the two renames of packing it leaves no file, and the next start makes an empty one:
  `_newIndexes` puts the old file back, under the lock.
- Packing removes the old file before the new one and its name are flushed: `_flushed_packer`, `pack`.
- After a failed write its buffers keep what was not written, and write it later, behind the end:
  `tpc_abort` throws the buffers away.
- A new file's name is never flushed, so a power cut takes the file and every commit in it: `__init__`.
- The file that transactions are gathered in stays as long as the largest of them was: `_clear_temp`.
- The index has no checksum, and a wrong one gives out object numbers twice: `_save_index`, `_restore_index`.
- The index is saved on closing only, so a crash is followed by a scan of everything: `_finish_finish`.
- An older revision is served when the newest one's header is damaged: `_read_data_header`, `pack`.
- The file is cut at the first header that is not understood: `tail.check_tail`, before FileStorage looks.
- A flush that failed may be tried again, though the system has forgotten the pages: `failed` stays set.
- Who reads waits for each flush, and while the index is saved: `_flush_beforehand`, `tpc_finish`.
"""

import contextlib
import io
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.format import DATA_HDR_LEN, CorruptedDataError, CorruptedError
from ZODB.fsIndex import fsIndex
from ZODB.utils import z64
from zodbpickle.pickle import Unpickler

from restante import log
from restante.db.tail import check_headers, check_tail
from restante.durable import flush_directory, flush_file
from restante.errors import DatabaseDamaged

_LOG = log.get("db")
# Behind the index, where ZODB does not look: a mark, the last transaction's id, CRC32 of all but the mark.
_INDEX_MARK = b"crc32:"
_INDEX_TRAILER = struct.Struct(">6s8sI")
_SAVE_INDEX_EVERY_RECORDS = 20_000
_KEPT_OF_TEMPORARY_OCTETS = 1 << 20
# A transaction of more is flushed before others are locked out; a shorter one has no time to lose by it.
_FLUSHED_BEFOREHAND_OCTETS = 256 << 10
# Where in a record's header the length of its data stands.
_LENGTH_AT = DATA_HDR_LEN - 8


class EmbeddedStorage(FileStorage):  # type: ignore[misc]
    """A FileStorage that survives kills, full disks and flipped bits, or says that it did not."""

    failed: OSError | None = None
    """The flush that failed. Once set, nothing may be read or written through this storage any more."""

    _file: Any
    _tfile: Any
    _pos: int
    _ltid: bytes = b""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._index_path = path.with_name(path.name + ".index")
        self._saving = threading.Lock()  # packing saves the index, too, and at its own time
        self._saved_at = -1
        self._unsaved_records = 0
        self._save_index_after = _SAVE_INDEX_EVERY_RECORDS
        self._spoiled = False
        new = not path.exists()
        try:
            super().__init__(str(path), pack_keep_old=True, packer=self._flushed_packer)
            if len(self) and z64 not in self._index:
                # Without its first object ZODB takes a database for a new one and begins it afresh.
                raise DatabaseDamaged(
                    f"The database {path} lacks its first object; restore it from the backup.",
                    about=str(path),
                )
            if not self._used_index and len(self):
                self._save_index()
            if new:
                flush_file(path)
                flush_directory(path.parent)
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        """Release what a construction that failed half way already holds, its lock above all."""
        for name in ("_file", "_tfile", "_lock_file"):
            held = getattr(self, name, None)
            if held is not None:
                held.close()

    def _newIndexes(self) -> Any:
        # A hook that FileStorage calls once, when it holds the lock and has not opened the file yet.
        _finish_interrupted_pack(self._path)
        return super()._newIndexes()

    # Reading

    def _read_data_header(self, pos: int, oid: bytes | None = None, _file: Any = None) -> Any:
        """Return a record's header, or raise CorruptedDataError unless all that is known of it agrees."""
        if oid is None:
            return super()._read_data_header(pos, oid, _file)
        file = self._file if _file is None else _file
        try:
            header = super()._read_data_header(pos, oid, _file)
            after = file.tell()
            file.seek(header.tloc)
            tid = file.read(8)
            file.seek(after)
        except (ValueError, OverflowError, OSError) as error:
            raise CorruptedDataError(oid, b"", pos) from error
        # Nothing here undoes, so no record points back to another one's data.
        if tid != header.tid or header.back or pos + DATA_HDR_LEN + header.plen > self._pos:
            raise CorruptedDataError(oid, b"", pos)
        return header

    # Writing

    def store(self, *args: Any) -> Any:
        try:
            return super().store(*args)
        except OSError:
            self._spoiled = True
            raise

    def tpc_vote(self, transaction: Any) -> Any:
        try:
            resolved = super().tpc_vote(transaction)
        except OSError:
            self._spoiled = True
            raise
        self._flush_beforehand()
        return resolved

    def _flush_beforehand(self) -> None:
        """Flush a large transaction while others read; finishing it then takes the flush of a page.

        It is none yet: what is not finished is cut off at the next start.
        """
        if self._nextpos - self._pos > _FLUSHED_BEFOREHAND_OCTETS:
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                self.failed = error
                raise

    def tpc_finish(self, transaction: Any, f: Any = None) -> Any:
        tid = super().tpc_finish(transaction, f)
        if self._unsaved_records > self._save_index_after:
            self.save_index()
        return tid

    def tpc_abort(self, transaction: Any) -> None:
        if self._spoiled and transaction is self._transaction:
            self._throw_buffers_away()
        super().tpc_abort(transaction)

    def _throw_buffers_away(self) -> None:
        """Go on with fresh files, so that nothing of the failed write reaches the disk later."""
        with self._files.write_lock(), self._lock:
            for file in (self._file, self._tfile):
                # Closing writes the buffer first, which is what just failed.
                with contextlib.suppress(OSError):
                    file.close()
            os.truncate(self._path, self._pos)
            self._file = self._path.open("r+b")
            self._tfile = Path(self._file_name + ".tmp").open("w+b")  # noqa: SIM115
            self._tfmt._file = self._tfile
            self._files.empty()
            self._nextpos = 0
            self._spoiled = False

    def _clear_temp(self) -> None:
        # FileStorage keeps this file as long as the largest transaction ever was.
        with contextlib.suppress(OSError):
            if self._tfile is not None and self._tfile.tell() > _KEPT_OF_TEMPORARY_OCTETS:
                self._tfile.seek(0)
                self._tfile.truncate()
        super()._clear_temp()

    def close(self) -> None:
        super().close()
        Path(self._file_name + ".tmp").unlink(missing_ok=True)

    def _finish_finish(self, tid: bytes) -> None:
        records = len(self._tindex)
        try:
            super()._finish_finish(tid)
        except OSError as error:
            self.failed = error
            raise
        self._unsaved_records += records

    def living_octets(self) -> int:
        """Return how many octets the newest revision of each object takes, its header included."""
        with self._lock:
            positions = sorted(self._index.values())
        with self._path.open("rb") as file:
            descriptor = file.fileno()
            lengths = (os.pread(descriptor, 8, position + _LENGTH_AT) for position in positions)
            total: int = sum(map(_number, lengths)) + len(positions) * DATA_HDR_LEN
        return total

    # The index

    def save_index(self) -> None:
        """Save the index now, so that the next start reads only what comes after. Others read meanwhile."""
        with self._commit_lock:  # only a commit changes it
            self._save_index()

    def _save_index(self) -> None:
        """Write the index beside the database, with a checksum, replacing the old one in one step.

        It is a help for the next start and nothing more: that it cannot be written is logged only.
        """
        # While FileStorage is being constructed it asks for this before it knows its last transaction.
        if self.failed is not None or not self._ltid:
            return
        with self._saving:
            if self._saved_at != self._pos:
                self._write_index()

    def _write_index(self) -> None:
        draft = self._index_path.with_name(self._index_path.name + "_tmp")
        try:
            self._index.save(self._pos, str(draft))
            with draft.open("r+b") as file:
                checksum = zlib.crc32(self._ltid, zlib.crc32(file.read()))
                file.write(_INDEX_TRAILER.pack(_INDEX_MARK, self._ltid, checksum))
            draft.replace(self._index_path)
        except OSError as error:
            _LOG.warning("database.index_not_saved", file=str(self._path), cause=error)
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            return
        self._saved_at, self._unsaved_records = self._pos, 0
        self._save_index_after = max(_SAVE_INDEX_EVERY_RECORDS, len(self._index) // 8)

    def _restore_index(self) -> Any:
        """Return (index, position, last tid) as saved, or None; then verify everything it does not cover."""
        covered = _covered(self._index_path)
        if covered is not None and covered[0] > os.fstat(self._file.fileno()).st_size:
            raise self._damaged("is shorter than when it was last closed")
        saved = None
        if covered is not None:
            # FileStorage verifies the newest records, and stumbles over what it finds there in many ways.
            with contextlib.suppress(ValueError, OverflowError, OSError, CorruptedError):
                saved = super()._restore_index()
        if covered is not None and (saved is None or saved[2] != covered[1]):
            raise self._damaged("is not as it was when it was last closed")
        index, start, _ltid = saved or (fsIndex(), 4, None)
        if saved is not None:
            self._saved_at = start
        check_tail(self._file, str(self._path), index, start)
        return saved

    def _damaged(self, how: str) -> DatabaseDamaged:
        return DatabaseDamaged(
            f"The database {self._path} {how}; restore it from the backup,"
            f" or remove {self._index_path.name} to go on with what is there.",
            about=str(self._path),
        )

    # Packing

    @staticmethod
    def _flushed_packer(storage: Any, references: Any, stop: bytes, gc: bool) -> Any:
        """Pack, and make the packed file durable before anything is renamed."""
        result = FileStorage.packer(storage, references, stop, gc)
        if result is None:
            return None
        try:
            flush_file(Path(storage._file_name + ".pack"))
            # The saved index speaks of the old file; without one the next start reads everything.
            storage._index_path.unlink(missing_ok=True)
            storage._saved_at = -1
            flush_directory(storage._path.parent)
        except BaseException:
            # FileStorage's packer returns holding this lock, and `pack` will not know.
            storage._commit_lock.release()
            raise
        return result

    def pack(self, t: float, referencesf: Any, gc: bool | None = None) -> None:
        self._check_headers()
        super().pack(t, referencesf, gc)
        flush_directory(self._path.parent)
        self._path.with_name(self._path.name + ".old").unlink(missing_ok=True)

    def _check_headers(self) -> None:
        """Raise CorruptedError where a header is damaged.

        Packing reads the file in order and believes each header, so a damaged one would make an older
        revision the only one, or lose an object for good.
        """
        with self._lock:
            end = self._pos
        found = fsIndex()
        with self._path.open("rb") as file:
            check_headers(file, end, found)
        for oid, position in found.items():
            current = self._index.get(oid)
            if current is None or (current != position and current < end):
                raise CorruptedDataError(oid, b"", position)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _finish_interrupted_pack(path: Path) -> None:
    """Put the old file back where packing was killed between its two renames; clear away what is left."""
    old, packed = path.with_name(path.name + ".old"), path.with_name(path.name + ".pack")
    if old.exists() and not path.exists():
        old.rename(path)
        flush_directory(path.parent)
        _LOG.warning("database.pack_undone", file=str(path))
    for remains in (old, packed):
        remains.unlink(missing_ok=True)


def _covered(index_path: Path) -> tuple[int, bytes] | None:
    """Return up to where, and up to which transaction, a saved index reaches, or None unless it is whole."""
    try:
        octets = index_path.read_bytes()
        mark, ltid, checksum = _INDEX_TRAILER.unpack(octets[-_INDEX_TRAILER.size :])
    except (OSError, struct.error):
        return None
    body = octets[: -_INDEX_TRAILER.size]
    if mark != _INDEX_MARK or zlib.crc32(ltid, zlib.crc32(body)) != checksum:
        return None
    return int(Unpickler(io.BytesIO(body)).load()), ltid
