"""Junk and trash empty themselves, databases are packed by need, and there is room or a clear refusal."""

import random
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine

from restante.errors import Forbidden, InvalidArgument, NoSpace, OverQuota, TooLarge
from stored import dictionary
from stored.clock import Clock
from stored.folder_types import FolderUpdate
from stored.folders import list_folders, set_folders
from stored.messages import change, delete, raw_of
from stored.settings import QuotaSettings, StorageSettings
from stored.store import Store
from stored.upkeep import Upkeep
from stored.uploads import Uploads
from tests.unit.stored.keeping import BEGINNING, keep, keep_many, letter, listing, prepared

CHANCE = random.Random(11)
DAY = timedelta(days=1)


def keep_days(mail, folder, days):
    update: list[FolderUpdate] = [{"id": folder, "set": {"keep_days": days}}]
    return mail.write(lambda account: set_folders(account, [], update, []))


@pytest.fixture
def clock():
    with time_machine.travel(BEGINNING, tick=False) as travelling:
        yield travelling


@pytest.fixture
def believed(clock):
    """Return a Clock that goes with the travelling one and was never seen to jump."""
    now = {"elapsed": 0.0}

    def go_on(by):
        now["elapsed"] += by.total_seconds()
        clock.shift(by)

    class Watched(Clock):
        shift = staticmethod(go_on)

    return Watched(elapsed=lambda: now["elapsed"])


def test_trash_is_emptied_of_what_has_been_there_for_too_long(store, mail, believed):
    upkeep = Upkeep(store, believed, StorageSettings())
    ids = keep_many(mail, 4)
    keep_days(mail, "trash", 3)
    mail.write(lambda account: delete(account, ids[:2]))
    believed.shift(2 * DAY)
    mail.write(lambda account: delete(account, ids[2:3]))
    upkeep.look_after("ana")
    assert listing(mail)["trash"][0] == 3
    believed.shift(1 * DAY)
    upkeep.look_after("ana")
    assert [id for id, _ in listing(mail)["trash"][2]] == ids[2:3]
    assert listing(mail)["inbox"][0] == 1


def test_days_in_junk_begin_anew_when_a_message_comes_back(store, mail, believed):
    upkeep = Upkeep(store, believed, StorageSettings())
    (id,) = keep_many(mail, 1, folder="junk")
    keep_days(mail, "junk", 2)
    believed.shift(DAY)
    for folder in ("inbox", "junk"):
        mail.write(lambda account, folder=folder: change(account, [id], {"folder": folder}))
    believed.shift(1.5 * DAY)
    upkeep.look_after("ana")
    assert listing(mail)["junk"][0] == 1


def test_nothing_is_emptied_unless_the_user_wants_it(store, mail, believed):
    keep_many(mail, 2, folder="trash")
    believed.shift(400 * DAY)
    Upkeep(store, believed, StorageSettings()).look_after("ana")
    assert listing(mail)["trash"][0] == 2


def test_nothing_is_emptied_after_a_jump_of_the_clock_until_it_is_confirmed(store, mail, believed, clock):
    keep_many(mail, 2, folder="trash")
    keep_days(mail, "trash", 1)
    upkeep = Upkeep(store, believed, StorageSettings())
    clock.shift(10 * DAY)
    upkeep.look_after("ana")
    assert listing(mail)["trash"][0] == 2
    believed.confirm()
    upkeep.look_after("ana")
    assert listing(mail)["trash"][0] == 0


def test_what_came_in_the_future_stays(store, mail, believed, clock):
    clock.shift(3650 * DAY)
    keep_many(mail, 1, folder="trash")
    keep_days(mail, "trash", 1)
    clock.shift(-3650 * DAY)
    believed.shift(2 * DAY)
    Upkeep(store, believed, StorageSettings()).look_after("ana")
    assert listing(mail)["trash"][0] == 1


def test_the_days_are_shown_and_only_where_they_mean_something(mail):
    keep_days(mail, "junk", 30)
    shown = {folder["id"]: folder.get("keep_days") for folder in mail.read(list_folders)["folders"]}
    assert (shown["junk"], shown["trash"], shown["inbox"]) == (30, 0, None)
    with pytest.raises(InvalidArgument):
        keep_days(mail, "inbox", 3)
    with pytest.raises(Forbidden):
        update: list[FolderUpdate] = [{"id": "junk", "set": {"keep_days": 3, "name": "Mine"}}]
        mail.write(lambda account: set_folders(account, [], update, []))


# The round --------------------------------------------------------------------------------------------


def test_everybody_is_looked_after_once_a_round_and_who_was_written_to_at_once(store, believed, monkeypatch):
    for user in ("ana", "eva", "o'brien"):
        keep_many(store.open_account(user), 1)
    upkeep = Upkeep(store, believed, StorageSettings())
    seen: list[str] = []
    monkeypatch.setattr(upkeep, "look_after", seen.append)
    upkeep.tick()
    assert set(seen) == {"ana", "eva", "o'brien"}
    seen.clear()
    keep_many(store.open_account("eva"), 1)
    monkeypatch.setattr(upkeep, "_next_of_round", list)
    upkeep.tick()
    assert seen == ["eva"]


