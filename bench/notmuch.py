"""notmuch as a long-lived peer: its index made by itself, its library asked in a process that stays.

The bindings are Debian's, for Debian's own Python, so the asking stands in a script of its own below.
"""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.processes import end, pinned

PYTHON = "/usr/bin/python3"

#: Reads questions, one a line, and answers each with its milliseconds and the rows.
_ASKING = """
import json, sys, time
import notmuch2
database = notmuch2.Database(sys.argv[1], mode=notmuch2.Database.MODE.READ_ONLY)
for line in sys.stdin:
    began = time.perf_counter()
    rows = []
    for message in database.messages(json.loads(line), sort=database.SORT.NEWEST_FIRST):
        rows.append([message.messageid, message.header("From"), message.header("Subject"), message.date,
                     list(message.tags)])
        if len(rows) == 50:
            break
    milliseconds = (time.perf_counter() - began) * 1000
    print(json.dumps({"milliseconds": milliseconds, "rows": len(rows)}), flush=True)
"""


class Notmuch:
    """notmuch in `directory`; asked from `__enter__` to `__exit__`."""

    def __init__(self, directory: Path, core: int | None) -> None:
        self._directory = directory
        self._core = core
        self._mail = directory / "mail"
        self._environment = os.environ | {"NOTMUCH_CONFIG": str(directory / "config")}

    def index(self, files: list[Path]) -> None:
        """Have `notmuch new` index these letters, as they are on disk."""
        cur = self._mail / "cur"
        for place in (cur, self._mail / "new", self._mail / "tmp"):
            place.mkdir(parents=True)
        for file in files:
            (cur / file.name).symlink_to(file)
        (self._directory / "config").write_text(
            f"[database]\npath={self._mail}\n[user]\nname=Ana\nprimary_email=ana@restante.example\n"
            "[new]\ntags=inbox\n[maildir]\nsynchronize_flags=false\n"
        )
        command = pinned(["notmuch", "new", "--quiet"], self._core)
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    def octets(self) -> int:
        """Return what its index takes on disk."""
        return sum(file.stat().st_size for file in (self._mail / ".notmuch").rglob("*") if file.is_file())

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            pinned([PYTHON, "-c", _ASKING, str(self._mail)], self._core),
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)

    def timed(self, question: str) -> tuple[float, int]:
        """Return the milliseconds of one question, rows included, and how many rows there were."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer["milliseconds"], answer["rows"]
