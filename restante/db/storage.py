"""The embedded store's file: ZODB's FileStorage with the answers to what it does not promise.

What was measured or read of FileStorage, and what stands here against it:

- A process killed while it packs, between its two renames, leaves no database file, and the next start
  makes an empty one: `recover_from_pack` puts the old file back first.
- Neither the packed file nor the directory is flushed before the old file goes: `_flushed_packer`, `pack`.
- After a write that failed for want of space the buffers still hold what was not written, and write it
  later behind the end: `tpc_abort` throws the buffers away.
- The index saved on closing has no checksum, and a wrong one gives out object numbers twice: `_save_index`
  adds one, `_restore_index` verifies it.
- The index is saved on closing only, so a crash is followed by a scan of everything: `_finish_finish` saves
  it whenever enough has been written since.
- A record's header can be damaged so that an older revision is served: `_read_data_header` compares it
  with the header of its transaction.
- A flush that failed must never be tried again (the system forgets the pages): `failed` stays set.
"""

import contextlib
import os
import zlib
from pathlib import Path
from typing import Any

from ZODB.FileStorage import FileStorage
from ZODB.FileStorage.format import CorruptedDataError
from ZODB.fsIndex import fsIndex
from zodbpickle.pickle import Unpickler

from restante import log
from restante.credentials import flush_directory
from restante.db.tail import check_tail
from restante.errors import DatabaseDamaged

_LOG = log.get("db")
_INDEX_MARK = b"crc32:"


class EmbeddedStorage(FileStorage):  # type: ignore[misc]
    """A FileStorage that survives kills, full disks and flipped bits, or says that it did not."""

    failed: OSError | None = None
    _file: Any
    _tfile: Any

    def __init__(self, path: Path) -> None:
        self._written = 0
        self._spoiled = False
        self._saved_at = -1
        recover_from_pack(path)
        try:
            super().__init__(str(path), pack_keep_old=True, packer=self._flushed_packer)
        except BaseException:
            self._let_go()
            raise

    def _let_go(self) -> None:
        """Release what a construction that failed half way already holds."""
        for name in ("_file", "_tfile", "_lock_file"):
            held = getattr(self, name, None)
            if held is not None:
                held.close()

    # Reading

    def _read_data_header(self, pos: int, oid: bytes | None = None, _file: Any = None) -> Any:
        header = super()._read_data_header(pos, oid, _file)
        file = self._file if _file is None else _file
        if oid is not None:
            after = file.tell()
            file.seek(header.tloc)
            if file.read(8) != header.tid:
                raise CorruptedDataError(oid, b"", pos)
            file.seek(after)
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
            return super().tpc_vote(transaction)
        except OSError:
            self._spoiled = True
            raise

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
            os.truncate(self._file_name, self._pos)
            self._file = Path(self._file_name).open("r+b")  # noqa: SIM115
            self._tfile = Path(self._file_name + ".tmp").open("w+b")  # noqa: SIM115
            self._tfmt._file = self._tfile
            self._files.empty()
            self._nextpos = 0
            self._spoiled = False

    def _finish_finish(self, tid: bytes) -> None:
        written = len(self._tindex)
        try:
            super()._finish_finish(tid)
        except OSError as error:
            self.failed = error
            raise
        self._written += written
        if self._written > max(20_000, len(self._index) // 8):
            self._save_index()

    # The index

    def _save_index(self) -> None:
        """Write the index beside the database, with a checksum, replacing the old one in one step."""
        if self.failed is not None or self._saved_at == self._pos:
            return
        name, draft = Path(self._file_name + ".index"), Path(self._file_name + ".index_tmp")
        self._index.save(self._pos, str(draft))
        with draft.open("ab") as file:
            file.write(_INDEX_MARK + zlib.crc32(draft.read_bytes()).to_bytes(4, "big"))
        draft.replace(name)
        self._saved_at, self._written = self._pos, 0

    def save_index(self) -> None:
        """Save the index now, so that the next start reads only what comes after."""
        with self._lock:
            self._save_index()

    def _restore_index(self) -> Any:
        path = Path(self._file_name + ".index")
        saved = super()._restore_index() if _index_whole(path) else None
        index, start = (fsIndex(), 4) if saved is None else saved[:2]
        if saved is None:
            if _index_whole(path) and _index_position(path) > Path(self._file_name).stat().st_size:
                raise DatabaseDamaged(
                    f"The database {self._file_name} is shorter than when it was last closed;"
                    f" restore it from the backup, or remove {path} to go on with what is left.",
                    about=self._file_name,
                )
        else:
            self._saved_at = start
        check_tail(self._file, self._file_name, index, start)
        return saved

    # Packing

    @staticmethod
    def _flushed_packer(storage: Any, references: Any, stop: bytes, gc: bool) -> Any:
        """Pack, and make the packed file durable before anything is renamed."""
        result = FileStorage.packer(storage, references, stop, gc)
        if result is not None:
            name = storage._file_name
            descriptor = os.open(name + ".pack", os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            # The index speaks of the old file; without one the next start reads everything.
            Path(name + ".index").unlink(missing_ok=True)
            storage._saved_at = -1
            flush_directory(Path(name).parent)
        return result

    def pack(self, t: float, referencesf: Any, gc: bool | None = None) -> None:
        super().pack(t, referencesf, gc)
        flush_directory(Path(self._file_name).parent)
        Path(self._file_name + ".old").unlink(missing_ok=True)


def recover_from_pack(path: Path) -> None:
    """Put the old file back where a process was killed between the two renames of packing."""
    old, packed = path.with_name(path.name + ".old"), path.with_name(path.name + ".pack")
    if old.exists() and not path.exists():
        old.replace(path)
        flush_directory(path.parent)
        _LOG.warning("database.pack_undone", file=str(path))
    packed.unlink(missing_ok=True)


def _index_whole(path: Path) -> bool:
    try:
        octets = path.read_bytes()
    except OSError:
        return False
    mark = len(octets) - len(_INDEX_MARK) - 4
    return octets[mark:-4] == _INDEX_MARK and zlib.crc32(octets[:mark]).to_bytes(4, "big") == octets[-4:]


def _index_position(path: Path) -> int:
    with path.open("rb") as file:
        return int(Unpickler(file).load())
