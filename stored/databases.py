"""Which users' databases are open: a bounded number at a time, each opened when it is asked for.

One embedded database a user; or, when the operator gives ZODB configuration text, one shared database in
which every user's Account hangs.
"""

import fcntl
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

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
from stored.settings import StorageSettings

_LOG = log.get("store")

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
class Seat:
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


class Databases:
    """The databases of every user. Safe to use from any thread."""

    def __init__(self, directory: Path, settings: StorageSettings) -> None:
        """Take the directory for this process. Raises AlreadyRunning, ConfigError."""
        self._directory = directory / "users"
        self._settings = settings
        self._limit = settings.open_databases
        self._guard = threading.Lock()
        self._seats: OrderedDict[str, Seat] = OrderedDict()
        self._closed = False
        self._lock = _lock(directory)
        self._shared: Database | None = None
        try:
            if settings.zconfig:
                self._shared = Database.open(self._database_settings(zconfig=settings.zconfig), Accounts)
        except BaseException:
            self._lock.close()
            raise

    def directory_of(self, user: str) -> Path:
        """Return where files of this user belong (the database, the search index)."""
        return self._directory / directory_name(user)

    def count(self) -> int:
        """Return how many are open."""
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

    @contextmanager
    def held(self, user: str) -> Iterator[Database]:
        """Give the open database of `user`, which stays open meanwhile; for looking after it."""
        with self.seat(user) as seat:
            yield self.opened(user, seat)

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

    def _database_settings(self, **where: Any) -> DatabaseSettings:
        kept = self._settings
        return DatabaseSettings(
            cache_objects=kept.cache_objects,
            cache_octets=kept.cache_octets,
            connections=kept.connections,
            **where,
        )

    @contextmanager
    def seat(self, user: str) -> Iterator[Seat]:
        """Hold the user's place; a database held is not closed. Raises Draining once the store is closed."""
        with self._guard:
            if self._closed:
                raise Draining("This storage server is stopping; ask again in a moment.")
            seat = self._seats.setdefault(user, Seat())
            self._seats.move_to_end(user)
            seat.pins += 1
        try:
            yield seat
        finally:
            with self._guard:
                seat.pins -= 1

    def opened(self, user: str, seat: Seat) -> Database:
        """Return the open database of a held seat, opening it if need be."""
        if self._shared is not None:
            return self._shared
        with seat.opening:
            if seat.database is not None:
                return seat.database
            try:
                database = self._open(user)
            except (Busy, OSError) as trouble:
                # Descriptors are short: those that nobody uses make room, and fewer stay open for a while.
                self._limit = max(self.count() * 3 // 4, 1)
                _LOG.warning("store.crowded", count=self._limit, cause=trouble)
                self._shed(self._limit)
                database = self._open(user)
            seat.database = database
        self._shed(self._limit)
        return database

    def _open(self, user: str) -> Database:
        directory = self.directory_of(user)
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
