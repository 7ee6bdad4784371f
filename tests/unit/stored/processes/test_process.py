"""A process of ours: asked, killed, made anew; it knows no secret and may not do what reading never needs."""

import io
import subprocess
import sys

import pytest

from stored.processes import Process, ProcessDied, frames, process, worker

LETTER = b"Subject: x\r\n\r\nhello\r\n"


@pytest.fixture
def reader():
    made = Process("stored.parsing.worker")
    yield made
    made.end()


def asked(reader, raw=LETTER, pieces=None):
    told, answer = reader.ask(
        {"do": "summarized", "how": {}}, pieces or [raw], len(raw), seconds=20, clock_seconds=60
    )
    return told, b"hello" in answer


def test_it_starts_when_asked_rests_and_starts_anew(reader):
    assert reader.pid == 0
    assert asked(reader) == ({}, True)
    first = reader.pid
    assert asked(reader) == ({}, True)
    assert reader.pid == first
    reader.rest()
    assert reader.pid == 0
    assert asked(reader) == ({}, True)


def test_once_ended_it_never_starts_again(reader):
    asked(reader)
    reader.end()
    with pytest.raises(ProcessDied):
        asked(reader)


def test_where_a_piece_cannot_be_had_nobody_goes_on_from_half_a_request(reader):
    def pieces():
        yield LETTER[:5]
        raise OverflowError

    asked(reader)
    with pytest.raises(OverflowError):
        asked(reader, pieces=pieces())
    assert reader.pid == 0
    assert asked(reader) == ({}, True)


def test_processes_know_no_secret_of_ours(monkeypatch):
    monkeypatch.setenv("RESTANTE_STORED_RELAY_SECRET", "x")
    assert not any("RESTANTE" in name for name in process._environment())


def test_requests_are_answered_one_after_another_until_they_end():
    requests, answers = io.BytesIO(), io.BytesIO()
    limits = {"seconds": 20, "clock_seconds": 60}
    for octets in (b"one", b"two"):
        frames.write(requests, limits, [octets], len(octets))
    requests.seek(0)
    worker.serve(requests, answers, lambda head, stream, count: ({"n": count}, frames.exactly(stream, count)))
    answers.seek(0)
    for octets in (b"one", b"two"):
        assert frames.read(answers) == ({"n": 3}, 3)
        assert frames.exactly(answers, 3) == octets


FORBIDDEN = {
    "connection": "import socket; socket.create_connection(('127.0.0.1', 9))",
    "name": "import socket; socket.getaddrinfo('a.example', 80)",
    "program": "import subprocess; subprocess.run(['true'])",
    "shell": "import os; os.system('true')",
    "memory": "bytearray(2 << 30)",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_process_may_not(what):
    code = f"from stored.processes import worker; worker.forbid(1 << 30)\ntry:\n    {FORBIDDEN[what]}\n"
    code += "except (PermissionError, MemoryError): print('refused')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "refused", done.stderr
