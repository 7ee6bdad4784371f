"""search: thirty questions from rare words to common ones, rows included, beside notmuch.

Both live long and keep the same letters: ours collected them from a Dovecot and is asked by RPC, notmuch
indexed the same files and is asked through its library, in a process that stays. Rows are what a list shows:
who, subject, date, flags of the fifty newest. Ours includes HTTP and authentication, notmuch is timed inside
its process. While our index is made, somebody looks at the newest letters all the time: how long that takes
is told beside. Two sizes of folder; the last line is of the larger.
"""

import http.client
import json
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from bench.dovecot import Dovecot
from bench.house import House
from bench.kept import Corpus, corpus
from bench.notmuch import Notmuch
from bench.options import Options, need, need_dovecot
from bench.person import SECRET, SETTINGS, Person, house
from bench.report import Report, last_line, number, percentile

SIZES, QUICK_SIZES = (10_000, 100_000), (100, 200)
SMALL_FROM = 50_000
PASSES, QUICK_PASSES = 15, 2
USER = "todos"
INDEX_SECONDS = 3600
#: Beside indexing, the newest fifty are listed so often; the index is made anew until they were so many
#: times: of a few hundred, the 99th percentile would be what two or three of them met.
LISTS, PAUSE_SECONDS = 25, 0.02
LEAST_LISTS, QUICK_LEAST_LISTS = 1000, 1

#: {who} and {word} are taken from the corpus: the most frequent correspondent, a common word of a subject.
QUESTIONS = """
quetzalcoatlus
quetzalcoatlus correspondencia
bandoneon
bandoneon correspondencia
bandoneon -quetzalcoatlus
quetzalcoatlus OR bandoneon
correspondencia
correspondencia -bandoneon
correspondencia OR bandoneon
"{word} {next}"
quetz*
bando*
corres*
from:{who}
from:{first}
from:{who} bandoneon
from:{who} correspondencia
from:{first} bandoneon
from:{other}
from:{other} correspondencia
subject:{word}
subject:{word} correspondencia
subject:{word} from:{who}
{word}
{word} {next}
{word} OR {next}
{word} bandoneon
{word} -correspondencia
from:{who} -{word}
nobodywrotethisword
""".strip().splitlines()


@dataclass
class Asked:
    """What one question took, in milliseconds: the first time after starting, then again and again."""

    first: float = 0.0
    again: list[float] = field(default_factory=list)
    rows: int = 0


@dataclass
class Indexed:
    """How an index was made, perhaps several times; its octets on disk; `lists` by it and after, in ms."""

    messages: int
    seconds: float
    octets: int = 0
    lists: list[float] = field(default_factory=list)
    lists_after: list[float] = field(default_factory=list)

    def once_more(self, made: "Indexed") -> None:
        self.messages += made.messages
        self.seconds += made.seconds
        self.lists += made.lists
        self.lists_after += made.lists_after

    def row(self, name: str) -> list[str]:
        return [name, number(self.messages / self.seconds), number(self.octets / 1e6)]


class Ours:
    """Restante, by JSON-RPC over one connection."""

    def __init__(self, house: House, person: Person) -> None:
        public = urlsplit(house.url("stored"))
        self._path = f"{public.path}jsonrpc"
        self._line = http.client.HTTPConnection(str(public.hostname), public.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}

    def ask(self, question: str) -> dict[str, Any]:
        return self._call("message.search", query=question, limit=50)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._line.request("POST", self._path, body, self._headers)
        answer: dict[str, Any] = json.loads(self._line.getresponse().read())
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def timed(self, question: str) -> tuple[float, int]:
        """Return the milliseconds of one question and how many rows came."""
        began = time.perf_counter()
        rows = len(self.ask(question)["rows"])
        return (time.perf_counter() - began) * 1000, rows

    def lists(self) -> list[float]:
        """Look at the newest letters again and again, for half a second; return the milliseconds of each."""
        times = []
        for _ in range(LISTS):
            began = time.perf_counter()
            self._call("message.page", folder="inbox", limit=50)
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(PAUSE_SECONDS)
        return times

    def indexed(self) -> Indexed:
        """List until what the index does not know yet is in it, and as often once it is."""
        began = time.monotonic()
        behind = self.ask("nobodywrotethisword")["behind"]
        times: list[float] = []
        after: list[float] = []
        while not self.ask("nobodywrotethisword")["indexed"]:
            assert time.monotonic() < began + INDEX_SECONDS, "indexing does not end"
            times += self.lists()
        seconds = time.monotonic() - began
        while len(after) < len(times):
            after += self.lists()
        return Indexed(behind, seconds, lists=times, lists_after=after)


def run(options: Options, report: Report) -> str:
    need_dovecot()
    need("notmuch", "notmuch python3-notmuch2")
    sizes: tuple[int, ...] = QUICK_SIZES if options.quick else SIZES
    if options.messages:
        sizes = (options.messages,)
    passes = options.pick(options.runs, PASSES, QUICK_PASSES)
    told = ""
    for messages in sizes:
        kept = corpus(options.directory, messages, "small" if messages >= SMALL_FROM else "normal")
        told = _size(options, report, kept, passes)
    return told


