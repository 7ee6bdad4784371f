"""Units of work: what they return, what they leave behind, what happens when they meet."""

import threading
from pathlib import Path

import pytest
import ZODB
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from ZODB.POSException import ConflictError
from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage

from restante.config import DatabaseSettings
from restante.db import ATTEMPTS, Database, savepoint, working
from restante.db.records import CheckedRecords
from restante.errors import AlreadyRunning, Busy, ConfigError, NotFound, Unavailable


@pytest.fixture
def database(tmp_path):
    database = Database.open(tmp_path / "one.fs", PersistentMapping)
    yield database
    database.close()


def put(key, value):
    return lambda root: root.__setitem__(key, value)


def get(key):
    return lambda root: root.get(key)


def add_one(root):
    root["n"] += 1


def test_what_is_written_is_read_and_is_there_after_opening_again(tmp_path):
    database = Database.open(tmp_path / "deep" / "one.fs", PersistentMapping)
    assert database.write(lambda root: root.setdefault("a", 1)) == 1
    database.close()
    database = Database.open(str(tmp_path / "deep" / "one.fs"), PersistentMapping)
    assert database.read(get("a")) == 1
    database.close()


def test_the_root_is_made_once(tmp_path):
    made = []

    def make_root():
        made.append(1)
        return PersistentMapping()

    for _ in range(3):
        Database.open(tmp_path / "one.fs", make_root).close()
    assert len(made) == 1


def test_work_that_raises_leaves_nothing(database):
    def work(root):
        root["a"] = 1
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound):
        database.write(work)
    assert database.read(get("a")) is None


def test_a_read_that_changes_something_is_a_mistake_and_changes_nothing(database):
    with pytest.raises(RuntimeError, match="only reads"):
        database.read(put("a", 1))
    assert database.read(get("a")) is None


def test_connections_are_used_again_and_show_what_was_written_since(database):
    """One after the other they share what is in memory; at the same time, each has its own."""
    jars = set()

    def work(root, deep=0):
        jars.add(root._p_jar)
        return database.read(lambda root: work(root, deep - 1)) if deep else root.get("n")

    for n in range(20):
        database.write(put("n", n))
        assert database.read(work) == n
    assert len(jars) == 1
    assert database.read(lambda root: work(root, 30)) == 19
    assert len(database._sessions) < len(jars) == 31
    # Those who read beside one another all learn of what is written later.
    database.write(put("n", 20))
    assert database.read(lambda root: work(root, 30)) == 20


def test_a_read_that_fails_leaves_its_connection_as_good_as_any(database):
    database.write(put("n", 1))

    def fail(root):
        raise NotFound("There is no such thing.")

    for n in range(2, 5):
        with pytest.raises(NotFound):
            database.read(fail)
        database.write(add_one)
        assert database.read(get("n")) == n


def test_a_unit_of_work_knows_that_it_is_one_and_holds_no_other(database):
    assert not working()
    assert database.read(lambda root: working())
    with pytest.raises(RuntimeError, match="inside a unit of work"):
        database.write(lambda root: database.write(add_one))
    assert not working()


def test_a_conflict_is_tried_again(database):
    database.write(put("n", 0))
    runs = []

    def work(root):
        runs.append(root["n"])
        if len(runs) < 3:
            other = threading.Thread(target=database.write, args=(add_one,))
            other.start()
            other.join()
        add_one(root)

    database.write(work)
    assert runs == [0, 1, 2]
    assert database.read(get("n")) == 3


def test_endless_conflicts_end_in_busy(database):
    runs = []

    def work(root):
        runs.append(1)
        raise ConflictError

    with pytest.raises(Busy) as busy:
        database.write(work)
    assert busy.value.retryable
    assert len(runs) == ATTEMPTS
    assert database.write(lambda root: "free again") == "free again"


def test_sixteen_threads_lose_no_update(database):
    """F10: a storm of conflicts ends with every update made."""
    database.write(put("n", 0))
    failures = []

    def many():
        try:
            for _ in range(25):
                database.write(add_one)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=many) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert database.read(get("n")) == 16 * 25


