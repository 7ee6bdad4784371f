"""Which users have letters still to be handed over: a note each, on disk before the promise.

The promise itself is in the user's own database; a note only says where to look after a crash, without
opening every database there is. A note without a promise is harmless, a promise without a note cannot be.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from restante.durable import write_new
from stored.directories import directory_name
from stored.spool import spooling


class Intents:
    """The notes, a small file a user. Safe to use from any thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._promising: Counter[str] = Counter()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def promising(self, user: str) -> Iterator[None]:
        """Have a durable note that `user` has something to hand over, before and while it is promised.

        Raises NoSpace.
        """
        with self._lock:
            self._write(user)
            self._promising[user] += 1
        try:
            yield
        finally:
            with self._lock:
                self._promising[user] -= 1
                if not self._promising[user]:
                    del self._promising[user]

    def settle(self, user: str, waiting: Callable[[], bool]) -> bool:
        """Forget the note if nothing is being promised and `waiting` says no; return whether it was.

        Nobody begins to promise while `waiting` looks.
        """
        with self._lock:
            if self._promising[user] or waiting():
                return False
            (self._directory / directory_name(user)).unlink(missing_ok=True)
            return True

    def users(self) -> list[str]:
        """Return the users noted. No note goes between being listed and being read."""
        with self._lock:
            notes = [note for note in sorted(self._directory.iterdir()) if not note.name.startswith(".")]
            return [note.read_text(encoding="utf-8") for note in notes]

    def _write(self, user: str) -> None:
        note = self._directory / directory_name(user)
        if note.exists():
            return
        with spooling():
            write_new(note, user.encode(), 0o600)
