"""Mail made to break its reader: promises 7, 10 and 16, fault F52, in small; the million is bench.fuzz."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import orjson
import pytest

from bench.fuzz import fuzz
from bench.fuzzed import SEEDS
from restante.errors import TooComplex
from stored.mime import ordinary_summary
from stored.parsing import Parsers

TOP = Path(__file__).parents[2]
HARDMAIL = TOP.parent / "shared" / "hardmail" / "mail"

LIMIT_SECONDS = 2.0
LETTER = b"Subject: x\r\n\r\nx"


def test_broken_letters_break_nothing():
    total = fuzz(3000, seed=2026, seeds=SEEDS, processes=2)
    assert (total["read"], dict(total["kinds"]), total["faults"]) == (3000, {}, [])
    assert total["seconds"] < LIMIT_SECONDS


def nested(depth, opening=b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"):
    return b"".join(opening % (n, n) for n in range(depth)) + b"\r\nhello"


BOMBS = {
    "depth": nested(500),
    "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
    "one boundary at all depths": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 20_000,
    "header": b"To: " + b"a@b.c, " * 200_000 + b"\r\n\r\nx",
    "quotes": b'From: ' + b'"' * 250_000 + b"\r\n\r\nx",
    "comments": b"From: " + b"(" * 250_000 + b"\r\n\r\nx",
    "encoded words": b"Subject: " + b"=?utf-8?q?=41?= " * 15_000 + b"\r\n\r\nx",
    "parameters": b"Content-Type: text/plain" + b"; a*0*=''x" * 20_000 + b"\r\n\r\nx",
    "attributes": b"Content-Type: text/html\r\n\r\n<a " + b"x=y " * 250_000 + b">",
    "tags": b"Content-Type: text/html\r\n\r\n" + b"<div><b><table><tr><td>" * 45_000,
    "entities": b"Content-Type: text/html\r\n\r\n" + b"&amp;" * 200_000,
    "calendar": b"Content-Type: text/calendar\r\n\r\n" + b"BEGIN:VEVENT\r\n" * 70_000,
    "report": b"Content-Type: multipart/report; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n\r\nAction: failed\r\n" * 900,
    "links": b"Subject: x\r\n\r\n" + b"http://a.example/x a@b.example www.c.example\r\n" * 22_000,
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_the_daemon_itself_reads_of_a_bomb_as_it_arrives_is_little_work(name):
    began = time.process_time()
    ordinary_summary(BOMBS[name])
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("name", BOMBS)
def test_f52_a_bomb_is_read_or_told_to_be_too_complex(name):
    parsers = Parsers(1, deadline_seconds=LIMIT_SECONDS)
    parsers.do("opened", LETTER, id="m1", text=True, runs=True, limit=1000)
    began = time.monotonic()
    try:
        told = orjson.loads(parsers.do("opened", BOMBS[name], id="m1", text=True, runs=True, limit=900_000))
        assert told["raw"] == "m1"
    except TooComplex:
        pass
    assert time.monotonic() - began < 3 * LIMIT_SECONDS + 1
    assert (
        orjson.loads(parsers.do("opened", LETTER, id="m1", text=True, runs=True, limit=1000))["text"] == "x"
    )
    parsers.stop()


READ_ALL = """
    import sys
    from pathlib import Path
    attempts = []
    sys.addaudithook(lambda event, arguments: attempts.append(event) if event.startswith("socket.") else None)
    from bench.fuzzed import SEEDS
    from stored.parsing.tasks import inspected, opened
    mail = SEEDS + [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.eml"))]
    for raw in mail:
        opened(raw, id="m1", text=True, runs=True, limit=900_000)
        inspected(raw, file="x")
    print(len(mail), attempts)
"""


@pytest.mark.parametrize("alone", [False, True], ids=["as we are", "in a network namespace without a route"])
def test_promise_16_reading_attempts_no_connection(alone, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(READ_ALL), HARDMAIL if HARDMAIL.is_dir() else tmp_path]
    if alone:
        prefix = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--net"]
        if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
            pytest.skip("a network namespace cannot be made here")
        command = prefix + command
    answer = subprocess.run(command, capture_output=True, text=True, cwd=TOP)
    assert answer.returncode == 0, answer.stderr
    count, _, attempts = answer.stdout.strip().partition(" ")
    assert int(count) >= len(SEEDS)
    assert attempts == "[]"


def test_a_letter_of_100_mb_is_opened_in_bounded_memory():
    """Promise 10, its opening: neither the daemon nor the reading process follows the size of a letter."""
    code = """
        import resource
        from stored.parsing import Parsers
        from stored.spool import gathered
        head = b"Content-Type: multipart/mixed; boundary=b\\r\\n\\r\\n--b\\r\\n\\r\\nhello\\r\\n--b\\r\\n"
        head += b"Content-Type: application/x; name=f\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n"
        line = b"QUJD" * 19 + b"\\r\\n"
        step = line * 13_443
        parsers = Parsers(1)
        parsers.do("opened", b"Subject: x", id="m1", text=True, runs=True, limit=1000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        raw = gathered((piece for piece in (head, *[step] * 100)), None)
        told = parsers.do("opened", raw, id="m1", text=True, runs=True, limit=100_000)
        pid = parsers._all[0]._process.pid
        peak = [line for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")]
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(len(raw) // 1_000_000, b"hello" in told, ours // 1024, int(peak[0].split()[1]) // 1024)
        parsers.stop()
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, cwd=TOP
    )
    assert answer.returncode == 0, answer.stderr
    megabytes, right, ours, process = answer.stdout.split()
    assert (int(megabytes), right) == (104, "True")
    assert int(ours) <= 64
    assert int(process) <= 96
