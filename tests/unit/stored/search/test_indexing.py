"""The index stays true to its store: through kills, damage, restores, hostile letters and deletions."""

import contextlib
import os
import random
import signal
import sqlite3
import time

import pytest

from stored.messages import change, delete
from stored.search import child, files, indexer
from stored.search.index import Index, IndexBroken
from stored.search.query import Text
from stored.search.settings import SearchSettings
from tests.unit.stored.keeping import keep, keep_many, letter, prepared
from tests.unit.stored.search.conftest import Searching


def path_of(mail):
    path = files.current(mail.directory)
    assert path is not None
    return path


def standing(mail):
    """Return what the index says of itself, which is what is in it."""
    index = Index.reading(path_of(mail))
    try:
        told = index.standing()
        counted = index._connection.execute("SELECT count(*), total(dead) FROM docs").fetchone()
        assert counted == (told.live + told.dead, told.dead)
        return told
    finally:
        index.close()


def everything(searching, user="ana"):
    """Return every id that the index finds by a word that is in all letters."""
    found, cursor = [], ""
    while True:
        answer = searching.ask(Text("letter"), user, limit=200, cursor=cursor)
        assert answer["indexed"]
        found += [row["id"] for row in answer["rows"]]
        if not (cursor := answer.get("more", "")):
            return found


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found


def test_an_index_killed_at_any_time_is_exact(store, mail, searching):
    """The reading process dies by SIGKILL again and again while mail arrives and goes."""
    dice = random.Random(7)
    kept = []
    for _ in range(12):
        kept += keep_many(mail, 40)
        gone = dice.sample(kept, 5)
        mail.write(lambda account, gone=gone: delete(account, gone, for_good=True))
        kept = [id for id in kept if id not in gone]
        pid = until(lambda: searching.indexer.child_pid)
        time.sleep(dice.random() * 0.05)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: searching.ask("letter")["indexed"] or searching.indexer.wake("ana"))
    assert sorted(everything(searching)) == sorted(kept)
    assert standing(mail).live == len(kept)


@pytest.mark.parametrize("spoil", ["cut", "noise", "empty", "version", "table"])
def test_a_broken_index_is_made_anew_and_nobody_sees_an_error(mail, searching, spoil):
    ids = keep_many(mail, 300)
    searching.caught_up()
    assert len(everything(searching)) == 300
    searching.finder._readers.drop("ana")
    path = path_of(mail)
    searching.indexer._child.close(path)
    if spoil in ("version", "table"):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99" if spoil == "version" else "DROP TABLE words")
    else:
        octets = bytearray(path.read_bytes())
        if spoil == "noise":
            octets[4096:] = random.Random(1).randbytes(len(octets) - 4096)
        path.write_bytes({"cut": bytes(octets[:5000]), "empty": b""}.get(spoil, bytes(octets)))
    searching.ask("letter")
    until(lambda: searching.ask("letter")["indexed"])
    assert sorted(everything(searching)) == sorted(ids)


def test_an_index_of_another_store_is_made_anew(mail, searching):
    """A store restored from a backup has a new epoch; its uids may be other letters."""
    keep_many(mail, 5)
    searching.caught_up()

    def restored(account):
        account.epoch = "0badcafe"

    mail.write(restored)
    until(lambda: searching.ask("letter")["indexed"])
    assert standing(mail).mark.epoch == "0badcafe"
    assert len(everything(searching)) == 5


def test_who_doubts_late_does_not_have_the_new_index_thrown_away(mail, searching, caplog):
    """A search that began with the broken file may come to its end when that is made anew already."""
    keep_many(mail, 5)
    began = time.monotonic()
    for _ in range(2):
        searching.indexer.doubt("ana", began)
        searching.caught_up()
    assert [record.message for record in caplog.records].count("search.made_anew") == 1
    assert searching.ask("letter")["indexed"]


def test_an_index_that_is_being_made_is_waited_for(mail, searching, caplog):
    """Its file is there a moment before anything is in it; that is no damage."""
    keep_many(mail, 5)
    searching.caught_up()
    path = path_of(mail)
    searching.finder._readers.drop("ana")
    searching.indexer._child.close(path)
    path.write_bytes(b"")
    assert not searching.ask("letter")["indexed"]
    until(lambda: searching.ask("letter")["indexed"])
    assert len(everything(searching)) == 5
    assert "search.made_anew" not in [record.message for record in caplog.records]


def test_an_index_further_than_its_store_is_made_anew(mail, searching):
    keep_many(mail, 5)
    searching.caught_up()
    path = path_of(mail)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 99 WHERE name = 'uid'")
    until(lambda: searching.ask("letter")["indexed"])
    assert standing(mail).mark.uid == 5


def test_a_log_that_does_not_reach_back_is_no_doubt(mail, searching):
    ids = keep_many(mail, 20)
    searching.caught_up()
    searching.indexer.stop()
    mail.write(lambda account: delete(account, ids[:5], for_good=True))

    def trimmed(account):
        for step in list(account.log.keys())[:-1]:
            del account.log[step]
        account.epoch = account.epoch

    mail.write(trimmed)
    keep_many(mail, 1)
    mail.write(trimmed)
    again = Searching(searching.store, mail.directory)
    try:
        again.caught_up()
        assert len(everything(again)) == 16
        assert (standing(mail).live, standing(mail).dead) == (16, 5)
    finally:
        again.stop()


