"""Fixtures of the tests of `stored`."""

import pytest

from stored.store import Store
from tests.unit.stored.visiting import Bench


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path)
    yield kept
    kept.close()


@pytest.fixture
def mail(store):
    return store.open_account("ana")


@pytest.fixture
def bench(store):
    one = Bench(store)
    yield one
    if one.collector is not None:
        one.collector.stop(10)
