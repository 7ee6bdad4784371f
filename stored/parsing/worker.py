"""The process that reads letters, so that neither a hostile letter nor its reader's fault reaches the daemon.

It takes requests from standard input and answers on standard output, one at a time, and ends with its input.
Before the first it gives up what it will not need: memory beyond a bound, processor time for a request
beyond a bound, and connections, other programs and files to write altogether.
"""

import contextlib
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

from restante.heap import give_back
from stored.parsing import frames
from stored.parsing.tasks import TASKS, TooMuch
from stored.spool import gathered

#: What a process may map; a large message is a mapped file of up to 150 MB, and needs little beside.
MEMORY_OCTETS = 1 << 30
ORPHAN_SECONDS = 30

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the requests end."""
    while True:
        try:
            head, octets = frames.read(requests)
        except EOFError:
            return
        # Too much work ends this process; so does, later, the daemon, and where that is gone, the alarm.
        signal.setitimer(signal.ITIMER_PROF, head["seconds"])
        signal.alarm(ORPHAN_SECONDS)
        told, answer = _answer(head, requests, octets)
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        frames.write(answers, told, [answer], len(answer))


def _answer(head: dict[str, Any], requests: BinaryIO, octets: int) -> tuple[dict[str, Any], bytes]:
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


def forbid() -> None:
    """Refuse, from now on, whatever reading a letter never needs."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(event)

    sys.addaudithook(refuse)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_OCTETS, MEMORY_OCTETS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Run until standard input ends; return the exit status."""
    for interrupt in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interrupt, signal.SIG_IGN)
    give_back()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else prints must not spoil the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    forbid()
    serve(sys.stdin.buffer, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
