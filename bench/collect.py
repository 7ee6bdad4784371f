"""collect: one account, one connection, from a real Dovecot, beside mpop; at no delay and at 50 ms.

Both read the same maildrop in the clear, start from nothing each run, and take turns. The clock of mpop ends
with its process, each message flushed into a Maildir; ours when the last message is stored durably, filed by
rules and listed. A second figure is when it answers a search: the index follows on the same core. A pass that
finds nothing new is told beside, with its turns.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import mpop
from bench.delay import Wire
from bench.dovecot import Dovecot
from bench.house import House
from bench.kept import corpus
from bench.options import Options, need_dovecot
from bench.person import SECRET, Person, house
from bench.reading import read_all
from bench.report import Report, last_line, spread

MESSAGES, QUICK_MESSAGES = 10_000, 300
#: At most so many where each turn takes its time: more say nothing more.
MESSAGES_DELAYED = 2_000
RUNS = 3
ROUND_TRIP_SECONDS = 0.05
RECHECKS = 3


@dataclass
class Passes:
    """What one collector did, a figure for each run."""

    name: str
    rates: list[float] = field(default_factory=list)
    searchable: list[float] = field(default_factory=list)
    rechecks: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    recheck_turns: list[float] = field(default_factory=list)

    def row(self) -> list[str]:
        milliseconds = [seconds * 1000 for seconds in self.rechecks]
        return [
            self.name,
            spread(self.rates),
            spread(self.searchable),
            spread(self.turns),
            spread(milliseconds),
            spread(self.recheck_turns),
            str(len(self.rates)),
        ]


class Measuring:
    """One house and one Dovecot, and the runs of both collectors between them."""

    def __init__(self, options: Options, running: House, dovecot: Dovecot, state: Path) -> None:
        self._options, self._house, self._dovecot, self._state = options, running, dovecot, state
        self._made = 0

    def rates(self, user: str, messages: int, runs: int, wire: Wire | None) -> tuple[Passes, Passes, Passes]:
        """Return what reading alone, ours and mpop did with the maildrop of `user`."""
        port = wire.port if wire else self._dovecot.pop3_port
        limit, ours, peer = Passes("reading only, keeping nothing"), Passes("Restante"), Passes("mpop")
        read_all(self._dovecot.pop3_port, user, SECRET)  # what the machine reads again, it has by then
        for _ in range(runs):
            count, seconds = read_all(port, user, SECRET)
            assert count == messages
            limit.rates.append(count / seconds)
            self._ours(ours, port, user, messages, wire)
            self._peer(peer, port, user, messages, wire)
        return limit, ours, peer

    def _ours(self, passes: Passes, port: int, user: str, messages: int, wire: Wire | None) -> None:
        person = Person(self._house, f"persona{self._next()}")
        person.add_rules()
        person.add_account(port, user)
        self._quiet(wire)
        done = person.collect()
        assert done.messages == messages == person.listed(), f"{done.messages} collected"
        passes.rates.append(messages / done.seconds)
        if wire:
            passes.turns.append(wire.take().turns)
        # Nothing of ours may be left to do when it is the other's turn.
        passes.searchable.append(messages / (done.seconds + person.searchable()))
        passes.rechecks += [person.collect().seconds for _ in range(RECHECKS)]
        if wire:
            passes.recheck_turns.append(wire.take().turns / RECHECKS)

    def _peer(self, passes: Passes, port: int, user: str, messages: int, wire: Wire | None) -> None:
        with TemporaryDirectory(dir=self._state) as directory:
            peer = mpop.Mpop(Path(directory), port, user, SECRET, core=self._options.core)
            self._quiet(wire)
            seconds = peer.collect()
            assert peer.kept() == messages, f"mpop kept {peer.kept()}"
            passes.rates.append(messages / seconds)
            if wire:
                passes.turns.append(wire.take().turns)
            passes.rechecks += [peer.collect() for _ in range(RECHECKS)]
            if wire:
                passes.recheck_turns.append(wire.take().turns / RECHECKS)

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _quiet(self, wire: Wire | None) -> None:
        """Let nothing of the run before be left to write or counted."""
        os.sync()
        if wire:
            wire.take()


def run(options: Options, report: Report) -> str:
    need_dovecot()
    messages = options.pick(options.messages, MESSAGES, QUICK_MESSAGES)
    delayed = min(messages, MESSAGES_DELAYED)
    runs = options.pick(options.runs, RUNS, 1)
    kept = corpus(options.directory, messages)
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory(prefix="restante-bench-mpop-")))
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.link("all", SECRET, kept.files)
        dovecot.link("some", SECRET, kept.files[:delayed])
        running = stack.enter_context(house(options.core))
        measuring = Measuring(options, running, dovecot, state)
        report.title(f"Collecting {messages} messages by POP3, no delay, beside {mpop.version()}")
        report.remark(kept.told())
        near = measuring.rates("all", messages, runs, None)
        _tell(report, near)
        wire = stack.enter_context(
            Wire(
                ("127.0.0.1", dovecot.pop3_port),
                round_trip_seconds=ROUND_TRIP_SECONDS,
                core=options.other,
            )
        )
        report.title(f"Collecting {delayed} messages by POP3, {ROUND_TRIP_SECONDS * 1000:.0f} ms round trip")
        far = measuring.rates("some", delayed, runs, wire)
        _tell(report, far)
    report.last(_line("collect at 50 ms", far))
    return _line("collect", near)


def _tell(report: Report, passes: tuple[Passes, ...]) -> None:
    heads = ["", "messages/s", "and searchable", "turns", "nothing new, ms", "its turns", "runs"]
    report.table(heads, [one.row() for one in passes])


def _line(name: str, passes: tuple[Passes, Passes, Passes]) -> str:
    _, ours, peer = passes
    return last_line(name, median(ours.rates), median(peer.rates))
