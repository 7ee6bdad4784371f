"""Lie in every state of a session in every way, and cut it at every octet (promise 8).

    .venv/bin/python -m tests.faults.pop3            all of it
    .venv/bin/python -m tests.faults.pop3 --every 40  one case in forty

For each command a server answers with each of the replies below instead of the right one; and one that
answers rightly drops the line after each octet it sends. Each time: the visit ends before its deadline, a
letter is deleted only where it is kept here, none is kept twice, and visits to an honest server bring the
rest.
"""

import argparse
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from stored.collecting.collector import Collector
from stored.collecting.lease import Leased, LeasedAccount, Policy
from stored.pop3 import PopClient, Server
from stored.settings import CollectSettings, PopSettings
from stored.store import Store
from tests.pop3server import Answer, PopServer

LETTERS = [
    f"From: w{n}@uno.test\r\nSubject: {n}\r\nMessage-ID: <{n}@uno.test>\r\n\r\nText {n}\r\n.dot\r\n".encode()
    for n in range(1, 4)
]
STATES = ["GREETING", "CAPA", "AUTH", "USER", "PASS", "UIDL", "LIST", "TOP", "RETR", "DELE", "QUIT"]
SESSION_SECONDS = 2.0
IDLE_SECONDS = 0.5

REPLIES: dict[str, Answer] = {
    "refusal": b"-ERR no\r\n",
    "temporary": b"-ERR [SYS/TEMP] later\r\n",
    "permanent": b"-ERR [SYS/PERM] never\r\n",
    "in use": b"-ERR [IN-USE] busy\r\n",
    "password": b"-ERR [AUTH] wrong\r\n",
    "agreement without more": b"+OK\r\n",
    "empty list": b"+OK\r\n.\r\n",
    "silence": b"",
    "half a line": b"+O",
    "no status": b"220 hello, this is not POP3\r\n",
    "empty line": b"\r\n",
    "bare line feed": b"+OK\n",
    "nul": b"+OK\0\r\n\0\r\n.\r\n",
    "question": b"+ \r\n",
    "endless line": b"+OK " + b"x" * 300_000,
    "endless list": b"+OK\r\n" + b"1 x\r\n" * 60_000,
    "two answers": b"+OK\r\n.\r\n+OK\r\n.\r\n",
    "huge numbers": b"+OK 999999999999999999999 9\r\n99999999999999999999 a\r\n.\r\n",
    "wrong numbers": b"+OK\r\n7 a\r\n8 b\r\n.\r\n",
    "same names": b"+OK\r\n1 same\r\n2 same\r\n3 same\r\n.\r\n",
    "names of others": b"+OK\r\n1 uidl-2\r\n2 uidl-3\r\n3 uidl-1\r\n.\r\n",
    "another letter": b"+OK\r\nFrom: evil@dos.test\r\nSubject: other\r\n\r\nOther\r\n.\r\n",
    "ends early": b"+OK\r\nSubject: half\n.\n\r\n+OK\r\n.\r\n",
    "drop": lambda conversation, _: conversation.connection.shutdown(socket.SHUT_RDWR),
    "trickle": lambda conversation, _: conversation.trickle(b"+OK slowly\r\n" * 50, 0.05),
}

#: A server that has neither names for its messages nor shows their header blocks alone.
BARE: dict[str, Answer] = {"UIDL": b"-ERR unknown command\r\n", "TOP": b"-ERR unknown command\r\n"}


@dataclass(frozen=True)
class Case:
    """One lie: `answers` in its place, or the line cut after so many octets; after so many honest visits.

    In the first everything is asked a thing at a time, in the second all at once to see whether that works,
    and from the third on all at once because it does.
    """

    name: str
    answers: dict[str, Answer]
    cut_after: int | None = None
    after: int = 0
    #: What the server answers when it does not lie, beside what every good one does.
    honest: dict[str, Answer] = field(default_factory=dict)


def cases(every: int = 1) -> Iterator[Case]:
    """Yield every state with every reply, and every cut; the first visit fetches, a later one deletes."""
    number = 0
    for after in range(3):
        found = [
            Case(f"{state}: {name}", {state: reply}, after=after)
            for state in STATES
            for name, reply in REPLIES.items()
        ]
        found += [
            Case(f"without names, {state}: {name}", BARE | {state: reply}, after=after, honest=BARE)
            for state in ("LIST", "RETR", "DELE", "QUIT")
            for name, reply in REPLIES.items()
        ]
        octets = honest_octets(after)
        found += [Case(f"cut after {at}", {}, at, after) for at in range(1, octets)]
        for case in found:
            number += 1
            if number % every == 0:
                yield case


