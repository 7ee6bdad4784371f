"""A client that applies what `message.changes` tells agrees with a fresh listing, whatever happens."""

from contextlib import suppress
from datetime import timedelta
from random import Random
from threading import Event, Thread
from time import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from restante.errors import NotFound
from stored import bulk
from stored import changes as changing
from stored.append import append
from stored.bulk import set_where
from stored.changes import changes
from stored.folder_types import FolderNew
from stored.folders import list_folders, purge, set_folders
from stored.messages import change, copy, delete, page
from stored.model import order, rows
from stored.store import Store
from stored.types import MessageFilter, MessagePatch
from stored.undoing import undo
from tests.unit.stored.keeping import BEGINNING, keep, keep_many, letter, listing, on_wire, prepared
from tests.unit.stored.threaded import Written, assert_windows_agree, threads_of


class Client:
    """Keeps what it was told: folders with counts, and where each message is with which flags."""

    def __init__(self, mail):
        self.mail = mail
        self.start()

    def start(self):
        self.state = self.mail.read(lambda account: account.state_text())
        self.messages = {
            id: (folder, flags) for folder, (_, _, lines) in listing(self.mail).items() for id, flags in lines
        }
        self.threads = threads_of(self.mail)
        self.relist()

    def relist(self):
        folders = self.mail.read(list_folders)["folders"]
        self.counts = {folder["id"]: (folder["total"], folder["unread"]) for folder in folders}

    def follow(self):
        told = on_wire(self.mail.read(lambda account: changes(account, self.state)))
        if told["start_again"]:
            self.start()
            return
        self.state = told["state"]
        for row in told["created"]:
            assert row["id"] not in self.messages
            self.messages[row["id"]] = (row["folder"], tuple(row["flags"]))
            self.threads[row["id"]] = row["thread"]
        for moved in told["updated"]:
            assert moved["id"] in self.messages
            self.messages[moved["id"]] = (moved["folder"], tuple(moved["flags"]))
            self.threads[moved["id"]] = moved["thread"]
        for id in told["destroyed"]:
            del self.messages[id], self.threads[id]
        if told["folders"]:
            self.relist()

    def assert_agrees(self):
        fresh = listing(self.mail)
        assert self.counts == {folder: (total, unread) for folder, (total, unread, _) in fresh.items()}
        assert self.messages == {
            id: (folder, flags) for folder, (_, _, lines) in fresh.items() for id, flags in lines
        }
        assert self.threads == threads_of(self.mail)
        for total, unread, lines in fresh.values():
            assert total == len(lines)
            assert unread == sum("seen" not in flags for _, flags in lines)


