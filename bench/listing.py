"""list: the fifty newest and fifty anywhere of a folder, through HTTP, beside Dovecot through IMAP.

Both keep the same letters: ours collected them from the Dovecot that is the peer. Authenticated, and nothing
is answered from a cache of answers. Before the clock runs, both have shown the whole list once. Server and
clients share one core, so requests a second tell what a request costs.
"""

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median
from urllib.parse import urlsplit

from bench import load
from bench.dovecot import Dovecot
from bench.house import House
from bench.kept import corpus
from bench.load import Answered, Http, HttpThreads, Imap, Places, Target
from bench.options import Options, need_dovecot
from bench.person import SECRET, Person, house
from bench.report import Report, last_line, number, spread

MESSAGES, QUICK_MESSAGES = 10_000, 300
#: From so many on the letters are small ones, as there are disks to think of.
SMALL_FROM = 50_000
#: Many short ones, by turns, so that what disturbs the machine for a while disturbs both alike.
RUNS = 9
SECONDS, QUICK_SECONDS = 1.0, 0.5
USER = "todos"


@dataclass(frozen=True)
class Kind:
    """One kind of load."""

    name: str
    places: Places
    clients: int
    connect_anew: bool = False
    threads: bool = False


KINDS = [
    Kind("newest 50, 1 client", load.newest, 1),
    Kind("newest 50, 8 clients", load.newest, 8),
    Kind("any 50, 8 clients", load.anywhere, 8),
    Kind("newest and any by turns, 8 clients", load.in_turn, 8),
    Kind("newest 50, new connection each, 8 clients", load.newest, 8, connect_anew=True),
    Kind("newest 50 threads, 8 clients", load.newest, 8, threads=True),
    Kind("any 50 threads, 8 clients", load.anywhere, 8, threads=True),
]
#: The one that the last line tells.
TOLD = KINDS[3]


@dataclass
class Loads:
    """What one server answered to one kind of load, run by run."""

    answered: list[Answered] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        each = self.answered
        return [
            name,
            spread([one.rate for one in each]),
            spread([one.p50 for one in each]),
            spread([one.p99 for one in each]),
            number(median(one.server_milliseconds for one in each)),
            number(median(one.octets for one in each)),
            str(len(each)),
        ]

    def rate(self) -> float:
        return median(one.rate for one in self.answered)


def run(options: Options, report: Report) -> str:
    need_dovecot(imap=True)
    messages = options.pick(options.messages, MESSAGES, QUICK_MESSAGES)
    runs = options.pick(options.runs, RUNS, 1)
    kept = corpus(options.directory, messages, "small" if messages >= SMALL_FROM else "normal")
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.link(USER, SECRET, kept.files)
        running = stack.enter_context(house(options.core))
        (ours, threads), peer = _ours(running, dovecot, messages), _peer(dovecot, messages)
        report.title(f"Windows of 50 in a folder of {messages} messages, Restante by HTTP, Dovecot by IMAP")
        report.remark(kept.told())
        for target in (ours, threads, peer):
            _show_all(target)
        seconds = QUICK_SECONDS if options.quick else SECONDS
        results = _measure(ours, threads, peer, runs, seconds)
    heads = ["", "requests/s", "p50 ms", "p99 ms", "server CPU, ms each", "octets each", "runs"]
    rows = []
    for kind in KINDS:
        rows += [both.row(f"{kind.name}: {name}") for name, both in results[kind.name].items()]
    report.table(heads, rows)
    told = results[TOLD.name]
    return last_line("list", told["Restante"].rate(), told["Dovecot"].rate())


def _ours(running: House, dovecot: Dovecot, messages: int) -> tuple[Target, Target]:
    """Collect everything; return what is asked for lists of messages, and for lists of threads."""
    person = Person(running, "lectora")
    person.add_account(dovecot.pop3_port, USER)
    done = person.collect()
    assert done.messages == messages, f"{done.messages} collected"
    person.searchable()
    public = urlsplit(running.url("stored"))
    assert public.port
    ours = Target(Http, public.port, person.token, messages, running.pid("stored"), public.path)
    threads = person.stored.call("thread.page", folder="inbox", limit=1)["total"]
    return ours, replace(ours, talk=HttpThreads, total=threads)


def _peer(dovecot: Dovecot, messages: int) -> Target:
    return Target(Imap, dovecot.imap_port, f"{USER} {SECRET}", messages, dovecot.pid)


def _show_all(target: Target) -> None:
    """Have the whole list shown once, so that what a server keeps at the first time is kept."""
    talk = target.talk(target)
    for position in range(0, target.total - load.WINDOW + 1, load.WINDOW):
        talk.window(position)
    talk.close()


def _measure(
    ours: Target, threads: Target, peer: Target, runs: int, seconds: float
) -> dict[str, dict[str, Loads]]:
    """Load both in turn, run by run, so that what disturbs the machine disturbs both.

    Dovecot has no windows of threads: beside ours stand those of messages.
    """
    results: dict[str, dict[str, Loads]] = {kind.name: defaultdict(Loads) for kind in KINDS}
    for _ in range(runs):
        for kind in KINDS:
            sides = {"Restante": threads} if kind.threads else {"Restante": ours, "Dovecot": peer}
            for name, target in sides.items():
                answered = load.load(
                    target,
                    kind.places,
                    clients=kind.clients,
                    seconds=seconds,
                    connect_anew=kind.connect_anew,
                )
                results[kind.name][name].answered.append(answered)
    return results