@cache
def client(limits: PopSettings) -> PopClient:
    """Return the client of all scenes: each would read the machine's authorities anew."""
    return PopClient(limits, lambda host, port: [(socket.AF_INET, ("127.0.0.1", port))], allow_plain=True)


class Scene:
    """A store and a server; three letters that are deleted once they are stored."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory)
        self.server = PopServer(LETTERS, capabilities=("TOP", "USER", "UIDL", "PIPELINING", "SASL PLAIN"))
        limits = PopSettings(
            allow_plain=True,
            connect_seconds=IDLE_SECONDS,
            idle_seconds=IDLE_SECONDS,
            session_seconds=SESSION_SECONDS,
            line_octets=1000,
            list_entries=1000,
            message_octets=100_000,
        )
        pop = client(limits)
        where = Server("pop.test", self.server.port, "plain", "user", "secret")
        policy = Policy("delete", unnamed=True)
        self.lent = Leased([LeasedAccount("a1", "ana@uno.test", True, where, policy)], [])
        settings = CollectSettings(look_again_messages=2)
        self.collector = Collector(self.store, lambda user: self.lent, pop, settings, limits)

    def visit(self, *, deleting: bool = True) -> float:
        """Visit the maildrop; return how long that took."""
        account = self.lent.accounts[0]
        policy = Policy("delete" if deleting else "leave", unnamed=True)
        self.lent.accounts[0] = LeasedAccount(account.id, account.address, True, account.server, policy)
        began = time.monotonic()
        self.collector.start("ana", ["a1"])
        assert self.collector.wait("ana", 30), "the visit does not end"
        return time.monotonic() - began

    def honest_visit(self) -> str:
        """Visit the maildrop; return how that ended."""
        self.visit()
        (state,) = self.collector.status("ana")[1]
        return state.error.message if state.error else state.stage

    def kept(self) -> list[bytes]:
        return self.store.open_account("ana").read(
            lambda root: [root.bodies[uid].raw() for uid in root.state]
        )

    def close(self) -> None:
        self.collector.stop(5)
        self.server.close()
        self.store.close()


def trouble_in(case: Case, directory: Path) -> str:
    """Return what a case shows to be wrong, nothing where all is well."""
    scene = Scene(directory)
    try:
        scene.server.answers = dict(case.honest)
        for _ in range(case.after):
            scene.visit(deleting=False)
        scene.server.answers = dict(case.answers)
        scene.server.cut_after = case.cut_after
        # Two sessions at most take part in a visit that goes well, five where messages are passed over; one
        # more where all at once was too much.
        if scene.visit() > 5 * SESSION_SECONDS + 2:
            return "the visit went on past its deadline"
        if trouble := _lost_or_doubled(scene):
            return trouble
        scene.server.answers, scene.server.cut_after = dict(case.honest), None
        ended = [scene.honest_visit() for _ in range(2)]
        kept = scene.kept()
        if any(kept.count(letter) != 1 for letter in LETTERS):
            return f"kept after an honest visit: {[kept.count(letter) for letter in LETTERS]}"
        left = len(scene.server.messages)
        return f"{left} are left there; the honest visits ended {ended}" if left else ""
    finally:
        scene.close()


def _lost_or_doubled(scene: Scene) -> str:
    kept, there = scene.kept(), list(scene.server.messages)
    if any(letter not in kept and letter not in there for letter in LETTERS):
        return "a letter was deleted there that is not kept here"
    return "a letter is kept twice" if any(kept.count(letter) > 1 for letter in LETTERS) else ""


def honest_octets(after: int) -> int:
    """Return how many octets an honest server sends in the sessions of a visit after so many others."""
    with tempfile.TemporaryDirectory() as directory:
        scene = Scene(Path(directory))
        try:
            for _ in range(after):
                scene.visit(deleting=False)
            scene.server.sent_octets = 0
            scene.visit()
            return scene.server.sent_octets
        finally:
            scene.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--every", type=int, default=1, help="only one case in so many (1)")
    arguments = parser.parse_args()
    count, wrong = run(arguments.every)
    print(f"pop3: {count} lies and cuts, {wrong} went wrong")
    return bool(wrong)


def run(every: int, at_once: int = 8) -> tuple[int, int]:
    """Go through one case in so many, some at once, since most of them wait; return how many went wrong."""

    def judged(case: Case) -> bool:
        with tempfile.TemporaryDirectory() as directory:
            trouble = trouble_in(case, Path(directory))
        if trouble:
            print(f"{case.name}{f', after {case.after} visits' if case.after else ''}: {trouble}", flush=True)
        return bool(trouble)

    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(judged, cases(every)))
    return len(found), sum(found)


if __name__ == "__main__":
    sys.exit(main())
