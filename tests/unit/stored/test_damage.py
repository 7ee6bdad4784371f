"""Octets that changed on disk: what can still be told is told, and nothing wrong is told as good."""

import pytest
from ZODB.FileStorage.format import DATA_HDR_LEN

from restante.errors import Damaged
from stored.messages import change, delete, page, raw_of
from stored.store import Store
from tests.unit.stored.keeping import keep, keep_many, letter, on_wire, prepared
from tests.unit.stored.opening import get


def spoil(path, places):
    """Change an octet at each of `places` in a closed database."""
    octets = bytearray(path.read_bytes())
    for place in places:
        octets[place] ^= 1
    path.write_bytes(octets)


def place_of(store, found):
    """Return a place within the record of the object that `found(account)` gives."""
    oid = store.open_account("ana").read(lambda account: found(account)._p_oid)
    with store.databases.held("ana") as database:
        return database._storage._index[oid] + DATA_HDR_LEN + 30


@pytest.fixture
def spoiled(tmp_path):
    """Return a function that keeps letters, spoils objects and returns the mail opened again."""
    stores = []

    def opened_again(keeping, *found):
        store = Store(tmp_path)
        keeping(store.open_account("ana"))
        places = [place_of(store, one) for one in found]
        store.close()
        spoil(tmp_path / "users" / "ana" / "mail.fs", places)
        stores.append(Store(tmp_path))
        return stores[-1].open_account("ana")

    yield opened_again
    for store in stores:
        store.close()


def inbox(mail):
    return on_wire(mail.read(lambda account: page(account, "inbox", 0, 200)))


def test_a_damaged_chunk_of_rows_leaves_the_list_whole(spoiled):
    mail = spoiled(lambda mail: keep_many(mail, 40), lambda account: account.rows[0])
    rows = inbox(mail)["rows"]
    assert [row["id"] for row in rows] == [f"m{n}" for n in range(40, 0, -1)]
    assert {row["id"] for row in rows if row.get("damaged")} == {f"m{n}" for n in range(1, 32)}
    assert on_wire(get(mail, ["m7"]))["messages"][0]["text"].strip() == "Hello."


def test_messages_of_a_damaged_chunk_can_be_moved_and_deleted(spoiled):
    mail = spoiled(lambda mail: keep_many(mail, 40), lambda account: account.rows[0])
    mail.write(lambda account: change(account, ["m7"], {"folder": "junk", "seen": True}))
    mail.write(lambda account: delete(account, ["m8"], for_good=True))
    answer = inbox(mail)
    assert (answer["total"], answer["unread"]) == (38, 38)


def test_one_damaged_row_of_the_newest_is_the_only_one(spoiled):
    mail = spoiled(lambda mail: keep_many(mail, 5), lambda account: account.rows[0].entries[3])
    assert [row["id"] for row in inbox(mail)["rows"] if row.get("damaged")] == ["m3"]
    keep(mail, *(prepared(letter(n), minutes=n) for n in range(6, 60)))
    answer = inbox(mail)
    assert answer["total"] == len(answer["rows"]) == 59
    assert [row["id"] for row in answer["rows"] if row.get("damaged")] == ["m3"]


def test_mail_goes_on_arriving_behind_a_newest_chunk_that_is_damaged(spoiled):
    mail = spoiled(lambda mail: keep_many(mail, 5), lambda account: account.rows[0])
    assert keep(mail, prepared(letter(6), minutes=6)) == ["m32"]
    rows = inbox(mail)["rows"]
    assert [row["id"] for row in rows] == ["m32", "m5", "m4", "m3", "m2", "m1"]
    assert [bool(row.get("damaged")) for row in rows] == [False] + [True] * 5


def test_a_damaged_body_is_never_served_and_spoils_no_other(spoiled):
    mail = spoiled(lambda mail: keep_many(mail, 2), lambda account: account.bodies[1])
    damaged = [one["id"] for one in on_wire(get(mail, ["m1", "m2"]))["messages"] if one.get("damaged")]
    assert len(damaged) == 1
    with pytest.raises(Damaged):
        mail.read(lambda account: raw_of(account, int(damaged[0][1:])))
    assert not any(row.get("damaged") for row in inbox(mail)["rows"])
