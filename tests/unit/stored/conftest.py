"""Fixtures of the tests of `stored`."""

import pytest

from stored.store import Store


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path)
    yield kept
    kept.close()


@pytest.fixture
def mail(store):
    return store.open_account("ana")
