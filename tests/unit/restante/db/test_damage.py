"""F07, F08, F09: flipped bits, torn tails, missing records. Nothing damaged is ever served as good."""

import logging
import shutil
from typing import Any

import pytest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping

from restante.db import Database
from restante.errors import Damaged, DatabaseDamaged
from tests.unit.restante.db.conftest import GOOD, add_one, everything, open_database

REFUSED = "refused"
"""What a damaged database may answer instead of the truth: an error of ours, at opening or at reading."""


def contents(path):
    """Return all that the database holds, or REFUSED. Any other exception fails the test."""
    try:
        database = open_database(path)
    except (DatabaseDamaged, Damaged):
        return REFUSED
    try:
        return database.read(everything)
    except Damaged:
        return REFUSED
    finally:
        database.close()


def copy_of(kept, directory):
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(kept.parent, directory)
    return directory / kept.name


def flip(path, position, bit):
    with path.open("r+b") as file:
        file.seek(position)
        octet = file.read(1)[0]
        file.seek(position)
        file.write(bytes([octet ^ (1 << bit)]))


@pytest.fixture
def quiet():
    """ZODB tells of each damaged record at length; here there are thousands."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("packed", [False, True], ids=["", "packed"])
@pytest.mark.parametrize("indexed", [True, False], ids=["index", "scan"])
def test_a_flipped_bit_is_never_served_as_good(kept, tmp_path, indexed, packed):
    if packed:
        database = open_database(kept)
        database.pack()
        database.close()
    harmed = tmp_path / "harmed"
    refused = 0
    for position in range(kept.stat().st_size):
        path = copy_of(kept, harmed)
        if not indexed:
            path.with_name("one.fs.index").unlink()
        flip(path, position, position % 8)
        found = contents(path)
        assert found in (GOOD, REFUSED), f"octet {position}, bit {position % 8}"
        refused += found is REFUSED
        assert found is not REFUSED or path.stat().st_size == kept.stat().st_size, "evidence was cut off"
    assert refused > kept.stat().st_size / 4


@pytest.mark.usefixtures("quiet")
def test_a_flipped_bit_in_the_index_costs_a_scan_and_nothing_else(kept, tmp_path):
    size = kept.with_name("one.fs.index").stat().st_size
    for position in range(size):
        path = copy_of(kept, tmp_path / "harmed")
        flip(path.with_name("one.fs.index"), position, position % 8)
        assert contents(path) == GOOD, f"octet {position}"


@pytest.mark.usefixtures("quiet")
def test_packing_a_damaged_database_refuses_and_keeps_the_evidence(kept, tmp_path):
    """Packing believes headers: a damaged one would make an older revision the only one."""
    size = kept.stat().st_size
    for position in range(0, size, 7):
        path = copy_of(kept, tmp_path / "harmed")
        flip(path, position, 0)
        try:
            database = open_database(path)
        except (Damaged, DatabaseDamaged):
            continue
        try:
            database.pack()
        except Damaged:
            assert path.stat().st_size == size
        finally:
            database.close()
        assert contents(path) in (GOOD, REFUSED), f"octet {position}"


@pytest.mark.parametrize("indexed", [True, False], ids=["index", "scan"])
@pytest.mark.parametrize("status", [b"c", b" "], ids=["killed", "power-cut"])
def test_a_torn_tail_is_dropped_and_said(kept, tmp_path, log_lines, indexed, status):
    """F07: cut anywhere inside it, the transaction that was being written goes, and no other."""
    before = kept.stat().st_size
    copy_of(kept, tmp_path / "earlier")
    database = open_database(kept)
    database.write(add_one)
    database.close()
    whole = kept.read_bytes()
    status_at = before + 16
    whole = whole[:status_at] + status + whole[status_at + 1 :]
    ends = range(before + 1, len(whole) + (status == b"c"))
    for end in ends:
        path = copy_of(tmp_path / "earlier" / kept.name, tmp_path / "torn")
        if not indexed:
            path.with_name("one.fs.index").unlink()
        path.write_bytes(whole[:end])
        assert contents(path) == GOOD, f"cut at {end}"
        assert path.stat().st_size == before
        assert not list(path.parent.glob("*.tr*"))
    said = [line for line in log_lines() if line["event"] == "database.torn_tail_dropped"]
    assert [line["octets"] for line in said] == [end - before for end in ends]
    assert all(line["position"] == before for line in said)


def test_what_follows_a_damaged_transaction_is_not_taken_for_a_torn_tail(kept):
    """One flipped bit once opened a file with 9 of 50 messages and put the rest aside without a word."""
    kept.with_name("one.fs.index").unlink()
    size = kept.stat().st_size
    flip(kept, 4 + 8, 6)  # The length of the first transaction, which now reaches behind the end.
    with pytest.raises(DatabaseDamaged, match="octet 4"):
        open_database(kept)
    assert kept.stat().st_size == size
    assert not list(kept.parent.glob("*.tr*"))


def test_a_fragment_beside_the_database_is_refused_by_name(kept):
    kept.with_name("one.fs.tr0").write_bytes(b"the rest")
    with pytest.raises(DatabaseDamaged, match=r"one\.fs\.tr0") as refused:
        open_database(kept)
    assert str(kept) in refused.value.message
    assert refused.value.exit_status == 4


def test_a_database_shorter_than_its_index_says_is_refused(kept):
    octets = kept.read_bytes()
    kept.write_bytes(octets[: len(octets) // 2])
    with pytest.raises(DatabaseDamaged, match="shorter"):
        open_database(kept)
    kept.unlink()
    with pytest.raises(DatabaseDamaged, match="shorter"):
        open_database(kept)


@pytest.mark.parametrize("content", [b"", b"FS", b"not a database at all, but long enough to be one"])
def test_a_file_that_is_no_database(tmp_path, content):
    path = tmp_path / "one.fs"
    path.write_bytes(content)
    if not content:
        open_database(path).close()
        return
    with pytest.raises(DatabaseDamaged):
        open_database(path)
    assert path.read_bytes() == content


def test_one_missing_record_fails_where_it_is_needed_and_nowhere_else(tmp_path):
    """F09. A tree must not take a missing part of itself for an empty one."""
    database = Database.open(tmp_path / "one.fs", PersistentMapping)
    database.write(lambda root: root.update(tree=OOBTree({number: str(number) for number in range(200)})))
    database.close()
    database = open_database(tmp_path / "one.fs")

    def a_bucket(root):
        return root["tree"]._firstbucket._p_oid

    storage: Any = database._storage
    del storage._index[database.read(a_bucket)]
    database._db.cacheMinimize()
    assert database.read(lambda root: root["tree"][199]) == "199"
    for work in (
        lambda root: root["tree"][0],
        lambda root: root["tree"].get(0),
        lambda root: 0 in root["tree"],
        lambda root: list(root["tree"]),
    ):
        with pytest.raises(Damaged):
            database.read(work)
    database.close()
