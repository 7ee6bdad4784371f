"""Collecting into a real store from servers of the tests' own."""

import threading
from dataclasses import replace

import pytest

from restante.errors import (
    Damaged,
    Draining,
    InternalError,
    InvalidArgument,
    NoSpace,
    NotFound,
    RemoteLoginRefused,
    RemoteSilent,
    TooLarge,
    Unavailable,
)
from stored.messages import page
from stored.pop3 import Server
from tests.pop3server import PopServer
from tests.unit.stored.visiting import account


def letters(count, start=0):
    return [
        f"From: one@uno.example\r\nSubject: letter {n}\r\n\r\nText {n}\r\n..dots\r\n".encode()
        for n in range(start, start + count)
    ]


def test_everything_is_collected_once_and_a_second_time_brings_nothing(bench):
    with PopServer(letters(250)) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.total, state.collected, state.error) == (
            "done",
            250,
            250,
            250,
            None,
        )
        assert state.octets == sum(map(len, server.messages))
        assert state.started_at <= state.finished_at
        assert sorted(bench.kept()) == sorted(server.messages)
        state = bench.run()["a1"]
        assert (state.stage, state.total, state.collected) == ("done", 0, 0)
        assert server.count("RETR") == 250
        assert server.count("DELE") == 0
        server.messages += letters(2, 250)
        server.uidls += ["new-1", "new-2"]
        assert bench.run()["a1"].collected == 2
        assert sorted(bench.kept()) == sorted(server.messages)
        assert bench.kept()[-2:] == server.messages[-2:]


def test_all_accounts_of_a_user_at_once(bench):
    everybody = threading.Barrier(3, timeout=10)

    def retr(conversation, argument):
        everybody.wait()
        conversation.usual("RETR", argument)

    with (
        PopServer(letters(1, 1), answers={"RETR": retr}) as one,
        PopServer(letters(1, 2), answers={"RETR": retr}) as two,
        PopServer(letters(1, 3), answers={"RETR": retr}) as three,
    ):
        bench.accounts["ana"] = [account(one, "a1"), account(two, "a2"), account(three, "a3")]
        assert [state.collected for state in bench.run().values()] == [1, 1, 1]
        assert sorted(bench.kept()) == letters(3, 1)


def test_starting_again_joins_what_is_under_way(bench):
    go_on = threading.Event()

    def retr(conversation, argument):
        go_on.wait(10)
        conversation.usual("RETR", argument)

    with PopServer(letters(3), answers={"RETR": retr}) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start()
        server.wait_for("RETR")
        bench.start()
        running, (state,) = bench.collector.status("ana")
        assert running
        assert (state.stage, state.total, state.collected) == ("fetching", 3, 0)
        go_on.set()
        assert bench.collector.wait("ana", 10)
        assert server.connections == 1
        assert bench.kept() == server.messages


def test_one_session_for_a_maildrop_whoever_collects_it(bench):
    with PopServer(letters(5)) as server:
        users = [f"user{n}" for n in range(6)]
        for user in users:
            bench.accounts[user] = [account(server, "a1"), account(server, "a2")]
            bench.start(user)
        for user in users:
            assert bench.collector.wait(user, 20)
            assert sorted(bench.kept(user)) == sorted(server.messages * 2)
        assert (server.connections, server.most_sessions) == (12, 1)


def test_more_accounts_than_threads_all_get_their_turn(bench):
    bench.collect["parallel"] = 2
    with (
        PopServer(letters(1), secret="x") as one,
        PopServer(letters(1)) as two,
        PopServer(letters(1)) as three,
    ):
        bench.accounts["ana"] = [account(one, "a1"), account(two, "a2"), account(three, "a3")]
        assert [state.stage for state in bench.run().values()] == ["failed", "done", "done"]


