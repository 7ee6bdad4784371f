"""Fixtures of the tests of searching: a store with its indexer and finder, all of it real."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from stored.search.dates import Clock
from stored.search.finder import Asked, Finder
from stored.search.indexer import Indexer
from stored.search.parser import parse
from stored.search.settings import SearchSettings

NOW = datetime(2026, 11, 23, 14, 50, tzinfo=UTC)
CLOCK = Clock(NOW)


class Searching:
    """An indexer and a finder over a store; `find` waits until everything is indexed."""

    def __init__(self, store, directory, **settings):
        self.store = store
        self.indexer = Indexer(store, SearchSettings(**settings), directory / "spool")
        self.finder = Finder(store, self.indexer, lambda user: [("a1", "Work", "ana@uno.example")])
        store.on_write = self.indexer.wake
        self.indexer.start()

    def stop(self):
        self.indexer.stop()
        self.finder.close()
        self.store.on_write = lambda user: None

    def caught_up(self, user="ana"):
        self.indexer.wake(user)
        assert self.indexer.wait(user, 60)

    def ask(self, typed, user="ana", **options):
        tree = parse(typed, CLOCK) if isinstance(typed, str) else typed
        answer: dict[str, Any] = {**self.finder.find(user, Asked(tree, **options))}
        answer["rows"] = [orjson.loads(memoryview(row)) for row in answer["rows"]]
        return answer

    def find(self, typed, user="ana", **options):
        """Return the ids found, once everything is indexed."""
        self.caught_up(user)
        answer = self.ask(typed, user, **options)
        assert answer["indexed"], answer
        return [row["id"] for row in answer["rows"]]


@pytest.fixture
def searching(store, tmp_path):
    made = Searching(store, tmp_path)
    yield made
    made.stop()
