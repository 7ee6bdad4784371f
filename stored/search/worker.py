"""The process that reads letters and writes indexes, so that neither a hostile letter nor its reader's fault
reaches the daemon. Asked by `child`; it may be killed at any moment and nothing is lost.
"""

import contextlib
import mmap
import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from stored.mime.scanner import Octets
from stored.processes import frames, worker
from stored.search import files
from stored.search.extract import document
from stored.search.index import Document, Index, IndexAway, IndexBroken, Mark
from stored.search.strides import Strides
from stored.spool import Mapped

OPEN = 4
#: Low: whoever waits for a list or collects letters comes first. On a core that is always busy the lowest
#: would leave an index a seventieth of it; so it has a tenth.
NICE = 10
MEMORY_OCTETS = 2 << 30


class Indexes:
    """Answers requests. Keeps the few indexes open that were written last."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[Index, int]] = OrderedDict()

    def answer(self, head: dict[str, Any], octets: memoryview) -> dict[str, Any]:
        """Return the answer to one request: `broken` and `away` tell that the index could not be used."""
        requests: dict[str, Callable[..., dict[str, Any]]] = {
            "standing": self._standing,
            "uids": self._uids,
            "add": self._add,
            "tidy": self._tidy,
            "close": self._close,
        }
        try:
            return requests[head["do"]](head, octets)
        except IndexBroken as error:
            self._close(head, octets)
            return {"broken": str(error)}
        except IndexAway as error:
            self._close(head, octets)
            return {"away": str(error)}

    def _index(self, path: str) -> Index:
        index, file = self._open.get(path, (None, 0))
        if index is not None and files.inode(Path(path)) != file:
            # Somebody has removed it under its name.
            self._open.pop(path)[0].close()
            index = None
        if index is None:
            index = Index.writing(Path(path))
            self._open[path] = index, files.inode(Path(path))
            if len(self._open) > OPEN:
                self._open.popitem(last=False)[1][0].close()
        self._open.move_to_end(path)
        return index

    def _standing(self, head: dict[str, Any], _: memoryview) -> dict[str, Any]:
        found = self._index(head["path"]).standing()
        mark = found.mark
        return {
            "mark": [mark.epoch, mark.uid, mark.step],
            "live": found.live,
            "dead": found.dead,
            "tidied": found.tidied,
        }

    def _uids(self, head: dict[str, Any], _: memoryview) -> dict[str, Any]:
        return {"uids": self._index(head["path"]).uids()}

    def _add(self, head: dict[str, Any], octets: memoryview) -> dict[str, Any]:
        index = self._index(head["path"])
        documents = _documents(head["items"], octets)
        return {"agreed": index.add(Mark(*head["before"]), Mark(*head["after"]), documents, head["gone"])}

    def _tidy(self, head: dict[str, Any], _: memoryview) -> dict[str, Any]:
        return {"more": self._index(head["path"]).tidy()}

    def _close(self, head: dict[str, Any], _: memoryview) -> dict[str, Any]:
        if head["path"] in self._open:
            self._open.pop(head["path"])[0].close()
        return {}


def _documents(items: list[dict[str, Any]], octets: memoryview) -> list[Document]:
    """Read the letters, each with its octets in `octets` one behind the other, or in a file of its own."""
    made, at, strides = [], 0, Strides()
    for item in items:
        row, at = bytes(octets[at : at + item["row"]]), at + item["row"]
        count = item.get("octets", -1)
        with contextlib.ExitStack() as opened:
            raw: Octets | None = None
            if "file" in item:
                file = opened.enter_context(Path(item["file"]).open("rb"))
                raw = opened.enter_context(Mapped(file.fileno(), 0, access=mmap.ACCESS_READ))
            elif count >= 0:
                raw, at = bytes(octets[at : at + count]), at + count
            made.append(document(item["uid"], item["time"], row, raw))
        strides.step()
    return made


def main() -> int:
    """Run until standard input ends; return the exit status."""
    indexes = Indexes()

    def answer(head: dict[str, Any], requests: BinaryIO, octets: int) -> tuple[dict[str, Any], bytes]:
        return indexes.answer(head, memoryview(frames.exactly(requests, octets))), b""

    return worker.run(answer, MEMORY_OCTETS, nice=NICE)


if __name__ == "__main__":
    sys.exit(main())
