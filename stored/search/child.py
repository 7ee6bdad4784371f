"""The reading process as the daemon sees it: asked one thing at a time, killed when it takes too long.

It has the lowest priority, so on a busy machine it may wait long for its turn through no fault of a letter.
Therefore it counts its own processor time and ends by itself; by the clock it is killed much later only.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from stored.deadlines import DEADLINES
from stored.search import frames
from stored.search.index import IndexAway, IndexBroken, Mark, Standing

#: How many times its processor time a request may last by the clock.
PATIENCE = 20


class ChildDied(Exception):
    """The process ended, or was killed for taking too long, before it answered."""


class Child:
    """One process, started when it is first asked and again after it died. One thread at a time asks."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._stopped = False

    @property
    def pid(self) -> int:
        """The process's id, 0 while there is none."""
        process = self._process
        return process.pid if process else 0

    def standing(self, path: Path) -> Standing:
        """Return what the index at `path` holds, made new where it is not there. These raise ChildDied,
        IndexBroken, IndexAway."""
        answer = self._ask({"do": "standing", "path": str(path)})
        return Standing(Mark(*answer["mark"]), answer["live"], answer["dead"], answer["tidied"])

    def uids(self, path: Path) -> set[int]:
        return set(self._ask({"do": "uids", "path": str(path)})["uids"])

    def tidy(self, path: Path) -> bool:
        return bool(self._ask({"do": "tidy", "path": str(path)})["more"])

    def close(self, path: Path) -> None:
        """Have the index closed, so that nothing of it is left beside its file."""
        self._ask({"do": "close", "path": str(path)})

    def add(
        self,
        path: Path,
        before: Mark,
        after: Mark,
        *,
        items: list[dict[str, Any]],
        octets: Sequence[bytes],
        gone: Sequence[int],
        seconds: float,
    ) -> bool:
        """Have letters read and indexed and those gone buried, within `seconds` of processor time; see
        `Index.add`."""
        head = {
            "do": "add",
            "path": str(path),
            "before": [before.epoch, before.uid, before.step],
            "after": [after.epoch, after.uid, after.step],
            "items": items,
            "gone": list(gone),
        }
        return bool(self._ask(head, octets, seconds)["agreed"])

    def stop(self) -> None:
        """End the process; whoever is waiting for its answer learns that it died."""
        with self._guard:
            self._stopped = True
        self.kill()

    def rest(self) -> None:
        """Let the process go until there is work again."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _ask(self, head: dict[str, Any], octets: Sequence[bytes] = (), seconds: float = 60) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        in_time = DEADLINES.watch(process.kill, seconds * PATIENCE)
        try:
            frames.write(process.stdin, head | {"seconds": seconds}, octets)  # type: ignore[arg-type]
            answer, _ = frames.read(process.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError) as error:
            self._process = None
            _end(process)
            raise ChildDied(str(process.returncode)) from error
        finally:
            in_time()
        if "broken" in answer:
            raise IndexBroken(answer["broken"])
        if "away" in answer:
            raise IndexAway(answer["away"])
        return answer

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._guard:
            if self._stopped:
                raise ChildDied("stopped")
            if self._process is None:
                paths = os.pathsep.join(path for path in sys.path if path)
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "stored.search.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, "PYTHONPATH": paths},
                    # Ctrl-C in the daemon's terminal is for the daemon alone. Not a session of its own: Linux
                    # may share the processor out by session first, and priority count within one only.
                    process_group=0,
                )
            return self._process


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close what leads to the process and wait until it is gone."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()
