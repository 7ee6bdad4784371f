"""Kill collecting again and again, and look each time whether anything was lost or doubled (promises 1, 2).

    .venv/bin/python -m tests.faults.kills --count 500
    .venv/bin/python -m tests.faults.kills --count 500 --boundaries    at system calls, by strace

A real Dovecot holds 200 letters, which are collected and deleted there once they are stored. The process is
killed (SIGKILL) at a random moment, or as it enters a random one of its writes, flushes and sends. After
each kill every letter must be here or there, and none twice here; once collecting gets through, all of them
are here, octet for octet, and none is left there.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from bench.dovecot import Dovecot as AnyDovecot
from stored.pop3 import Server
from tests.certificates import Authority
from tests.corpus import letters
from tests.dovecot import Dovecot, missing
from tests.faults.collecting import Task, collect, kept

MESSAGES = 200
# Under strace everything takes its time.
MESSAGES_TRACED = 60
CALLS = "fsync,fdatasync,write,pwrite64,sendto,ftruncate,rename,unlink"
# How many of those a collecting makes, about: in any case, and for each letter that is to be collected.
CALLS_OF_A_VISIT = 30
CALLS_OF_A_LETTER = 2
# A round may be over in a fraction of a second.
ROUNDS_EARLY = 6
# How long a collecting takes that is killed in time.
LONGEST_SECONDS = 0.6


class Failure(Exception):
    """A promise was broken."""


class Round:
    """One maildrop of one user, killed until it is collected."""

    def __init__(
        self, server: AnyDovecot, ca_file: Path, directory: Path, number: int, seed: int, messages: int
    ) -> None:
        self.user = f"user{number}@uno.test"
        self.letters = letters(messages, seed=seed * 1000 + number)
        self.sent = {hashlib.sha256(raw).hexdigest() for raw in self.letters}
        server.add(self.user, "secret", self.letters)
        self.maildir = server.directory / "mail" / self.user
        self.directory = directory / str(number)
        where = Server("127.0.0.1", server.tls_port, "tls", self.user, "secret")
        self.task = Task(self.directory, where, str(ca_file))

    def check(self) -> int:
        """Return how many letters are kept; raise Failure where one is lost or doubled."""
        here = Counter(forked(lambda: kept(self.directory)))
        there = self.there()
        if doubled := [one for one, count in here.items() if count > 1]:
            raise Failure(f"{self.user}: {len(doubled)} letters are kept twice")
        if strange := here.keys() - self.sent:
            raise Failure(f"{self.user}: {len(strange)} letters were not sent like that")
        if lost := self.sent - here.keys() - there:
            raise Failure(f"{self.user}: {len(lost)} letters are lost")
        return len(here)

    def there(self) -> set[str]:
        """Return the hashes of what the maildrop holds; looked at anew while its server moves things."""
        while True:
            try:
                files = [*(self.maildir / "new").iterdir(), *(self.maildir / "cur").iterdir()]
                return {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
            except FileNotFoundError:
                continue


def forked(work: Callable[[], object]) -> list[str]:
    """Return what `work` returns in a child process, so that this one has no threads and no database."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            json.dump(work(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        raise Failure("the store cannot be read")
    found: list[str] = json.loads(text)
    return found


def kill_in_time(task: Task, dice: random.Random, _: int) -> bool:
    """Collect in a child that is killed at a random moment; return whether it got through before."""
    child = collecting(task)
    until = time.monotonic() + dice.uniform(0, LONGEST_SECONDS)
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return _through(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return _through(status)


def kill_at_a_call(task: Task, dice: random.Random, left: int) -> bool:
    """The same, killed as a thread of it enters its N-th call of those that matter; `left` are to come."""
    read, write = os.pipe()
    child = collecting(task, lambda: os.read(read, 1))
    calls = CALLS_OF_A_VISIT + CALLS_OF_A_LETTER * left
    inject = f"inject={CALLS}:signal=SIGKILL:when={dice.randint(1, calls)}"
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={CALLS}",
        "-e",
        inject,
        "-p",
        str(child),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
        # It begins once it is watched: starting Python anew, and that under strace, takes ten times as long.
        while "TracerPid:\t0\n" in Path(f"/proc/{child}/status").read_text():
            if tracer.poll() is not None:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise Failure(f"strace ended: {tracer.communicate()[1]!r}")
            time.sleep(0.001)
        os.write(write, b"-")
        _, status = os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    return _through(status)


def collecting(task: Task, wait: Callable[[], object] = lambda: None) -> int:
    """Start a child that waits and then collects; return its process id."""
    child = os.fork()
    if not child:
        try:
            wait()
            told = collect(task)
            if told != "done":
                print(told, file=sys.stderr, flush=True)
            os._exit(told != "done")
        finally:
            os._exit(2)
    return child


def _through(status: int) -> bool:
    """Return whether a child ended by itself, its work done. Raises Failure where it was not."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if os.waitstatus_to_exitcode(status):
        raise Failure(f"collecting ended with {os.waitstatus_to_exitcode(status)}")
    return True


def run(count: int, seed: int, boundaries: bool, say: Callable[[str], object] = print) -> tuple[int, int]:
    """Kill so often; return the kills and how many letters were collected through them. Raises Failure."""
    kill = kill_at_a_call if boundaries else kill_in_time
    messages = MESSAGES_TRACED if boundaries else MESSAGES
    dice = random.Random(seed)
    directory = Path(tempfile.mkdtemp(prefix="restante-kills-"))
    authority = Authority(directory)
    kills = rounds = 0
    try:
        with Dovecot(authority) as server:
            # Dovecot looks for new users once a second, so each is made some rounds early.
            made = (Round(server, authority.file, directory, n, seed, messages) for n in itertools.count(1))
            coming = deque(itertools.islice(made, ROUNDS_EARLY))
            while kills < count:
                rounds += 1
                coming.append(next(made))
                one = coming.popleft()
                killed, left = 0, messages
                while not kill(one.task, dice, left):
                    killed += 1
                    left = messages - one.check()
                if one.check() != messages or one.there():
                    raise Failure(f"{one.user}: {one.check()} are here and {len(one.there())} left there")
                kills += killed
                say(f"{one.user}: killed {killed} times, all {messages} kept once, none left there")
                shutil.rmtree(one.directory)
    finally:
        shutil.rmtree(directory)
    return kills, rounds * messages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=500, help="how many kills (500)")
    parser.add_argument("--seed", type=int, default=1, help="of the letters and the moments (1)")
    parser.add_argument("--boundaries", action="store_true", help="kill at system calls, by strace")
    arguments = parser.parse_args()
    if reason := missing() or ("" if shutil.which("strace") or not arguments.boundaries else "no strace"):
        print(reason, file=sys.stderr)
        return 2
    try:
        kills, collected = run(arguments.count, arguments.seed, arguments.boundaries)
    except Failure as failure:
        print(f"kills: {failure}")
        return 1
    print(f"kills: {kills} kills, {collected} letters, 0 lost, 0 duplicated, 0 left, every SHA-256 equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
