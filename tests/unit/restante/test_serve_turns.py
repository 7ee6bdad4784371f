"""Who attends answers by itself; while an answer takes long, somebody else attends."""

import threading
from collections import Counter

import pytest

from restante.config import HttpSettings
from restante.rpc import ANYONE
from restante.serve import Response, Route
from restante.serve.turns import Turns
from tests.unit.restante.listening import DEADLINE_SECONDS, read_answer, request, running

THREADS = 3


class Desk:
    """A route that notes who answers, and one whose answer takes until the test lets it go."""

    def __init__(self):
        self.quick_by = []
        self.entered = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)

    def quick(self, asked):
        self.quick_by.append(threading.get_ident())
        return Response(200, {}, b"quick")

    def slow(self, asked):
        self.entered.release()
        assert self.leave.acquire(timeout=DEADLINE_SECONDS)
        return Response(200, {}, b"slow")

    def routes(self):
        return [Route(name, getattr(self, name), ("GET",), caller=ANYONE) for name in ("quick", "slow")]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def house(desk):
    with running(settings=HttpSettings(threads=THREADS), routes=desk.routes()) as house:
        yield house
        for _ in range(100):
            desk.leave.release()


def ask_slowly(house, desk):
    """Return a connection on which an answer has begun and does not end."""
    connection = house.connect()
    connection.sendall(request("GET", "/mail/slow"))
    assert desk.entered.acquire(timeout=DEADLINE_SECONDS)
    return connection


def finish(desk, connections, released=0):
    """Let all answers end that have begun, of which so many were let go before."""
    for _ in connections[released:]:
        desk.leave.release()
    for connection in connections:
        assert read_answer(connection).body == b"slow"
        connection.close()


def test_quick_answers_change_no_thread(house, desk):
    """Without it: the loop and a thread wait for one another at each request."""
    with house.connect() as connection:
        for _ in range(50):
            connection.sendall(request("GET", "/mail/quick"))
            assert read_answer(connection).body == b"quick"
    # On a busy machine an answer may seem long now and then.
    assert Counter(desk.quick_by).most_common(1)[0][1] > 40


def test_others_are_answered_while_answers_take_long(house, desk):
    slow = [ask_slowly(house, desk) for _ in range(THREADS - 1)]
    assert house.ask("GET", "/mail/quick").body == b"quick"
    finish(desk, slow)


def test_no_more_than_the_threads_answer_at_the_same_time_and_the_rest_wait_their_turn(house, desk):
    slow = [ask_slowly(house, desk) for _ in range(THREADS)]
    with house.connect() as waiting, house.connect() as coming:
        waiting.sendall(request("GET", "/mail/quick"))
        # Whoever attends goes on reading: it tells a client to go on that waits for leave.
        coming.sendall(b"GET /mail/quick HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert coming.recv(100).startswith(b"HTTP/1.1 100 ")
        assert not desk.quick_by
        desk.leave.release()
        assert read_answer(waiting).body == b"quick"
    finish(desk, slow, released=1)


def test_what_waits_behind_a_long_answer_is_answered_at_once_on_all_threads(house, desk):
    connections = [house.connect() for _ in range(THREADS)]
    for connection in connections:
        connection.sendall(request("GET", "/mail/slow"))
    for _ in connections:
        assert desk.entered.acquire(timeout=DEADLINE_SECONDS)
    finish(desk, connections)


def test_threads_take_turns_for_ever(house, desk):
    """Each long answer makes another thread attend; none is lost, none too many is made."""
    for _ in range(40):
        slow = [ask_slowly(house, desk) for _ in range(2)]
        assert house.ask("GET", "/mail/quick").body == b"quick"
        finish(desk, slow)
    serving = f"serve {house.server.addresses[0]} "
    assert sum(thread.name.startswith(serving) for thread in threading.enumerate()) <= THREADS + 1


def test_all_threads_end_with_the_server(desk):
    with running(settings=HttpSettings(threads=THREADS), routes=desk.routes()) as house:
        finish(desk, [ask_slowly(house, desk)])
        serving = f"serve {house.server.addresses[0]} "
        ours = [thread for thread in threading.enumerate() if thread.name.startswith(serving)]
        assert len(ours) >= 2
    for thread in ours:
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive()


class Quick:
    """A request that is answered at once."""

    def service(self):
        pass

    def cancel(self):
        pass


def test_somebody_attends_though_who_was_to_watch_answers():
    """Who was called to watch took what waited; the next long answer then had nobody attend."""
    made = []

    class Counted(Turns):
        def _make(self, role):
            self._made += 1
            made.append(role)

    turns = Counted(lambda: False, THREADS, "test")
    turns._made, turns._resting = 2, 1  # one attends, one rests
    turns.add_task(Quick())
    assert turns._next_while_attending() is not None
    assert (turns._resting, made) == (0, [])  # that one is called to watch
    turns.add_task(Quick())
    assert turns._answer_what_waits() == turns._rest  # but finds this first, and answers it
    assert made == [turns._rest]
