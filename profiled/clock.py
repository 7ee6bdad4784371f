"""The clock: who is due is looked up, moved on, and only then asked for at the storage server.

One `schedule` job runs every few seconds and never raises. `schedule` counts in naive local time, so it
is told nothing but "every few seconds", and is armed again when the machine's clock was set back under it.
What happens at which time is decided by the turns in the database (UTC).
"""

import threading
from collections import defaultdict
from collections.abc import Callable

import schedule

from profiled.sessions import Sessions
from profiled.settings import ClockSettings
from profiled.steady import SteadyTime
from profiled.storages import Storages
from profiled.turns import Due, Turns
from restante.db import Database
from restante.errors import RestanteError
from restante.log import get, new_request_id, request_id

log = get("clock")

USERS_A_CALL = 200
STOP_SECONDS = 20


def back_off_seconds(failures: int, first_seconds: int, most_seconds: int) -> int:
    """Return how long to leave a storage server alone after so many failures in a row. Pure."""
    return min(most_seconds, first_seconds << min(failures - 1, 20))


class Clock:
    """Asks for the periodic collecting, and does what else has to be done every so often."""

    def __init__(
        self,
        database: Database,
        storages: Storages,
        sessions: Sessions,
        turns: Turns,
        settings: ClockSettings,
        now: Callable[[], float],
        pack_growth_octets: int = 0,
    ) -> None:
        self._database = database
        self._storages = storages
        self._sessions = sessions
        self._turns = turns
        self._settings = settings
        self._now = now
        self._pack_growth_octets = pack_growth_octets
        self._packed_octets = database.octets()
        self._failures: dict[str, int] = defaultdict(int)
        self._away_until: dict[str, float] = {}
        self._jumped = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin to tick, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop ticking; a tick that is under way is waited for, up to 20 s."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def tick(self) -> None:
        """Do everything that is due now. Never raises: what fails is logged and comes again."""
        request_id.set(new_request_id())
        if self._settings.enabled:
            self._calmly("clock.collect", self.collect_due)
        self._calmly("clock.purge", self._purge)
        self._calmly("clock.pack", self._pack)
        self._calmly("clock.watch", self._watch_for_jumps)

    def collect_due(self) -> None:
        """Ask the storage servers to collect for whoever is due. Commits first, then network."""
        if not self._database.read(self._turns.anyone_due):
            return
        due = self._database.write(lambda root: self._turns.take(root, self._settings.users_a_tick))
        by_storage: dict[str, list[Due]] = defaultdict(list)
        for one in due:
            by_storage[one.storage].append(one)
        for storage, turns in by_storage.items():
            self._ask(storage, [one.user for one in turns])

    def _ask(self, storage: str, users: list[str]) -> None:
        """Ask one server, some users a call; those it cannot be asked for get another turn soon."""
        asked = 0
        while asked < len(users) and self._now() >= self._away_until.get(storage, 0):
            some = users[asked : asked + USERS_A_CALL]
            if not self._asked(storage, some):
                break
            asked += len(some)
        if users[asked:]:
            until = self._away_until[storage]
            spread_seconds = until - self._now()
            self._database.write(
                lambda root: self._turns.postpone(root, users[asked:], until, spread_seconds)
            )

    def _asked(self, storage: str, users: list[str]) -> bool:
        """Ask for `users` in one call; tell whether the server answered, and remember it if not."""
        try:
            taken = self._storages.collect_due(storage, users)
        except RestanteError as error:
            self._failures[storage] += 1
            wait_seconds = max(
                error.retry_after_seconds or 0,
                back_off_seconds(
                    self._failures[storage],
                    self._settings.back_off_seconds,
                    self._settings.back_off_most_seconds,
                ),
            )
            self._away_until[storage] = self._now() + wait_seconds
            log.warning(
                "clock.storage_away", storage=storage, seconds=wait_seconds, users=len(users), cause=error
            )
            return False
        self._failures.pop(storage, None)
        self._away_until.pop(storage, None)
        log.info("clock.asked", storage=storage, users=len(users), skipped=len(set(users) - taken))
        return True

    def _purge(self) -> None:
        if ended := self._sessions.purge():
            log.info("clock.sessions_purged", count=ended)

    def _pack(self) -> None:
        """Pack the database once it has doubled and grown by what the settings say."""
        octets = self._database.octets()
        if self._pack_growth_octets and octets > 2 * self._packed_octets + self._pack_growth_octets:
            self._database.pack()
            self._packed_octets = self._database.octets()
            log.info("clock.packed", octets=self._packed_octets)

    def _watch_for_jumps(self) -> None:
        """Say once that the machine's clock was set: the operator may want to restart us on it."""
        jump = self._now.jump_seconds() if isinstance(self._now, SteadyTime) else 0.0
        if jump and not self._jumped:
            log.warning("clock.machine_clock_jumped", seconds=round(jump))
        self._jumped = bool(jump)

    def _calmly(self, event: str, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception as error:
            log.error(f"{event}_failed", cause=error)

    def _run(self) -> None:
        every = self._settings.tick_seconds
        scheduler = schedule.Scheduler()
        scheduler.every(every).seconds.do(self.tick)
        while not self._stopping.wait(min(1.0, every)):
            if (scheduler.idle_seconds or 0) > 2 * every:
                scheduler.clear()
                scheduler.every(every).seconds.do(self.tick)
            scheduler.run_pending()
