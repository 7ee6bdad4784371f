"""Attending sockets and answering requests by turns: who attends also answers, as long as that is quick.

Handing each request from a loop to a thread and back costs Python more than a short request itself: at eight
clients 45 waits for the interpreter's lock. So one thread attends, and answers what it has read by itself;
a second one looks after it, and takes its place when an answer takes long.

| A thread | does |
|---|---|
| attends | reads what has arrived and answers it, one request after the other |
| watches | sleeps while nothing is asked; takes over when one answer takes longer than a tick |
| answers | goes on with the long answer it was relieved over, then with what waits |
| rests | until somebody must watch or answer |

At most `threads` requests are answered at the same time; beyond that, who attends only reads. There is one
thread more than that, so that somebody always attends. Threads are made once they are needed.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from restante import log

TICK_SECONDS = 0.004
"""An answer that takes longer than one to two of these has somebody else attend meanwhile."""

_log = log.get("serve")


class Task(Protocol):
    """One request: to be answered, or to be told that it never will be."""

    def service(self) -> None: ...

    def cancel(self) -> None: ...


class Turns:
    """The threads of one listener."""

    def __init__(self, attend: Callable[[], bool], threads: int, name: str) -> None:
        """`attend` waits for what arrives and reads it, calling `add_task`; it tells whether to go on."""
        self._attend = attend
        self._threads = threads
        self._name = name
        self._guard = threading.Lock()
        self._called = threading.Condition(self._guard)
        self._alarm = threading.Lock()
        self._alarm.acquire()
        self._over = threading.Event()
        self._ended = False
        self._waiting: deque[Task] = deque()
        self._made = self._resting = self._busy = 0
        self._attending = 0  # the thread that attends
        self._answer = 0  # the number of the answer it is at, 0 for none
        self._answers = 0
        self._watched = self._watch_sleeps = False
        self._watch_called = False  # somebody is on the way to watch, as far as is known

    def start(self) -> None:
        """Begin to attend, in threads of their own."""
        with self._guard:
            self._make(self._begin)
            self._have_watched()

    def attends(self) -> bool:
        """Tell whether the calling thread is the one that attends now."""
        return self._attending == threading.get_ident()

    def add_task(self, task: Task) -> None:
        """Have a request answered. For the threads that attend and answer: they go on with it."""
        self._waiting.append(task)

    def running(self) -> bool:
        return self._made > 0 and not self._over.is_set()

    def wait(self, seconds: float) -> None:
        """Wait until nobody attends any more."""
        self._over.wait(seconds)

    def end(self) -> None:
        """Let each thread go once it has answered; whoever still waits is told that it is too late."""
        with self._guard:
            self._ended = True
            waiting, self._waiting = self._waiting, deque()
            self._called.notify_all()
            self._wake_watch()
        for task in waiting:
            task.cancel()

    # What a thread does; each returns what it does next -------------------------------------------

    def _begin(self) -> "_Role | None":
        self._attending = threading.get_ident()
        return self._attend_and_answer

    def _attend_and_answer(self) -> "_Role | None":
        """Attend until there is nothing to attend to any more, or until relieved in an answer."""
        try:
            while self._attend():
                while (task := self._next_while_attending()) is not None:
                    _serve(task)
                    if self._relieved():
                        return self._answer_what_waits
            return None
        finally:
            if self.attends():
                self._over.set()

    def _watch(self) -> "_Role | None":
        """Look after who attends; take over when one answer is still the same at the next look."""
        seen, answers = 0, 0
        while True:
            with self._guard:
                if self._ended:
                    return None
                if seen and self._answer == seen:
                    self._take_over()
                    return self._attend_and_answer
                active = self._answer != 0 or self._answers != answers
                seen, answers = self._answer, self._answers
                self._watch_sleeps = not active
            self._alarm.acquire(timeout=TICK_SECONDS if active else -1)

    def _answer_what_waits(self) -> "_Role | None":
        while True:
            with self._guard:
                task = self._take()
                if task is not None and not self._watched:
                    # Whoever was called to watch may be the one who answers now.
                    self._watch_called = False
                    self._have_watched()
            if task is None:
                return self._rest
            _serve(task)
            with self._guard:
                self._busy -= 1

    def _rest(self) -> "_Role | None":
        """Rest until called; watch when nobody does."""
        with self._guard:
            if self._ended:
                return None
            if not self._watched:
                self._watched, self._watch_called = True, False
                return self._watch
            self._resting += 1
            self._called.wait()
            return self._answer_what_waits

    # Between them, under the guard ----------------------------------------------------------------

    def _next_while_attending(self) -> Task | None:
        if not self._waiting:
            return None
        with self._guard:
            task = self._take()
            if task is not None:
                self._answers += 1
                self._answer = self._answers
                self._have_watched()
                self._wake_watch()
            return task

    def _relieved(self) -> bool:
        """Note that an answer is given; tell whether somebody else attends by now."""
        with self._guard:
            self._busy -= 1
            if not self.attends():
                return True
            self._answer = 0
            return False

    def _take(self) -> Task | None:
        """Return what waits longest; None when nothing does, or as many as may be are being answered."""
        if not self._waiting or self._busy >= self._threads:
            return None
        self._busy += 1
        return self._waiting.popleft()

    def _take_over(self) -> None:
        self._attending = threading.get_ident()
        self._answer = 0
        self._watched = False
        # Where one is slow others may be: what waits is not kept waiting for a tick each.
        for _ in range(min(len(self._waiting), self._threads - self._busy)):
            self._call(self._answer_what_waits)
        self._have_watched()

    def _have_watched(self) -> None:
        """Call somebody to watch, unless somebody does or is on the way: no answer begins unwatched.

        Where nobody can be called, all others answer, and who attends may not.
        """
        if not self._watched and not self._watch_called:
            self._watch_called = self._call(self._rest)

    def _call(self, role: "_Role") -> bool:
        """Call one who rests, or make one more thread for `role`; tell whether there was either."""
        if self._resting:
            self._resting -= 1
            self._called.notify()
            return True
        if self._made <= self._threads:
            self._make(role)
            return True
        return False

    def _wake_watch(self) -> None:
        if self._watch_sleeps:
            self._watch_sleeps = False
            self._alarm.release()

    def _make(self, role: "_Role") -> None:
        self._made += 1
        threading.Thread(
            target=_play, args=(role,), name=f"serve {self._name} {self._made}", daemon=True
        ).start()


_Role = Callable[[], "_Role | None"]


def _play(role: _Role | None) -> None:
    while role is not None:
        role = role()


def _serve(task: Task) -> None:
    try:
        task.service()
    except Exception as error:
        _log.error("serve.failed", cause=error)
