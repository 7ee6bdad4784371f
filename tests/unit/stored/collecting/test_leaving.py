"""A maildrop that holds more than there is room for: what fits is kept, the rest is left, not asked for."""

import pytest

from restante.errors import NoSpace, OverQuota
from stored.intents import Intents
from stored.messages import delete
from stored.sending.forwarding import Forwarder
from stored.settings import QuotaSettings, StorageSettings
from stored.space import told
from stored.store import Store
from tests.pop3server import PopServer
from tests.unit.stored.keeping import letter, listing
from tests.unit.stored.visiting import Bench, account
from tests.unit.stored.writing import ANA, NOW

QUOTA = 10_000


@pytest.fixture
def bench(tmp_path):
    store = Store(tmp_path, quota=QuotaSettings(octets=QUOTA))
    one = Bench(store)
    yield one
    if one.collector is not None:
        one.collector.stop(10)
    store.close()


def sized(number, octets):
    """Return a letter of so many octets."""
    short = letter(number, "")
    return letter(number, "x" * (octets - len(short)))


def asked(server):
    return [int(line.split()[1]) for line in server.commands if line.startswith("RETR")]


def make_room(bench, gone):
    """Delete for good whatever `gone` says so of."""
    mail = bench.store.open_account("ana")
    ids = mail.read(lambda root: [f"m{uid}" for uid in root.state if gone(root.bodies[uid].raw())])
    mail.write(lambda root: delete(root, ids, for_good=True))


def test_what_fits_is_kept_and_the_rest_is_not_asked_for_until_there_is_room(bench):
    mail = [sized(n, 3000) for n in range(1, 7)]
    with PopServer(mail) as server:
        bench.accounts["ana"] = [account(server, on_server="delete")]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.total, state.collected) == ("done", 6, 6, 3)
        assert isinstance(state.error, OverQuota)
        assert state.error.message == (
            "3 messages stay on pop.test (9 kB): of the 10 kB that all of your mail may take, 1 kB are free. "
            "Delete for good what you do not need, then collect again."
        )
        # The newest come first in a first visit. What was stored is deleted there, the rest is there.
        assert asked(server) == [6, 5, 4]
        assert (sorted(bench.kept()), server.messages) == (mail[3:], mail[:3])
        server.commands.clear()
        for _ in range(2):
            state = bench.run()["a1"]
            assert (state.collected, state.error.kind, asked(server)) == (0, "over_quota", [])
        make_room(bench, lambda raw: raw != mail[5])
        assert bench.run()["a1"].collected == 2
        make_room(bench, lambda raw: raw == mail[5])
        state = bench.run()["a1"]
        assert (state.collected, state.error, server.messages) == (1, None, [])
        assert sorted(bench.kept()) == mail[:3]


def test_of_what_never_fits_it_is_not_said_that_deleting_helps(bench):
    with PopServer([sized(1, 30_000)]) as server:
        bench.accounts["ana"] = [account(server)]
        error = bench.run()["a1"].error
    # The kind is what a client goes by: "too large" asks for nothing to be deleted.
    assert error.kind == "too_large"
    assert error.message.endswith(
        "10 kB are free. It is larger than all of your mail may be together, so no deleting makes room for "
        "that: ask whoever runs the service for more."
    )


def test_of_some_that_never_fit_and_others_that_may_both_are_said(bench):
    with PopServer([sized(1, 30_000), sized(2, 8_000), sized(3, 8_000), sized(4, 31_000)]) as server:
        bench.accounts["ana"] = [account(server)]
        error = bench.run()["a1"].error
    assert (error.kind, error.message[:16]) == ("over_quota", "3 messages stay ")
    assert "Delete for good what you do not need, then collect again. 2 of them are larger" in error.message


def test_small_letters_come_in_behind_one_that_is_too_large(bench):
    mail = [sized(1, 500), sized(2, QUOTA + 1), *(sized(n, 500) for n in range(3, 9))]
    with PopServer(mail) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.done, state.total, state.collected, state.error.kind) == (8, 8, 7, "too_large")
        assert 2 not in asked(server)
        assert sorted(bench.kept()) == [mail[0], *mail[2:]]