def test_a_reader_sees_one_state_whatever_others_write(database):
    database.write(lambda root: root.update(a=OOBTree({"n": 0}), b=OOBTree({"n": 0})))

    def both(root):
        root["a"]["n"] += 1
        root["b"]["n"] += 1

    def look(root):
        first = root["a"]["n"]
        other = threading.Thread(target=database.write, args=(both,))
        other.start()
        other.join()
        return first, root["b"]["n"]

    assert database.read(look) == (0, 0)
    assert database.read(lambda root: root["b"]["n"]) == 1


def test_a_savepoint_takes_large_work_out_of_memory_and_may_still_be_undone(database):
    def large(root):
        root["pieces"] = pieces = OOBTree()
        for number in range(64):
            pieces[number] = PersistentMapping(octets=bytes([number]) * 65536)
            if number % 16 == 15:
                savepoint(root)
        return len(root._p_jar._cache) and sum(one._p_changed is not None for one in pieces.values())

    def large_and_wrong(root):
        large(root)
        raise NotFound("There is no such thing.")

    with pytest.raises(NotFound):
        database.write(large_and_wrong)
    assert database.read(get("pieces")) is None
    assert database.write(large) == 0, "the pieces stayed in memory"
    assert database.read(lambda root: [root["pieces"][n]["octets"][0] for n in (0, 17, 63)]) == [0, 17, 63]


def test_a_closed_database_says_so(database):
    database.close()
    database.close()
    with pytest.raises(Unavailable, match="closed"):
        database.read(get("a"))


def test_a_second_process_on_one_file_is_refused_by_name(database, tmp_path):
    """F11. A lock is per open file, so the same process counts as a second one."""
    with pytest.raises(AlreadyRunning) as refused:
        Database.open(tmp_path / "one.fs", PersistentMapping)
    assert str(tmp_path / "one.fs") in refused.value.message
    assert refused.value.exit_status == 3
    database.write(put("a", 1))
    database.close()
    Database.open(tmp_path / "one.fs", PersistentMapping).close()


@pytest.mark.parametrize(
    "text", ["<mappingstorage/>", "<demostorage>\n<mappingstorage/>\n</demostorage>"], ids=["mapping", "demo"]
)
def test_the_store_is_chosen_by_configuration_text(text):
    database = Database.open(DatabaseSettings(zconfig=text), PersistentMapping)
    database.write(lambda root: root.update(n=0, tree=OOBTree({"a": 1})))
    database.write(add_one)
    database.pack()
    assert database.read(lambda root: (root["n"], root["tree"]["a"])) == (1, 1)
    assert database.octets() > 0
    database.save_index()
    database.close()


def test_a_store_with_its_own_multiversioning_is_checked_in_every_connection():
    """As RelStorage is one: each connection has an instance of the storage, all of them wrapped."""
    storage = MVCCMappingStorage()
    database = Database(ZODB.DB(CheckedRecords(storage)), PersistentMapping, "mvcc", None)
    database.write(put("n", 0))
    database.write(add_one)
    assert database.read(get("n")) == 1
    records = [record.data for one in storage.iterator() for record in one]
    assert records
    assert not any(data.startswith(b"\x80") for data in records), "a bare pickle was stored"
    database.close()


@pytest.mark.parametrize(
    ("settings", "about"),
    [
        (DatabaseSettings(), "database.path"),
        (DatabaseSettings(zconfig="<nosuchstorage/>"), "database.zconfig"),
        (DatabaseSettings(zconfig="<mappingstorage"), "database.zconfig"),
        (DatabaseSettings(path="/proc/nowhere/one.fs"), "/proc/nowhere"),
    ],
    ids=["nothing", "unknown", "broken", "no-directory"],
)
def test_settings_that_cannot_be_used_are_a_sentence(settings, about):
    with pytest.raises(ConfigError, match=about) as error:
        Database.open(settings, PersistentMapping)
    assert "\n" not in error.value.message


def test_many_small_databases_open_and_close_without_leaking_descriptors(tmp_path):
    def descriptors():
        return len(list(Path("/proc/self/fd").iterdir()))

    def visit(number):
        database = Database.open(tmp_path / f"{number % 5}.fs", PersistentMapping)
        database.write(lambda root: root.update(n=root.get("n", 0) + 1))
        database.read(get("n"))
        database.close()

    visit(0)
    before = descriptors()
    for number in range(1, 50):
        visit(number)
    assert descriptors() == before
