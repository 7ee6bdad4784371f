"""Who works next, when there is more to do than threads: users in turn, and long work in a lane of its own.

Work begins in the short lane, where users take turns however much each of them has to do. Whoever is still
at it after a slice of time while others wait moves over to the long lane; when that is full, or others wait
there, the work is asked to stop and comes again. So a first import of years of mail never keeps small checks
waiting, and ten of them share what there is.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from contextvars import copy_context
from time import monotonic

from restante import log

_LOG = log.get("lanes")


class Turn:
    """What work is given to ask whether it may go on."""

    def __init__(self, lanes: "Lanes", *, long: bool) -> None:
        self._lanes = lanes
        self.long = long
        self.since = monotonic()

    def may_go_on(self) -> bool:
        """Return whether to go on; otherwise stop at a good place and ask to be continued."""
        return self._lanes._may_go_on(self)


#: Does something, and returns whether it wants another turn to finish.
Work = Callable[[Turn], bool]


class Lane:
    """Work that waits: users in turn, each user's in the order it was given. Not for two threads."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, deque[Callable[[Turn], object]]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, user: str, work: Callable[[Turn], object]) -> None:
        self._users.setdefault(user, deque()).append(work)
        self._count += 1

    def next(self) -> Callable[[Turn], object]:
        """Take the next piece of work; its user is last in line now."""
        user, works = next(iter(self._users.items()))
        work = works.popleft()
        self._count -= 1
        if works:
            self._users.move_to_end(user)
        else:
            del self._users[user]
        return work


class Lanes:
    """Threads started as they are needed: `short` and `long` of them at most.

    They are daemon threads on purpose: the end of the process does not wait for somebody's silent server.
    """

    def __init__(self, name: str, short: int, long: int, slice_seconds: float) -> None:
        self._name = name
        self._most = {False: short, True: long}
        self._slice_seconds = slice_seconds
        lock = threading.RLock()
        self._guard = threading.Condition(lock)
        self._room = threading.Condition(lock)
        self._waiting = {False: Lane(), True: Lane()}
        self._working = {False: 0, True: 0}
        self._idle = 0
        self._threads = 0

    def give(self, user: str, work: Work, *, long: bool = False) -> None:
        """Have `work` done in its turn; it keeps the request id of whoever gave it."""
        context = copy_context()
        with self._guard:
            self._waiting[long].add(user, lambda turn: context.run(self._do, user, work, turn))
            self._call_thread()

    def wait_for_room(self) -> None:
        """Block until no more short work waits than can be done at the same time.

        For whoever brings work that is not urgent: what is prepared long before its turn is kept all that
        while.
        """
        with self._guard:
            self._room.wait_for(lambda: len(self._waiting[False]) <= self._most[False])

    def _call_thread(self) -> None:
        """Wake a thread, or start one: there may be work that can begin."""
        if self._idle:
            self._guard.notify()
        elif self._threads < sum(self._most.values()):
            self._threads += 1
            name = f"{self._name}-{self._threads}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def _do(self, user: str, work: Work, turn: Turn) -> None:
        if work(turn):
            self.give(user, work, long=True)

    def _run(self) -> None:
        while True:
            with self._guard:
                self._idle += 1
                self._guard.wait_for(lambda: self._ready() is not None)
                self._idle -= 1
                long = bool(self._ready())
                work = self._waiting[long].next()
                self._working[long] += 1
                self._room.notify()
                if self._ready() is not None:
                    self._call_thread()
            turn = Turn(self, long=long)
            try:
                work(turn)
            except Exception as error:
                _LOG.error("lanes.failed", name=self._name, cause=error)
            with self._guard:
                self._working[turn.long] -= 1

    def _ready(self) -> bool | None:
        """Return the lane that has work and room for it, None where there is none."""
        for long in (False, True):
            if self._waiting[long] and self._working[long] < self._most[long]:
                return long
        return None

    def _may_go_on(self, turn: Turn) -> bool:
        with self._guard:
            now = monotonic()
            if now - turn.since < self._slice_seconds or not self._waiting[turn.long]:
                return True
            if turn.long or self._working[True] >= self._most[True]:
                return False
            # Over to the long lane, which makes room for those who wait in the short one.
            turn.long, turn.since = True, now
            self._working[False] -= 1
            self._working[True] += 1
            self._call_thread()
            return True
