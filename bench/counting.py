"""A server of ours in a process of its own, which says where it listens and, asked, what it has counted.

It writes `{"port": N}` at its start, and for each line that it reads what it counted since the last one.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from bench.house import environment
from bench.processes import end, pinned

Counted = TypeVar("Counted")


class Counting(Generic[Counted]):
    """The server, from `__enter__` to `__exit__`; `made` makes of its answers what `take` returns."""

    def __init__(self, module: str, *arguments: str, core: int | None, made: Callable[..., Counted]) -> None:
        self._command = pinned([sys.executable, "-m", module, *arguments], core)
        self._made = made

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
        )
        self.port = int(self._answer()["port"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)

    def take(self) -> Counted:
        """Return what was counted since the last time, and count from zero."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"take\n")
        self._process.stdin.flush()
        return self._made(**self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
