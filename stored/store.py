"""Where each user's mail is, and units of work on it.

One embedded database a user, of which a bounded number is open at a time; or, when the operator gives ZODB
configuration text, one shared database in which the same Account hangs. Nobody outside this file can tell.

Writers of one account take turns under its lock, so that prepared work never meets a conflict; readers never
lock. A unit of work is a function given the Account and returning plain data; it may run again, so it touches
nothing but the Account.
"""

import fcntl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

from restante import log
from restante.config import DatabaseSettings
from restante.db import Database
from restante.durable import flush_directory
from restante.errors import (
    AlreadyRunning,
    Busy,
    ConfigError,
    Damaged,
    DatabaseDamaged,
    Draining,
    Unavailable,
)
from stored import dictionary
from stored.directories import directory_name, user_of_directory
from stored.model.account import Account, Accounts
from stored.model.body import Words
from stored.model.mend import mend
from stored.settings import QuotaSettings, StorageSettings
from stored.space import Room, Space

T = TypeVar("T")
_LOG = log.get("store")

Work = Callable[[Account], T]

_MEND_SECONDS = 10.0
_UNOPENED = (
    "Your mail cannot be opened: its database is damaged where it is kept. Tell the operator, who has to "
    "restore it from the backup; other people's mail is not touched."
)


def _lock(directory: Path) -> TextIO:
    """Return the open file whose lock says that this process keeps mail in `directory`."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (directory / "stored.lock").open("w")
    except OSError as error:
        raise ConfigError(
            f"data.directory {directory} cannot be used: {error.strerror}.", about=str(directory)
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise AlreadyRunning(
            f"Another stored keeps mail in {directory} already; stop it first, or give this one a "
            "data.directory of its own.",
            about=str(directory),
        ) from None
    return file


@dataclass
class _Seat:
    """One user's place among the open databases. It exists while it is open or in use."""

    pins: int = 0
    database: Database | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)
    writing: threading.Lock = field(default_factory=threading.Lock)
    training: threading.Lock = field(default_factory=threading.Lock)
    words: Words | None = None
    #: So many messages must have come before training a dictionary is tried (again).
    enough: int = dictionary.ENOUGH_MESSAGES
    next_mend_at: float = 0.0


