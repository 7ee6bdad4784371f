"""Bits flipped in any record: nothing damaged is served as good, and all the rest goes on (promise 6)."""

import random
from collections import defaultdict

import pytest
from ZODB.FileStorage.format import DATA_HDR_LEN

from restante.errors import Damaged, RestanteError
from stored.changes import changes
from stored.collecting.proof import erased
from stored.folders import list_folders, set_folders
from stored.messages import change, copy, delete, page, raw_of
from stored.model import mend, order, rows
from stored.model.account import States
from stored.model.body import CHUNK_OCTETS
from stored.model.maildrop import Origin
from stored.model.threads import Threads
from stored.store import Store
from tests.unit.stored.keeping import keep, letter, on_wire, prepared
from tests.unit.stored.test_body import with_files
from tests.unit.stored.threaded import assert_windows_agree

CHANCE = random.Random(3)
PER_KIND = 1_000


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A closed store with every kind of record: {"path", "raws", "rows", "places": kind → places}."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "BLOCK_KEYS", 8)
        patch.setattr(order, "INDEX_CHILDREN", 4)
        patch.setattr(order, "HEAD_KEYS", 4)
        patch.setattr(rows, "CHUNK_ROWS", 8)
        patch.setattr(States, "max_leaf_size", 10)
        patch.setattr(Threads, "max_leaf_size", 10)
        top = tmp_path_factory.mktemp("house")
        store = Store(top)
        mail = store.open_account("ana")
        shared = CHANCE.randbytes(5_000)
        raws = [letter(n, f"Said {n}. " * 20, **answering(n)) for n in range(1, 61)]
        raws += [with_files(shared, CHANCE.randbytes(3_000)), with_files(shared)]
        raws += [with_files(CHANCE.randbytes(2 * CHUNK_OCTETS)), letter(63, "large " * CHUNK_OCTETS)]
        for at in range(0, len(raws), 6):
            batch = enumerate(raws[at : at + 6], at)
            keep(
                mail,
                *(
                    prepared(raw, minutes=n, uidl=f"u{n}", folder=("inbox", "trash")[n % 5 == 0])
                    for n, raw in batch
                ),
            )
        mail.write(lambda account: set_folders(account, [{"name": "Trips"}, {"name": "Bills"}], [], []))
        mail.write(
            lambda account: change(account, [f"m{n}" for n in range(2, 20)], {"folder": "f1", "seen": True})
        )
        mail.write(lambda account: copy(account, ["m61", "m62"], "f2"))
        mail.write(collected)
        mail.write(lambda account: delete(account, ["m30"], for_good=True))
        mail.write(lambda account: account.dictionaries.add(b"spare" * 100) and None)
        shown = {row["id"]: row for folder in ALL for row in listed(mail, folder)}
        octets = {f"m{uid}": raw for uid, raw in enumerate(raws, 1) if uid != 30} | {
            "m65": raws[60],
            "m66": raws[61],
        }
        with store.databases.held("ana") as database:
            database.pack()
            assert database._storage is not None
            index = dict(database._storage._index.items())
            kinds = database._db.storage
            places = defaultdict(list)
            for oid, position in index.items():
                record, _ = kinds.load(oid)
                kind = record.split(b"\n")[0][-30:] + b" " + record.split(b"\n")[1][:20]
                places[kind].append((position + DATA_HDR_LEN, len(record)))
        store.close()
        path = top / "users" / "ana" / "mail.fs"
        yield {
            "top": top,
            "path": path,
            "good": path.read_bytes(),
            "index": path.with_name("mail.fs.index").read_bytes(),
            "raws": octets,
            "rows": shown,
            "places": places,
        }


def collected(account):
    """Have the letter that goes for good be one of a maildrop, which remembers what it was."""
    account.maildrop("a1").origins.put(30, Origin(1, 1, account.bodies[30].fingerprint))


def answering(n):
    """Have three letters of four be answers to the one before."""
    return {"In-Reply-To": f"<{n - 1}@uno.example>"} if n % 4 else {}


ALL = ("inbox", "drafts", "sent", "junk", "trash", "archive", "f1", "f2")


def listed(mail, folder):
    return on_wire(mail.read(lambda account: page(account, folder, 0, 200)))["rows"]


def spots(house):
    return [
        (kind, at + CHANCE.randrange(length))
        for kind, found in house["places"].items()
        for at, length in CHANCE.sample(found, min(PER_KIND, len(found)))
    ]


def attempt(work):
    """Return what `work()` returns, or the error it tells."""
    try:
        return work()
    except RestanteError as told:
        return told


def look_at_everything(mail, house, kind):
    """Read and change all there is; return (ids that were listed, ids whose octets could not be read)."""
    seen, unread = set(), set()
    for folder in ALL:
        for row in listed(mail, folder):
            seen.add(row["id"])
            if not row.get("damaged"):
                # What stood in one node under a thread and under its members stands nowhere else.
                lost = ("thread",) if b"Threads" in kind or b"LOBucket" in kind else ()
                changing = ("flags", "folder", *lost)
                good = house["rows"][row["id"]]
                assert {key: row[key] for key in row if key not in changing} == {
                    key: good[key] for key in good if key not in changing
                }
    for id, raw in house["raws"].items():
        found = attempt(lambda id=id: mail.read(lambda account: raw_of(account, int(id[1:]))))
        if found != raw:
            assert isinstance(found, RestanteError), f"{id} was served wrong"
            unread.add(id)
    return seen, unread


def test_whatever_record_is_damaged_the_rest_is_there(house):
    for kind, at in spots(house):
        octets = bytearray(house["good"])
        octets[at] ^= 1 << CHANCE.randrange(8)
        house["path"].write_bytes(octets)
        house["path"].with_name("mail.fs.index").write_bytes(house["index"])
        store = Store(house["top"])
        try:
            check(store.open_account("ana"), house, kind)
        finally:
            store.close()


def check(mail, house, kind):
    try:
        mail.read(list_folders)
    except Damaged:
        # Of the records everything hangs on; the whole user is restored from a backup.
        assert any(name in kind for name in (b"PersistentMapping", b"account Account", b"Dictionaries")), kind
        return
    mail.read(lambda account: changes(account, account.state_text()))
    seen, unread = look_at_everything(mail, house, kind)
    assert seen == set(house["rows"]), (kind, set(house["rows"]) - seen)
    assert_windows_agree(mail)
    # A node of the tree of bodies is the only way to them; nothing else has more than its own.
    assert len(unread) <= 8 or b"Bodies" in kind or b"LOBucket" in kind, (kind, unread)
    assert set(erased(mail, "a1", [30, 31])) <= {30}, kind
    (id,) = keep(mail, prepared(letter(99), minutes=500))
    assert id not in house["rows"]
    assert listed(mail, "inbox")[0]["id"] == id
    mail.write(lambda account: change(account, [id], {"seen": True, "folder": "f1"}))
    mail.write(lambda account: delete(account, [id]))


def test_a_damaged_list_of_states_is_mended_from_the_folders(mail):
    keep(mail, *(prepared(letter(n), minutes=n) for n in range(200)))
    before = mail.read(lambda account: account.state_text())
    assert mail.write(mend.mend) == []
    assert mail.read(lambda account: account.state_text()) == before
