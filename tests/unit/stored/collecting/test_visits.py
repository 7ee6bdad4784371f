"""Visits to maildrops that give names to other messages, refuse, are busy; turns, and calling off."""

import threading

import pytest

from restante.errors import MaildropInUse, RemoteLoginRefused
from tests.pop3server import PopServer
from tests.unit.stored.keeping import letter, letters
from tests.unit.stored.visiting import account, kinds

DAY = 86400
DATE = "Thu, 01 Jan 2026 09:30:00 -0300"


def due(bench, user="ana"):
    """Have the clock ask, and return the state of the account once that has ended."""
    assert bench.collector.due([user]) == ([user], [])
    assert bench.collector.wait(user, 10)
    return bench.states(user)["a1"]


# Names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [True, False])
def test_a_name_given_to_a_message_of_another_size_is_noticed(bench, top):
    capabilities = ("UIDL", "TOP", "SASL PLAIN") if top else ("UIDL", "SASL PLAIN")
    answers = {} if top else {"TOP": b"-ERR unknown command\r\n"}
    with PopServer(letters(3), capabilities=capabilities, answers=answers) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages[1] = letter(100)
        assert bench.run()["a1"].collected == 1
        assert bench.run()["a1"].total == 0
        assert sorted(bench.kept()) == sorted([*letters(3), letter(100)])


