"""A full disk and a shortage of descriptors: refused clearly, nothing half done, well again by itself."""

import os
import random
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from restante.errors import Busy, NoSpace
from stored.messages import delete, raw_of
from stored.settings import StorageSettings
from stored.store import Store
from tests.unit.stored.keeping import keep, keep_many, letter, listing, prepared

CHANCE = random.Random(5)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of four megabytes of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def octets_of(mail, id):
    return mail.read(lambda account: raw_of(account, int(id[1:])))


def fill(mail):
    """Keep letters until the disk is full; return their ids and octets."""
    kept: dict[str, bytes] = {}
    for number in range(10_000):
        raw = letter(number) + CHANCE.randbytes(30_000)
        try:
            (id,) = keep(mail, prepared(raw, minutes=number))
        except NoSpace:
            return kept
        kept[id] = raw
    raise AssertionError("the disk never filled")


@pytest.mark.parametrize("floor", [0, 1 << 20])
def test_a_disk_that_is_full_loses_nothing_and_recovers(small_disk, floor):
    store = Store(small_disk, StorageSettings(free_space_octets=floor))
    store.space._looked = (float("-inf"), 0)
    mail = store.open_account("ana")
    kept = fill(mail)
    assert len(kept) > 20
    for id, raw in kept.items():
        assert octets_of(mail, id) == raw
    assert listing(mail)["inbox"][0] == len(kept)
    if floor:
        # Deleting and packing stay possible, and make room.
        gone = list(kept)[:-5]
        mail.write(lambda account: delete(account, gone, for_good=True))
        with store.databases.held("ana") as database:
            database.pack()
        store.space._looked = (float("-inf"), 0)
        keep(mail, prepared(letter(1)))
    store.close()
    again = Store(small_disk, StorageSettings(free_space_octets=0))
    mail = again.open_account("ana")
    for id in list(kept)[-5:]:
        assert octets_of(mail, id) == kept[id]
    again.close()


def test_short_of_descriptors_idle_databases_make_room(tmp_path):
    """In a process of its own, since a limit once lowered may hurt others."""
    program = f"""
        import resource, sys
        from pathlib import Path
        from stored.settings import StorageSettings
        from stored.store import Store
        sys.path.insert(0, {str(Path(__file__).parents[3])!r})
        from tests.unit.stored.keeping import keep_many, listing
        store = Store(Path({str(tmp_path)!r}), StorageSettings(free_space_octets=0, open_databases=500))
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))
        users = [f"user{{n}}" for n in range(60)]
        for user in users:
            keep_many(store.open_account(user), 2)
        for user in users:
            assert listing(store.open_account(user))["inbox"][0] == 2
        assert 0 < store.databases.count() < 25, store.databases.count()
        store.close()
        print("well")
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout == "well\n", ran.stderr


def test_with_every_descriptor_taken_the_answer_is_busy_and_passes(tmp_path):
    store = Store(tmp_path, StorageSettings(free_space_octets=0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The lowest number that is free: other tests have left holes.
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises((Busy, OSError)):
            keep_many(store.open_account("ana"), 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    keep_many(store.open_account("ana"), 1)
    store.close()