def _size(options: Options, report: Report, kept: Corpus, passes: int) -> str:
    """Measure one size of folder; return its last line."""
    messages = len(kept.files)
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.link(USER, SECRET, kept.files)
        running = stack.enter_context(house(options.core))
        least = options.pick(0, LEAST_LISTS, QUICK_LEAST_LISTS)
        person, collected, ours_indexed = _collected(running, dovecot, messages, least)
        peer, peer_indexed = stack.enter_context(notmuch_of(options, kept))
        questions = _questions(person)
        # A daemon just started has nothing in memory: that is the first time.
        start_again(running)
        results = _measure(Ours(running, person), peer, questions, passes)
    report.title(f"Thirty questions to {messages} messages, the fifty newest rows of each")
    report.remark(kept.told())
    report.remark(f"collected in {number(collected)} s; what was not in the index by then, at this rate:")
    report.table(
        ["", "indexed messages/s", "index MB"],
        [ours_indexed.row("Restante, beside lists"), peer_indexed.row("notmuch new")],
    )
    report.table(["lists of the newest 50", "p50 ms", "p99 ms", "lists"], _lists(ours_indexed))
    report.table(["question", "rows", "ours ms", "first", "notmuch ms", "first"], _rows(results))
    ours, theirs = (_typical([both[at] for both in results.values()]) for at in (0, 1))
    report.remark(
        f"over all questions: ours median {number(ours)} ms, 99th percentile "
        f"{number(_worst([both[0] for both in results.values()]))} ms; notmuch {number(theirs)} ms, "
        f"{number(_worst([both[1] for both in results.values()]))} ms"
    )
    return last_line("search", ours, theirs, less_is_better=True)


def start_again(running: House, without: Iterable[Path] = ()) -> None:
    """Start `stored` as the house started it the first time, `without` these files."""
    running.terminate("stored")
    for file in without:
        file.unlink()
    running.start("stored", *SETTINGS["stored"])


def _collected(
    running: House, dovecot: Dovecot, messages: int, least_lists: int
) -> tuple[Person, float, Indexed]:
    """Collect everything and wait for the index, whose clock begins when that is done; make it anew until
    so many lists were timed beside it."""
    person = Person(running, "lectora")
    person.add_account(dovecot.pop3_port, USER)
    done = person.collect()
    assert done.messages == messages, f"{done.messages} collected"
    indexed = Ours(running, person).indexed()
    while len(indexed.lists) < least_lists:
        start_again(running, without=person.mail.glob("search-*"))
        indexed.once_more(Ours(running, person).indexed())
    indexed.octets = sum(file.stat().st_size for file in person.mail.glob("search-*"))
    return person, done.seconds, indexed


@contextmanager
def notmuch_of(options: Options, kept: Corpus) -> Iterator[tuple[Notmuch, Indexed]]:
    with TemporaryDirectory(prefix="restante-bench-notmuch-") as directory:
        peer = Notmuch(Path(directory), options.core)
        began = time.monotonic()
        peer.index(kept.files)
        seconds = time.monotonic() - began
        with peer:
            yield peer, Indexed(len(kept.files), seconds, peer.octets())


def _questions(person: Person) -> list[str]:
    """Return the thirty, with names and words of the corpus in them."""
    rows = person.stored.call("message.page", folder="inbox", limit=200)["rows"]
    by_frequency: dict[str, int] = {}
    for row in rows:
        by_frequency[row["from"]["address"]] = by_frequency.get(row["from"]["address"], 0) + 1
    people = sorted(by_frequency, key=lambda one: (-by_frequency[one], one))
    name = next(row["from"]["name"] for row in rows if row["from"]["address"] == people[0])
    subject = next(said for row in rows if len(said := _plain(row["subject"])) >= 4)
    words = {"who": people[0], "other": people[-1], "first": name.split()[0]}
    return [question.format(**words, word=subject[-2], next=subject[-1]) for question in QUESTIONS]


def _plain(subject: str) -> list[str]:
    """Return the words of a subject if all are plain letters: notmuch folds no accents. Pure."""
    words = subject.removeprefix("Re: ").split()
    return words if all(word.isascii() and word.isalpha() for word in words) else []


def _measure(ours: Ours, peer: Notmuch, questions: list[str], passes: int) -> dict[str, tuple[Asked, Asked]]:
    """Ask both by turns, question by question, pass by pass; the first pass finds nothing in memory."""
    results = {question: (Asked(), Asked()) for question in questions}
    sides: tuple[Ours | Notmuch, ...] = (ours, peer)
    for passed in range(passes + 1):
        for question, both in results.items():
            for asked, who in zip(both, sides, strict=True):
                milliseconds, asked.rows = who.timed(question)
                if passed:
                    asked.again.append(milliseconds)
                else:
                    asked.first = milliseconds
    return results


def _lists(indexed: Indexed) -> list[list[str]]:
    told = {"while the index is made": indexed.lists, "after that": indexed.lists_after}
    return [
        [name, number(median(times)), number(percentile(times, 0.99)), str(len(times))]
        for name, times in told.items()
        if times
    ]


def _rows(results: dict[str, tuple[Asked, Asked]]) -> list[list[str]]:
    return [
        [
            question,
            str(ours.rows) if ours.rows == peer.rows else f"{ours.rows}/{peer.rows}",
            number(median(ours.again)),
            number(ours.first),
            number(median(peer.again)),
            number(peer.first),
        ]
        for question, (ours, peer) in results.items()
    ]


def _typical(asked: list[Asked]) -> float:
    """Return the median over all questions and passes."""
    return median(one for each in asked for one in each.again)


def _worst(asked: list[Asked]) -> float:
    return percentile([one for each in asked for one in each.again], 0.99)