def test_a_name_given_to_a_message_of_the_same_size_is_noticed_when_looked_at_again(bench):
    bench.collect["look_again_messages"] = 8
    with PopServer(letters(6)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages[2] = letter(9)
        state = bench.run()["a1"]
        assert (state.stage, state.collected) == ("done", 1)
        assert sorted(bench.kept()) == sorted([*letters(6), letter(9)])
        server.commands.clear()
        bench.run()
        assert (server.count("TOP"), server.count("RETR")) == (6, 0)


def test_a_visit_that_finds_nothing_new_takes_two_turns(bench):
    bench.collect["look_again_messages"] = 2
    with PopServer(letters(3)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        for _ in range(2):
            server.flights.clear()
            assert bench.run()["a1"].total == 0
            assert server.flights == ["CAPA AUTH UIDL LIST", "TOP TOP QUIT"]


def test_only_a_few_are_looked_at_again(bench):
    bench.collect["look_again_messages"] = 3
    with PopServer(letters(20)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.commands.clear()
        bench.run()
        assert server.count("TOP") == 3


def test_what_a_server_writes_into_its_messages_makes_no_new_ones(bench):
    with PopServer(letters(3)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages = [b"Status: RO\r\n" + raw for raw in server.messages]
        server.commands.clear()
        assert bench.run()["a1"].total == 0
        assert (server.count("TOP"), server.count("RETR")) == (3, 0)
        # The new sizes are known from now on.
        assert bench.run()["a1"].total == 0
        assert server.count("TOP") == 3


def test_headers_altered_at_each_visit_double_nothing_and_are_reported(bench):
    bench.collect["look_again_messages"] = 2
    sent = [letter(n, Date=DATE, Scanned="clean 0") for n in range(1, 5)]
    with PopServer(sent) as server:
        bench.accounts["ana"] = [account(server)]
        assert kinds(bench.run()["a1"]) == []
        for visit in range(1, 4):
            server.messages = [raw.replace(b"clean 0", b"clean %d" % visit) for raw in sent]
            server.commands.clear()
            state = bench.run()["a1"]
            assert (state.stage, state.collected, kinds(state)) == ("done", 0, ["altered"])
            assert (server.count("RETR"), bench.kept()) == (2, sent)


def test_all_names_changed_bring_nothing_and_are_reported(bench):
    with PopServer(letters(9)) as server:
        bench.accounts["ana"] = [account(server)]
        assert kinds(bench.run()["a1"]) == []
        server.uidls = [f"new-{n}" for n in range(9)]
        state = bench.run()["a1"]
        assert (state.done, state.total, state.collected, kinds(state)) == (9, 9, 0, ["names_changed"])
        assert "before: 9." in state.notices[0].message
        state = bench.run()["a1"]
        assert (state.total, kinds(state)) == (0, [])
        # A few are nothing to report.
        server.uidls[:4] = ["x", "y", "z", "w"]
        state = bench.run()["a1"]
        assert (state.total, state.collected, kinds(state)) == (4, 0, [])
    assert sorted(bench.kept()) == sorted(letters(9))


def test_one_letter_in_two_accounts_is_kept_once(bench):
    both = letter(1, Date="Thu, 01 Jan 2026 09:30:00 -0300")
    with (
        PopServer([b"Received: by uno\r\n" + both]) as one,
        PopServer([b"Received: by dos\r\n" + both]) as two,
    ):
        bench.accounts["ana"] = [account(one, "a1"), account(two, "a2")]
        bench.run(accounts=["a1"])
        state = bench.run(accounts=["a2"])["a2"]
        assert (state.stage, state.done, state.collected) == ("done", 1, 0)
        assert bench.kept() == one.messages
        assert bench.run()["a2"].total == 0


# Trouble -----------------------------------------------------------------------------------------------


def test_a_password_refused_three_times_is_left_until_it_is_given_anew(bench):
    with PopServer(letters(1), secret="right") as server:
        bench.accounts["ana"] = [account(server, secret="wrong", secret_id="1")]
        bench.start("nobody")
        now = bench.wall()
        for days in range(5):
            bench.wall = lambda days=days: now + days * 2 * DAY
            state = due(bench)
            assert (state.stage, type(state.error)) == ("failed", RemoteLoginRefused)
        assert server.count("AUTH") == 3
        assert "not tried any more" in state.error.message
        assert state.next_at is None
        # Collecting everything does not try it either; naming it does, and so does another password.
        bench.run()
        assert server.count("AUTH") == 3
        bench.run(accounts=["a1"])
        assert server.count("AUTH") == 4
        bench.accounts["ana"] = [account(server, secret="right", secret_id="2")]
        assert due(bench).collected == 1


def test_a_maildrop_in_use_is_no_wrong_password_and_comes_again_soon(bench):
    with PopServer(letters(1), answers={"AUTH": b"-ERR [IN-USE] somebody is reading\r\n"}) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start("nobody")
        now = bench.wall()
        for minutes in range(0, 200, 20):
            bench.wall = lambda minutes=minutes: now + 60 * minutes
            state = due(bench)
            assert isinstance(state.error, MaildropInUse)
            assert 0 < state.next_at.timestamp() - bench.wall() <= 15 * 60 * 1.2
        assert server.count("AUTH") == 10
        server.answers.clear()
        # Its user need not wait.
        assert bench.run()["a1"].collected == 1
        assert due(bench).stage == "done"


def test_a_server_that_is_down_is_asked_less_and_less(bench):
    with PopServer(letters(1), answers={"GREETING": b"-ERR [SYS/TEMP] later\r\n"}) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start("nobody")
        now = bench.wall()
        for minutes in range(0, 600, 15):
            bench.wall = lambda minutes=minutes: now + 60 * minutes
            state = due(bench)
            assert (state.stage, state.error.kind) == ("failed", "remote_temporary")
        assert 4 <= server.connections <= 9
        server.answers.clear()
        bench.wall = lambda: now + DAY
        assert due(bench).collected == 1
        bench.wall = lambda: now + DAY + 1
        assert due(bench).stage == "done"


# Turns -------------------------------------------------------------------------------------------------


def test_the_newest_come_first_in_a_first_visit(bench):
    with PopServer(letters(300)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        asked = [int(line.split()[1]) for line in server.commands if line.startswith("RETR")]
        assert asked == list(range(300, 0, -1))


def test_a_huge_first_visit_keeps_no_small_one_waiting(bench):
    bench.collect |= {"parallel": 1, "imports": 1, "slice_seconds": 0, "batch_messages": 5}
    bench.limits["window_messages"] = 5
    small_done = threading.Event()
    half = threading.Event()

    def retr(conversation, argument):
        if argument == "250":
            half.set()
            # Half of the huge one is still to come when the small ones are through.
            assert small_done.wait(10)
        conversation.usual("RETR", argument)

    with PopServer(letters(500), answers={"RETR": retr}) as huge, PopServer(letters(2)) as small:
        bench.accounts["ana"] = [account(huge)]
        bench.accounts |= {f"user{n}": [account(small)] for n in range(5)}
        bench.start("ana")
        huge.wait_for("RETR", 100)
        for n in range(5):
            bench.start(f"user{n}")
        assert half.wait(10)
        for n in range(5):
            assert bench.collector.wait(f"user{n}", 10)
            assert bench.states(f"user{n}")["a1"].collected == 2
        small_done.set()
        assert bench.collector.wait("ana", 20)
        state = bench.states("ana")["a1"]
        assert (state.stage, state.done, state.total, state.collected) == ("done", 500, 500, 500)
        assert sorted(bench.kept("ana")) == sorted(letters(500))


def test_two_huge_visits_share_the_long_lane(bench):
    bench.collect |= {"parallel": 2, "imports": 1, "slice_seconds": 0, "batch_messages": 5}
    bench.limits["window_messages"] = 5
    with PopServer(letters(200)) as one, PopServer(letters(200, 300)) as two, PopServer(letters(1)) as small:
        bench.accounts["ana"], bench.accounts["eva"] = [account(one)], [account(two)]
        bench.accounts |= {f"user{n}": [account(small)] for n in range(30)}
        for user in bench.accounts:
            bench.start(user)
        for user in bench.accounts:
            assert bench.collector.wait(user, 30)
        assert [bench.states(user)["a1"].collected for user in ("ana", "eva")] == [200, 200]
        assert sorted(bench.kept("ana")) == sorted(one.messages)
        assert sorted(bench.kept("eva")) == sorted(two.messages)


# Calling off -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["GREETING", "AUTH", "UIDL", "RETR"])
def test_a_visit_is_called_off_wherever_it_is(bench, at):
    reached = threading.Event()

    def pause(conversation, _):
        reached.set()
        conversation.pause()

    with PopServer(letters(2), answers={at: pause}) as server:
        bench.accounts["ana"] = [account(server)]
        bench.start()
        assert reached.wait(10)
        bench.collector.cancel("ana", ["a9"])
        assert bench.collector.status("ana")[0]
        bench.collector.cancel("ana")
        assert bench.collector.wait("ana", 3)
        state = bench.states()["a1"]
        assert (state.stage, state.error, state.next_at) == ("cancelled", None, None)
        server.answers.clear()
        assert bench.run()["a1"].collected == 2


def test_what_waits_for_its_turn_is_called_off_too(bench):
    bench.collect["parallel"] = 1
    reached, go_on = threading.Event(), threading.Event()

    def wait(conversation, _):
        reached.set()
        assert go_on.wait(10)
        conversation.usual("GREETING", "")

    with PopServer(letters(1), answers={"GREETING": wait}) as busy, PopServer(letters(1)) as other:
        bench.accounts["eva"] = [account(busy)]
        bench.accounts["ana"] = [account(other, "a1"), account(busy, "a2")]
        bench.start("eva")
        assert reached.wait(10)
        bench.start("ana")
        bench.collector.cancel("ana")
        go_on.set()
        assert bench.collector.wait("ana", 10)
        assert {state.stage for state in bench.states("ana").values()} == {"cancelled"}
        assert other.connections == 0
        assert bench.collector.wait("eva", 10)
        assert bench.states("eva")["a1"].collected == 1