class TwoClients(RuleBasedStateMachine):
    """One follows every step, the other now and then; nodes are small, so that they divide."""

    @initialize()
    def open(self):
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(order, "BLOCK_KEYS", 4)
        self.patch.setattr(order, "INDEX_CHILDREN", 3)
        self.patch.setattr(order, "HEAD_KEYS", 2)
        self.patch.setattr(rows, "CHUNK_ROWS", 4)
        self.patch.setattr(bulk, "LOOKED_AT", 3)
        self.patch.setattr(bulk, "CHANGED", 2)
        self.store = Store(self.new_directory())
        self.mail = self.store.open_account("ana")
        self.often, self.seldom = Client(self.mail), Client(self.mail)
        self.number = self.made = 0
        self.undos: list[str] = []
        self.written = Written()

    def new_directory(self):
        raise NotImplementedError

    def ids(self, picks):
        known = sorted(self.often.messages)
        return [known[pick % len(known)] for pick in picks] if known else []

    def folder(self, pick):
        known = sorted(self.often.counts)
        return known[pick % len(known)]

    picks = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)

    @rule(
        minutes=st.lists(st.integers(0, 500), min_size=1, max_size=9),
        folder=st.integers(0, 99),
        flags=st.integers(0, 31),
    )
    def arrive(self, minutes, folder, flags):
        batch = []
        for minute in minutes:
            self.number += 1
            batch.append(
                prepared(letter(self.number), minutes=minute, folder=self.folder(folder), flags=flags)
            )
        self.written.kept(keep(self.mail, *batch), batch)

    @rule(
        answers=st.lists(
            st.tuples(
                st.lists(st.integers(-5, 30), max_size=3),
                st.sampled_from(["", "Lunch on Friday", "Re: Lunch on Friday", "Budget of the garden"]),
                st.sampled_from(["ana", "bea"]),
            ),
            min_size=1,
            max_size=4,
        ),
        minute=st.integers(0, 500),
        folder=st.integers(0, 99),
    )
    def answer(self, answers, minute, folder):
        """Letters that name others, also some that come later or never; and answers that name none.

        So few have one subject that no bound is reached; the bounds have tests of their own.
        """
        batch = []
        for ago, subject, writer in answers:
            self.number += 1
            about = subject and f"{subject} {self.number // 6}"
            fields = {"From": f"{writer}@uno.example", "To": "carla@uno.example", "Subject": about}
            if ago:
                fields["References"] = " ".join(f"<{self.number - n}@uno.example>" for n in ago)
            raw = letter(self.number, **fields)
            batch.append(prepared(raw, minutes=minute, folder=self.folder(folder)))
        self.written.kept(keep(self.mail, *batch), batch)

    @rule(picks=picks, seen=st.booleans(), flagged=st.sampled_from([None, True, False]))
    def flag(self, picks, seen, flagged):
        patch: MessagePatch = {"seen": seen}
        if flagged is not None:
            patch["flagged"] = flagged
        self.mail.write(lambda account: change(account, self.ids(picks), patch))

    @rule(picks=picks, folder=st.integers(0, 99))
    def move(self, picks, folder):
        self.mail.write(lambda account: change(account, self.ids(picks), {"folder": self.folder(folder)}))

    @rule(picks=picks, for_good=st.booleans())
    def delete(self, picks, for_good):
        done = self.mail.write(lambda account: delete(account, self.ids(picks), for_good))
        self.undos.append(done.get("undo", ""))

    @rule(picks=picks, folder=st.integers(0, 99))
    def copy(self, picks, folder):
        ids = list(dict.fromkeys(self.ids(picks)))
        done = self.mail.write(lambda account: copy(account, ids, self.folder(folder)))
        self.written.copied(ids, done["created"])
        self.undos.append(done.get("undo", ""))

    @rule(folder=st.integers(0, 99), to=st.integers(0, 99), seen=st.booleans(), minute=st.integers(0, 500))
    def change_many(self, folder, to, seen, minute):
        before = BEGINNING + timedelta(minutes=minute)
        filter: MessageFilter = {"folder": self.folder(folder), "seen": not seen, "before": before}
        done = set_where(self.mail, filter, {"seen": seen, "folder": self.folder(to)})
        self.undos.append(done.get("undo", ""))

    @rule(pick=st.integers(0, 99))
    def take_back(self, pick):
        known = [id for id in self.undos if id]
        if known:
            with suppress(NotFound):
                self.undos.append(undo(self.mail, known[pick % len(known)]).get("undo", ""))
            self.note_copies()

    def note_copies(self):
        """Copies that were made again are known by the octets that they share with what was here before."""

        def work(account):
            here = [(f"m{uid}", account.bodies[uid]) for uid in account.state]
            before = [(id, body) for id, body in here if id in self.often.messages]
            new = [(id, body) for id, body in here if id not in self.often.messages]
            return [(next(old for old, kept in before if kept is body), id) for id, body in new]

        for original, made in self.mail.read(work):
            self.written.copied([original], [made])

    @rule(days=st.sampled_from([0, 1]))
    def empty_the_trash(self, days):
        self.mail.write(
            lambda account: set_folders(account, [], [{"id": "trash", "set": {"keep_days": days}}], [])
        )
        self.mail.write(lambda account: purge(account, int(time()) + 2 * 24 * 3600, 3))

    @rule(pick=st.integers(0, 99))
    def make_folder(self, pick):
        parent = self.folder(pick)
        self.made += 1
        new: FolderNew = {"name": f"Folder {self.made}"}
        if parent.startswith("f") and len(self.often.counts) < 9:
            new["parent"] = parent
        self.mail.write(lambda account: set_folders(account, [new], [], []))

    @rule(pick=st.integers(0, 99))
    def remove_folder(self, pick):
        own = sorted(folder for folder in self.often.counts if folder.startswith("f"))
        if own:
            self.mail.write(lambda account: set_folders(account, [], [], [own[pick % len(own)]]))

    @rule()
    def several_in_one_unit_of_work(self):
        ids = self.ids([0, 1, 2])
        one = prepared(letter(self.number + 1))

        def work(account):
            new = f"m{append(account, one)}"
            change(account, [*ids, new], {"seen": True, "folder": "junk"})
            delete(account, [new], for_good=True)
            return new

        self.written.kept([self.mail.write(work)], [one])

    @rule()
    def follow(self):
        self.seldom.follow()
        self.seldom.assert_agrees()

    @invariant()
    def the_first_client_agrees(self):
        self.often.follow()
        self.often.assert_agrees()

    @invariant()
    def threads_are_what_all_that_came_makes_them(self):
        assert threads_of(self.mail) == self.written.threads(self.often.messages)
        assert_windows_agree(self.mail)

    def teardown(self):
        self.store.close()
        self.patch.undo()


