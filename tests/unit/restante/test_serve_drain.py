"""Stopping: nobody who has asked is cut off (FAULTS.md item 5, F14)."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from restante.config import HttpSettings
from tests.unit.restante.listening import read_answer, request, rpc, running, wait_until


def drain_beside(server, seconds=20):
    """Begin to drain in another thread; return it once the door is closed."""
    thread = threading.Thread(target=server.drain, args=(seconds,))
    thread.start()
    return thread


def refuses(house):
    try:
        house.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def late(house):
    return all(listener._adjustments.draining_since < float("inf") for listener in house.server._listeners)


def test_running_and_queued_requests_are_answered_after_the_door_is_closed():
    """Without the answer: queued requests are cancelled and their connections cut."""
    with running(settings=HttpSettings(threads=1)) as house:
        asked = [house.connect() for _ in range(5)]
        for number, connection in enumerate(asked):
            connection.sendall(rpc("slow.wait", str(number)))
        assert house.example.entered.acquire(timeout=20)
        draining = drain_beside(house.server)
        wait_until(lambda: refuses(house) and late(house))
        assert draining.is_alive()
        house.example.gate.set()
        for number, connection in enumerate(asked):
            answer = read_answer(connection)
            assert answer.json["result"] == {"text": str(number)}
            assert answer.headers["connection"] == "close"
            connection.close()
        draining.join(20)
        assert not draining.is_alive()


def test_idle_connections_do_not_hold_it_up():
    with running() as house:
        idle = [house.connect() for _ in range(3)]
        idle[0].sendall(request("GET", "/mail/healthz"))
        assert read_answer(idle[0]).status == 200
        started = time.monotonic()
        house.server.drain(20)
        assert time.monotonic() - started < 5
        assert all(connection.recv(1) == b"" for connection in idle)


def test_what_comes_late_on_a_kept_connection_is_told_to_come_back():
    with running(settings=HttpSettings(threads=2)) as house:
        busy, kept = house.connect(), house.connect()
        busy.sendall(rpc("slow.wait"))
        assert house.example.entered.acquire(timeout=20)
        kept.sendall(b"G")  # on its way, so the connection is not idle
        wait_until(lambda: len(house.server._listeners[0]._server.active_channels) == 2)
        draining = drain_beside(house.server)
        wait_until(lambda: late(house))
        kept.sendall(request("GET", "/mail/healthz")[1:])
        health = read_answer(kept)
        assert (health.status, health.json["status"]) == (503, "draining")
        assert "retry-after" in health.headers
        busy.sendall(rpc("echo.say", "late"))
        house.example.gate.set()
        assert read_answer(busy).status == 200
        draining.join(20)
        for connection in (busy, kept):
            connection.close()


def test_a_request_that_begins_after_the_door_closed_gets_503():
    with running() as house:
        told = []
        environ = {"PATH_INFO": "/mail/jsonrpc", "REQUEST_METHOD": "POST", "restante.late": True}
        body = b"".join(house.public(environ, lambda status, headers: told.extend([status, dict(headers)])))
        assert told[0] == "503 Service Unavailable"
        assert told[1]["Retry-After"] == "1"
        assert b'"kind":"draining"' in body


def test_a_request_that_began_before_is_answered():
    with running() as house, house.connect() as connection:
        whole = rpc("echo.say", "begun")
        connection.sendall(whole[:-5])
        wait_until(
            lambda: any(c.request for c in house.server._listeners[0]._server.active_channels.values())
        )
        draining = drain_beside(house.server)
        wait_until(lambda: late(house))
        connection.sendall(whole[-5:])
        assert read_answer(connection).json["result"] == {"text": "begun"}
        draining.join(20)


def test_a_request_that_never_ends_is_cut_at_the_deadline():
    with running() as house, house.connect() as connection:
        connection.sendall(rpc("slow.wait"))
        assert house.example.entered.acquire(timeout=20)
        started = time.monotonic()
        house.server.drain(0.3)
        assert 0.3 <= time.monotonic() - started < 5


def test_hurry_ends_the_waiting():
    with running() as house, house.connect() as connection:
        connection.sendall(rpc("slow.wait"))
        assert house.example.entered.acquire(timeout=20)
        draining = drain_beside(house.server, 60)
        wait_until(lambda: refuses(house))
        house.server.hurry()
        draining.join(10)
        assert not draining.is_alive()


def test_draining_twice_and_without_starting_is_harmless():
    with running() as house:
        house.server.drain()
        house.server.drain()


PROGRAM = """
    import signal, sys, threading
    from restante.config import HttpSettings
    from restante.serve import Application, Server, run_until_signalled
    from tests.unit.restante.example import authenticate, methods

    table, example = methods()
    application = Application(table, authenticate, audience="public", path="/mail/")
    server = Server([(application, "127.0.0.1:0")], HttpSettings(drain_seconds=20))
    print(server.addresses[0], flush=True)

    def on_drain():
        print("draining", flush=True)
        example.gate.set()

    def take_a_signal():
        sys.stdin.readline()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    threading.Thread(target=take_a_signal, daemon=True).start()
    status = run_until_signalled(server, on_drain, lambda: print("stopped", flush=True))
    sys.exit(status)
"""


@pytest.fixture
def program():
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_exits_0(program, number):
    """on_drain lets the waiting method go: it must be called before the waiting begins."""
    host, _, port = program.stdout.readline().strip().rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request("GET", "/mail/healthz"))
        assert read_answer(connection).status == 200
        connection.sendall(rpc("slow.wait", "answered"))
        # The answer to a second connection shows that the first request has been read.
        with socket.create_connection((host, int(port)), timeout=20) as second:
            second.sendall(request("GET", "/mail/healthz"))
            assert read_answer(second).status == 200
        os.kill(program.pid, number)
        assert read_answer(connection).json["result"] == {"text": "answered"}
    assert program.wait(20) == 0
    assert program.stdout.read().split() == ["draining", "stopped"]


def test_a_signal_that_another_thread_takes_is_heard(program):
    """The system gives it to whichever thread it likes; often to one that is just being made."""
    host, _, port = program.stdout.readline().strip().rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request("GET", "/mail/healthz"))
        assert read_answer(connection).status == 200
    program.stdin.write("take it\n")
    program.stdin.flush()
    assert program.wait(20) == 0
    assert program.stdout.read().split() == ["draining", "stopped"]
