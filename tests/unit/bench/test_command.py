"""The command itself, each measurement in small; that there is a ratio, not which."""

import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import dovecot
from bench.options import Missing, Options

TOP = Path(__file__).parents[3]
LAST = r"{}: ours [\d.e+-]+, peer [\d.e+-]+, ratio \d+\.\d\d"


def bench(directory, *arguments):
    """Run `python -m bench`; return its lines."""
    line = [sys.executable, "-m", "bench", "--quick", "--directory", str(directory), *arguments]
    done = subprocess.run(line, cwd=TOP, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def missing(name):
    """Return why a measurement cannot be made here, or nothing."""
    if name in ("collect", "idle") and not shutil.which("mpop"):
        return "mpop is not installed"
    if name == "idle":
        return "" if shutil.which("fetchmail") else "fetchmail is not installed"
    if name in ("search", "index") and not shutil.which("notmuch"):
        return "notmuch is not installed"
    return dovecot.missing(imap=True)


@pytest.mark.dovecot
@pytest.mark.parametrize(
    "name, messages",
    [
        ("collect", 40),
        ("list", 60),
        ("open", 3),
        ("space", 40),
        ("idle", 6),
        ("memory", 0),
        ("search", 60),
        ("index", 60),
    ],
)
def test_each_measurement_ends_with_its_line(name, messages, tmp_path):
    if why := missing(name):
        pytest.skip(why)
    lines = bench(tmp_path, "--messages", str(messages), name)
    assert re.fullmatch(LAST.format(name), lines[-1])
    assert any("Restante" in line or "stored" in line for line in lines)
    if name in ("collect", "list", "space", "search", "index"):
        assert any("sha256" in line and "equal attachments" in line for line in lines)


def test_what_can_be_measured_is_listed(tmp_path):
    lines = bench(tmp_path, "--list")
    assert [line.split()[0] for line in lines] == list(command.MEASUREMENTS)
    assert bench(tmp_path) == lines


def test_a_missing_peer_is_named_and_exits_with_3(tmp_path, monkeypatch, capsys):
    def run(options, report):
        raise Missing("The peer x is not here: install the Debian package y.")

    monkeypatch.setitem(sys.modules, "bench.lacking", types.SimpleNamespace(run=run))
    monkeypatch.setitem(command.MEASUREMENTS, "space", ("bench.lacking", ""))
    monkeypatch.setattr(sys, "argv", ["bench", "--directory", str(tmp_path), "space"])
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: None)
    assert command.main() == 3
    assert capsys.readouterr().err == "The peer x is not here: install the Debian package y.\n"


def test_counts_asked_for_go_before_those_of_a_quick_run(tmp_path):
    usual, quick = Options(0, 1, tmp_path), Options(0, 1, tmp_path, quick=True)
    assert [usual.pick(0, 10, 2), quick.pick(0, 10, 2), quick.pick(5, 10, 2)] == [10, 2, 5]
