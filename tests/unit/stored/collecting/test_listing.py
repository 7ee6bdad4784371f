"""Messages without a name of their own: known again without fetching them all, never taken for another."""

import pytest

from tests.pop3server import PopServer
from tests.unit.stored.keeping import letter, letters
from tests.unit.stored.visiting import account, kinds

DAY = 86400
DELETE = {"on_server": "delete"}
UNKNOWN = b"-ERR unknown command\r\n"
#: Servers that give no names, and show no header block alone.
BARE = {"UIDL": UNKNOWN, "TOP": UNKNOWN}


def bare(messages, **answers):
    return PopServer(messages, answers=BARE | answers, capabilities=("USER",))


def visit(bench, server):
    """Visit once; return how many were kept, and how many asked for whole."""
    before = server.count("RETR")
    state = bench.run()["a1"]
    assert (state.stage, state.error) == ("done", None)
    return state.collected, server.count("RETR") - before


def replace(server, messages):
    server.messages = list(messages)
    server.uidls = [str(n) for n in range(len(messages))]


# Known by their place --------------------------------------------------------------------------------


def test_without_names_and_header_blocks_one_message_a_visit_is_looked_at(bench):
    with bare(letters(9)) as server:
        bench.accounts["ana"] = [account(server)]
        assert visit(bench, server) == (9, 9)
        assert visit(bench, server) == (0, 1)
        replace(server, letters(12))
        assert visit(bench, server) == (3, 4)
        replace(server, letters(11))
        assert visit(bench, server) == (0, 1)
        assert bench.kept() == letters(9) + letters(3, 10)


@pytest.mark.parametrize("gone", [0, 2, 4])
@pytest.mark.parametrize("come", [1, 2])
def test_what_has_come_in_the_place_of_another_of_its_size_is_found(bench, gone, come):
    before = letters(5)
    assert len({len(raw) for raw in before}) == 1
    with bare(before) as server:
        bench.accounts["ana"] = [account(server)]
        visit(bench, server)
        replace(server, [*before[:gone], *before[gone + 1 :], *letters(come, 6)])
        assert visit(bench, server)[0] == come
        assert bench.kept() == letters(5 + come)
        assert visit(bench, server) == (0, 1)


def test_what_says_neither_who_nor_when_is_not_taken_for_another_in_its_place(bench):
    told = [f"Subject: done\r\n\r\nrun {n}\r\n".encode() for n in range(1, 5)]
    with bare(told[:3]) as server:
        bench.accounts["ana"] = [account(server)]
        assert visit(bench, server)[0] == 3
        replace(server, [told[0], told[2], told[3], letter(1)])
        assert visit(bench, server)[0] == 2
        assert sorted(bench.kept()) == sorted([*told, letter(1)])


def test_without_sizes_all_is_fetched_and_nothing_doubled(bench):
    with bare(letters(3), LIST=b"+OK\r\n1 x\r\n2 x\r\n3 x\r\n.\r\n") as server:
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        assert visit(bench, server) == (3, 3)
        assert visit(bench, server) == (0, 3)
        assert kinds(bench.states()["a1"]) == ["no_names", "not_deleted"]
        assert len(server.messages) == 3


def test_what_is_known_by_its_place_is_known_after_others_were_deleted(bench):
    """Deleted only where that is allowed, compared whole, and what is left keeps being known."""
    with bare(letters(6)) as server:
        bench.accounts["ana"] = [account(server, on_server="delete_after", days=3, unnamed=True)]
        visit(bench, server)

        def older(root):
            origins = root.maildrop("a1").origins
            for uid in (1, 2):
                origin = origins.of(uid)
                origins.put(uid, origin._replace(received_at=int(origin.received_at - 4 * DAY)))

        bench.store.open_account("ana").write(older)
        # One stands for all, two are compared before they are deleted.
        assert visit(bench, server) == (0, 3)
        assert server.messages == letters(4, 3)
        assert visit(bench, server) == (0, 1)


def test_another_body_in_its_place_is_collected_and_not_deleted_unseen(bench):
    head = b"From: Ana <ana@uno.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nSubject: one\r\n\r\n"
    with bare([head + b"hello\r\n", letter(1)]) as server:
        bench.accounts["ana"] = [account(server)]
        visit(bench, server)
        server.messages[0] = head + b"HELLO\r\n"
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        for _ in range(2):
            bench.run()
        assert sorted(bench.kept()) == sorted([head + b"HELLO\r\n", head + b"hello\r\n", letter(1)])
        assert server.messages == []


def test_what_was_not_of_the_size_it_is_listed_with_is_not_deleted_by_its_place(bench):
    """The server gives for every message the same octets, which are of no message there."""
    with bare(letters(3), RETR=b"+OK\r\n.\r\n") as server:
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        for _ in range(2):
            bench.run()
        assert (server.count("DELE"), server.messages) == (0, letters(3))
        assert kinds(bench.states()["a1"]) == ["no_names", "not_deleted"]


# Names that several have -----------------------------------------------------------------------------


@pytest.mark.parametrize("top", [True, False])
def test_what_shares_a_name_is_known_without_being_fetched_again_and_that_is_told(bench, top):
    answers = {} if top else {"TOP": UNKNOWN}
    names = ["same", "same", "same", "other"]
    with PopServer(letters(4), uidls=names, answers=answers) as server:
        bench.accounts["ana"] = [account(server, **DELETE)]
        # The one that has a name of its own is deleted, compared whole where no header block is shown.
        assert visit(bench, server) == (4, 4 if top else 5)
        assert server.messages == letters(3)
        assert visit(bench, server) == (0, 0 if top else 1)
        assert kinds(bench.states()["a1"]) == ["names_shared", "not_deleted"]
        server.messages.append(letter(5))
        server.uidls.append("same")
        assert visit(bench, server)[0] == 1
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        visit(bench, server)
        assert server.messages == []
        assert bench.kept() == letters(5)


def test_what_is_alike_but_for_its_body_is_kept_fetched_once_and_never_deleted(bench):
    head = b"From: Ana <ana@uno.test>\r\nSubject: one\r\n\r\n"
    alike = [head + b"one\r\n", head + b"two\r\n"]
    with PopServer([*alike, letter(1)], answers={"UIDL": UNKNOWN}) as server:
        bench.accounts["ana"] = [account(server, **DELETE, unnamed=True)]
        assert visit(bench, server) == (3, 3)
        assert visit(bench, server) == (0, 0)
        assert (sorted(bench.kept()), server.messages) == (sorted([*alike, letter(1)]), alike)
        assert "all the same: 2." in bench.states()["a1"].notices[-1].message


# Looking again ---------------------------------------------------------------------------------------


def test_what_was_just_deleted_is_not_looked_at_again(bench):
    bench.collect |= {"look_again_messages": 8, "deletions": 2}
    asked: list[str] = []

    def top(conversation, argument):
        number = argument.split()[0]
        asked.append(number)
        assert int(number) not in conversation.deleted
        conversation.usual("TOP", argument)

    with PopServer(letters(4), answers={"TOP": top}) as server:
        bench.accounts["ana"] = [account(server)]
        visit(bench, server)
        bench.accounts["ana"] = [account(server, **DELETE)]
        for _ in range(2):
            visit(bench, server)
        assert (asked != [], server.messages) == (True, [])
