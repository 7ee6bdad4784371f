"""What runs in a process of ours: one request after another, within limits that it puts on itself.

It takes requests from standard input, answers on standard output, and ends with its input. Before the first
it gives up what it will not need: memory beyond a bound, connections and other programs altogether; and for
each request, processor time beyond a bound.
"""

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from restante.heap import give_back
from stored.processes import frames

#: Answers a request: its head, where its octets come from and how many; gives head and octets.
Answer = Callable[[dict[str, Any], BinaryIO, int], tuple[dict[str, Any], bytes]]

#: So long after its time by the clock a process whose daemon is gone ends by itself.
ORPHAN_SECONDS = 24

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes.")


def run(answer: Answer, memory_octets: int, *, nice: int = 0) -> int:
    """Answer until standard input ends; return the exit status. `memory_octets` is what may be mapped."""
    for interrupt in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interrupt, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(nice)
    give_back()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever else prints must not spoil the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    forbid(memory_octets)
    serve(sys.stdin.buffer, answers, answer)
    return 0


def serve(requests: BinaryIO, answers: BinaryIO, answer: Answer) -> None:
    """Answer until the requests end."""
    while True:
        try:
            head, octets = frames.read(requests)
        except EOFError:
            return
        # Too much work ends this process; so does, later, the daemon, and where that is gone, the alarm.
        signal.setitimer(signal.ITIMER_PROF, head["seconds"])
        signal.alarm(int(head["clock_seconds"]) + ORPHAN_SECONDS)
        told, following = answer(head, requests, octets)
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        try:
            frames.write(answers, told, [following], len(following))
        except BrokenPipeError:
            os._exit(0)  # whoever asked is gone, and nobody will read what is left to be written


def forbid(memory_octets: int) -> None:
    """Refuse, from now on, whatever reading a letter never needs."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(event)

    sys.addaudithook(refuse)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_octets, memory_octets))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
