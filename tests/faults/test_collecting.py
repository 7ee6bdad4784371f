"""The promises about collecting, at a small count; each command here takes a larger one."""

import base64
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stored.pop3 import Server
from tests.dovecot import missing
from tests.faults import pop3, trace
from tests.faults.collecting import Task
from tests.pop3server import PopServer

TOP = Path(__file__).parents[2]
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def command(name, *arguments):
    """Run one of the commands as people do; return the last line it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{name}", *arguments],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.dovecot
@pytest.mark.skipif(bool(missing()), reason=missing() or "never")
@pytest.mark.parametrize("moments", [(), pytest.param(("--boundaries",), marks=needs_strace)])
def test_killed_while_collecting_nothing_is_lost_or_doubled(moments):
    told = command("kills", "--count", "8", *moments)
    assert told.endswith("0 lost, 0 duplicated, 0 left, every SHA-256 equal")


@needs_strace
def test_nothing_is_deleted_there_before_it_is_durable_here():
    told = command("trace")
    assert f"{trace.MESSAGES} DELE" in told
    assert told.endswith("0 violations")


def peak_octets(directory: Path, octets: int) -> int:
    """Collect one letter with an attachment of so many octets in a process of its own; return its memory."""
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    lines = base64.encodebytes(random.Random(1).randbytes(57 * 1000)).replace(b"\n", b"\r\n")
    with PopServer([head + lines * (octets // len(lines))]) as server:
        task = Task(directory, Server("127.0.0.1", server.port, "plain", "user", "secret"))
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.collecting", *task.arguments()],
            cwd=TOP,
            capture_output=True,
            text=True,
            check=True,
        )
        assert not server.messages, "it was not collected, so this shows nothing"
    return int(done.stdout.splitlines()[-1]) * 1024


def test_memory_does_not_follow_the_size_of_a_letter(tmp_path):
    small = peak_octets(tmp_path / "small", 100_000)
    large = peak_octets(tmp_path / "large", 100_000_000)
    assert large - small < 64 * 1024 * 1024


DATABASE = "7</tmp/x/mail.fs>"
LINE = "5<TCP:[127.0.0.1:1->127.0.0.1:2]>"


@pytest.mark.parametrize(
    ("calls", "violations"),
    [
        (
            [
                f"write({DATABASE}",
                f"fsync({DATABASE})",
                f"sendto({LINE}, AUTH PLAIN",
                f"sendto({LINE}, DELE 1",
            ],
            0,
        ),
        ([f"write({DATABASE}", f"sendto({LINE}, AUTH PLAIN", f"sendto({LINE}, DELE 1"], 2),
        (
            [
                f"fsync({DATABASE})",
                f"sendto({LINE}, AUTH PLAIN",
                f"write({DATABASE}",
                f"sendto({LINE}, DELE 1",
            ],
            1,
        ),
        ([f"sendto({LINE}, AUTH PLAIN", *[f"fsync({DATABASE})"] * 3, f"write({LINE}, DELE 1 DELE 2"], 4),
    ],
)
def test_a_trace_that_breaks_the_order_is_seen(calls, violations):
    assert len(trace.judge([f"123 {call}, 4) = 0" for call in calls]).violations) == violations


def test_lies_and_cuts_lose_and_delete_nothing():
    count, wrong = pop3.run(every=60)
    assert count > 30
    assert wrong == 0
