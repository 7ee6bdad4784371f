"""open: a letter of each kind opened, its text ready to show, beside Dovecot's FETCH of it whole.

Both keep the same letters, many different ones of each kind (see `samples`). Each is opened for the first
time, which is told in the last line, and then again. The other side of a wire gets from ours what it shows;
from Dovecot it gets octets, whose parts, character sets and HTML are still to be read. One client, server and
client on one core; the first letter of each kind is not counted, so that everything is running.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import urlsplit

from bench.dovecot import Dovecot
from bench.load import WINDOW, Http, Imap, Talk, Target
from bench.options import Options, need_dovecot
from bench.person import SECRET, Person, house
from bench.processes import cpu_nanoseconds, wait_quiet
from bench.report import Report, last_line, number, percentile
from bench.samples import KINDS, letters

LETTERS, QUICK_LETTERS = 60, 4
AGAIN = 5
USER = "todos"
HEADS = ["", "KB", "p50 ms", "p99 ms", "server CPU, ms each", "octets each", "opened"]


@dataclass(frozen=True)
class Side:
    """A server, a connection with it, and its numbers of the letters by their places in the maildrop."""

    target: Target
    talk: Talk
    numbers: Sequence[int]


@dataclass
class Times:
    """What opening took: milliseconds as the client saw them, and of the server's core together."""

    each: list[float] = field(default_factory=list)
    server: float = 0.0
    octets: int = 0

    def add(self, side: Side, places: Iterable[int]) -> None:
        """Open the letters at these places of the maildrop, one after the other."""
        taken = cpu_nanoseconds(side.target.pid)
        for place in places:
            began = time.perf_counter()
            self.octets += side.talk.whole(side.numbers[place])
            self.each.append((time.perf_counter() - began) * 1000)
        self.server += (cpu_nanoseconds(side.target.pid) - taken) / 1e6

    def row(self, name: str, octets: float) -> list[str]:
        count = len(self.each)
        return [
            name,
            number(octets / 1000),
            number(median(self.each)),
            number(percentile(self.each, 0.99)),
            number(self.server / count),
            number(self.octets / count),
            str(count),
        ]


def run(options: Options, report: Report) -> str:
    need_dovecot(imap=True)
    count = options.pick(options.messages, LETTERS, QUICK_LETTERS)
    runs = options.pick(options.runs, AGAIN, 1)
    written = {kind: letters(kind, count + 1) for kind in KINDS}
    everything = [raw for those in written.values() for raw in those]
    numbered = [
        raw.replace(b"Subject: ", b"Subject: (%d) " % place, 1) for place, raw in enumerate(everything, 1)
    ]
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.add(USER, SECRET, numbered)
        running = stack.enter_context(house(options.core))
        person = Person(running, "lectora")
        person.add_account(dovecot.pop3_port, USER)
        done = person.collect()
        assert done.messages == len(everything), f"{done.messages} collected"
        person.searchable()
        wait_quiet(running.pid("stored"))
        public = urlsplit(running.url("stored"))
        assert public.port
        ours = Target(Http, public.port, person.token, done.messages, running.pid("stored"), public.path)
        peer = Target(Imap, dovecot.imap_port, f"{USER} {SECRET}", done.messages, dovecot.pid)
        report.title(f"A letter opened, of {count} of each kind, Restante by HTTP, Dovecot by IMAP")
        uids = _uids(person, done.messages)
        sides = {
            "Restante": Side(ours, ours.talk(ours), uids),
            "Dovecot": Side(peer, peer.talk(peer), list(range(done.messages + 1))),
        }
        times = _measure(sides, count, runs)
    octets = {kind: sum(map(len, those)) / len(those) for kind, those in written.items()}
    report.table(HEADS, [both.row(f"{kind}, {what}", octets[kind]) for (kind, what), both in times.items()])
    first = [
        [one for (_, what), both in times.items() if what == f"{name}, first" for one in both.each]
        for name in ("Restante", "Dovecot")
    ]
    return last_line("open", median(first[0]), median(first[1]), less_is_better=True)


def _uids(person: Person, count: int) -> list[int]:
    """Return the uids of the letters by the numbers in their subjects; 0 for there is none."""
    uids = [0] * (count + 1)
    for position in range(0, count, WINDOW):
        page = person.stored.call("message.page", folder="inbox", position=position, limit=WINDOW)
        for row in page["rows"]:
            uids[int(row["subject"][1:].partition(")")[0])] = int(row["id"][1:])
    return uids


def _measure(sides: dict[str, Side], count: int, runs: int) -> dict[tuple[str, str], Times]:
    """Open all letters on either side, kind by kind and by turns; return the times by kind and by side."""
    times: dict[tuple[str, str], Times] = {}
    for place, kind in enumerate(KINDS):
        spare = place * (count + 1) + 1
        for what, rounds in (("first", 1), ("again", runs)):
            opened = {name: times.setdefault((kind, f"{name}, {what}"), Times()) for name in sides}
            for _ in range(rounds):
                for name, side in sides.items():
                    if what == "first":
                        side.talk.whole(side.numbers[spare])
                    opened[name].add(side, range(spare + 1, spare + 1 + count))
    for side in sides.values():
        side.talk.close()
    return times
