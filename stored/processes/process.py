"""A process of ours as the daemon sees it: asked one thing at a time, killed when it takes too long.

On a busy machine it may wait long for its turn through no fault of a letter. Therefore it counts its own
processor time and ends by itself; by the clock it is killed later only.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from stored.deadlines import DEADLINES
from stored.processes import frames


class ProcessDied(Exception):
    """A process ended, or was killed, before it answered; the text says why, for the log."""


class Process:
    """One process, started when it is first asked and again after it died. One thread at a time asks."""

    def __init__(self, module: str) -> None:
        """`module` is what it runs, by `worker.run`."""
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._ended = False

    @property
    def pid(self) -> int:
        """The process's id, 0 while there is none."""
        process = self._process
        return process.pid if process else 0

    def start(self) -> "subprocess.Popen[bytes]":
        """Have it running. Raises ProcessDied once it was ended, OSError."""
        with self._guard:
            if self._ended:
                raise ProcessDied("stopped")
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", self._module],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=_environment(),
                    # Ctrl-C in the daemon's terminal is for the daemon alone. Not a session of its own: Linux
                    # may share the processor out by session first, and priority count within one only.
                    process_group=0,
                )
            return self._process

    def ask(
        self,
        head: dict[str, Any],
        pieces: Iterable[bytes] = (),
        octets: int = 0,
        *,
        seconds: float,
        clock_seconds: float,
    ) -> tuple[dict[str, Any], bytes]:
        """Return the head and the octets of the answer to a request with `pieces` of so many `octets`.

        It may take so many `seconds` of processor time, and `clock_seconds` by the clock. Raises ProcessDied.
        """
        process = self.start()
        assert process.stdin is not None and process.stdout is not None
        limits = {"seconds": seconds, "clock_seconds": clock_seconds}
        in_time = DEADLINES.watch(process.kill, clock_seconds)
        try:
            frames.write(process.stdin, head | limits, pieces, octets)  # type: ignore[arg-type]
            told, following = frames.read(process.stdout)  # type: ignore[arg-type]
            return told, frames.exactly(process.stdout, following)  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError) as error:
            self._bury(process)
            raise ProcessDied(f"{type(error).__name__} after {clock_seconds:.0f} s at most") from error
        except BaseException:
            # What a piece of the message raised: half a request was written, so nobody can go on from here.
            self._bury(process)
            raise
        finally:
            in_time()

    def rest(self) -> None:
        """Let the process go until there is work again. Nobody asks it meanwhile."""
        process = self._process
        if process is not None:
            self._bury(process)

    def end(self) -> None:
        """End the process for good; whoever waits for its answer learns that it died."""
        with self._guard:
            self._ended = True
            process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _bury(self, process: "subprocess.Popen[bytes]") -> None:
        """Close what leads to a process and wait until it is gone."""
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()
        with self._guard:
            self._process = None


def _environment() -> dict[str, str]:
    """Return what a process needs of ours: where code is found, and no settings, which may hold secrets."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TZ", "TMPDIR")}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