class Store:
    """Every user's mail. Safe to use from any thread."""

    def __init__(
        self, directory: Path, settings: StorageSettings | None = None, quota: QuotaSettings | None = None
    ) -> None:
        """Take the directory for this process. Raises AlreadyRunning, ConfigError."""
        self._directory = directory / "users"
        self._settings = settings or StorageSettings()
        self._limit = self._settings.open_databases
        self._written: set[str] = set()
        self.space = Space(
            directory,
            self._settings.free_space_octets,
            (quota or QuotaSettings()).octets,
            elsewhere=bool(self._settings.zconfig),
        )
        self._guard = threading.Lock()
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._closed = False
        self._lock = _lock(directory)
        self._shared: Database | None = None
        #: Called with the user after each commit, by the thread that made it; it must be quick.
        self.on_write: Callable[[str], None] = lambda user: None
        try:
            if self._settings.zconfig:
                self._shared = Database.open(
                    self._database_settings(zconfig=self._settings.zconfig), Accounts
                )
        except BaseException:
            self._lock.close()
            raise

    def open_account(self, user: str) -> "UserStore":
        """Return the mail of `user`, which is made at its first use. Opens nothing yet."""
        directory_name(user)
        return UserStore(self, user)

    def user_directory(self, user: str) -> Path:
        """Return where files of this user belong (the database, later the search index)."""
        return self._directory / directory_name(user)

    def open_databases(self) -> int:
        with self._guard:
            return sum(seat.database is not None for seat in self._seats.values())

    @property
    def shared(self) -> bool:
        """Whether everybody's mail hangs in one database."""
        return self._shared is not None

    def users(self) -> list[str]:
        """Return everybody who has mail here, by name. Reads."""
        if self._shared is not None:
            return self._shared.read(lambda accounts: list(accounts.members.keys()))
        try:
            names = sorted(entry.name for entry in self._directory.iterdir())
        except FileNotFoundError:
            return []
        return [user for name in names if (user := user_of_directory(name))]

    def written(self) -> set[str]:
        """Return who was written to since this was last asked."""
        with self._guard:
            written, self._written = self._written, set()
        return written

    @contextmanager
    def held(self, user: str) -> Iterator[Database]:
        """Give the open database of `user`, which stays open meanwhile; for looking after it."""
        with self.seat(user) as seat:
            yield self.database(user, seat)

    def note_written(self, user: str) -> None:
        with self._guard:
            self._written.add(user)

    def close(self) -> None:
        """Close every database and let the directory go. Writers that are at work finish first."""
        with self._guard:
            self._closed = True
            seats = list(self._seats.values())
        for seat in seats:
            with seat.writing, seat.opening:
                if seat.database is not None:
                    seat.database.close()
                    seat.database = None
        if self._shared is not None:
            self._shared.close()
        self._lock.close()

    def check(self) -> None:
        """Raise Unavailable when nothing can be kept any more; for health."""
        if self._closed or (self._shared is not None and self._shared.failed):
            raise Unavailable("The mail store is closed; look into the log of stored for why.")

    # Open databases -----------------------------------------------------------------------------

    def _database_settings(self, **where: Any) -> DatabaseSettings:
        kept = self._settings
        return DatabaseSettings(
            cache_objects=kept.cache_objects,
            cache_octets=kept.cache_octets,
            connections=kept.connections,
            **where,
        )

    @contextmanager
    def seat(self, user: str) -> Iterator[_Seat]:
        """Hold the user's place; a database held is not closed. Raises Draining once the store is closed."""
        with self._guard:
            if self._closed:
                raise Draining("This storage server is stopping; ask again in a moment.")
            seat = self._seats.setdefault(user, _Seat())
            self._seats.move_to_end(user)
            seat.pins += 1
        try:
            yield seat
        finally:
            with self._guard:
                seat.pins -= 1

    def database(self, user: str, seat: _Seat) -> Database:
        """Return the open database of a held seat, opening it if need be."""
        if self._shared is not None:
            return self._shared
        with seat.opening:
            if seat.database is not None:
                return seat.database
            try:
                database = self._opened(user)
            except (Busy, OSError) as trouble:
                # Descriptors are short: those that nobody uses make room, and fewer stay open for a while.
                self._limit = max(self.open_databases() * 3 // 4, 1)
                _LOG.warning("store.crowded", count=self._limit, cause=trouble)
                self._shed(self._limit)
                database = self._opened(user)
            seat.database = database
        self._shed(self._limit)
        return database

    def _opened(self, user: str) -> Database:
        directory = self.user_directory(user)
        if not directory.exists():
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            flush_directory(directory.parent)
        settings = self._database_settings(path=str(directory / "mail.fs"))
        try:
            return Database.open(settings, lambda: Account(user))
        except DatabaseDamaged as damage:
            # One user's file: the daemon goes on, and the caller is told what may cross the wire.
            raise Damaged(_UNOPENED, cause=damage.message) from damage

    def relax(self) -> None:
        """Let more databases stay open again, after descriptors were short."""
        self._limit = min(self._limit + self._limit // 4 + 1, self._settings.open_databases)

    def _shed(self, limit: int) -> None:
        """Close the databases that were not used for longest, down to the limit; those in use stay."""
        with self._guard:
            opened = [(user, seat) for user, seat in self._seats.items() if seat.database is not None]
            idle = [(user, seat) for user, seat in opened if not seat.pins]
            victims = idle[: max(len(opened) - limit, 0)]
        for user, seat in victims:
            with seat.opening:
                with self._guard:
                    if seat.pins:
                        continue
                    database, seat.database = seat.database, None
                if database is not None:
                    database.close()
                with self._guard:
                    if not seat.pins and self._seats.get(user) is seat:
                        del self._seats[user]


class UserStore:
    """The mail of one user: `read` and `write` run a unit of work on its Account."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self.user = user

    @property
    def directory(self) -> Path:
        return self._store.user_directory(self.user)

    def read(self, work: Work[T]) -> T:
        """Return what `work(account)` returns. Commits nothing, waits for nobody.

        Raises Damaged (permanent) where a record it needs cannot be read, and what `work` raises.
        """
        try:
            return self._read(work)
        except Damaged:
            if not self._mended():
                raise
            return self._read(work)

    def _read(self, work: Work[T]) -> T:
        with self._store.seat(self.user) as seat:
            database = self._store.database(self.user, seat)

            def unit(root: Account | Accounts) -> tuple[T] | None:
                account = self._find(root)
                return None if account is None else (work(account),)

            found = database.read(unit)
            if found is None:
                database.write(self._make)
                found = database.read(lambda root: (work(self._make(root)),))
            return found[0]

    def write(self, work: Work[T]) -> T:
        """Return what `work(account)` returns, once what it changed is committed and durable.

        Writers of one account wait for one another. Raises Busy, NoSpace (both temporary), OverQuota, Damaged
        and whatever `work` raises, and then nothing was changed.
        """
        try:
            return self._write(work)
        except Damaged:
            if not self._mended():
                raise
            return self._write(work)

    def _mended(self) -> bool:
        """Go around damage by what is known from elsewhere; return whether there was something to mend.

        At most every ten seconds: a single message that is damaged is asked for again and again.
        """
        with self._store.seat(self.user) as seat:
            if time.monotonic() < seat.next_mend_at:
                return False
            seat.next_mend_at = time.monotonic() + _MEND_SECONDS
        try:
            mended = self._write(mend)
        except Damaged:
            return False
        if mended:
            _LOG.error("store.mended", user=self.user, items=", ".join(mended))
        return bool(mended)

    def _write(self, work: Work[T]) -> T:

        def unit(root: Account | Accounts) -> T:
            account = self._make(root)
            result = work(account)
            self._store.space.admit(account)
            return result

        with self._store.seat(self.user) as seat, seat.writing:
            database = self._store.database(self.user, seat)
            self._store.note_written(self.user)
            result = database.write(unit)
        self._store.on_write(self.user)
        return result

    def room(self) -> Room:
        """Return how much may be added. Reads."""
        return self.read(self.room_in)

    def room_in(self, account: Account) -> Room:
        """Return the same inside a unit of work, where what it has added so far counts."""
        return self._store.space.room(account)

    def words(self) -> Words | None:
        """Return the dictionary for new mail, None while there is none; for those who prepare it.

        Once enough mail is here one is trained (0.1 s) and kept. Commits then.
        """
        with self._store.seat(self.user) as seat:
            if seat.words is None and seat.training.acquire(blocking=False):
                try:
                    seat.words = self._trained(seat)
                finally:
                    seat.training.release()
            return seat.words

    def _trained(self, seat: _Seat) -> Words | None:
        known, last = self.read(lambda account: (dictionary.current(account), account.rows.last_uid()))
        if known is not None or last < seat.enough:
            return known
        octets = dictionary.train(self.read(dictionary.samples))
        if not octets:
            seat.enough = 2 * last
            return None
        return self.write(lambda account: dictionary.keep(account, octets))

    def _find(self, root: Account | Accounts) -> Account | None:
        """Return this user's Account, whichever root it hangs from."""
        return root if isinstance(root, Account) else root.account(self.user)

    def _make(self, root: Account | Accounts) -> Account:
        """Return this user's Account, making it in a shared database where it is not there yet."""
        return self._find(root) or cast(Accounts, root).create(self.user)
