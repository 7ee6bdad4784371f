"""Units of work on a ZODB database: the one place where a transaction begins, is tried again, and ends.

    database = Database.open(Path("var/profiled/profiled.fs"), Profiles)
    count = database.read(lambda root: len(root.users))
    database.write(lambda root: root.add(user))

A unit of work is a function that is given the root and returns plain data. It may be run again after a
conflict, so it talks to nobody; what it changed is durable when `write` returns. This package alone knows
ZODB; callers see their own classes and the errors of `restante.errors`.
"""

import errno
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import ZODB
from persistent.TimeStamp import TimeStamp
from transaction.interfaces import TransientError
from ZODB.FileStorage.format import CorruptedError
from ZODB.POSException import POSKeyError, ReadConflictError, StateLoadError

from restante import log
from restante.config import DatabaseSettings
from restante.db.opening import FULL, TOO_MANY_FILES, open_storage
from restante.db.records import CheckedRecords
from restante.db.session import Session
from restante.db.storage import EmbeddedStorage
from restante.errors import (
    Busy,
    Damaged,
    DatabaseDamaged,
    NoSpace,
    RestanteError,
    Unavailable,
)

T = TypeVar("T")
_LOG = log.get("db")
_ROOT = "restante"
ATTEMPTS = 10
#: What touching an object inside a unit of work raises when its record is damaged, or is not there at all.
UNREADABLE = (Damaged, KeyError, StateLoadError)
# How many units of work run at the same time is bounded by who starts them; ZODB's own warnings, one for
# each beyond the connections kept ready, say nothing new.
logging.getLogger("ZODB.DB").addFilter(lambda record: not str(record.msg).startswith("DB.open() has"))
_unit = threading.local()


def working() -> bool:
    """Tell whether this thread is inside a unit of work, where nothing may be sent to anybody."""
    return getattr(_unit, "depth", 0) > 0


def savepoint(root: Any) -> None:
    """Inside a unit of work: put what was changed so far on disk and out of memory, still uncommitted.

    For work on more than fits in memory. Objects stay valid and are read again when they are touched.
    """
    connection = root._p_jar
    connection.transaction_manager.savepoint(optimistic=True)
    connection.cacheMinimize()


