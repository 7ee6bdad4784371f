"""Load on a server: so many clients, each with one connection, asking again as soon as it is answered.

The same generator for both protocols: each client is a process that sends octets made beforehand and reads
until the answer is whole; it parses no more than that. What differs is a Talk.
"""

import multiprocessing
import os
import random
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.processes import cpu_seconds
from bench.report import percentile

READ_OCTETS = 256 * 1024
WINDOW = 50
CONNECT_SECONDS = 60
_fork = multiprocessing.get_context("fork")


class Talk(Protocol):
    """One connection on which windows of a list of `total` messages can be asked for."""

    def __init__(self, target: "Target") -> None: ...

    def window(self, position: int) -> int:
        """Ask for the fifty messages that come after the `position` newest; return the answer's octets."""
        ...

    def whole(self, number: int) -> int:
        """Ask for all of the message that came as the `number`th; return the answer's octets."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Target:
    """What is loaded: `credentials` are a session's token, or a user and a password."""

    talk: type[Talk]
    port: int
    credentials: str
    total: int
    pid: int
    path: str = ""


class Http:
    """Restante: message.page by JSON-RPC over HTTP, the connection kept."""

    def __init__(self, target: Target) -> None:
        self._line = _connect(target.port)
        self._head = (
            f"POST {target.path}jsonrpc HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
            f"Authorization: Bearer {target.credentials}\r\nContent-Type: application/json\r\n"
        )

    def window(self, position: int) -> int:
        answer = self._ask("message.page", f'{{"folder":"inbox","position":{position},"limit":{WINDOW}}}')
        assert answer.count(b'"id":"m') == WINDOW, answer[:300]
        return len(answer)

    def whole(self, number: int) -> int:
        """Open a message, its text as runs as well; return the answer's octets."""
        answer = self._ask("message.get", f'{{"ids":["m{number}"]}}')
        assert b'"runs":[{' in answer, answer[:300]
        return len(answer)

    def _ask(self, method: str, params: str) -> bytes:
        body = f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}'
        self._line.sendall(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = self._line.recv(READ_OCTETS)
        while (head := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        length = re.search(rb"\r\nContent-Length: (\d+)", answer[:head], re.IGNORECASE)
        assert length and answer.startswith(b"HTTP/1.1 200"), answer[:200]
        whole = head + 4 + int(length[1])
        while len(answer) < whole:
            answer += self._more()
        return answer

    def _more(self) -> bytes:
        piece = self._line.recv(READ_OCTETS)
        assert piece, "the server closed the connection"
        return piece

    def close(self) -> None:
        self._line.close()


class HttpThreads(Http):
    """The same with lists of threads."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self._total = target.total

    def window(self, position: int) -> int:
        answer = self._ask("thread.page", f'{{"folder":"inbox","position":{position},"limit":{WINDOW}}}')
        assert answer.count(b'"newest":') == min(WINDOW, self._total), answer[:300]
        return len(answer)


class Imap:
    """Dovecot: FETCH of what a list shows, the session kept and the mailbox open."""

    ITEMS = "(UID FLAGS ENVELOPE INTERNALDATE RFC822.SIZE BODYSTRUCTURE)"

    def __init__(self, target: Target) -> None:
        self._line = _connect(target.port)
        self._total = target.total
        self._tag = 0
        while not self._line.recv(READ_OCTETS).endswith(b"\r\n"):
            pass
        self._ask(f"LOGIN {target.credentials}")
        self._ask("SELECT INBOX")

    def window(self, position: int) -> int:
        newest = self._total - position
        answer = self._ask(f"FETCH {newest - WINDOW + 1}:{newest} {self.ITEMS}")
        assert answer.count(b" FETCH (UID ") == WINDOW, answer[:300]
        return len(answer)

    def whole(self, number: int) -> int:
        """Fetch a message whole; return the answer's octets."""
        return len(self._ask(f"FETCH {number} BODY.PEEK[]"))

    def _ask(self, command: str) -> bytes:
        self._tag += 1
        self._line.sendall(f"{self._tag} {command}\r\n".encode())
        answer, end = bytearray(), f"{self._tag} OK".encode()
        while not (answer.endswith(b"\r\n") and answer.startswith(end, _last_line(answer))):
            piece = self._line.recv(READ_OCTETS)
            assert piece, f"the server closed the connection after {bytes(answer[-200:])!r}"
            answer += piece
        return bytes(answer)

    def close(self) -> None:
        self._line.close()


def _last_line(answer: bytearray) -> int:
    """Return where the last whole line of `answer` begins. Pure."""
    return answer.rfind(b"\n", 0, -1) + 1


def _connect(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


# Which windows are asked for: given dice, the count so far, and the messages there are.
Places = Callable[[random.Random, int, int], int]


def newest(dice: random.Random, asked: int, total: int) -> int:
    return 0


def anywhere(dice: random.Random, asked: int, total: int) -> int:
    return dice.randrange(max(1, total - WINDOW + 1))


def in_turn(dice: random.Random, asked: int, total: int) -> int:
    """The newest and any other by turns."""
    return anywhere(dice, asked, total) if asked % 2 else 0


@dataclass(frozen=True)
class Answered:
    """What a load brought: requests a second, milliseconds, and what an answer took of the server."""

    rate: float
    p50: float
    p99: float
    server_milliseconds: float
    octets: float


def load(
    target: Target, places: Places, *, clients: int, seconds: float, connect_anew: bool = False
) -> Answered:
    """Let so many clients ask for so long; with `connect_anew` each request has a connection of its own."""
    ready = _fork.Barrier(clients + 1)
    results = _fork.SimpleQueue()
    told = (target, places, seconds, connect_anew, ready, results)
    asking = [_fork.Process(target=_client, args=(number, *told)) for number in range(clients)]
    for one in asking:
        one.start()
    ready.wait(CONNECT_SECONDS)
    taken, began = cpu_seconds(target.pid), time.monotonic()
    answers: list[tuple[float, int]] = []
    for _ in asking:
        answers += results.get()
    elapsed = time.monotonic() - began
    for one in asking:
        one.join()
    assert answers, "nothing was answered"
    times = [milliseconds for milliseconds, _ in answers]
    return Answered(
        rate=len(answers) / elapsed,
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
        server_milliseconds=(cpu_seconds(target.pid) - taken) * 1000 / len(answers),
        octets=sum(octets for _, octets in answers) / len(answers),
    )


def _client(
    number: int,
    target: Target,
    places: Places,
    seconds: float,
    anew: bool,
    ready: "object",
    results: "object",
) -> None:
    """Ask until the time is over, and report (milliseconds, octets) of each answer."""
    answers: list[tuple[float, int]] = []
    try:
        dice = random.Random(number)
        talk = target.talk(target)
        ready.wait(CONNECT_SECONDS)  # type: ignore[attr-defined]
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            position = places(dice, len(answers), target.total)
            if anew:
                talk.close()
                talk = target.talk(target)
            octets = talk.window(position)
            answers.append(((time.perf_counter() - began) * 1000, octets))
        talk.close()
    finally:
        results.put(answers)  # type: ignore[attr-defined]
        # Nothing of the parent's is to be ended here.
        os._exit(0)
