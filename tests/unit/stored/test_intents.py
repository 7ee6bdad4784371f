"""The notes of who has letters still to be handed over."""

from concurrent.futures import ThreadPoolExecutor

from stored.intents import Intents

USERS = [f"user{n:03}" for n in range(200)]


def test_those_who_look_while_notes_go_see_those_that_are_left(tmp_path):
    intents = Intents(tmp_path / "outbox")
    for user in USERS:
        with intents.promising(user):
            pass
    assert sorted(intents.users()) == USERS
    with ThreadPoolExecutor(1) as pool:
        settled = pool.submit(lambda: [intents.settle(user, lambda: False) for user in USERS])
        while seen := intents.users():
            assert set(seen) <= set(USERS)
        assert all(settled.result())


def test_a_note_stays_while_something_waits_or_is_being_promised(tmp_path):
    intents = Intents(tmp_path / "outbox")
    with intents.promising("ana"):
        assert not intents.settle("ana", lambda: False)
    assert not intents.settle("ana", lambda: True)
    assert intents.users() == ["ana"]
    assert intents.settle("ana", lambda: False)
    assert intents.users() == []
