"""Looking after everybody's mail: emptying junk and trash, packing by need, saving indexes.

A thread of its own goes round: who was written to is looked after soon, and everybody once in some hours.
Nothing here is urgent, and what fails for one user is logged and left until the next time.
"""

import threading
from collections import deque
from time import monotonic

from restante import log
from restante.errors import RestanteError
from stored.clock import Clock
from stored.folders import purge
from stored.model.account import Account
from stored.settings import StorageSettings
from stored.store import Store

_LOG = log.get("upkeep")

#: Messages or undos let go in one unit of work.
AT_ONCE = 500
#: A database is looked at again for what is dead once it has grown by so many hundredths.
GROWN_PERCENT = 5
STOP_SECONDS = 20


class Upkeep:
    """Goes round everybody's mail. One thread; `tick` is one turn, for tests as well."""

    def __init__(self, store: Store, clock: Clock, settings: StorageSettings) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._round: deque[str] = deque()
        self._next_round_at = monotonic()
        self._looked_at: dict[str, int] = {}

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after what is at hand; packing of a large database is not waited for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.wait(self._settings.upkeep_seconds):
            try:
                self.tick()
            except Exception as trouble:
                _LOG.error("upkeep.failed", cause=trouble)

    def tick(self) -> None:
        """Look after who was written to since the last turn, and after the next few of the round."""
        self._store.databases.relax()
        for user in sorted(self._store.written()) + self._next_of_round():
            if self._stopping.is_set():
                return
            try:
                self.look_after(user)
            except RestanteError as trouble:
                _LOG.warning("upkeep.postponed", user=user, kind=trouble.kind, cause=trouble)

    def _next_of_round(self) -> list[str]:
        """Return so many of the round that it ends when the next begins."""
        round_seconds = self._settings.round_hours * 3600
        if not self._round and monotonic() >= self._next_round_at:
            self._round.extend(self._store.databases.users())
            self._next_round_at = monotonic() + round_seconds
        left = max(self._next_round_at - monotonic(), 0.0)
        turns = max(int(left / self._settings.upkeep_seconds), 1)
        return [self._round.popleft() for _ in range(-(-len(self._round) // turns))]

    def look_after(self, user: str) -> None:
        """Do for one user whatever is due. Raises what the store raises."""
        if self._clock.trusted():
            self._let_go(user)
        if not self._store.databases.shared:
            self._pack(user)
            with self._store.databases.held(user) as database:
                database.save_index()

    def _let_go(self, user: str) -> None:
        """Empty junk and trash of what is old, and forget undos that are past; slice by slice."""
        mail = self._store.open_account(user)
        now = int(self._clock())
        if not mail.read(lambda account: is_due(account, now)):
            return

        def work(account: Account) -> int:
            return purge(account, now, AT_ONCE) + account.undos.expire(now, AT_ONCE)

        messages = 0
        while (gone := mail.write(work)) and not self._stopping.is_set():
            messages += gone
        _LOG.info("upkeep.let_go", user=user, messages=messages)

    def _pack(self, user: str) -> None:
        """Pack the user's database where enough of it is dead and there is room to."""
        with self._store.databases.held(user) as database:
            octets = database.octets()
            before = self._looked_at.get(user, 0)
            if octets < self._settings.pack_from_octets or octets * 100 < before * (100 + GROWN_PERCENT):
                return
            self._looked_at[user] = octets
            mail = self._store.open_account(user)
            dead = octets - database.living_octets() + mail.read(lambda account: account.let_go())
            if dead * 100 < octets * self._settings.pack_percent:
                return
            if self._store.space.free_octets() < octets:
                _LOG.warning("upkeep.no_room_to_pack", user=user, octets=octets)
                return
            started = monotonic()
            database.pack()
            mail.write(lambda account: account.let_go.set(0))
            self._looked_at[user] = database.octets()
        seconds = round(monotonic() - started, 3)
        _LOG.info("upkeep.packed", user=user, octets=octets - self._looked_at[user], seconds=seconds)


def is_due(account: Account, now: int) -> bool:
    """Tell whether anything is to be let go: nothing is written to find out. Reads only."""
    undos = account.undos
    if undos and undos.is_past(undos.minKey(), now):
        return True
    for folder in account.folders:
        if folder.entered is None or not folder.keep_days:
            continue
        last = now - folder.keep_days * 24 * 3600
        if any(entered <= last for entered in folder.entered.values()):
            return True
    return False
