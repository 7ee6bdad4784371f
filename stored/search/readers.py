"""Indexes open for asking: a bounded number, each for one question at a time."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stored.search import files
from stored.search.index import Index, IndexAway, IndexBroken


@dataclass
class _Reader:
    path: Path
    inode: int
    index: Index | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)
    gone: bool = False


class Readers:
    """A bounded number of indexes open for asking, the longest unused closed first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._readers: OrderedDict[str, _Reader] = OrderedDict()

    @contextmanager
    def index(self, user: str, path: Path) -> Iterator[Index]:
        """Give the open index of a user for one question. Raises IndexBroken, IndexAway."""
        while True:
            reader = self._reader(user, path)
            with reader.turn:
                if reader.gone:
                    continue
                if reader.index is None:
                    try:
                        reader.index = Index.reading(path)
                    except (IndexBroken, IndexAway):
                        reader.gone = True
                        with self._guard:
                            if self._readers.get(user) is reader:
                                del self._readers[user]
                        raise
                yield reader.index
                return

    def _reader(self, user: str, path: Path) -> _Reader:
        inode = files.inode(path)
        with self._guard:
            reader = self._readers.get(user)
            dropped = []
            if reader is None or (reader.path, reader.inode) != (path, inode):
                dropped = [reader] if reader else []
                reader = self._readers[user] = _Reader(path, inode)
            self._readers.move_to_end(user)
            while len(self._readers) > self._most:
                dropped.append(self._readers.popitem(last=False)[1])
        for one in dropped:
            _close(one)
        return reader

    def drop(self, user: str) -> None:
        """Close the user's index, after the question at hand."""
        with self._guard:
            reader = self._readers.pop(user, None)
        if reader is not None:
            _close(reader)

    def close(self) -> None:
        with self._guard:
            readers = list(self._readers.values())
            self._readers.clear()
        for reader in readers:
            _close(reader)

    def open_indexes(self) -> int:
        with self._guard:
            return sum(reader.index is not None for reader in self._readers.values())


def _close(reader: _Reader) -> None:
    with reader.turn:
        reader.gone = True
        if reader.index is not None:
            reader.index.close()
            reader.index = None
