"""F04, F05, F06: disks that are full, that fail, and processes killed while they write."""

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping

from restante.db import Database
from restante.db import storage as storage_module
from restante.errors import Busy, ConfigError, DatabaseDamaged, NoSpace, Unavailable
from tests.unit.restante.db.conftest import GOOD, add_one, everything, open_database


@pytest.fixture
def full_disk():
    """Return a function after which no file of this process grows beyond so many octets (EFBIG).

    The nearest to a full disk that needs no rights: the system itself cuts the write short and refuses.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(octets):
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets or before[0], before[1]))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def storage_of(database):
    """Return the FileStorage inside, to be harmed."""
    return database._storage


def large(octets):
    return lambda root: root.__setitem__("large", PersistentMapping(octets=os.urandom(octets)))


@pytest.mark.parametrize("octets", [300, 20_000, 200_000])
def test_a_full_disk_refuses_keeps_serving_and_recovers_by_itself(kept, full_disk, octets):
    database = open_database(kept)
    size = kept.stat().st_size
    full_disk(size + 200)
    for _ in range(3):
        with pytest.raises(NoSpace) as refused:
            database.write(large(octets))
        assert refused.value.retryable
        assert database.read(everything) == GOOD
        assert database.read(lambda root: "large" not in root)
    full_disk(None)
    assert kept.stat().st_size == size, "something of what failed was left behind"
    database.write(add_one)
    database.write(large(octets))
    database.close()
    kept.with_name("one.fs.index").unlink()
    database = open_database(kept)
    assert database.read(lambda root: (root["counter"]["n"], len(root["large"]["octets"]))) == (4, octets)
    database.close()


def test_a_disk_that_fills_while_packing_leaves_the_database_as_it_was(kept, full_disk):
    database = open_database(kept)
    database.write(large(200_000))
    database.write(add_one)
    full_disk(100_000)
    with pytest.raises(NoSpace):
        database.pack()
    full_disk(None)
    assert database.read(lambda root: len(root["large"]["octets"])) == 200_000
    database.pack()
    database.write(add_one)
    assert database.read(lambda root: root["counter"]["n"]) == 5
    database.close()
    database = open_database(kept)
    assert database.read(lambda root: root["counter"]["n"]) == 5
    database.close()


def test_too_many_open_files_is_busy_and_passes(kept):
    database = open_database(kept)
    database.read(lambda root: None)
    storage_of(database)._files.empty()
    database._db.cacheMinimize()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(Busy):
            database.read(everything)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert database.read(everything) == GOOD
    database.close()


def test_a_flush_that_fails_stops_the_store_for_good(kept, monkeypatch, log_lines):
    """F06. The system forgets pages it could not write: a second flush would succeed and prove nothing."""
    database = open_database(kept)
    flushes = []

    def failing(descriptor):
        flushes.append(descriptor)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(sys.modules["ZODB.FileStorage.FileStorage"], "fsync", failing)
    with pytest.raises(Unavailable, match="disk failed"):
        database.write(add_one)
    assert database.failed
    monkeypatch.undo()
    for work in (database.write, database.read):
        with pytest.raises(Unavailable, match="disk failed"):
            work(add_one)
    with pytest.raises(Unavailable):
        database.pack()
    database.save_index()
    database.close()
    assert len(flushes) == 1
    assert [line["kind"] for line in log_lines() if line["event"] == "database.failed"] == ["unavailable"]
    database = open_database(kept)
    assert database.read(everything)["n"] in (3, 4)
    database.close()


def test_others_read_while_a_large_transaction_is_flushed(kept, monkeypatch):
    database = open_database(kept)
    flushing, read = threading.Event(), threading.Event()

    def slow(descriptor):
        flushing.set()
        assert read.wait(30)

    monkeypatch.setattr("os.fsync", slow)
    writer = threading.Thread(target=database.write, args=(large(1_000_000),))
    writer.start()
    assert flushing.wait(30)
    assert database.read(everything) == GOOD
    assert database.read(lambda root: "large" not in root)
    read.set()
    writer.join()
    assert database.read(lambda root: len(root["large"]["octets"])) == 1_000_000
    database.close()


def test_a_large_transaction_that_cannot_be_flushed_stops_the_store_for_good(kept, monkeypatch):
    """F06."""
    database = open_database(kept)

    def failing(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("os.fsync", failing)
    with pytest.raises(Unavailable, match="disk failed"):
        database.write(large(1_000_000))
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="disk failed"):
        database.write(add_one)
    database.close()
    database = open_database(kept)
    assert database.read(everything) == GOOD
    assert database.read(lambda root: "large" not in root)
    database.close()


def test_others_read_while_the_index_is_saved(kept, monkeypatch):
    database = open_database(kept)
    saving, read = threading.Event(), threading.Event()
    storage = storage_of(database)
    save = type(storage._index).save

    def slow(*arguments):
        saving.set()
        assert read.wait(30)
        return save(*arguments)

    monkeypatch.setattr(type(storage._index), "save", slow)
    storage._save_index_after = 0
    writer = threading.Thread(target=database.write, args=(add_one,))
    writer.start()
    assert saving.wait(30)
    assert database.read(everything) == GOOD | {"n": 4}
    read.set()
    writer.join()
    database.close()


def test_an_index_that_cannot_be_saved_stops_nothing(kept, full_disk, monkeypatch):
    database = open_database(kept)
    monkeypatch.setattr(storage_module, "_SAVE_INDEX_EVERY_RECORDS", 0)
    storage_of(database)._save_index_after = 0
    (kept.parent / "one.fs.index_tmp").mkdir()
    database.write(add_one)
    assert database.read(lambda root: root["counter"]["n"]) == 4
    database.close()
    (kept.parent / "one.fs.index_tmp").rmdir()
    database = open_database(kept)
    assert database.read(lambda root: root["counter"]["n"]) == 4
    database.close()


def test_the_index_is_saved_before_much_is_written(kept):
    database = open_database(kept)
    index = kept.with_name("one.fs.index")
    before = index.read_bytes()
    database.write(add_one)
    assert index.read_bytes() == before
    database.save_index()
    after = index.read_bytes()
    assert after != before
    storage_of(database)._save_index_after = 3
    for _ in range(5):
        database.write(add_one)
    assert index.read_bytes() != after
    database.close()


def test_packing_drops_what_is_dead_and_keeps_the_rest(kept):
    database = open_database(kept)
    database.write(large(100_000))
    database.write(lambda root: root.pop("large") and None)
    assert database.octets() > 100_000
    database.pack()
    assert database.octets() < 5_000
    assert database.read(everything) == GOOD
    assert sorted(path.name for path in kept.parent.iterdir()) == [
        *("one.fs", "one.fs.index", "one.fs.lock", "one.fs.tmp"),
    ]
    database.write(add_one)
    database.close()
    database = open_database(kept)
    assert database.read(everything)["n"] == 4
    database.close()


def test_others_read_and_write_while_packing(kept):
    database = open_database(kept)
    stop = threading.Event()
    failures = []
    done = []

    def busy():
        try:
            while not stop.is_set():
                database.write(lambda root: root.update(gone=OOBTree({"a": "b"}), n=root.get("n", 0) + 1))
                database.read(lambda root: dict(root["gone"]))
                done.append(1)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        database.pack()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert database.read(lambda root: root["n"]) == len(done)
    database.close()


def test_a_reader_whose_object_is_packed_away_looks_again(kept):
    """What a unit of work still sees may be gone from the file: that is a conflict and no damage."""
    database = open_database(kept)
    database.write(lambda root: root.update(gone=OOBTree({"a": "b"})))
    database._db.cacheMinimize()
    runs = []

    def remove_and_pack():
        database.write(lambda root: root.pop("gone") and None)
        database.pack()

    def look(root):
        runs.append(1)
        gone = root.get("gone")
        if gone is None:
            return "gone"
        other = threading.Thread(target=remove_and_pack)
        other.start()
        other.join()
        return gone["a"]

    assert database.read(look) == "gone"
    assert len(runs) == 2
    database.close()


def test_everything_is_flushed_before_the_old_file_goes(kept, monkeypatch):
    """ZODB renames a packed file that may be in memory only; a power cut then leaves neither."""
    database = open_database(kept)
    steps = []

    def noted(module, name, step):
        real = getattr(module, name)

        def call(path, *rest, **how):
            steps.append((step, Path(path).name))
            return real(path, *rest, **how)

        monkeypatch.setattr(module, name, call)

    noted(storage_module, "flush_file", "flush")
    noted(storage_module, "flush_directory", "flush")
    noted(os, "rename", "rename")
    noted(os, "unlink", "unlink")
    database.pack()
    monkeypatch.undo()
    directory = kept.parent.name
    assert steps == [
        ("flush", "one.fs.pack"),
        ("unlink", "one.fs.index"),
        ("flush", directory),
        ("rename", "one.fs"),
        ("rename", "one.fs.pack"),
        ("flush", directory),
        ("unlink", "one.fs.old"),
    ]
    database.close()


def test_a_packed_file_that_cannot_be_flushed_is_not_used(kept, monkeypatch):
    database = open_database(kept)

    def failing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(storage_module, "flush_file", failing)
    with pytest.raises(NoSpace):
        database.pack()
    monkeypatch.undo()
    database.write(add_one)
    assert database.read(everything)["n"] == 4
    database.pack()
    database.close()


PACKER = """
import os, sys
from pathlib import Path
from persistent.mapping import PersistentMapping
from restante.db import Database

