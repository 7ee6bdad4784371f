"""A database a user: a bounded number open, writers that take turns."""

import threading

import pytest

from restante.errors import AlreadyRunning, ConfigError, Damaged, Draining, Unavailable
from stored.settings import StorageSettings
from stored.store import Store
from tests.unit.stored.keeping import keep, letter, listing, prepared


def test_mail_is_there_again_after_closing(tmp_path):
    store = Store(tmp_path)
    keep(store.open_account("ana"), prepared())
    store.close()
    store = Store(tmp_path)
    assert listing(store.open_account("ana"))["inbox"][0] == 1
    store.close()


def test_users_are_apart(store):
    keep(store.open_account("ana"), prepared())
    assert listing(store.open_account("eva"))["inbox"][0] == 0


def test_only_so_many_databases_are_open(tmp_path):
    store = Store(tmp_path, StorageSettings(open_databases=3))
    for number in range(10):
        keep(store.open_account(f"user{number}"), prepared())
        assert store.databases.count() <= 3
    for number in range(10):
        assert listing(store.open_account(f"user{number}"))["inbox"][0] == 1
    store.close()


def test_a_database_in_use_is_not_closed(tmp_path):
    store = Store(tmp_path, StorageSettings(open_databases=1))

    def while_others_come(account):
        for number in range(3):
            store.open_account(f"user{number}").read(lambda other: other.user)
        return len(account.state)

    assert store.open_account("ana").read(while_others_come) == 0
    store.open_account("user0").read(lambda account: account.user)
    assert store.databases.count() == 1
    store.close()


def test_many_threads_lose_nothing_while_databases_come_and_go(tmp_path):
    store = Store(tmp_path, StorageSettings(open_databases=2))
    troubles = []

    def work(number):
        try:
            for turn in range(8):
                mail = store.open_account(f"user{(number + turn) % 4}")
                keep(mail, prepared(letter(number * 100 + turn), uidl=f"{number} {turn}"))
                listing(mail)
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert sum(listing(store.open_account(f"user{number}"))["inbox"][0] for number in range(4)) == 48
    store.close()


def test_a_second_stored_is_refused_with_a_sentence(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(AlreadyRunning) as refused:
        Store(tmp_path)
    assert str(tmp_path) in refused.value.message
    store.close()
    Store(tmp_path).close()


def test_a_directory_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        Store(tmp_path / "file")


def test_a_closed_store_opens_nothing_again(tmp_path):
    store = Store(tmp_path)
    mail = store.open_account("ana")
    keep(mail, prepared())
    store.databases.check()
    store.close()
    with pytest.raises(Draining):
        listing(mail)
    with pytest.raises(Unavailable):
        store.databases.check()


def test_readers_do_not_wait_for_a_writer(store):
    mail = store.open_account("ana")
    keep(mail, prepared())
    inside, let_go = threading.Event(), threading.Event()

    def slow(account):
        inside.set()
        assert let_go.wait(30)

    writer = threading.Thread(target=lambda: mail.write(slow))
    writer.start()
    assert inside.wait(30)
    assert listing(mail)["inbox"][0] == 1
    let_go.set()
    writer.join(30)


def test_one_shared_database_serves_the_same(tmp_path):
    zconfig = f"<filestorage>\n  path {tmp_path}/shared.fs\n</filestorage>\n"
    store = Store(tmp_path, StorageSettings(zconfig=zconfig))
    ana, eva = store.open_account("ana"), store.open_account("eva")
    keep(ana, prepared(letter(1)), prepared(letter(2, "x" * 6_000_000)))
    assert [listing(mail)["inbox"][0] for mail in (ana, eva)] == [2, 0]
    assert not (tmp_path / "users").exists()
    store.close()
    store = Store(tmp_path, StorageSettings(zconfig=zconfig))
    assert listing(store.open_account("ana"))["inbox"][0] == 2
    store.close()


@pytest.mark.parametrize("place", [-1, 18, None], ids=["last octet", "first length", "torn tail"])
def test_a_database_that_cannot_be_opened_is_told_as_damaged_and_harms_nobody_else(tmp_path, place):
    store = Store(tmp_path)
    for user in ("ana", "ben"):
        store.open_account(user).write(lambda account: account.maildrop("a1"))
    store.close()
    path = tmp_path / "users" / "ana" / "mail.fs"
    octets = bytearray(path.read_bytes())
    if place is None:
        del octets[-1]
    else:
        octets[place] ^= 1
    path.write_bytes(octets)
    if place == 18:
        # What an index says of the beginning is believed.
        path.with_name("mail.fs.index").unlink()
    store = Store(tmp_path)
    try:
        for call in (store.open_account("ana").read, store.open_account("ana").write):
            with pytest.raises(Damaged, match="Your mail cannot be opened") as told:
                call(lambda account: 1)
            assert str(path) in told.value.cause
            assert str(path) not in told.value.message + told.value.about
        assert store.open_account("ben").read(lambda account: "a1" in account.maildrops)
    finally:
        store.close()
