"""Long work goes in short strides: reading from the store, reading letters, writing and tidying indexes."""

import pytest

from stored.search import source, strides, worker
from stored.search.extract import document
from stored.search.index import Index, Mark
from tests.unit.stored.keeping import keep_many


@pytest.fixture
def slept(monkeypatch):
    """What was slept, in seconds, one after the other; nobody really sleeps."""
    pauses: list[float] = []
    monkeypatch.setattr(strides, "sleep", pauses.append)
    return pauses


@pytest.fixture
def at_each_step(monkeypatch):
    monkeypatch.setattr(strides, "STRIDE_SECONDS", 0.0)


def test_who_works_sleeps_for_a_moment_once_a_stride_is_over(monkeypatch, slept):
    clock = iter([7.0, 7.0004, 7.0006, 7.1, 7.1004, 7.1006, 7.2])
    monkeypatch.setattr(strides, "monotonic", lambda: next(clock))
    work = strides.Strides()
    told = []
    for _ in range(4):
        work.step()
        told.append(len(slept))
    assert told == [0, 1, 1, 2]
    assert 0 < max(slept) < strides.STRIDE_SECONDS


def test_letters_are_read_from_the_store_and_for_their_words_in_strides(mail, tmp_path, slept, at_each_step):
    keep_many(mail, 5)
    batch = mail.read(lambda account: source.next_batch(account, Mark(), tmp_path))
    assert len(slept) == len(batch.items) == 5
    worker._documents(batch.items, memoryview(b"".join(batch.octets)))
    assert len(slept) == 10


def test_an_index_is_written_and_tidied_in_strides(tmp_path, slept, at_each_step):
    index, mark = Index.writing(tmp_path / "search-1.db"), Mark()
    for batch in range(3):
        after = Mark("epoch", 200 * batch + 200, 0)
        uids = range(mark.uid + 1, after.uid + 1)
        assert index.add(mark, after, [document(uid, 64 * uid, b'"subject":"x"}', None) for uid in uids], [])
        mark = after
        assert len(slept) > 10, "SQLite did not stop for a moment"
        slept.clear()
    assert index.tidy() and slept
    index.close()