database = Database.open(Path(sys.argv[1]), PersistentMapping)
calls = 0

def counted(real):
    def call(*arguments, **keywords):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return real(*arguments, **keywords)
    return call

for name in ("rename", "fsync", "unlink", "remove", "replace"):
    setattr(os, name, counted(getattr(os, name)))
database.pack()
print("packed")
"""


def test_killed_anywhere_in_packing_it_opens_whole(kept):
    """F04: SIGKILL before each call that changes the directory or flushes."""
    for step in range(1, 30):
        done = subprocess.run(
            [sys.executable, "-c", PACKER, str(kept), str(step)], capture_output=True, text=True, timeout=60
        )
        database = open_database(kept)
        assert database.read(everything) == GOOD, f"killed at step {step}"
        database.close()
        assert not kept.with_name("one.fs.old").exists()
        assert not kept.with_name("one.fs.pack").exists()
        if done.stdout:
            assert step > 6, "too few steps to have tested anything"
            return
        assert done.returncode == -signal.SIGKILL, done.stderr
    pytest.fail("packing never ended")


WRITER = """
import sys
from pathlib import Path
from persistent.mapping import PersistentMapping
from restante.db import Database

database = Database.open(Path(sys.argv[1]), PersistentMapping)
while True:
    def work(root):
        root["counter"]["n"] += 1
        root["filler"] = PersistentMapping(octets=bytes(root["counter"]["n"] * 1000 % 50000))
        return root["counter"]["n"]
    print(database.write(work), flush=True)
