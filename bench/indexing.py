"""index: letters a second that become findable, while others are collected and somebody looks at lists.

Half of the corpus is here already and in no index; the other half is collected from a Dovecot meanwhile, by
the same person; a client lists the newest letters all the time and asks now and then, so that indexing does
not wait until collecting is done. What is in the index when the last letter has come is counted. On the one
core that everything shares, and on two: indexing is a process of its own. notmuch indexes the same files with
nothing beside it.
"""

import os
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import monotonic

from bench.dovecot import Dovecot
from bench.house import House
from bench.kept import corpus
from bench.options import Options, need, need_dovecot
from bench.person import SECRET, Person, house
from bench.report import Report, last_line, number, percentile
from bench.search import Ours, notmuch_of, start_again

MESSAGES, QUICK_MESSAGES = 20_000, 200
KEPT, COMING = "antes", "ahora"
NOBODYS_WORD = "nobodywrotethisword"


class Beside:
    """What was done while the second half came."""

    def __init__(self, person: Person, ours: Ours) -> None:
        self.lists: list[float] = []
        before = person.listed()
        began = monotonic()
        status = person.stored.call("collect.start")
        while status["running"]:
            ours.ask(NOBODYS_WORD)
            self.lists += ours.lists()
            status = person.stored.call("collect.status")
        behind: int = ours.ask(NOBODYS_WORD)["behind"]
        self.seconds = monotonic() - began
        self.collected: int = person.listed() - before
        self.indexed: int = before + self.collected - behind

    @property
    def rate(self) -> float:
        return self.indexed / self.seconds

    def row(self, name: str) -> list[str]:
        figures = (self.rate, self.collected / self.seconds, self.indexed)
        lists = (median(self.lists), percentile(self.lists, 0.99))
        return [name, *map(number, (*figures, *lists)), str(len(self.lists))]


def run(options: Options, report: Report) -> str:
    need_dovecot()
    need("notmuch", "notmuch python3-notmuch2")
    kept = corpus(options.directory, options.pick(options.messages, MESSAGES, QUICK_MESSAGES))
    with notmuch_of(options, kept) as (_, theirs):
        peer = theirs.messages / theirs.seconds
    shared = _measure(options, kept.files)
    # What is started stays on the cores of this process.
    os.sched_setaffinity(0, {options.core, options.other})
    every = _measure(options, kept.files)
    report.title(f"{len(kept.files)} messages: half to be indexed, half to be collected")
    report.remark(kept.told())
    heads = ["Restante", "indexed/s", "collected/s", "indexed", "list p50 ms", "p99 ms", "lists"]
    report.table(heads, [shared.row("on one core"), every.row("on two cores")])
    report.remark(f"notmuch new, with nothing beside it: {number(peer)} messages/s")
    return last_line("index", every.rate, peer)


def _measure(options: Options, files: list[Path]) -> Beside:
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.link(KEPT, SECRET, files[::2])
        dovecot.link(COMING, SECRET, files[1::2])
        running: House = stack.enter_context(house(None))
        person = Person(running, "lectora")
        person.add_account(dovecot.pop3_port, KEPT)
        person.collect()
        start_again(running, without=person.mail.glob("search-*"))
        person.add_account(dovecot.pop3_port, COMING)
        return Beside(person, Ours(running, person))
