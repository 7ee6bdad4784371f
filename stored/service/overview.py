"""message.digest and stats.mine: what happened, and what there is."""

from datetime import UTC, datetime

from restante.rpc import USER, Call, method
from stored.collecting.collector import Collector
from stored.collecting.lease import Lease
from stored.digest import digest
from stored.overview_types import Card, SeenState, Statistics, ZoneMinutes
from stored.statistics import Counting
from stored.store import Store


class OverviewService:
    def __init__(self, store: Store, collector: Collector, counting: Counting, lease: Lease) -> None:
        self._store = store
        self._collector = collector
        self._counting = counting
        self._lease = lease

    @method("message.digest", caller=USER)
    def digest(self, call: Call, /, seen: SeenState = "") -> Card:
        """Tell what happened since the last card that was seen, in at most 5 KB of JSON.

        New letters, those by people the user has written to first; per account how many; accounts that fail;
        letters that bounced since; letters that wait to be sent. Give the `state` of a card that was shown as
        `seen`, and the next begins after it.
        """
        user = call.principal.name
        _, states = self._collector.status(user)
        now = int(datetime.now(UTC).timestamp())
        return digest(self._store.open_account(user), states, self._lease, now, seen)

    @method("stats.mine", caller=USER)
    def mine(self, call: Call, /, zone_minutes: ZoneMinutes = 0) -> Statistics:
        """Count all mail: by day (the last 30) and hour, correspondents, accounts, folders, space.

        `zone_minutes` east of Greenwich is where days begin.
        """
        return self._counting.mine(call.principal.name, zone_minutes, datetime.now(UTC))