"""


def test_killed_while_writing_it_keeps_what_was_reported(kept):
    """F01 for the store itself: what `write` returned from is there, and nothing half of what it did not."""
    reported = 3
    for lines in (1, 2, 5, 9, 14, 20):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(kept)], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        with child.stdout as said:
            for _ in range(lines):
                reported = int(said.readline())
            child.kill()
            reported = int((said.read().split() or [str(reported)])[-1])
        child.wait()
        database = open_database(kept)
        n, filler = database.read(lambda root: (root["counter"]["n"], len(root["filler"]["octets"])))
        assert n in (reported, reported + 1)
        assert filler == n * 1000 % 50000
        database.close()


def test_a_database_that_lost_its_first_object_is_not_begun_afresh(kept):
    database = open_database(kept)
    del storage_of(database)._index[b"\0" * 8]
    storage_of(database)._saved_at = -1
    database.close()
    with pytest.raises(DatabaseDamaged, match="first object"):
        open_database(kept)


def test_a_directory_without_rights_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(ConfigError, match="cannot be opened"):
        Database.open(tmp_path / "file" / "one.fs", PersistentMapping)


def test_the_index_is_saved_by_one_at_a_time(kept, monkeypatch):
    """Packing saves it, too, under a lock of its own."""
    database = open_database(kept)
    storage = storage_of(database)
    save = type(storage._index).save
    at_work: list[int] = []
    most: list[int] = []

    def watched(*arguments):
        at_work.append(1)
        most.append(len(at_work))
        save(*arguments)
        at_work.pop()

    monkeypatch.setattr(type(storage._index), "save", watched)
    for _ in range(5):
        database.write(add_one)
        savers = [threading.Thread(target=work) for work in (database.save_index, storage._save_index) * 4]
        for saver in savers:
            saver.start()
        for saver in savers:
            saver.join()
    database.close()
    assert set(most) == {1}