def test_the_upkeep_of_one_user_that_fails_does_not_keep_the_others_waiting(store, believed):
    keep_many(store.open_account("ana"), 1)
    keep_many(store.open_account("eva"), 1)
    store.close()
    path = store.databases.directory_of("ana") / "mail.fs"
    path.write_bytes(b"ruined" * 100)
    again = Store(store.databases.directory_of("ana").parents[1])
    try:
        upkeep = Upkeep(again, believed, StorageSettings())
        again.open_account("eva").write(lambda account: account.let_go.change(7))
        upkeep.tick()
        assert again.databases.count() == 1
    finally:
        again.close()


# Packing ----------------------------------------------------------------------------------------------


def octets_of(store):
    return (store.databases.directory_of("ana") / "mail.fs").stat().st_size


def test_a_database_is_packed_once_enough_of_it_is_dead(store, mail, believed):
    settings = StorageSettings(pack_from_octets=1000)
    upkeep = Upkeep(store, believed, settings)
    ids = keep(mail, *(prepared(letter(n) + CHANCE.randbytes(20_000)) for n in range(50)))
    upkeep.look_after("ana")
    before = octets_of(store)
    mail.write(lambda account: delete(account, ids[:10], for_good=True))
    upkeep.look_after("ana")
    assert octets_of(store) > before
    mail.write(lambda account: delete(account, ids[10:30], for_good=True))
    keep(mail, *(prepared(letter(n) + CHANCE.randbytes(20_000)) for n in range(4)))
    upkeep.look_after("ana")
    assert octets_of(store) < before * 0.6
    assert mail.read(lambda account: account.let_go()) == 0
    assert mail.read(lambda account: raw_of(account, 31)).startswith(letter(30))


def test_superseded_revisions_count_as_dead(store, mail, believed):
    keep_many(mail, 40)
    for number in range(200):
        mail.write(lambda account, seen=number % 2 == 0: change(account, ["m1", "m20"], {"seen": seen}))
    with store.databases.held("ana") as database:
        assert database.living_octets() < database.octets() / 2
        database.pack()
        assert database.living_octets() > database.octets() * 0.9


def test_what_there_is_no_room_for_is_not_packed(store, mail, believed, monkeypatch):
    upkeep = Upkeep(store, believed, StorageSettings(pack_from_octets=0, pack_percent=5))
    mail.write(lambda account: delete(account, keep_many_in(account), for_good=True))
    before = octets_of(store)
    monkeypatch.setattr(store.space, "free_octets", lambda: 10)
    upkeep.look_after("ana")
    assert octets_of(store) == before


def keep_many_in(account):
    from stored.append import append

    return [f"m{append(account, prepared(letter(n)))}" for n in range(20)]


# Room -------------------------------------------------------------------------------------------------


def test_over_the_quota_nothing_is_taken_until_something_goes(tmp_path):
    store = Store(tmp_path, quota=QuotaSettings(octets=1000))
    try:
        mail = store.open_account("ana")
        ids = keep(mail, prepared(letter(1, "x" * 500)))
        with pytest.raises(OverQuota) as refused:
            keep(mail, prepared(letter(2, "x" * 500)))
        needed = len(letter(2, "x" * 500))
        assert str(refused.value).startswith(
            f"This takes {needed} octets, and of the 1 kB that all of your mail may take, "
            f"{1000 - needed} octets are free."
        )
        assert listing(mail)["inbox"][0] == 1
        mail.write(lambda account: change(account, ids, {"seen": True}))
        mail.write(lambda account: delete(account, ids, for_good=True))
        keep(mail, prepared(letter(2, "x" * 500)))
    finally:
        store.close()


def test_what_is_larger_than_the_whole_quota_is_too_large_whatever_is_deleted(tmp_path):
    store = Store(tmp_path, quota=QuotaSettings(octets=1000))
    try:
        mail = store.open_account("ana")
        with pytest.raises(TooLarge) as refused:
            keep(mail, prepared(letter(1, "x" * 2000)))
        assert "all of your mail together may take 1 kB. Make it smaller" in str(refused.value)
        assert listing(mail)["inbox"][0] == 0
    finally:
        store.close()


def test_below_the_floor_of_free_space_only_what_makes_room_is_done(store, mail, monkeypatch):
    ids = keep_many(mail, 2)
    monkeypatch.setattr(store.space, "free_octets", lambda: StorageSettings().free_space_octets - 1)
    with pytest.raises(NoSpace):
        keep(mail, prepared(letter(3)))
    uploads = Uploads(store)
    id = uploads.begin("ana", 10)
    with pytest.raises(NoSpace), BytesIO(b"0123456789") as source:
        uploads.extend("ana", id, 0, source)
    mail.write(lambda account: change(account, ids, {"seen": True}))
    mail.write(lambda account: delete(account, ids[:1], for_good=True))
    with store.databases.held("ana") as database:
        database.pack()
    monkeypatch.undo()
    keep(mail, prepared(letter(3)))
    assert listing(mail)["inbox"][0] == 2


def test_all_octets_are_counted(mail):
    ids = keep_many(mail, 3)
    assert mail.read(lambda account: account.octets()) == sum(len(letter(n)) for n in (1, 2, 3))
    mail.write(lambda account: delete(account, ids, for_good=True))
    assert mail.read(lambda account: account.octets()) == 0


def test_a_dictionary_is_trained_by_one_thread_at_a_time(store, mail):
    keep(mail, *(prepared(letter(n, f"said {n} " * 40)) for n in range(dictionary.ENOUGH_MESSAGES)))
    with store.databases.seat("ana") as seat:
        seat.training.acquire()
        assert mail.words() is None
        seat.training.release()
    assert mail.words() is not None
