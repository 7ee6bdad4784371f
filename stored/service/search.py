"""message.search: any letter by its words."""

from collections.abc import Callable
from datetime import UTC, datetime

from restante.errors import InvalidArgument
from restante.rpc import USER, Call, method
from stored.search.dates import Clock
from stored.search.finder import Asked, Finder
from stored.search.parser import parse
from stored.search.types import Cursor, Found, Hits, Order, Typed, Where, ZoneMinutes
from stored.search.where import tree_of


class SearchService:
    def __init__(self, finder: Finder, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._finder = finder
        self._now = now

    @method("message.search", caller=USER)
    def search(
        self,
        call: Call,
        /,
        query: Typed = "",
        where: Where | None = None,
        order: Order = "newest",
        limit: Hits = 50,
        cursor: Cursor = "",
        snippets: bool = False,
        zone_minutes: ZoneMinutes = 0,
    ) -> Found:
        """Find messages by what a person typed, or by a structure that says the same.

        Words, "phrases", begin*, from: to: subject: filename: account: in: before: after: on: newer_than:
        is:unread is:starred has:attachment larger: smaller:, minus and OR, in English or Spanish; nothing
        typed is an error. Junk and trash are searched only when a folder is named (in:trash, in:anywhere).
        `more` is the `cursor` of the next hits of the same question. Messages come newest first, or by
        `rank` the best among the newest 2,000. `zone_minutes` east of Greenwich is where days begin.
        `behind` counts messages that came just now and are not in the index yet: ask again in a moment.
        """
        if query and where:
            raise InvalidArgument("Give a query or a where, not both.", about="where")
        clock = Clock(self._now(), zone_minutes)
        tree = tree_of(where, clock) if where else parse(query, clock)
        asked = Asked(tree, limit, cursor, rank=order == "rank", snippets=snippets)
        return self._finder.find(call.principal.name, asked)