def test_only_what_is_asked_for_or_enabled(bench):
    with PopServer(letters(1)) as one, PopServer(letters(1)) as two:
        bench.accounts["ana"] = [account(one, "a1"), account(two, "a2", enabled=False)]
        assert set(bench.run()) == {"a1"}
        assert set(bench.run(accounts=["a2"])) == {"a1", "a2"}
        with pytest.raises(NotFound, match="no account a9"):
            bench.start(accounts=["a1", "a9"])
        bench.accounts["ana"] = []
        assert bench.run() == {}


def test_rules_file_and_flag_as_mail_comes_in(bench):
    bench.rules = [
        {
            "id": "r1",
            "enabled": True,
            "match": "all",
            "conditions": [{"field": "subject", "op": "ends_with", "value": " 1"}],
            "actions": [{"action": "file", "folder": "junk"}, {"action": "flag"}, {"action": "mark_read"}],
        },
        {
            "id": "r2",
            "enabled": True,
            "match": "all",
            "conditions": [{"field": "subject", "op": "ends_with", "value": " 2"}],
            "actions": [{"action": "file", "folder": "f99"}],
        },
    ]
    with PopServer(letters(4)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
    mail = bench.store.open_account("ana")
    assert mail.read(lambda root: page(root, "junk", 0, 10)["total"]) == 1
    assert mail.read(lambda root: page(root, "junk", 0, 10)["unread"]) == 0
    assert mail.read(lambda root: page(root, "inbox", 0, 10)["total"]) == 3


@pytest.mark.parametrize("batch", [{"batch_messages": 3}, {"batch_octets": 100}, {"batch_milliseconds": 0}])
def test_what_came_before_a_break_is_kept_and_the_rest_comes_next_time(bench, batch):
    bench.collect |= batch

    def retr(conversation, argument):
        if argument == "3":
            conversation.send(b"+OK\r\nSubject: half a let")
            conversation.connection.close()
        conversation.usual("RETR", argument)

    with PopServer(letters(10), answers={"RETR": retr}) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.total, state.collected) == ("failed", 7, 10, 7)
        assert state.error.kind == "connection_failed"
        # The newest come first in a first visit.
        assert sorted(bench.kept()) == sorted(server.messages[3:])
        server.answers.clear()
        assert bench.run()["a1"].collected == 3
        assert sorted(bench.kept()) == sorted(server.messages)


def test_shared_unique_ids_lose_nothing_and_double_nothing(bench):
    one, two, three, four = letters(4)
    with PopServer([one, two, three], uidls=["same", "same", "other"]) as server:
        bench.accounts["ana"] = [account(server)]
        assert bench.run()["a1"].collected == 3
        assert bench.run()["a1"].collected == 0
        # One of the two goes: what is left has its name for itself, and is known all the same.
        server.messages, server.uidls = [two, three], ["same", "other"]
        assert bench.run()["a1"].collected == 0
        assert bench.run()["a1"].total == 0
        # Its name is shared again.
        server.messages, server.uidls = [two, three, four], ["same", "other", "same"]
        assert bench.run()["a1"].collected == 1
        assert bench.kept() == [one, two, three, four]


def test_a_name_that_comes_to_be_shared_later(bench):
    one, two = letters(2)
    with PopServer([one], uidls=["same"]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages, server.uidls = [two, one], ["same", "same"]
        assert bench.run()["a1"].collected == 1
        assert bench.kept() == [one, two]


def test_an_empty_list_for_once_forgets_nothing(bench):
    with PopServer(letters(3)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.answers["UIDL"] = b"+OK\r\n.\r\n"
        assert bench.run()["a1"].total == 0
        server.answers.clear()
        assert bench.run()["a1"].total == 0


def test_a_message_announced_too_large_is_left_and_told(bench):
    bench.limits["message_octets"] = 1000
    large = b"Subject: large\r\n\r\n" + b"x" * 2000 + b"\r\n"
    with PopServer([*letters(1), large, *letters(1, 1)]) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.total, state.collected) == ("done", 3, 3, 2)
        assert isinstance(state.error, TooLarge)
        assert "larger than 1000 octets" in state.error.message
        assert server.count("RETR") == 2
        assert bench.kept() == letters(2)


def test_a_message_that_grows_too_large_is_passed_over(bench):
    bench.limits["message_octets"] = 1000
    large = b"Subject: large\r\n\r\n" + b"x" * 2000 + b"\r\n"
    with PopServer([*letters(2), large, *letters(2, 2)], answers={"LIST": b"-ERR\r\n"}) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.total, state.collected) == ("done", 5, 5, 4)
        assert isinstance(state.error, TooLarge)
        assert server.connections == 2
        assert sorted(bench.kept()) == letters(4)