@pytest.mark.parametrize("sizes", [b"-ERR\r\n", b"+OK\r\n1 9\r\n2 9\r\n3 9\r\n4 9\r\n.\r\n"])
def test_of_a_batch_that_does_not_fit_what_fits_is_kept(bench, sizes):
    """The server does not say how large its messages are, or says it wrongly."""
    mail = [sized(1, 2000), sized(2, 9000), sized(3, 2000), sized(4, 2000)]
    with PopServer(mail, answers={"LIST": sizes}) as server:
        bench.accounts["ana"] = [account(server, on_server="delete")]
        state = bench.run()["a1"]
        assert (state.done, state.total, state.collected, state.error.kind) == (4, 4, 3, "over_quota")
        assert sorted(bench.kept()) == [mail[0], mail[2], mail[3]]
        assert server.messages == [mail[1]]


def test_what_does_not_fit_with_all_that_its_rules_want_is_left_whole(bench, tmp_path):
    """Copies count, and so do letters that are forwarded; what comes behind is kept all the same."""
    mail = [sized(1, 1500), sized(2, 3000), sized(3, 800)]
    bench.forwarder = Forwarder(
        lambda user: ANA, Intents(tmp_path / "outbox"), lambda user: None, lambda: NOW
    )
    actions = [{"action": "copy", "folder": "archive"}, {"action": "forward", "to": "juan@tres.example"}]
    bench.rules = [{"id": "r1", "match": "all", "enabled": True, "conditions": [], "actions": actions}]
    with PopServer(mail, answers={"LIST": b"-ERR\r\n"}) as server:
        bench.accounts["ana"] = [account(server, on_server="delete")]
        state = bench.run()["a1"]
        assert (state.done, state.total, state.collected, state.error.kind) == (3, 3, 2, "over_quota")
        assert server.messages == [mail[1]]
    where = {folder: total for folder, (total, _, _) in listing(bench.store.open_account("ana")).items()}
    assert (where["inbox"], where["archive"], where["sent"]) == (2, 2, 2)


def test_with_no_room_at_all_nothing_is_asked_for_whatever_its_size(bench):
    mail = [sized(1, QUOTA), sized(2, 500)]
    with PopServer(mail[:1], answers={"LIST": b"-ERR\r\n"}) as server:
        bench.accounts["ana"] = [account(server)]
        assert bench.run()["a1"].collected == 1
        server.messages.append(mail[1])
        server.uidls.append("two")
        assert bench.run()["a1"].error.kind == "over_quota"
        assert asked(server) == [1]


def test_what_is_here_already_takes_no_room(bench):
    """All names change while there is room for little: each message gets its chance to be known."""
    mail = [sized(n, 3000) for n in range(1, 4)]
    with PopServer(mail) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        make_room(bench, lambda raw: raw == mail[0])
        server.uidls = ["a", "b", "c"]
        state = bench.run()["a1"]
        assert (state.done, state.collected, state.error) == (3, 0, None)
        assert bench.run()["a1"].total == 0


def test_below_the_floor_of_free_space_nothing_is_asked_for(bench, monkeypatch):
    mail = [sized(n, 500) for n in range(1, 4)]
    with PopServer(mail) as server:
        bench.accounts["ana"] = [account(server)]
        floor = StorageSettings().free_space_octets
        with monkeypatch.context() as patched:
            patched.setattr(bench.store.space, "free_octets", lambda: floor - 1)
            state = bench.run()["a1"]
            assert (state.stage, type(state.error), asked(server)) == ("done", NoSpace, [])
            assert state.error.message.startswith("3 messages stay on pop.test (1.5 kB)")
        assert bench.run()["a1"].collected == 3


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (-5, "0 octets"),
        (1, "1 octet"),
        (999, "999 octets"),
        (1000, "1 kB"),
        (1500, "1.5 kB"),
        (12_400, "12 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (3_440_000, "3.4 MB"),
        (99_960_000, "100 MB"),
        (120_000_000_000, "120 GB"),
        (5_000_000_000_000_000, "5000 TB"),
    ],
)
def test_sizes_are_told_as_people_read_them(octets, text):
    assert told(octets) == text
