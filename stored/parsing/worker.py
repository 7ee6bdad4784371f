"""The process that reads letters: neither a hostile letter nor its reader's fault reaches the daemon."""

import sys
from typing import Any, BinaryIO

from stored.parsing.tasks import TASKS, TooMuch
from stored.processes import frames, worker
from stored.spool import gathered

#: What a process may map; a large message is a mapped file of up to 150 MB, and needs little beside.
MEMORY_OCTETS = 1 << 30


def answer(head: dict[str, Any], requests: BinaryIO, octets: int) -> tuple[dict[str, Any], bytes]:
    """Do the task asked for, on the octets that follow; `too_complex` tells why that could not be done."""
    task = TASKS[head["do"]]
    raw = gathered(frames.slices(requests, octets), None)
    try:
        return {}, task(raw, **head["how"])
    except TooMuch as error:
        return {"too_complex": str(error)}, b""
    except MemoryError:
        return {"too_complex": "memory"}, b""
    except Exception as error:
        return {"too_complex": f"{type(error).__name__} in {_place(error)}"}, b""


def _place(error: BaseException) -> str:
    """Return where an error came from; its text may be of the letter, and stays here."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""


if __name__ == "__main__":
    sys.exit(worker.run(answer, MEMORY_OCTETS))
