"""Each user's mail, and units of work on it; whether its database is its own or shared, nobody can tell.

Writers of one account take turns under its lock, so that prepared work never meets a conflict; readers never
lock. A unit of work is a function given the Account and returning plain data; it may run again, so it touches
nothing but the Account.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from restante import log
from restante.errors import Damaged
from stored import dictionary
from stored.databases import Databases, Seat
from stored.directories import directory_name
from stored.model.account import Account, Accounts
from stored.model.body import Words
from stored.model.mend import mend
from stored.settings import QuotaSettings, StorageSettings
from stored.space import Room, Space

T = TypeVar("T")
_LOG = log.get("store")

Work = Callable[[Account], T]

_MEND_SECONDS = 10.0


class Store:
    """Every user's mail. Safe to use from any thread."""

    def __init__(
        self, directory: Path, settings: StorageSettings | None = None, quota: QuotaSettings | None = None
    ) -> None:
        """Take the directory for this process. Raises AlreadyRunning, ConfigError."""
        settings = settings or StorageSettings()
        self.databases = Databases(directory, settings)
        self.space = Space(
            directory,
            settings.free_space_octets,
            (quota or QuotaSettings()).octets,
            elsewhere=bool(settings.zconfig),
        )
        self._guard = threading.Lock()
        self._written: set[str] = set()
        #: Called with the user after each commit, by the thread that made it; it must be quick.
        self.on_write: Callable[[str], None] = lambda user: None

    def open_account(self, user: str) -> "UserStore":
        """Return the mail of `user`, which is made at its first use. Opens nothing yet."""
        directory_name(user)
        return UserStore(self, user)

    def written(self) -> set[str]:
        """Return who was written to since this was last asked."""
        with self._guard:
            written, self._written = self._written, set()
        return written

    def note_written(self, user: str) -> None:
        with self._guard:
            self._written.add(user)

    def close(self) -> None:
        """Close every database and let the directory go. Writers that are at work finish first."""
        self.databases.close()


class UserStore:
    """The mail of one user: `read` and `write` run a unit of work on its Account."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._databases = store.databases
        self.user = user

    @property
    def directory(self) -> Path:
        return self._databases.directory_of(self.user)

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
        with self._databases.seat(self.user) as seat:
            database = self._databases.opened(self.user, seat)

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

        Writers of one account wait for one another. Raises Busy, NoSpace (both temporary), OverQuota,
        TooLarge, Damaged and whatever `work` raises, and then nothing was changed.
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
        with self._databases.seat(self.user) as seat:
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

        with self._databases.seat(self.user) as seat, seat.writing:
            database = self._databases.opened(self.user, seat)
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
        with self._databases.seat(self.user) as seat:
            if seat.words is None and seat.training.acquire(blocking=False):
                try:
                    seat.words = self._trained(seat)
                finally:
                    seat.training.release()
            return seat.words

    def _trained(self, seat: Seat) -> Words | None:
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