def test_a_server_with_endless_messages_ends_all_the_same(bench):
    bench.limits["message_octets"] = 1000
    answers = {"LIST": b"-ERR\r\n", "RETR": b"+OK\r\n" + b"x" * 3000}
    with PopServer(letters(20), answers=answers) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.collected) == ("done", 0)
        assert state.done < state.total
        assert server.connections == 5


def test_a_message_gone_meanwhile_is_told(bench):
    def retr(conversation, argument):
        if argument == "2":
            conversation.send(b"-ERR [SYS/PERM] it is gone\r\n")
        else:
            conversation.usual("RETR", argument)

    with PopServer(letters(3), answers={"RETR": retr}) as server:
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, state.done, state.collected) == ("done", 3, 2)
        assert "it is gone" in state.error.message


def test_any_octets_are_kept_as_they_are(bench):
    awkward = [
        b"",
        b"\0\xff\r\n",
        b"no header",
        b"\n.\n\r\n",
        b"Content-Type: ;a*0*\r\n\r\n\r\n",
        b"\r\r\n" * 50,
    ]
    with PopServer(awkward) as server:
        bench.accounts["ana"] = [account(server)]
        assert bench.run()["a1"].collected == len(awkward)
        sent = [raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n" for raw in awkward]
        assert bench.kept() == sent


def test_each_account_fails_by_itself(bench):
    with (
        PopServer(letters(2)) as good,
        PopServer(secret="another") as wrong,
        PopServer(answers={"GREETING": lambda talk, _: talk.pause()}) as silent,
    ):
        bench.limits["connect_seconds"] = 0.3
        bench.accounts["ana"] = [account(good, "a1"), account(wrong, "a2"), account(silent, "a3")]
        bench.accounts["ana"].append(account(good, "a4", user="a\nDELE 1"))
        states = bench.run()
        assert [type(state.error) for state in states.values()] == [
            type(None),
            RemoteLoginRefused,
            RemoteSilent,
            InvalidArgument,
        ]
        assert all(state.finished_at for state in states.values())


class Broken:
    """A store's UserStore of which a unit of work fails."""

    def __init__(self, mail, error):
        self.user, self.read, self.words, self.room = mail.user, mail.read, mail.words, mail.room
        self.error = error

    def write(self, work):
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind"), [(NoSpace("The disk is full."), NoSpace), (KeyError("x"), InternalError)]
)
def test_trouble_of_our_own_is_told_and_nothing_counts_as_collected(bench, monkeypatch, error, kind):
    open_account = bench.store.open_account
    with PopServer(letters(2)) as server, monkeypatch.context() as patched:
        patched.setattr(bench.store, "open_account", lambda user: Broken(open_account(user), error))
        bench.accounts["ana"] = [account(server)]
        state = bench.run()["a1"]
        assert (state.stage, type(state.error), state.collected) == ("failed", kind, 0)
        assert bool(state.error.ref) is (kind is InternalError)
        patched.undo()
        assert bench.run()["a1"].collected == 2


def test_profiled_being_away_is_told_to_who_starts(bench):
    def away(user):
        raise Unavailable("profiled does not answer; try again in a moment")

    bench.lease = away
    with pytest.raises(Unavailable):
        bench.start()
    assert bench.collector.status("ana") == (False, [])


