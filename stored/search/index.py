"""One user's index: an SQLite file with the words of every letter, and a table of what never changes of them.

A document's key is its `slot`: the minute of arrival (64 seconds), or the next free number.
So the newest come first by the key alone, which FTS5 reads backwards without sorting, and neighbours in time
are neighbours in the file. The words themselves are not kept (contentless); a document that is gone keeps its
slot, marked dead, until the file is written anew.

What was indexed and how far that goes (`Mark`) are committed together; a crash leaves a mark that is true.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stored.search.folding import indexed
from stored.search.plan import COLUMNS, Plan
from stored.search.strides import Strides

VERSION = 4
SLOT_SECONDS = 64
TOP_SLOT = 1 << 62

_PAGE_OCTETS = 4096
_HASH_OCTETS = 8 << 20  # of words kept in memory before they are written; a commit writes them too
_CHECKPOINT_PAGES = 2000
_MERGE_PAGES = 500
_STEP_OPERATIONS = 50  # of SQLite's machine, between steps of what is written

_SCHEMA = f"""
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE docs(
    slot INTEGER PRIMARY KEY, uid INTEGER NOT NULL, dead INTEGER NOT NULL, sent INTEGER NOT NULL,
    octets INTEGER NOT NULL, attachments INTEGER NOT NULL, account TEXT NOT NULL
);
CREATE UNIQUE INDEX docs_uid ON docs(uid);
CREATE VIRTUAL TABLE words USING fts5(
    {", ".join(COLUMNS)}, content='', tokenize="unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
);
INSERT INTO words(words, rank) VALUES ('hashsize', {_HASH_OCTETS});
"""


class IndexBroken(Exception):
    """The file is damaged, or of another version: it is to be thrown away."""


class IndexAway(Exception):
    """The file cannot be read or written at the moment, or is only just being made."""


@dataclass(frozen=True)
class Mark:
    """How far an index has come: in which store, to which uid and to which step of its log."""

    epoch: str = ""
    uid: int = 0
    step: int = 0


@dataclass(frozen=True)
class Standing:
    """What an index holds: `live` and `dead` documents, and how many were `tidied` together."""

    mark: Mark
    live: int
    dead: int
    tidied: int


@dataclass(frozen=True)
class Document:
    """One letter for the index: the five texts in the order of the columns, and what never changes."""

    uid: int
    time: int
    sent: int
    octets: int
    attachments: int
    account: str
    texts: tuple[str, str, str, str, str]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        away = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
        away |= {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT}
        kind = IndexAway if code in away else IndexBroken
        raise kind(f"{type(error).__name__} {code}") from error


class Index:
    """An open index. One thread at a time uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._free: dict[int, int] = {}

    # Opening ------------------------------------------------------------------------------------

    @classmethod
    def writing(cls, path: Path) -> "Index":
        """Open the index to be written, made new when it is not there. Raises IndexBroken, IndexAway."""
        with _translated():
            connection = sqlite3.connect(path, timeout=10, isolation_level=None)
            try:
                if not connection.execute("PRAGMA user_version").fetchone()[0]:
                    _make(connection)
                connection.set_progress_handler(Strides().step, _STEP_OPERATIONS)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                return cls._checked(connection)
            except BaseException:
                connection.close()
                raise

    @classmethod
    def reading(cls, path: Path) -> "Index":
        """Open the index to be asked. Raises IndexBroken, IndexAway."""
        with _translated():
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1, check_same_thread=False
            )
            try:
                return cls._checked(connection)
            except BaseException:
                connection.close()
                raise

    @classmethod
    def _checked(cls, connection: sqlite3.Connection) -> "Index":
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not version:
            raise IndexAway("not made yet")
        if version != VERSION:
            raise IndexBroken(f"version {version}")
        return cls(connection)

    def close(self) -> None:
        self._connection.close()

    # How far ------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        return self.standing().mark

    def standing(self) -> Standing:
        with _translated():
            kept = dict(self._connection.execute("SELECT name, value FROM meta"))
        live, dead, tidied = (int(kept.get(name, 0)) for name in ("live", "dead", "tidied"))
        return Standing(
            Mark(str(kept.get("epoch", "")), int(kept.get("uid", 0)), int(kept.get("step", 0))),
            live,
            dead,
            tidied,
        )

    def uids(self) -> list[int]:
        """Return the uids of all live documents."""
        with _translated():
            return [uid for (uid,) in self._connection.execute("SELECT uid FROM docs WHERE dead = 0")]

    # Writing ------------------------------------------------------------------------------------

    def add(self, before: Mark, after: Mark, documents: Iterable[Document], gone: Iterable[int]) -> bool:
        """Add documents and bury those that are gone, together with the mark; commits.

        Returns False, and changes nothing, when the mark is not `before` (any more). What is there already
        is left. Raises IndexBroken, IndexAway, and then nothing was changed.
        """
        with _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                standing = self.standing()
                if agreed := standing.mark == before:
                    added, buried = self._write(documents, gone)
                    for name in ("epoch", "uid", "step"):
                        self._keep(name, getattr(after, name))
                    self._keep("live", standing.live + added - buried)
                    self._keep("dead", standing.dead + buried)
                self._connection.execute("COMMIT")
            except BaseException:
                self._free.clear()
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            return agreed

    def _keep(self, name: str, value: object) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _write(self, documents: Iterable[Document], gone: Iterable[int]) -> tuple[int, int]:
        """Return how many documents were added and how many buried."""
        run = self._connection.execute
        added, buried = 0, 0
        for uid in gone:
            buried += run("UPDATE docs SET dead = 1 WHERE uid = ? AND NOT dead", (uid,)).rowcount
        for one in documents:
            slot = self._slot(one.time)
            kept = run(
                "INSERT INTO docs VALUES (?, ?, 0, ?, ?, ?, ?) ON CONFLICT(uid) DO NOTHING",
                (slot, one.uid, one.sent, one.octets, one.attachments, one.account),
            )
            if not kept.rowcount:
                continue
            run(
                f"INSERT INTO words(rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",
                (slot, *map(indexed, one.texts)),
            )
            added += 1
        return added, buried

    def _slot(self, time: int) -> int:
        """Return the free slot for something that came at `time`: its own, or the first free one after."""
        own = time // SLOT_SECONDS + 1
        (last,) = self._connection.execute("SELECT max(slot) FROM docs").fetchone()
        if last is None or own > last:
            return own
        slot = self._free.get(own, own)
        if slot == last:
            slot = last + 1
        else:
            taken = self._connection.execute("SELECT slot FROM docs WHERE slot >= ? ORDER BY slot", (slot,))
            for (used,) in taken:
                if used != slot:
                    break
                slot += 1
        if len(self._free) > 1000:
            self._free.clear()
        self._free[own] = slot
        return slot

    def tidy(self) -> bool:
        """Merge some of what many additions left apart, and give its room back; return whether more is left.

        Commits. Does a bounded amount of work.
        """
        with _translated():
            run = self._connection.execute
            before = self._connection.total_changes
            run("INSERT INTO words(words, rank) VALUES ('merge', ?)", (-_MERGE_PAGES,))
            if self._connection.total_changes - before >= 2:
                return True
            run("PRAGMA incremental_vacuum").fetchall()
            standing = self.standing()
            self._keep("tidied", standing.live + standing.dead)
            run("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return False

    # Asking -------------------------------------------------------------------------------------

    def candidates(
        self, asked: Plan, below: int = TOP_SLOT, only: Iterable[int] | None = None
    ) -> Iterator[tuple[int, ...]]:
        """Give (slot, uid, *columns) of what the plan's words and table agree to, the newest first.

        Only slots under `below`, and only those of the few uids `only`, if given. Raises IndexBroken,
        IndexAway while it is read.
        """
        columns = "".join(f", {column}" for column in asked.columns)
        key = "words.rowid" if asked.match else "docs.slot"
        arguments: list[object] = [*asked.column_arguments]
        if asked.match:
            sql = (
                f"SELECT docs.slot, docs.uid{columns} FROM words CROSS JOIN docs ON docs.slot = words.rowid"
                f" WHERE words MATCH ? AND {key} < ?"
            )
            arguments.append(asked.match)
        else:
            sql = f"SELECT docs.slot, docs.uid{columns} FROM docs WHERE {key} < ?"
        arguments.append(below)
        if only is not None:
            sql += f" AND {key} IN (SELECT value FROM json_each(?))"
            arguments.append(json.dumps(sorted(self._slots(only))))
        sql += f" AND NOT docs.dead AND {asked.where} ORDER BY {key} DESC"
        with _translated():
            yield from self._connection.execute(sql, [*arguments, *asked.arguments])

    def ranked(self, asked: Plan, most: int) -> list[tuple[int, ...]]:
        """Return (slot, uid, *columns) of the newest `most` candidates, the best first.

        A word in the subject weighs most, then one in a name or address. Ties: the newest first.
        """
        newest = [found[0] for found, _ in zip(self.candidates(asked), range(most), strict=False)]
        if not newest:
            return []
        columns = "".join(f", {column}" for column in asked.columns)
        sql = (
            f"SELECT docs.slot, docs.uid{columns} FROM words CROSS JOIN docs ON docs.slot = words.rowid"
            f" WHERE words MATCH ? AND words.rowid >= ? AND NOT docs.dead AND {asked.where}"
            " ORDER BY bm25(words, 6.0, 4.0, 2.0, 3.0, 1.0), words.rowid DESC"
        )
        arguments = [*asked.column_arguments, asked.match, newest[-1], *asked.arguments]
        with _translated():
            return self._connection.execute(sql, arguments).fetchall()

    def _slots(self, uids: Iterable[int]) -> list[int]:
        wanted = json.dumps(sorted(uids))
        sql = "SELECT slot FROM docs WHERE uid IN (SELECT value FROM json_each(?)) AND NOT dead"
        return [slot for (slot,) in self._connection.execute(sql, (wanted,))]

    def slot_before(self, uid: int, time: int) -> int:
        """Return the slot under which to go on after message `uid` that came at `time`."""
        with _translated():
            row = self._connection.execute("SELECT slot FROM docs WHERE uid = ?", (uid,)).fetchone()
        return row[0] if row else time // SLOT_SECONDS + 1


def _make(connection: sqlite3.Connection) -> None:
    """Make an empty index, all of it or nothing."""
    connection.execute(f"PRAGMA page_size = {_PAGE_OCTETS}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA}\nPRAGMA user_version = {VERSION};\nCOMMIT;")
