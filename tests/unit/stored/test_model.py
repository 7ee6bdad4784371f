"""Small parts of the model: words, rows, hashes, the log."""

import pytest

from stored.model import hashes, log
from stored.model.hashes import Hashes
from stored.model.log import CREATED, DESTROYED, UPDATED, Journal, Log, LogEntry, decode
from stored.model.rows import CHUNK_ROWS, Row, Rows
from stored.model.word import (
    MAX_FOLDER,
    MAX_TIME,
    MAX_UID,
    flags_of,
    folder_of,
    make_word,
    order_key,
    time_of,
    uid_of,
)

SALT = b"0123456789abcdef"


@pytest.mark.parametrize("time", [0, 1, 1_795_449_000, MAX_TIME])
@pytest.mark.parametrize("folder", [1, MAX_FOLDER])
@pytest.mark.parametrize("flags", [0, 31, 0xFFF])
def test_word_holds_all_three(time, folder, flags):
    word = make_word(time, folder, flags)
    assert (time_of(word), folder_of(word), flags_of(word)) == (time, folder, flags)
    assert 0 <= word < 1 << 63
    assert uid_of(order_key(word, MAX_UID)) == MAX_UID


@pytest.mark.parametrize(("time", "nearest"), [(-5, 0), (MAX_TIME + 5, MAX_TIME)])
def test_word_takes_the_nearest_time_that_fits(time, nearest):
    assert time_of(make_word(time, 1, 0)) == nearest


# Rows ---------------------------------------------------------------------------------------------


def test_rows_are_counted_from_one_and_folded_when_their_chunk_is_full():
    rows = Rows()
    uids = [rows.append(b"row %d" % n) for n in range(1, 3 * CHUNK_ROWS)]
    assert uids == list(range(1, 3 * CHUNK_ROWS))
    assert [rows.row(uid) for uid in uids] == [b"row %d" % uid for uid in uids]
    assert not any(isinstance(entry, Row) for entry in rows[0].entries)
    rows.append(b"first of the next")
    assert isinstance(rows[3].entries[0], Row)


def test_a_uid_is_never_used_again():
    rows = Rows()
    for _ in range(3):
        rows.append(b"row")
    for uid in (1, 2, 3):
        rows.discard(uid)
    assert rows.append(b"another") == 4
    assert [rows.row(uid) for uid in (1, 2, 3, 4, 5, 1000)] == [b"", b"", b"", b"another", b"", b""]


def test_a_chunk_without_rows_goes():
    rows = Rows()
    for _ in range(2 * CHUNK_ROWS):
        rows.append(b"row")
    for uid in range(1, CHUNK_ROWS):
        rows.discard(uid)
    rows.discard(1)
    assert list(rows.keys()) == [1, 2]


# Hashes -------------------------------------------------------------------------------------------


def test_hashes_find_what_they_remember():
    kept = Hashes()
    for uid in range(1, 200):
        kept.remember(SALT, f"text {uid}", uid)
    assert all(list(kept.find(SALT, f"text {uid}")) == [uid] for uid in range(1, 200))
    assert kept.known(SALT, ["text 7", "text 700"]) == {"text 7"}
    assert list(kept.find(b"another user's ", "text 7")) == []


def test_texts_that_fall_on_one_place_are_told_apart(monkeypatch):
    monkeypatch.setattr(hashes, "_digest", lambda salt, text: (64, ord(text)))
    kept = Hashes()
    for uid, text in enumerate("abcab", 1):
        kept.remember(SALT, text, uid)
    assert {text: list(kept.find(SALT, text)) for text in "abcd"} == {
        "a": [1, 4],
        "b": [2, 5],
        "c": [3],
        "d": [],
    }


def test_a_text_used_too_often_is_remembered_eight_times():
    kept = Hashes()
    for uid in range(1, 20):
        kept.remember(SALT, "forged", uid)
    assert list(kept.find(SALT, "forged")) == list(range(1, 9))


# The log ------------------------------------------------------------------------------------------


def journal(*fates, folders=False):
    made = Journal(folders=folders)
    for uid, fate in fates:
        made.note(uid, fate)
    return made


@pytest.mark.parametrize(
    ("fates", "expected"),
    [
        ([(1, CREATED), (1, UPDATED)], [(1, CREATED)]),
        ([(1, UPDATED), (1, DESTROYED)], [(1, DESTROYED)]),
        ([(1, CREATED), (1, DESTROYED)], []),
        ([(3, UPDATED), (1, UPDATED), (2, UPDATED), (9, CREATED)], [(1, 1), (2, 1), (3, 1), (9, 0)]),
        ([(1, CREATED), (2, UPDATED), (3, UPDATED)], [(1, 0), (2, 1), (3, 1)]),
    ],
)
def test_an_entry_says_what_became_of_each(fates, expected):
    folders, found = decode(journal(*fates).encode())
    assert not folders
    assert list(found) == expected


def test_neighbours_with_one_fate_take_the_place_of_one():
    entry = journal(*((uid, CREATED) for uid in range(1, 1001))).encode()
    assert len(entry) == len(journal((1, CREATED)).encode())


def test_changes_fold_steps_into_one_fate_for_each():
    kept = Log()
    kept.write(journal((1, CREATED), (2, CREATED)))
    since = kept.last()
    kept.write(journal((3, CREATED), (1, UPDATED), (4, CREATED)))
    kept.write(journal((3, UPDATED), (2, DESTROYED), (4, DESTROYED)))
    kept.write(journal((1, UPDATED), folders=True))
    found = kept.changes(since)
    assert (found.created, found.updated, found.destroyed, found.folders) == ([3], [1], [2], True)
    assert kept.changes(kept.last()) == log.Changes()


def test_a_long_entry_is_an_object_of_its_own():
    kept = Log()
    kept.write(journal(*((uid, UPDATED) for uid in range(1, 200, 2))))
    assert isinstance(kept[1], LogEntry)
    assert kept.changes(0).updated == list(range(1, 200, 2))


def test_the_log_is_trimmed_and_knows_its_floor(monkeypatch):
    monkeypatch.setattr(log, "STEPS_KEPT", 20)
    monkeypatch.setattr(log, "STEPS_TRIMMED", 5)
    kept = Log()
    for uid in range(1, 101):
        kept.write(journal((uid, CREATED)))
        assert len(kept) <= 25
    floor = kept.minKey() - 1
    assert [kept.reaches(step) for step in (floor - 1, floor, 100, 101)] == [False, True, True, False]
    assert kept.changes(floor).created == list(range(floor + 1, 101))


def test_an_empty_log_reaches_only_the_beginning():
    assert [Log().reaches(step) for step in (0, 1)] == [True, False]
