import socket
import threading
import time

import pytest

from bench.delay import Passed, Wire

ROUND_TRIP_SECONDS = 0.1


@pytest.fixture
def echo():
    """A server that says back what it hears."""

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                while heard := connection.recv(65536):
                    connection.sendall(heard)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[:2]
        server.shutdown(socket.SHUT_RDWR)


def ask(line, octets):
    line.sendall(octets)
    answer = b""
    while len(answer) < len(octets):
        answer += line.recv(65536)
    return answer


def test_octets_arrive_whole_and_late_and_are_counted(echo):
    with Wire(echo, round_trip_seconds=ROUND_TRIP_SECONDS, core=None) as wire:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", wire.port), timeout=20) as line:
            large = bytes(range(256)) * 4096
            assert ask(line, b"hello") == b"hello"
            # One round trip for TCP to connect, one for the octets.
            assert time.monotonic() - began >= 2 * ROUND_TRIP_SECONDS
            began = time.monotonic()
            assert ask(line, large) == large
            assert time.monotonic() - began >= ROUND_TRIP_SECONDS
        passed = wire.take()
        assert (passed.connections, passed.up_octets, passed.down_octets) == (
            1,
            5 + len(large),
            5 + len(large),
        )
        assert passed.turns >= 2
        assert wire.take() == Passed()


def test_a_client_that_is_done_is_told_to_the_server(echo):
    with Wire(echo, round_trip_seconds=0, core=None) as wire:
        with socket.create_connection(("127.0.0.1", wire.port), timeout=20) as line:
            line.sendall(b"bye")
            line.shutdown(socket.SHUT_WR)
            assert line.makefile("rb").read() == b"bye"
        assert wire.take().turns == 1
