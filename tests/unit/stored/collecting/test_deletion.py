"""Deleting at the server: decided, written down, carried out in a later session, only what is safe here."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from restante.errors import Busy, NotFound
from stored.collecting.deletion import intended
from stored.collecting.lease import Policy
from stored.collecting.rehearsal import Rehearsal, Rehearsed
from stored.messages import delete
from tests.pop3server import PopServer
from tests.unit.stored.keeping import letter, letters
from tests.unit.stored.visiting import account

DAY = 86400
DELETE = {"on_server": "delete"}
AFTER = {"on_server": "delete_after", "days": 3}
UNKNOWN = b"-ERR unknown command\r\n"
HEAD = b"From: Ana <ana@uno.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nSubject: one\r\n\r\n"


def intents(bench):
    return intended(bench.store.open_account("ana"), "a1")


def later(bench, days):
    """Let days pass: for us everything was received so much earlier."""

    def work(root):
        origins = root.maildrop("a1").origins
        for uid in list(origins):
            origin = origins.of(uid)
            origins.put(uid, origin._replace(received_at=int(origin.received_at - days * DAY)))

    bench.store.open_account("ana").write(work)


def origins(bench):
    def work(root):
        known = root.maildrop("a1").origins
        return [known.of(uid) for uid in known]

    return bench.store.open_account("ana").read(work)


def sessions(server):
    """Return the commands of each session."""
    found: list[list[str]] = []
    for line in server.commands:
        if line.startswith(("CAPA", "USER")) and (not found or "QUIT" in found[-1]):
            found.append([])
        found[-1].append(line.split(" ")[0])
    return found


def test_what_is_left_there_stays(bench):
    with PopServer(letters(3)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        later(bench, 1000)
        bench.run()
        assert (server.count("DELE"), len(server.messages), intents(bench)) == (0, 3, set())


def test_once_stored_is_deleted_in_a_session_of_its_own(bench):
    sent = letters(5)
    with PopServer(sent) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        state = bench.run()["a1"]
        assert (state.stage, state.collected, state.error) == ("done", 5, None)
        assert server.messages == []
        fetched, deleted = sessions(server)
        assert "DELE" not in fetched
        # Listed and looked at again before anything is deleted.
        assert "RETR" not in deleted
        assert deleted.index("UIDL") < deleted.index("TOP") < deleted.index("DELE") < deleted.index("QUIT")
        assert intents(bench) == set()
        assert sorted(bench.kept()) == sorted(sent)


def test_days_count_from_when_it_was_received_here(bench):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server, **AFTER)]
        bench.run()
        later(bench, 2.9)
        server.messages.append(letter(3))
        server.uidls.append("new")
        bench.run()
        assert server.count("DELE") == 0
        later(bench, 0.2)
        bench.run()
        assert server.messages == [letter(3)]


@pytest.mark.parametrize("goodbye", [b"-ERR some were not deleted\r\n", b"", b"+O"])
def test_what_quit_did_not_confirm_is_deleted_again(bench, goodbye):
    def refuse(conversation, _):
        conversation.send(goodbye)
        conversation.connection.close()

    with PopServer(letters(3), answers={"QUIT": refuse}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert (server.count("DELE"), len(server.messages), len(intents(bench))) == (3, 3, 3)
        del server.answers["QUIT"]
        bench.run()
        assert (server.count("DELE"), server.messages, intents(bench)) == (6, [], set())


def test_a_server_that_deletes_only_some_is_spoken_of(bench):
    def some(conversation, argument):
        if conversation.server.messages[int(argument) - 1] == letter(2):
            conversation.send(b"-ERR [SYS/PERM] locked by {you}\x1b[2J " + b"x" * 400 + b"\r\n")
        else:
            conversation.usual("DELE", argument)

    with PopServer(letters(3), answers={"DELE": some}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            (told,) = bench.run()["a1"].notices
            assert (told.kind, told.about) == ("delete_refused", "pop.test")
            assert "did not agree to delete messages that are stored here: 1" in told.message
            assert told.message.endswith('It said: "' + ("locked by {you} [2J " + "x" * 400)[:200] + '"')
        assert server.messages == [letter(2)]
        server.answers.clear()
        assert (bench.run()["a1"].notices, server.messages) == ((), [])


def test_a_server_that_takes_back_at_the_end_what_it_agreed_to_is_spoken_of(bench):
    def refuse(conversation, _):
        conversation.deleted.clear()
        conversation.send(b"-ERR some were not removed\r\n")

    with PopServer(letters(3), answers={"QUIT": refuse}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            (told,) = bench.run()["a1"].notices
            assert (told.kind, len(server.messages)) == ("delete_refused", 3)
            assert "stored here: 3." in told.message
            assert told.message.endswith('It said: "some were not removed"')


def test_a_drop_before_quit_deletes_nothing_and_is_made_good(bench):
    def drop(conversation, argument):
        conversation.connection.close()

    with PopServer(letters(3), answers={"DELE": drop}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        assert bench.run()["a1"].stage == "done"
        assert (len(server.messages), len(intents(bench))) == (3, 3)
        server.answers.clear()
        bench.run()
        assert (server.messages, intents(bench)) == ([], set())


def test_an_intent_for_what_is_gone_there_is_settled(bench):
    with PopServer(letters(3), answers={"DELE": b"-ERR no\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert len(intents(bench)) == 3
        del server.messages[0], server.uidls[0]
        bench.run()
        assert len(intents(bench)) == 2
        server.answers["UIDL"] = b"+OK\r\n.\r\n"
        server.answers["LIST"] = b"+OK\r\n.\r\n"
        bench.run()
        assert intents(bench) == set()
        # An empty list for once has forgotten nothing.
        server.answers.clear()
        assert bench.run()["a1"].collected == 0
        assert server.messages == []


def test_a_name_that_is_another_message_by_now_is_not_deleted_but_collected(bench):
    with PopServer(letters(2), answers={"DELE": b"-ERR not now\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        other = letter(2).replace(b"Letter 2", b"Letter 9")
        assert len(other) == len(server.messages[1])
        server.messages[1] = other
        server.answers.clear()
        server.commands.clear()
        assert bench.run()["a1"].collected == 1
        first = sessions(server)[0]
        assert first.count("DELE") == 1
        assert sorted(bench.kept()) == sorted([*letters(2), other])


@pytest.mark.parametrize("spoil", ["sha256", "packed", "gone"])
def test_what_is_not_whole_here_stays_there(bench, spoil):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()

        def damage(root):
            if spoil == "gone":
                del root.state[1], root.bodies[1]
            else:
                setattr(root.bodies[1], spoil, b"\0" * 32)

        bench.store.open_account("ana").write(damage)
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        bench.run()
        assert server.messages == [letter(1)]


def test_what_breaks_here_between_deciding_and_deleting_stays_there(bench):
    with PopServer(letters(2), answers={"DELE": b"-ERR not now\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        bench.store.open_account("ana").write(lambda root: setattr(root.bodies[1], "sha256", b"\0" * 32))
        server.answers.clear()
        bench.run()
        assert server.messages == [letter(1)]


def test_shared_names_are_never_deleted_by(bench):
    with PopServer(letters(3), uidls=["same", "same", "other"]) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        bench.run()
        assert server.messages == letters(2)


@pytest.mark.parametrize("top", [True, False])
def test_what_has_no_names_is_deleted_only_if_opted(bench, rehearse, top):
    answers = {"UIDL": UNKNOWN} if top else {"UIDL": UNKNOWN, "TOP": UNKNOWN}
    with PopServer(letters(3), answers=answers, capabilities=("USER",)) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        assert bench.run()["a1"].collected == 3
        state = bench.run()["a1"]
        assert (state.collected, len(server.messages)) == (0, 3)
        assert [notice.kind for notice in state.notices] == ["no_names", "not_deleted"]
        assert (
            "all the same: 3. Allow it for them too by the account's setting delete_unnamed"
            in state.notices[1].message
        )
        # What is known needs not be fetched again; without TOP the last stands for all.
        assert server.count("RETR") == (3 if top else 4)
        (told,) = rehearse().notices
        assert (told.kind, told.message) == ("not_deleted", state.notices[1].message)
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        assert rehearse().messages == 3
        assert [notice.kind for notice in bench.run()["a1"].notices] == ["no_names"]
        assert server.messages == []


def test_without_top_a_message_is_looked_at_whole_before_it_is_deleted(bench):
    with PopServer(letters(2), answers={"TOP": UNKNOWN}, capabilities=("UIDL", "USER")) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert server.messages == []
        assert "RETR" in sessions(server)[1]


def test_a_server_that_wants_time_between_visits_is_not_visited_again_to_delete(bench):
    capabilities = ("UIDL", "TOP", "USER", "LOGIN-DELAY 600", "EXPIRE 30")
    with PopServer(letters(2), capabilities=capabilities) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        state = bench.run()["a1"]
        assert (server.connections, len(server.messages), len(intents(bench))) == (1, 2, 2)
        assert [notice.kind for notice in state.notices] == ["expires"]
        # Neither a person nor the clock goes there before the time.
        state = bench.run()["a1"]
        assert (state.stage, [notice.kind for notice in state.notices]) == ("done", ["login_delay"])
        assert state.next_at > datetime.now(UTC)
        assert server.connections == 1
        wall = bench.wall()
        bench.wall = lambda: wall + 601
        bench.run()
        assert (server.connections, server.messages) == (2, [])


def test_a_user_who_changes_their_mind_keeps_what_was_decided(bench):
    with PopServer(letters(2), answers={"DELE": b"-ERR not now\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert len(intents(bench)) == 2
        server.answers.clear()
        bench.accounts["ana"] = [account(server)]
        bench.run()
        assert (len(server.messages), intents(bench)) == (2, set())


@pytest.mark.parametrize("jump", [10 * 365 * DAY, -10 * 365 * DAY])
def test_a_clock_that_jumped_deletes_nothing_until_it_is_confirmed(bench, jump):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server, **AFTER)]
        bench.run()
        now = bench.wall()
        bench.wall = lambda: now + jump
        later(bench, 20 * 365)
        for _ in range(2):
            state = bench.run()["a1"]
            assert (server.count("DELE"), intents(bench)) == (0, set())
            assert [notice.kind for notice in state.notices] == ["clock_held"]
        assert bench.clock.confirm()
        bench.run()
        assert server.messages == []


def test_what_came_while_the_clock_was_ahead_is_deleted_once_it_is_right(bench, rehearse):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        later(bench, -365)
        assert rehearse(Policy("delete")).messages == 2
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert server.messages == []


def test_days_of_what_came_while_the_clock_was_ahead_count_from_when_it_is_right(bench):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        right = bench.wall()
        bench.wall = lambda: right - 365 * DAY
        bench.run()
        assert {origin.received_at // DAY for origin in origins(bench)} == {int(right) // DAY}
        assert bench.clock.confirm()
        # With another size, which is written down as well.
        server.messages[0] = b"Status: RO\r\n" + server.messages[0]
        bench.run()
        assert {origin.received_at for origin in origins(bench)} == {int(right - 365 * DAY)}
        later(bench, 3)
        bench.accounts["ana"] = [account(server, **AFTER)]
        bench.run()
        assert server.messages == []


def test_no_more_is_decided_in_one_visit_than_the_operator_allows(bench):
    bench.collect["deletions"] = 4
    with PopServer(letters(10)) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        assert (len(server.messages), len(intents(bench))) == (6, 4)
        bench.run()
        assert server.messages == []


@pytest.fixture
def rehearse(bench):
    def rehearsed(policy=None, account="a1"):
        rehearsal = Rehearsal(bench.store, bench.collector, bench.pop, bench.clock, 5)
        return rehearsal.rehearse("ana", account, lambda current: policy or current)

    return rehearsed


def test_a_rehearsal_tells_what_would_go_and_changes_nothing(bench, rehearse):
    with PopServer(letters(4)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        sizes = [len(raw) for raw in server.messages]
        assert rehearse() == Rehearsed(0, 0, 0)
        assert rehearse(Policy("delete")) == Rehearsed(4, sum(sizes), 0)
        assert rehearse(Policy("delete_after", 1)) == Rehearsed(0, 0, 0)
        later(bench, 2)
        server.messages.append(letter(5))
        server.uidls.append("new")
        mail = bench.store.open_account("ana")
        mail.write(lambda root: setattr(root.bodies[2], "sha256", b"\0" * 32))
        found = replace(rehearse(Policy("delete_after", 1)), notices=())
        assert found == Rehearsed(3, sum(sizes) - sizes[1], 1)
        assert (server.count("DELE"), len(server.messages), intents(bench)) == (0, 5, set())
        with pytest.raises(NotFound):
            rehearse(account="a9")
        with bench.collector.maildrops.held(account(server).maildrop), pytest.raises(Busy):
            rehearse()


@pytest.fixture
def erase(bench):
    def erased(*ids):
        return bench.store.open_account("ana").write(lambda root: delete(root, list(ids), for_good=True))

    return erased


@pytest.mark.parametrize("top", [True, False])
def test_what_the_user_erased_here_goes_there_as_well(bench, rehearse, erase, top):
    sent = letters(3)
    with PopServer(sent, answers={} if top else {"TOP": UNKNOWN}) as server:
        bench.accounts["ana"] = [account(server, **AFTER)]
        bench.run()
        erase("m1", "m2")
        bench.run()
        assert (server.messages, intents(bench)) == (sent, set())
        later(bench, 3)
        assert rehearse() == Rehearsed(3, sum(map(len, sent)), 0, erased=2)
        bench.run()
        assert (server.messages, intents(bench), bench.kept()) == ([], set(), sent[2:])


def test_what_was_erased_between_deciding_and_deleting_goes_as_well(bench, erase):
    with PopServer(letters(2), answers={"DELE": b"-ERR not now\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        bench.run()
        erase("m1", "m2")
        server.answers.clear()
        bench.run()
        assert (server.messages, intents(bench)) == ([], set())


def test_what_the_user_erased_here_stays_there_where_it_is_left(bench, erase):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        later(bench, 1000)
        erase("m1", "m2")
        bench.run()
        assert (server.count("DELE"), server.messages, bench.kept()) == (0, letters(2), [])


@pytest.mark.parametrize("other", [HEAD + b"another body\r\n", b"Status: RO\r\n" + HEAD + b"hello\r\n"])
def test_what_is_not_octet_for_octet_what_was_erased_stays_there(bench, rehearse, erase, other):
    with PopServer([HEAD + b"hello\r\n"]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        erase("m1")
        server.messages[0] = other
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            bench.run()
        assert (server.count("DELE"), server.messages, intents(bench)) == (0, [other], set())
        found = rehearse()
        assert replace(found, notices=()) == Rehearsed(0, 0, 1)
        assert [notice.kind for notice in found.notices] == ["unsafe"]
        server.commands.clear()
        bench.run()
        assert server.count("RETR") == 0


def test_a_rehearsal_promises_of_what_was_erased_only_what_deleting_does(bench, rehearse, erase):
    """A server wrote into a letter that was erased here, and has told its new size since."""
    sent = letters(3)
    with PopServer(sent) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        erase("m1", "m2")
        server.messages[0] = b"Status: RO\r\n" + sent[0]
        told = set()
        for _ in range(2):
            told.add(rehearse(Policy("delete")))
            bench.run()
        (found,) = told
        octets = len(sent[1]) + len(sent[2])
        assert replace(found, notices=()) == Rehearsed(2, octets, 1, erased=1)
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            (notice,) = bench.run()["a1"].notices
            assert (notice,) == found.notices
            assert (notice.kind, "octet for octet: 1." in notice.message) == ("unsafe", True)
            assert server.messages == [b"Status: RO\r\n" + sent[0]]
            assert rehearse() == Rehearsed(0, 0, 1, notices=found.notices)


def test_a_rehearsal_looks_at_only_so_much_of_what_was_erased(bench, rehearse, erase, monkeypatch):
    sent = letters(4)
    with PopServer(sent) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        erase("m1", "m2", "m3")
        server.commands.clear()
        monkeypatch.setattr("stored.collecting.rehearsal.LOOKED_AT", 2)
        assert rehearse(Policy("delete")) == Rehearsed(4, sum(map(len, sent)), 0, erased=3)
        assert server.count("RETR") == 2
        monkeypatch.setattr("stored.collecting.rehearsal.LOOKED_AT_OCTETS", len(sent[0]))
        assert rehearse(Policy("delete")).erased == 3
        assert server.count("RETR") == 3


def test_a_letter_erased_that_came_again_with_other_fields_stays_at_the_other_server(bench, erase):
    again = b"Received: from a.test by b.test; Mon, 23 Nov 2026 10:00:00 +0000\r\n" + HEAD + b"hello\r\n"
    with PopServer([HEAD + b"hello\r\n"]) as one, PopServer([again]) as two:
        bench.accounts["ana"] = [account(one)]
        bench.run()
        bench.accounts["ana"] = [account(one), account(two, "a2")]
        bench.run()
        assert len(bench.kept()) == 1
        erase("m1")
        bench.accounts["ana"] = [account(one, **DELETE), account(two, "a2", **DELETE)]
        for _ in range(2):
            bench.run()
        assert (one.messages, two.messages, two.count("RETR"), bench.kept()) == ([], [again], 1, [])


@pytest.mark.parametrize("body", [b"hello\r\n", b"an answer\r\n"])
def test_a_letter_that_came_by_two_accounts_is_deleted_at_both(bench, body):
    """It was fetched again and again, since the header block kept here is that of the first account."""
    again = b"Received: from a.test by b.test; Mon, 23 Nov 2026 10:00:00 +0000\r\n" + HEAD
    with PopServer([HEAD + b"hello\r\n"]) as one, PopServer([again + b"hello\r\n"]) as two:
        bench.accounts["ana"] = [account(one)]
        bench.run()
        bench.accounts["ana"] = [account(one), account(two, "a2")]
        bench.run()
        assert len(bench.kept()) == 1
        two.messages[0] = again + body
        bench.accounts["ana"] = [account(one, **DELETE), account(two, "a2", **DELETE)]
        for _ in range(3):
            bench.run()
        assert (one.messages, two.messages) == ([], [])
        assert {raw.rpartition(b"\r\n\r\n")[2] for raw in bench.kept()} == {b"hello\r\n", body}


def test_what_cannot_be_deleted_does_not_keep_the_rest_from_it(bench):
    bench.collect["deletions"] = 2
    with PopServer(letters(6)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()

        def lose(root):
            for uid in range(1, 4):
                del root.state[uid], root.bodies[uid]

        bench.store.open_account("ana").write(lose)
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            bench.run()
        assert server.messages == letters(3)


def test_a_rehearsal_tells_that_the_clock_is_held(bench, rehearse):
    with PopServer(letters(2)) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        now = bench.wall()
        bench.wall = lambda: now + 10 * 365 * DAY
        found = rehearse(Policy("delete"))
        assert (found.messages, found.held) == (2, True)
        assert bench.clock.confirm()
        assert rehearse(Policy("delete")) == replace(found, held=False, notices=())


def test_a_longer_body_under_the_same_name_and_header_is_not_lost(bench):
    """Header blocks alone made a letter that was never stored look like the one that was."""
    longer = HEAD + b"another body, and a longer one\r\n"
    with PopServer([letter(1), HEAD + b"hello\r\n"]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages[1] = longer
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(3):
            bench.run()
        assert sorted(bench.kept()) == sorted([letter(1), HEAD + b"hello\r\n", longer])
        assert server.messages == []


@pytest.mark.parametrize("octets", [100, 150_000, 300_000])
def test_letters_that_differ_only_at_the_end_of_a_long_header_are_all_kept(bench, octets):
    """Beyond 64 KiB nothing was compared: of two only one was kept, and both were deleted there."""
    long = HEAD[:-2] + b"X-Long: " + b"x" * 70 + b"\r\n"
    while len(long) < octets:
        long += b" " + b"x" * 900 + b"\r\n"
    alike = [long + b"To: %d@uno.test\r\n\r\nhello\r\n" % number for number in range(3)]
    with PopServer(alike) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(3):
            bench.run()
        assert sorted(bench.kept()) == alike
        assert server.messages == []


def test_two_copies_in_one_maildrop_are_both_deleted_and_nobody_complains(bench, rehearse):
    with PopServer([letter(1), letter(1), letter(2)]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        assert rehearse(Policy("delete")) == Rehearsed(3, sum(map(len, server.messages)), 0)
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            assert bench.run()["a1"].notices == ()
        assert (len(bench.kept()), server.messages) == (2, [])


@pytest.mark.parametrize("body", [b"hello\r\n", b"jello\r\n"])
def test_a_letter_whose_header_block_is_another_each_time_is_deleted_by_what_is_in_it(bench, rehearse, body):
    """It was kept once more in each visit, and never deleted."""

    def stamped(conversation, number):
        server.messages[0] = b"Scanned: %03d\r\n" % len(server.commands) + HEAD + server.messages[0][-7:]
        conversation.usual("TOP" if " " in number else "RETR", number)

    with PopServer([b"Scanned: 000\r\n" + HEAD + b"hello\r\n"]) as server:
        server.answers.update(TOP=stamped, RETR=stamped)
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages[0] = HEAD + body
        bench.accounts["ana"] = [account(server, **DELETE)]
        assert rehearse() == Rehearsed(1, len(server.messages[0]), 0)
        for _ in range(2):
            bench.run()
        assert (server.messages, intents(bench)) == ([], set())
        assert {raw[-7:] for raw in bench.kept()} == {b"hello\r\n", body}
        assert len(bench.kept()) == len({b"hello\r\n", body})


@pytest.mark.parametrize("date", [b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n", b""])
def test_what_is_one_letter_by_top_and_another_by_retr_stays_there(bench, date):
    lie = b"From: Eva <eva@dos.test>\r\n" + date + b"\r\nhello\r\n"
    with PopServer([HEAD + b"hello\r\n"], answers={"RETR": b"+OK\r\n" + lie + b".\r\n"}) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(3):
            bench.run()
        assert (server.count("DELE"), bench.kept()) == (0, [lie])


def test_what_a_server_has_written_into_a_message_does_not_keep_it_there(bench):
    with PopServer([letter(1)]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        server.messages[0] = b"Status: RO\r\n" + server.messages[0]
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(3):
            bench.run()
        assert (server.messages, bench.kept()) == ([], [letter(1)])
