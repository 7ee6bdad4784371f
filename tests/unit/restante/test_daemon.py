"""Starting and stopping a daemon, as a process of its own."""

import json
import os
import signal
import subprocess
import sys

import pytest
import requests

DAEMON = """
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from persistent.mapping import PersistentMapping

from restante.config import DatabaseSettings, HttpSettings, KeySettings, LogSettings, section, setting
from restante.daemon import Wired, start
from restante.db import Database
from restante.peer import internal_authenticator
from restante.rpc import Methods
from restante.serve import Application


@dataclass(frozen=True)
class Settings:
    http: HttpSettings = section(HttpSettings, listen="127.0.0.1:0", internal_listen="127.0.0.1:0")
    log: LogSettings = section(LogSettings)
    keys: KeySettings = section(KeySettings)
    database: DatabaseSettings = section(DatabaseSettings, path="one.fs")
    password: str = setting("", "A secret.", secret=True)
    fault: str = setting("", "What goes wrong.")


class Part:
    def __init__(self, name, fault):
        self.name, self.fault = name, fault

    def start(self):
        print("start", self.name, flush=True)
        if self.fault == "start":
            raise RuntimeError("Dear Ana")

    def stop(self):
        print("stop", self.name, flush=True)
        if self.fault == "stop":
            raise RuntimeError("Dear Ana")


def build(settings, keys):
    if settings.fault == "build":
        raise ValueError("Dear Ana")
    database = Database.open(settings.database, PersistentMapping)
    methods = Methods.of(system="echo")
    internal = Application(methods, internal_authenticator(keys), audience="internal")
    if settings.fault == "thread":
        threading.Thread(target=lambda: 1 / 0, name="worker").start()
    return Wired(
        [(internal, settings.http.internal_listen)],
        parts=[Part("one", settings.fault), Part("two", "")],
        closing=[database.close, lambda: print("closing", flush=True)],
    )


sys.exit(start("echo", Settings, build))
"""


@pytest.fixture
def run(tmp_path):
    """Start the daemon; return its process. Whatever is left of it ends with the test."""
    (tmp_path / "echo.py").write_text(DAEMON)
    processes = []

    def start(*arguments, **env):
        process = subprocess.Popen(
            [sys.executable, "echo.py", *arguments],
            cwd=tmp_path,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def until_listening(process):
    """Return the log up to and including the line that says where it listens."""
    lines = []
    for text in process.stderr:
        lines.append(json.loads(text))
        if lines[-1]["event"] == "serve.listening":
            return lines
    raise AssertionError(f"it ended: {lines}")


def ended(process):
    """Return (status, printed lines, log lines, plain sentences) of a process that has ended or soon will."""
    out, err = process.communicate(timeout=30)
    lines = err.splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    return process.returncode, out.splitlines(), logged, [line for line in lines if not line.startswith("{")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_serves_and_stops_in_order(run, number):
    process = run("--set", "password=correct horse", RESTANTE_ECHO_LOG_LEVEL="debug")
    before = until_listening(process)
    health = requests.get(f"http://{before[-1]['listen']}/healthz", timeout=10)
    assert health.status_code == 200
    process.send_signal(number)
    status, printed, logged, sentences = ended(process)
    assert (status, sentences) == (0, [])
    assert printed == ["start one", "start two", "stop two", "stop one", "closing"]
    assert logged[-1]["event"] == "daemon.stopped"
    (starting,) = [line for line in before if line["event"] == "daemon.starting"]
    assert starting["settings"]["log"]["level"] == "debug"
    assert starting["settings"]["password"] == "********"
    assert "correct horse" not in json.dumps(before)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--set", "nam=1"], 2, "there is no setting nam"),
        (["--config", "none.toml"], 2, "none.toml does not exist"),
        (["--set", "http.internal_listen=nowhere"], 2, "nowhere"),
        (["--set", "log.file=/proc/none/x.log"], 2, "/proc/none/x.log"),
        (["--set", "database.zconfig=<x/>"], 2, "zconfig"),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(run, arguments, status, says):
    got, _, _, sentences = ended(run(*arguments))
    assert got == status
    assert len(sentences) == 1
    assert sentences[0].startswith("echo: ")
    assert says in sentences[0]


def test_a_second_one_on_the_same_database_says_so(run, tmp_path):
    until_listening(run())
    status, _, logged, sentences = ended(run())
    assert status == 3
    assert len(sentences) == 1
    assert "one.fs is in use by another process" in sentences[0]
    assert [line["kind"] for line in logged if line["event"] == "daemon.not_started"] == ["already_running"]


def test_a_damaged_database_says_so(run, tmp_path):
    (tmp_path / "one.fs").write_bytes(b"no database at all")
    status, _, _, sentences = ended(run())
    assert status == 4
    assert "one.fs is damaged" in sentences[0]


def test_a_port_that_is_taken_says_so_and_closes_what_was_opened(run):
    listening = until_listening(run())[-1]["listen"]
    status, printed, _, sentences = ended(
        run("--set", f"http.internal_listen={listening}", "--set", "database.path=two.fs")
    )
    assert status in (1, 2, 3)
    assert listening in sentences[0]
    assert printed[-1] == "closing"


@pytest.mark.parametrize("fault", ["build", "start"])
def test_a_fault_of_its_own_is_logged_without_its_text(run, fault):
    status, printed, logged, sentences = ended(run("--set", f"fault={fault}"))
    assert status == 1
    assert sentences == ["echo: stopped by a fault of its own; the log says where."]
    (died,) = [line for line in logged if line["event"] == "daemon.died"]
    assert died["trace"]
    assert "Ana" not in json.dumps(logged)
    assert fault == "build" or printed[-3:] == ["stop two", "stop one", "closing"]


def test_a_part_that_fails_to_stop_keeps_nothing_open(run):
    process = run("--set", "fault=stop")
    until_listening(process)
    process.terminate()
    status, printed, logged, _ = ended(process)
    assert status == 0
    assert printed[-1] == "closing"
    assert [line["error"] for line in logged if line["event"] == "daemon.not_stopped_cleanly"] == [
        "RuntimeError"
    ]


def test_a_thread_that_dies_is_told(run):
    process = run("--set", "fault=thread")
    lines = until_listening(process)
    process.terminate()
    lines += ended(process)[2]
    (died,) = [line for line in lines if line["event"] == "daemon.thread_died"]
    assert (died["name"], died["error"]) == ("worker", "ZeroDivisionError")


def test_settings_can_be_checked_alone(run, tmp_path):
    (tmp_path / "echo.toml").write_text("[http]\nthreads = 0\n")
    assert ended(run("--check"))[0] == 0
    status, _, _, sentences = ended(run("--check", "--config", "echo.toml"))
    assert status == 2
    assert "echo.toml, line 2: http.threads must be from 1 to 256." in sentences[0]
    assert not (tmp_path / "one.fs").exists()