def test_an_index_a_quarter_dead_is_written_anew_beside_the_one_that_answers(mail, searching, monkeypatch):
    monkeypatch.setattr(indexer, "DEAD_LEAST", 20)
    ids = keep_many(mail, 100)
    searching.caught_up()
    before = path_of(mail)
    mail.write(lambda account: delete(account, ids[:30], for_good=True))
    until(lambda: path_of(mail) != before)
    searching.caught_up()
    assert sorted(everything(searching)) == sorted(ids[30:])
    assert (standing(mail).live, standing(mail).dead) == (70, 0)
    assert not before.exists() and not files.under_way(mail.directory)


@pytest.mark.parametrize("stopping", ["pass", "time.sleep(1)"])
def test_a_letter_that_stops_its_reader_is_found_by_its_row(store, mail, tmp_path, monkeypatch, stopping):
    """A worker that never comes back from one letter: it is ended, the rest is read."""
    monkeypatch.setattr(child, "PATIENCE", 1 if "sleep" in stopping else 1000)
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if 'worker' in ''.join(sys.orig_argv):\n"
        "    from stored.mime import text\n"
        "    from stored.search import extract\n"
        "    real = extract.text_in\n"
        "    def text_in(raw, parts):\n"
        f"        while b'poison' in raw: {stopping}\n"
        "        return real(raw, parts)\n"
        "    extract.text_in = text_in\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Searching(store, tmp_path, batch_seconds=2, message_seconds=1)
    try:
        keep(mail, *(prepared(letter(n, "poison" if n == 3 else "fine"), minutes=n) for n in range(1, 6)))
        assert made.find("fine") == ["m5", "m4", "m2", "m1"]
        assert made.find("subject:letter") == ["m5", "m4", "m3", "m2", "m1"]
    finally:
        made.stop()


def test_letters_that_are_being_collected_come_before_the_index(store, tmp_path, monkeypatch):
    """Each write puts the index off, though not for ever; a search does not wait; others do not either."""
    now = 1000.0
    monkeypatch.setattr(indexer, "monotonic", lambda: now)
    one = indexer.Indexer(store, SearchSettings(), tmp_path)

    def whose_turn():
        return one._busy if one._take_turn(now) else None

    for _ in range(40):
        one.written("ana")
        now += 0.7
        assert whose_turn() is None
    one.written("luis")
    now += 1.0
    assert whose_turn() == "ana"  # nothing was written for a second
    assert whose_turn() == "luis"
    for _ in range(10):
        one.written("ana")
        now += 0.3
    assert whose_turn() == "ana"  # longer behind than may be
    one.written("luis")
    one.wake("luis")
    one.written("luis")
    assert whose_turn() == "luis"


def test_a_search_does_not_wait_for_the_collecting_to_end(mail, searching, monkeypatch):
    monkeypatch.setattr(indexer, "LULL_SECONDS", 3600)
    monkeypatch.setattr(indexer, "BEHIND_SECONDS", 3600)
    searching.store.on_write = searching.indexer.written
    ids = keep_many(mail, 3)
    assert searching.ask("letter")["behind"] == 3
    until(lambda: searching.ask("letter")["indexed"])
    assert sorted(everything(searching)) == sorted(ids)


def test_a_damaged_letter_is_found_by_its_row(mail, searching):
    def spoil(account):
        account.bodies[1].sha256 = b"x" * 32

    searching.indexer.stop()
    keep_many(mail, 2)
    mail.write(spoil)
    again = Searching(searching.store, mail.directory)
    try:
        assert again.find("hello") == ["m2"]
        assert again.find("letter") == ["m2", "m1"]
    finally:
        again.stop()


def test_a_large_letter_goes_through_a_file_that_does_not_stay(mail, searching, tmp_path):
    keep(mail, prepared(letter(1, "aguja\r\n" + "paja\r\n" * 1_000_000)))
    assert searching.find("aguja") == ["m1"]
    assert list((tmp_path / "spool").iterdir()) == []


def test_the_reading_process_ends_when_there_is_nothing_to_do(store, mail, tmp_path):
    made = Searching(store, tmp_path, rest_seconds=0.1)
    try:
        keep_many(mail, 1)
        made.caught_up()
        until(lambda: made.indexer.child_pid == 0)
        keep_many(mail, 1)
        made.caught_up()
        assert len(everything(made)) == 2
    finally:
        made.stop()


def test_few_indexes_are_open_at_a_time(store, searching):
    searching.finder._readers._most = 3
    for n in range(6):
        keep(store.open_account(f"user{n}"), prepared())
        assert searching.find("hello", f"user{n}") == ["m1"]
    assert searching.finder._readers.open_indexes() == 3


def test_reading_what_is_no_index(tmp_path):
    path = tmp_path / "search-1.db"
    path.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(IndexBroken):
        Index.reading(path)


def test_flags_and_folders_alone_wake_no_process(store, mail, tmp_path):
    made = Searching(store, tmp_path, rest_seconds=0.05)
    try:
        ids = keep_many(mail, 3)
        made.caught_up()
        until(lambda: made.indexer.child_pid == 0)
        for seen in (True, False) * 5:
            mail.write(lambda account, seen=seen: change(account, ids, {"seen": seen}))
            made.caught_up()
            assert made.indexer.child_pid == 0
        mail.write(lambda account: delete(account, ids[:1], for_good=True))
        made.caught_up()
        assert standing(mail).dead == 1
    finally:
        made.stop()


def test_an_index_that_somebody_removed_is_made_anew(mail, searching):
    keep_many(mail, 3)
    searching.caught_up()
    assert len(everything(searching)) == 3
    files.remove_all(mail.directory)
    keep_many(mail, 2)
    until(lambda: searching.ask("letter")["indexed"])
    assert len(everything(searching)) == 5
