"""Look, in a trace of system calls, in which order a letter is made durable and deleted (promise 2).

    .venv/bin/python -m tests.faults.trace

A collecting of letters that are deleted once stored is traced. Before the first DELE of a session goes out,
everything written to the database must have been flushed; and what is deleted must have been committed, with
the intent to delete it, by flushes before that session began.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from stored.pop3 import Server
from tests.corpus import letters
from tests.faults.collecting import Task
from tests.pop3server import PopServer

MESSAGES = 60
CALLS = "openat,fsync,fdatasync,write,pwrite64,sendto,ftruncate"
_STRACE = ["strace", "-f", "-y", "-yy", "-s", "4000", "-e", f"trace={CALLS}"]
_CALL = re.compile(r"^\d+ +(?P<name>\w+)\((?P<rest>.*)$")
_DATABASE = re.compile(r"/mail\.fs>")


@dataclass
class Seen:
    """What a trace showed: `deletions` in all, `violations` as sentences."""

    deletions: int = 0
    flushes: int = 0
    violations: list[str] = field(default_factory=list)


def judge(lines: list[str]) -> Seen:
    """Return what a trace shows. Pure."""
    seen = Seen()
    unflushed = 0
    flushes_at_login = 0
    for line in lines:
        call = _CALL.match(line)
        if call is None:
            continue
        name, rest = call["name"], call["rest"]
        if _DATABASE.search(rest.split(",")[0] if "," in rest else rest):
            if name in ("write", "pwrite64"):
                unflushed += 1
            elif name in ("fsync", "fdatasync"):
                unflushed = 0
                seen.flushes += 1
        elif name in ("write", "sendto") and "TCP" in rest:
            if "AUTH PLAIN" in rest:
                flushes_at_login = seen.flushes
            for _ in re.findall(r"DELE \d+", rest):
                seen.deletions += 1
                if unflushed:
                    seen.violations.append(f"DELE with {unflushed} writes not flushed: {line[:120]}")
                if not flushes_at_login:
                    seen.violations.append(f"DELE before anything was flushed: {line[:120]}")
                if seen.flushes > flushes_at_login + 1:
                    seen.violations.append(f"DELE in the session that fetched: {line[:120]}")
    return seen


def traced(directory: Path) -> list[str]:
    """Collect from a server of the tests under strace; return the trace."""
    trace = directory / "trace"
    with PopServer(letters(MESSAGES, seed=9)) as server:
        where = Server("127.0.0.1", server.port, "plain", "user", "secret")
        task = Task(directory / "data", where)
        subprocess.run(
            [*_STRACE, "-o", str(trace), sys.executable, "-m", "tests.faults.collecting", *task.arguments()],
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        )
        assert not server.messages, "not everything was deleted, so this shows nothing"
    return trace.read_text(errors="replace").splitlines()


def main() -> int:
    if not shutil.which("strace"):
        print("strace is not installed", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="restante-trace-") as directory:
        seen = judge(traced(Path(directory)))
    for violation in seen.violations:
        print(violation)
    print(f"trace: {seen.deletions} DELE after {seen.flushes} flushes, {len(seen.violations)} violations")
    return bool(seen.violations) or seen.deletions < MESSAGES


if __name__ == "__main__":
    sys.exit(main())
