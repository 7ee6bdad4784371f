"""Who attends answers by itself; while an answer takes long, somebody else attends."""

import threading

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
    assert len(set(desk.quick_by)) == 1


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


class Slow:
    """A request whose answer takes until `leave`."""

    def __init__(self):
        self.entered, self.leave = threading.Event(), threading.Event()

    def service(self):
        self.entered.set()
        assert self.leave.wait(DEADLINE_SECONDS)

    def cancel(self):
        self.leave.set()


def test_somebody_attends_though_who_was_to_watch_answers():
    """Who was called to watch took what waited; the next long answer then had nobody attend."""
    first, second, third = (Slow() for _ in range(3))
    attended = threading.Semaphore(0)
    told = threading.Event()
    looks = 0

    def attend():
        nonlocal looks
        looks += 1
        attended.release()
        if looks == 1:
            turns.add_task(first)
        elif looks == 2:
            turns.add_task(second)
            # Somebody else takes it before who attends looks.
            assert second.entered.wait(DEADLINE_SECONDS)
            turns.add_task(third)
        else:
            told.wait(DEADLINE_SECONDS)
        return not told.is_set()

    class LateMade(Turns):
        """Threads beyond the first two begin only when there is something to take."""

        def _make(self, role):
            if self._made >= 2:
                made = super()._make

                def when_waiting():
                    assert first.entered.wait(DEADLINE_SECONDS)
                    while not self._waiting and not second.entered.is_set():
                        pass
                    made(role)

                threading.Thread(target=when_waiting, daemon=True).start()
            else:
                super()._make(role)

    turns = LateMade(attend, THREADS, "test")
    turns.start()
    try:
        for _ in range(3):
            assert attended.acquire(timeout=DEADLINE_SECONDS)
        assert third.entered.is_set()
    finally:
        told.set()
        for one in (first, second, third):
            one.leave.set()
        turns.end()
        turns.wait(DEADLINE_SECONDS)
