"""Reading processes: killed when they take too long, made anew, never all threads waiting."""

import io
import os
import threading
import time

import orjson
import pytest

from restante.errors import Busy, Draining, TooComplex
from stored.parsing import Parsers, pool, tasks, worker

LETTER = b"From: ana@uno.example\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<b>hello</b>"
HOW = {"id": "m1", "text": True, "runs": True, "limit": 100_000}


@pytest.fixture
def parsers():
    made = Parsers(1, deadline_seconds=20)
    yield made
    made.stop()


def process_of(parsers):
    return parsers._all[0]._process


def opened(parsers, raw=LETTER):
    return orjson.loads(parsers.do("opened", raw, **HOW))


def test_a_letter_is_read_in_another_process(parsers):
    said = opened(parsers)
    assert (said["text"], said["runs"], said["raw"]) == ("hello", [{"text": "hello", "bold": True}], "m1")
    assert process_of(parsers).pid != os.getpid()


def test_a_process_serves_many_and_survives_what_cannot_be_done(parsers):
    opened(parsers)
    first = process_of(parsers).pid
    with pytest.raises(TooComplex):
        parsers.do("thumbnail", b"no picture", width=16, height=16)
    assert opened(parsers)["text"] == "hello"
    assert process_of(parsers).pid == first


def test_a_process_that_dies_is_replaced(parsers):
    opened(parsers)
    first = process_of(parsers)
    first.kill()
    first.wait()
    with pytest.raises(TooComplex):
        opened(parsers)
    assert opened(parsers)["text"] == "hello"
    assert process_of(parsers).pid != first.pid


def test_a_process_that_takes_too_long_is_killed(parsers):
    opened(parsers)
    stuck = process_of(parsers)
    os.kill(stuck.pid, 19)  # SIGSTOP: it will never answer
    parsers._deadline_seconds = 0.2
    began = time.monotonic()
    with pytest.raises(TooComplex):
        opened(parsers)
    assert time.monotonic() - began < 5
    assert stuck.poll() is not None
    parsers._deadline_seconds = 20
    assert opened(parsers)["text"] == "hello"


def test_a_process_that_works_too_long_ends_itself(parsers):
    pictured = b"Content-Type: text/html\r\n\r\n" + b"<ul><li>" * 110_000
    opened(parsers)
    parsers._deadline_seconds = 0.02
    with pytest.raises(TooComplex):
        opened(parsers, pictured)
    parsers._deadline_seconds = 20
    assert opened(parsers)["text"] == "hello"


def test_a_large_letter_passes_through(parsers):
    body = b"line of a large letter\r\n" * 300_000
    raw = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
    raw += b"Content-Type: application/x; name=f\r\n\r\n" + body + b"\r\n--b--\r\n"
    said = opened(parsers, raw)
    assert (said["text"], said["parts"][1]["octets"]) == ("hello", str(len(body)))


def test_who_finds_every_process_taken_is_told_to_come_again(parsers, monkeypatch):
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.2)
    with parsers._changed:
        taken = parsers._free.pop()
    with pytest.raises(Busy) as busy:
        opened(parsers)
    assert busy.value.retryable
    with parsers._changed:
        parsers._free.append(taken)
    assert opened(parsers)["text"] == "hello"


def test_only_a_few_wait_long(parsers, monkeypatch):
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 30)
    monkeypatch.setattr(pool, "HURRY_SECONDS", 0.1)
    with parsers._changed:
        taken = parsers._free.pop()
    answers = []
    patient = [threading.Thread(target=lambda: answers.append(opened(parsers))) for _ in range(pool.PATIENT)]
    for thread in patient:
        thread.start()
    deadline = time.monotonic() + 10
    while parsers._waiting < pool.PATIENT and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    with pytest.raises(Busy):
        opened(parsers)
    with parsers._changed:
        parsers._free.append(taken)
        parsers._changed.notify()
    for thread in patient:
        thread.join(30)
    assert len(answers) == pool.PATIENT


def test_who_waits_while_the_daemon_stops_is_told(parsers):
    parsers.stop()
    with pytest.raises(Draining):
        opened(parsers)


def test_a_process_ends_with_its_daemon():
    made = Parsers(1)
    opened(made)
    process = process_of(made)
    process.stdin.close()
    assert process.wait(20) == 0


def test_processes_without_work_end_and_are_there_again_when_asked():
    made = Parsers(1, deadline_seconds=20, rest_seconds=0.05)
    opened(made)
    first = process_of(made)
    assert first is None or first.wait(20) is not None
    assert opened(made)["text"] == "hello"
    made.stop()


def test_starting_makes_one_process_however_often():
    made = Parsers(2)
    made.start()
    first = made._all[1]._process
    assert first is not None
    made.start()
    assert (made._all[0]._process, made._all[1]._process) == (None, first)
    made.stop()
    made.start()
    assert first.wait(20) is not None


@pytest.mark.parametrize(
    "raised", [MemoryError(), RecursionError(), ValueError("text of a letter"), tasks.TooMuch("x")]
)
def test_whatever_reading_raises_is_too_complex(raised, monkeypatch):
    def fail(raw, **how):
        raise raised

    monkeypatch.setitem(tasks.TASKS, "opened", fail)
    told, octets = worker.answer({"do": "opened", "how": {}}, io.BytesIO(b"raw"), 3)
    assert octets == b""
    assert "letter" not in told["too_complex"]
