"""Keeps every index up with its store, in the background: one thread, one process that reads letters.

A user is looked at once commits cease for a moment (`Store.on_write`) and when a search finds the index
behind: letters that are being collected come first, and are indexed when that is done. Users take turns of
one batch each, so that somebody's first hundred thousand letters do not make others wait. An index
in doubt is thrown away and made anew; one a quarter of which is dead is written anew beside the one that
answers, which stays up to date meanwhile.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from restante import log
from restante.errors import Draining, RestanteError
from stored.processes import ProcessDied
from stored.search import files, source
from stored.search.child import Child
from stored.search.index import IndexAway, IndexBroken, Mark, Standing
from stored.search.settings import SearchSettings
from stored.search.source import Batch
from stored.store import Store, UserStore

_LOG = log.get("search")

DEAD_SHARE = 4  # one in so many dead is too many
DEAD_LEAST = 200
UNTIDY_LEAST = 500
MARKS = 20_000
#: Who is written to more often than this waits for the end of it, but not longer than so.
LULL_SECONDS = 1.0
BEHIND_SECONDS = 30.0
QUIET_SECONDS = 2.0
AWAY_SECONDS = 30.0


class Indexer:
    """The background half of searching. Safe to use from any thread."""

    def __init__(self, store: Store, settings: SearchSettings, spool: Path) -> None:
        self._store = store
        self._settings = settings
        self._spool = spool
        self._child = Child()
        self._turn = threading.Condition()
        self._waiting: OrderedDict[str, float] = OrderedDict()  # user → not before
        self._due: dict[str, float] = {}  # user → when it must not wait for a lull any more
        self._doubted: set[str] = set()
        self._made_anew: dict[str, float] = {}  # user → when; few ever are
        self._busy = ""
        self._indexed_at: OrderedDict[str, float] = OrderedDict()
        #: Where the indexes stand that have nothing to learn and need no care: most looks end here.
        self._done: OrderedDict[str, Mark] = OrderedDict()
        self._stopping = False
        self._thread: threading.Thread | None = None
        #: Called with the user whose index is another file from now on.
        self.on_change: Callable[[str], None] = lambda user: None

    # Asked from outside -------------------------------------------------------------------------

    def start(self) -> None:
        for path in self._spool.glob("index-*"):
            path.unlink(missing_ok=True)
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the step at hand, or in the middle of it: what is committed is true."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
        self._child.stop()
        if self._thread is not None:
            self._thread.join(10)

    def written(self, user: str) -> None:
        """Have the user's index brought up to date once nothing is written for a moment. Never blocks."""
        now = monotonic()
        with self._turn:
            due = self._due.setdefault(user, now + BEHIND_SECONDS)
            known = self._waiting.get(user)
            if known != 0.0:
                self._waiting[user] = min(now + LULL_SECONDS, due)
            if known is None:
                self._turn.notify_all()

    def wake(self, user: str) -> None:
        """Have the user's index brought up to date now: somebody asks. Never blocks."""
        with self._turn:
            self._waiting[user] = self._due[user] = 0.0
            self._turn.notify_all()

    def look_again(self, user: str) -> None:
        """Have the user's index looked at though nothing is new: it could not be asked. Never blocks."""
        self._done.pop(user, None)
        self.wake(user)

    def doubt(self, user: str, since: float) -> None:
        """Have the user's index thrown away and made anew from the store. Never blocks.

        `since` is when (`monotonic`) whoever doubts began to look: what was made anew meanwhile is another.
        """
        with self._turn:
            if self._made_anew.get(user, -1.0) < since:
                self._doubted.add(user)
        self.wake(user)

    def wait(self, user: str, seconds: float) -> bool:
        """Wait until the user's index is up to date; return whether that came in time."""

        def idle() -> bool:
            return self._busy != user and self._waiting.get(user, 1.0) > 0.0

        with self._turn:
            return self._turn.wait_for(idle, seconds)

    @property
    def child_pid(self) -> int:
        """The id of the reading process, 0 while there is none."""
        return self._child.pid

    # The thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        while (user := self._next()) is not None:
            delay = None
            try:
                delay = self._step(self._store.open_account(user))
            except Draining:
                pass
            except (IndexAway, ProcessDied, RestanteError, OSError) as error:
                if not self._stopping:
                    _LOG.warning("search.waits", user=user, cause=error)
                    delay = AWAY_SECONDS
            except Exception as error:
                _LOG.error("search.broke", user=user, cause=error)
                delay = AWAY_SECONDS
            with self._turn:
                self._busy = ""
                if delay != 0.0:
                    self._due.pop(user, None)
                if delay is not None and user not in self._waiting:
                    self._waiting[user] = monotonic() + delay if delay else 0.0
                self._turn.notify_all()

    def _next(self) -> str | None:
        """Wait for somebody's turn and return who it is, None at the end."""
        with self._turn:
            while not self._stopping:
                now = monotonic()
                if self._take_turn(now):
                    return self._busy
                soonest = min(self._waiting.values(), default=None)
                rest = self._settings.rest_seconds
                if not self._turn.wait(rest if soonest is None else soonest - now) and soonest is None:
                    self._child.rest()
            return None

    def _take_turn(self, now: float) -> bool:
        """Make the first user `_busy` whose time has come; return whether there is one."""
        for user, not_before in self._waiting.items():
            if not_before <= now:
                del self._waiting[user]
                self._busy = user
                return True
        return False

    # One user -----------------------------------------------------------------------------------

    def _step(self, mail: UserStore) -> float | None:
        """Do one batch for a user; return after how many seconds to go on, None when all is done."""
        with self._turn:
            doubted = mail.user in self._doubted
            self._doubted.discard(mail.user)
        if doubted:
            self._throw_away(mail)
        path = files.current(mail.directory)
        mark = self._done.get(mail.user) if path else None
        if mark is not None and mail.read(lambda account: source.nothing_new(account, mark)):
            return None
        path = path or files.first(mail.directory)
        try:
            standing = self._child.standing(path)
            if self._catch_up(mail, path, standing):
                return 0.0
            if _half_dead(standing) or files.under_way(mail.directory):
                return self._renew(mail)
            if _untidy(standing):
                return self._tidy(mail.user, path)
            self._done[mail.user] = standing.mark
            if len(self._done) > MARKS:
                self._done.popitem(last=False)
        except IndexBroken as error:
            _LOG.warning("search.index_broken", user=mail.user, cause=str(error))
            self._throw_away(mail)
            return 0.0
        return None

    def _throw_away(self, mail: UserStore) -> None:
        """Remove the index; first from whoever has it open, since its name will be used again."""
        self._done.pop(mail.user, None)
        for path in files.all_of(mail.directory):
            self._child.close(path)
        files.remove_all(mail.directory)
        self.on_change(mail.user)
        with self._turn:
            self._made_anew[mail.user] = monotonic()
            self._doubted.discard(mail.user)
        _LOG.warning("search.made_anew", user=mail.user)

    def _catch_up(self, mail: UserStore, path: Path, standing: Standing) -> bool:
        """Bring the index one batch further; return whether there was anything to do."""
        batch = mail.read(lambda account: source.next_batch(account, standing.mark, self._spool))
        try:
            if batch.foreign:
                raise IndexBroken("of another store")
            if batch.reconcile:
                uids = self._child.uids(path)
                batch.gone = mail.read(lambda account: source.missing(account, uids))
            found = bool(batch.items or batch.gone)
            steps = batch.after.step - standing.mark.step if standing.mark.epoch else source.STEPS_LEFT
            # Flags and folders alone say nothing to the index; only the log must not run away from it.
            if not found and batch.after.uid == standing.mark.uid and steps < source.STEPS_LEFT:
                return False
            self._index(path, standing.mark, batch)
            self._indexed_at[mail.user] = monotonic()
            self._indexed_at.move_to_end(mail.user)
            if len(self._indexed_at) > MARKS:
                self._indexed_at.popitem(last=False)
            return found
        finally:
            source.discard(batch)

    def _index(self, path: Path, before: Mark, batch: Batch) -> None:
        """Have a batch read and indexed; letters that cannot be read in time go in by their rows alone."""
        try:
            self._add(path, before, batch, self._settings.batch_seconds)
            return
        except ProcessDied:
            if self._stopping:
                raise
        _LOG.warning("search.read_singly", messages=len(batch.items))
        for single in source.alone(batch):
            try:
                self._add(path, before, single, self._settings.message_seconds)
            except ProcessDied:
                if self._stopping or not single.items:
                    raise
                _LOG.warning("search.unread", uid=single.items[0]["uid"])
                self._add(path, before, source.bare(single), self._settings.message_seconds)
            before = single.after

    def _add(self, path: Path, before: Mark, batch: Batch, seconds: float) -> None:
        agreed = self._child.add(
            path,
            before,
            batch.after,
            items=batch.items,
            octets=batch.octets,
            gone=batch.gone,
            seconds=seconds,
        )
        if not agreed:
            # A process of before, killed late, has committed meanwhile: look again.
            raise IndexAway("the mark has moved")

    def _renew(self, mail: UserStore) -> float:
        """Write the successor of an index one batch further; let it take over once it is whole."""
        part = files.part(mail.directory)
        try:
            standing = self._child.standing(part)
            if self._catch_up(mail, part, standing) or self._child.tidy(part):
                return 0.0
        except IndexBroken:
            self._child.close(part)
            files.remove(part)
            return 0.0
        self._child.close(part)
        if before := files.current(mail.directory):
            self._child.close(before)
        self.on_change(mail.user)
        files.succeed(part)
        self.on_change(mail.user)
        _LOG.info("search.renewed", user=mail.user, messages=standing.live)
        return 0.0

    def _tidy(self, user: str, path: Path) -> float | None:
        """Merge some more of an index that many additions left in pieces, once the user is quiet."""
        if monotonic() - self._indexed_at.get(user, 0.0) < QUIET_SECONDS:
            return QUIET_SECONDS
        return 0.0 if self._child.tidy(path) else None


def _half_dead(standing: Standing) -> bool:
    return standing.dead > DEAD_LEAST and standing.dead * DEAD_SHARE > standing.dead + standing.live


def _untidy(standing: Standing) -> bool:
    documents = standing.live + standing.dead
    return documents - standing.tidied > max(UNTIDY_LEAST, documents // 4)