class Database:
    """One open database. Safe for threads; each unit of work sees one consistent state."""

    def __init__(
        self, db: Any, make_root: Callable[[], Any], name: str, storage: Any, sessions_kept: int = 0
    ) -> None:
        self._db = db
        self._sessions: list[Session] = []
        self._sessions_kept = sessions_kept
        self._storage = storage if isinstance(storage, EmbeddedStorage) else None
        self._turn = threading.Lock()
        self._closed = False
        # Odd while packing.
        self._packs = 0
        self._pack_turn = threading.Lock()
        self.name = name
        self.failed = ""
        self._make_root(make_root)

    @classmethod
    def open(
        cls,
        where: DatabaseSettings | Path | str,
        make_root: Callable[[], Any],
        *,
        crc: bool = True,
        settings: DatabaseSettings | None = None,
    ) -> "Database":
        """Open the database at `where`, made new with `make_root()` in it when there is none.

        A path is a file of the embedded store; settings with `zconfig` text are whatever that text says.
        Raises AlreadyRunning, DatabaseDamaged, ConfigError, NoSpace.
        """
        if isinstance(where, DatabaseSettings):
            settings, where = where, where.path
        settings = settings or DatabaseSettings()
        storage, name = open_storage(Path(where) if str(where) else None, settings.zconfig)
        try:
            db = ZODB.DB(
                CheckedRecords(storage) if crc else storage,
                pool_size=1,  # of those that are closed: beyond the sessions kept, see `Session`
                cache_size=settings.cache_objects,
                cache_size_bytes=settings.cache_octets,
                large_record_size=1 << 30,
            )
            return cls(db, make_root, name, storage, settings.connections - 1)
        except (Damaged, CorruptedError, POSKeyError) as error:
            storage.close()
            raise DatabaseDamaged(
                f"The database {name} is damaged; restore it from the backup.", about=name
            ) from error
        except BaseException:
            storage.close()
            raise

    def _make_root(self, make_root: Callable[[], Any]) -> None:
        def make(top: Any) -> None:
            if _ROOT not in top:
                top[_ROOT] = make_root()

        if not self._run(lambda top: _ROOT in top, commit=False, top=True):
            self._retried(make, top=True)

    def read(self, work: Callable[[Any], T]) -> T:
        """Return `work(root)` on the state as it is now. Never commits; runs again after a conflict."""
        return self._retried(work, commit=False)

    def write(self, work: Callable[[Any], T]) -> T:
        """Return `work(root)` once what it changed is durable. Blocks for the disk.

        Raises Busy after ten conflicts, NoSpace (nothing was changed), Damaged, Unavailable when the disk
        failed; whatever `work` raises, after undoing what it did.
        """
        if working():
            raise RuntimeError("a unit of work inside a unit of work: pass the root on instead")
        return self._retried(work)

    def _retried(self, work: Callable[[Any], T], *, commit: bool = True, top: bool = False) -> T:
        for attempt in range(ATTEMPTS):
            try:
                # Whoever has lost once waits for the others who have: a storm becomes a queue.
                with self._turn if attempt and commit else nullcontext():
                    return self._run(work, commit=commit, top=top)
            except TransientError:
                time.sleep(random.uniform(0, min(0.2, 0.002 * 2**attempt)))
        raise Busy(
            "Too many changes at the same time; try again.", cause=f"{ATTEMPTS} conflicts in {self.name}"
        )

    def _run(self, work: Callable[[Any], T], *, commit: bool, top: bool) -> T:
        self._refuse_unless_usable()
        packs = self._packs
        with self._translated(), _in_unit_of_work():
            session = self._taken()
            try:
                session.begin()
                root = session.connection.root()
                result = work(root if top else root[_ROOT])
                session.commit() if commit else session.leave()
            except POSKeyError as error:
                self._give_up(session)
                if self._packs != packs or packs % 2:
                    # What this unit still saw may be what packing has dropped meanwhile: look again.
                    raise ReadConflictError from error
                raise
            except BaseException:
                self._give_up(session)
                raise
            self._put_back(session)
            return result

    def _taken(self) -> Session:
        """Return the session that was used last, so that what it has in memory is used again."""
        try:
            return self._sessions.pop()
        except IndexError:
            return Session(self._db)

    def _give_up(self, session: Session) -> None:
        session.abort()
        self._put_back(session)

    def _put_back(self, session: Session) -> None:
        if self._closed:
            return
        if len(self._sessions) < self._sessions_kept:
            self._sessions.append(session)
        else:
            session.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what storage raises into errors that callers know."""
        try:
            yield
        except Exception as error:
            told = self._told(error)
            if told is None:
                raise
            _LOG.error("database.failed", database=self.name, kind=told.kind, cause=error)
            raise told from error

    def _told(self, error: Exception) -> RestanteError | None:
        """Return what to tell of an exception, or None where it tells enough itself."""
        if self._storage is not None and self._storage.failed is not None:
            # Whatever it is now, it comes of a storage that closed itself.
            self.failed = (
                "The store stopped because its disk failed; check the disk, then start the daemon again."
            )
            return Unavailable(self.failed, about=self.name)
        if isinstance(error, POSKeyError | CorruptedError | StateLoadError):
            return Damaged("A stored record is missing or damaged; restore it from the backup.")
        number = error.errno if isinstance(error, OSError) else None
        if number in FULL:
            return NoSpace("The server's disk is full; nothing was changed. Try again later.")
        if number in TOO_MANY_FILES:
            return Busy("The server has too many files open; try again.", cause=self.name)
        if number == errno.EIO:
            return Damaged("The disk cannot read a stored record; restore it from the backup.")
        return None

    def _refuse_unless_usable(self) -> None:
        if self.failed or self._closed:
            raise Unavailable(self.failed or f"The database {self.name} is closed.", about=self.name)

    def octets(self) -> int:
        """Return how many octets the database takes on disk, dead ones included."""
        return int(self._db.getSize())

    def living_octets(self) -> int:
        """Return how many octets the newest revisions of all objects take, what nothing refers to included.

        Of the embedded store; of another it is all there is. Reads every record's header: about a second for
        a million.
        """
        self._refuse_unless_usable()
        with self._translated():
            return self.octets() if self._storage is None else self._storage.living_octets()

    def save_index(self) -> None:
        """Save the index of the embedded store, so that a crash is not followed by a scan of everything."""
        if self._storage is not None and not self.failed and not self._closed:
            self._storage.save_index()

    def pack(self) -> None:
        """Drop old revisions and what nothing refers to. Others read and write meanwhile.

        Needs as much free space as the database's living octets. Raises NoSpace, Damaged; then the
        database is as it was.
        """
        self._refuse_unless_usable()
        with self._translated(), self._pack_turn:
            self._packs += 1
            try:
                # All that is here now: by the clock alone, one that was set back would keep everything.
                newest = TimeStamp(self._db.storage.lastTransaction()).timeTime()
                self._db.pack(max(newest + 1, time.time()))
            finally:
                self._packs += 1

    def close(self) -> None:
        """Close the database. Units of work that run now are waited for by nobody: drain first."""
        if not self._closed:
            self._closed = True
            while self._sessions:
                self._sessions.pop().close()
            self._db.close()


@contextmanager
def _in_unit_of_work() -> Iterator[None]:
    _unit.depth = getattr(_unit, "depth", 0) + 1
    try:
        yield
    finally:
        _unit.depth -= 1
