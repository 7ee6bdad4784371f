"""`restante up`, the inside of run_all.sh: it starts everything, and stops only what it started."""

import os
import re
import signal
import subprocess
import sys

import pytest

from demo.certificates import make_certificates
from demo.settings import write_settings
from tests.daemons import answers, environment, wait_for

UP = [sys.executable, "-m", "restante.cli", "up"]


@pytest.fixture
def place(tmp_path):
    """A folder like the top of the tree: settings in etc/, nothing running."""
    (tmp_path / "etc").mkdir()
    make_certificates(tmp_path / "etc")
    write_settings(tmp_path / "etc", [])
    return tmp_path


def up(place, *arguments):
    kept = {
        name: value for name, value in environment().items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    return subprocess.Popen(
        [*UP, *arguments],
        cwd=place,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hears_ctrl_c,
    )


def hears_ctrl_c():
    """Not to ignore it is what a terminal gives a command; a suite run in the background gives the other."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def address(said):
    """Return the address that the command says it runs at."""
    found = re.search(r"http://\S+/profile/", said)
    assert found, said
    return found.group()


def children(process):
    """Return the processes that `process` started."""
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in told.stdout.split()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_ctrl_c_and_stops_what_it_started(place, how):
    process = up(place, "--headless")
    said = process.stdout.readline()
    url = address(said)
    assert answers(url + "healthz")
    started = children(process)
    assert len(started) == 3
    process.send_signal(how)
    assert process.wait(40) == 0
    assert not any(alive(pid) for pid in started)
    assert process.stderr.read() == ""


def test_a_second_one_beside_it_says_so_and_leaves_the_first_alone(place):
    first = up(place, "--headless")
    url = address(first.stdout.readline())
    second = up(place, "--headless")
    _, said = second.communicate(timeout=40)
    assert second.returncode == 1
    assert re.match(r"\w+ is running already: http://\S+ answers\. .*\.$", said.strip()), said
    assert answers(url + "healthz")
    first.send_signal(signal.SIGINT)
    assert first.wait(40) == 0


def test_settings_that_are_wrong_are_said_in_one_sentence(place):
    with (place / "etc" / "stored.toml").open("a") as file:
        file.write("\n[nonsense]\nkey = 1\n")
    process = up(place, "--headless")
    _, said = process.communicate(timeout=40)
    assert process.returncode == 1
    assert "nonsense" in said
    assert len(said.strip().splitlines()) == 1


def test_the_demonstration_makes_the_whole_visit_without_a_screen(tmp_path):
    process = up(tmp_path, "--demo", "--headless")
    told, complaint = process.communicate(timeout=110)
    assert process.returncode == 0, complaint
    last = told.strip().splitlines()[-1]
    count = re.fullmatch(r"round trip ok: collected (\d+), answered 1, delivered 1", last)
    assert count, told
    assert int(count.group(1)) > 200
    assert list((tmp_path / "var" / "demo").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_killed_it_takes_everything_it_started_along(place):
    process = up(place, "--headless")
    assert answers(address(process.stdout.readline()) + "healthz")
    started = children(process)
    process.kill()
    process.wait(10)
    wait_for(lambda: not any(alive(pid) for pid in started), "what it started to end")