def test_those_who_are_due_are_collected_soon(bench):
    began, go_on = threading.Event(), threading.Event()
    lent = bench.lease

    def lease(user):
        if user == "nobody":
            raise Unavailable("profiled does not answer")
        began.set()
        go_on.wait(10)
        return lent(user)

    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start("eva")  # She has no accounts; this makes the collector.
        bench.collector._lease = lease
        assert bench.collector.due(["ana", "nobody"]) == (["ana", "nobody"], [])
        began.wait(10)
        assert bench.collector.status("ana")[0]
        assert bench.collector.due(["ana"]) == ([], ["ana"])
        go_on.set()
        assert bench.collector.wait("ana", 10)
        assert bench.states()["a1"].collected == 2
        assert bench.collector.wait("nobody", 10)
        assert bench.collector.status("nobody") == (False, [])


def test_whoever_is_due_borrows_secrets_shortly_before_and_lets_people_go_first(bench):
    bench.collect["parallel"] = 1
    due = [f"due{number}" for number in range(10)]
    reached, go_on, everybody = threading.Event(), threading.Event(), threading.Event()
    lent: list[str] = []
    kept: list[str] = []

    def retr(conversation, argument):
        reached.set()
        go_on.wait(10)
        conversation.usual("RETR", argument)

    def lease(user):
        lent.append(user)
        if len(lent) == len(due):
            everybody.set()
        return bench.lease(user)

    with PopServer(letters(1), answers={"RETR": retr}) as server:
        for user in [*due, "eva"]:
            one = account(server)
            bench.accounts[user] = [replace(one, server=replace(one.server, host=f"{user}.test"))]
        bench.start("nobody")  # This makes the collector.
        bench.collector._lease = lease
        bench.store.on_write = kept.append
        bench.collector.due(due)
        assert reached.wait(10)
        assert not everybody.wait(0.2)
        bench.start("eva")
        go_on.set()
        for user in [*due, "eva"]:
            assert bench.collector.wait(user, 10)
        order = list(dict.fromkeys(kept))
        assert sorted(order) == sorted([*due, "eva"])
        # One is at it, one waits, and each of the two who start others brings one more.
        assert order.index("eva") <= 5


def test_stopping_keeps_what_came_whole_and_begins_nothing_more(bench):
    reached = threading.Event()

    def retr(conversation, argument):
        if argument == "3":
            conversation.send(b"+OK\r\nSubject: half")
            reached.set()
            conversation.pause()
        conversation.usual("RETR", argument)

    with PopServer(letters(5), answers={"RETR": retr}) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start()
        assert reached.wait(10)
        bench.collector.stop(5)
        state = bench.states()["a1"]
        assert state.stage == "failed"
        assert isinstance(state.error, Draining)
        assert bench.kept() == server.messages[5 - state.collected :]
        with pytest.raises(Draining):
            bench.start()
        with pytest.raises(Draining):
            bench.collector.due(["ana"])


def test_secrets_do_not_show_in_what_is_leased():
    with PopServer() as server:
        assert "secret" not in repr(account(server).server).replace("pop.test", "")
        assert account(server).maildrop == account(server, "a2").maildrop
        assert Server("POP.test", 1, "tls", "u", "s") != Server("pop.test", 1, "tls", "u", "s")


def test_mail_that_cannot_be_opened_is_told_at_each_account_and_no_server_is_visited(bench):
    directory = bench.store.databases.directory_of("ana")
    directory.mkdir(parents=True)
    (directory / "mail.fs").write_bytes(b"no database at all")
    with PopServer(letters(1)) as server:
        bench.accounts["ana"] = [account(server, "a1"), account(server, "a2", user="other")]
        states = bench.run()
        assert [(states[id].stage, type(states[id].error)) for id in ("a1", "a2")] == [
            ("failed", Damaged)
        ] * 2
        assert server.count("USER") == 0