def test_clients_agree_whatever_several_threads_do_at_the_same_time(tmp_path):
    """Four threads collect, flag, move, delete and take back while two clients follow."""
    store = Store(tmp_path)
    mail = store.open_account("ana")
    keep_many(mail, 20)
    clients = [Client(mail), Client(mail)]
    done = Event()
    failures: list[BaseException] = []

    def guarded(work, number):
        try:
            work(Random(number))
        except BaseException as trouble:
            failures.append(trouble)

    def collect(chance):
        for batch in range(12):
            numbers = range(100 + batch * 10, 110 + batch * 10)
            letters = [
                letter(n, References=f"<{chance.randrange(n - 60, n + 9)}@uno.example>") for n in numbers
            ]
            keep(mail, *(prepared(raw, minutes=chance.randrange(500)) for raw in letters))

    def tidy(chance):
        for _ in range(40):
            ids = [f"m{chance.randrange(1, 140)}" for _ in range(chance.randrange(1, 9))]
            folder = chance.choice(["inbox", "archive", "trash", "junk"])
            seen = chance.random() < 0.5
            told = mail.write(lambda account: change(account, ids, {"seen": seen, "folder": folder}))  # noqa: B023
            if chance.random() < 0.3:
                mail.write(lambda account: delete(account, ids[:2]))  # noqa: B023
            if "undo" in told and chance.random() < 0.5:
                undo(mail, told["undo"])

    def follow(client):
        while not done.is_set():
            client.follow()

    workers = [Thread(target=guarded, args=(work, n)) for n, work in enumerate([collect, tidy, tidy, tidy])]
    watcher = Thread(target=guarded, args=(lambda _: follow(clients[0]), 9))
    for thread in [*workers, watcher]:
        thread.start()
    for thread in workers:
        thread.join(60)
    done.set()
    watcher.join(60)
    assert failures == []
    for client in clients:
        client.follow()
        client.assert_agrees()
    assert_windows_agree(mail)
    assert sum(total for total, _, _ in listing(mail).values()) <= 140
    store.close()


def test_clients_that_apply_changes_agree_with_a_fresh_listing(tmp_path_factory):
    class Here(TwoClients):
        def new_directory(self):
            return tmp_path_factory.mktemp("changes")

    Here.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
    Here.TestCase().runTest()


@pytest.mark.parametrize("since", ["", "x", "1", "ffffffff.0", ".5", "{epoch}.", "{epoch}.-1", "{epoch}.99"])
def test_an_unknown_state_means_to_start_again(mail, since):
    keep_many(mail, 2)
    told = mail.read(lambda account: changes(account, since.format(epoch=account.epoch)))
    assert told["start_again"]
    assert told["state"] == mail.read(lambda account: account.state_text())


def test_nothing_happened_says_so(mail):
    keep_many(mail, 2)
    told = mail.read(lambda account: changes(account, account.state_text()))
    assert not told["start_again"]
    assert not told["folders"]
    assert told["created"] == told["updated"] == told["destroyed"] == []


def test_work_that_changes_nothing_is_no_step(mail):
    ids = keep_many(mail, 2)
    before = mail.read(lambda account: account.state_text())
    assert mail.write(lambda account: change(account, ids, {"seen": False}))["state"] == before
    assert mail.read(lambda account: account.state_text()) == before


def test_a_write_tells_the_state_it_leaves(mail):
    (id,) = keep_many(mail, 1)
    told = mail.write(lambda account: change(account, [id], {"seen": True}))
    assert told["state"] == mail.read(lambda account: page(account, "inbox", 0, 1)["state"])


def test_work_that_fails_leaves_no_step(mail):
    (id,) = keep_many(mail, 1)
    before = mail.read(lambda account: account.state_text())

    def fail(account):
        change(account, [id], {"seen": True})
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError):
        mail.write(fail)
    assert mail.read(lambda account: account.state_text()) == before
    assert listing(mail)["inbox"] == (1, 1, [(id, ())])


def test_too_much_at_once_means_to_start_again(mail, monkeypatch):
    monkeypatch.setattr(changing, "MOST_CREATED", 3)
    monkeypatch.setattr(changing, "MOST_CHANGED", 2)
    nothing = mail.read(lambda account: account.state_text())
    ids = keep_many(mail, 3)
    three = mail.read(lambda account: account.state_text())
    assert not mail.read(lambda account: changes(account, nothing))["start_again"]
    keep(mail, prepared())
    assert mail.read(lambda account: changes(account, nothing))["start_again"]
    mail.write(lambda account: change(account, ids, {"seen": True}))
    assert mail.read(lambda account: changes(account, three))["start_again"]
