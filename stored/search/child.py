"""The process that reads letters and writes indexes, as the daemon asks it.

It has a low priority, so on a busy machine it may wait very long for its turn.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stored.processes import Process
from stored.search.index import IndexAway, IndexBroken, Mark, Standing

WORKER = "stored.search.worker"
#: How many times its processor time a request may last by the clock.
PATIENCE = 20


class Child:
    """That process. One thread asks at a time; what it asks may raise ProcessDied, IndexBroken, IndexAway."""

    def __init__(self) -> None:
        self._process = Process(WORKER)

    @property
    def pid(self) -> int:
        """The process's id, 0 while there is none."""
        return self._process.pid

    def standing(self, path: Path) -> Standing:
        """Return what the index at `path` holds, made new where it is not there."""
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
        """End the process for good; whoever waits for its answer learns that it died."""
        self._process.end()

    def rest(self) -> None:
        """Let the process go until there is work again."""
        self._process.rest()

    def _ask(self, head: dict[str, Any], octets: Sequence[bytes] = (), seconds: float = 60) -> dict[str, Any]:
        count = sum(map(len, octets))
        answer, _ = self._process.ask(head, octets, count, seconds=seconds, clock_seconds=seconds * PATIENCE)
        if "broken" in answer:
            raise IndexBroken(answer["broken"])
        if "away" in answer:
            raise IndexAway(answer["away"])
        return answer
