"""One's own statistics: all mail counted, slice by slice, and kept while it is the same.

Rows never change, so what was counted of a slice holds until a message in it comes or goes, or moves into
Sent or out of it. Each slice is a unit of work of its own, a few milliseconds long: nobody waits for
somebody's hundred thousand letters.
"""

import threading
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from stored.model.account import Account
from stored.model.roles import DRAFTS, SENT
from stored.model.rows import UNREADABLE
from stored.model.word import DRAFT, OWN, flags_of, folder_of, time_of
from stored.overview_types import Statistics
from stored.store import Store, UserStore

SLICE = 1024
DAYS = 30
PEOPLE = 20
USERS_REMEMBERED = 8
AT_ONCE = 2


@dataclass
class _Slice:
    """What the rows of some neighbouring uids say; 0 octets where there is no row. `kinds` are by `_kind`."""

    octets: Sequence[int]
    kinds: bytearray
    writers: Counter[str] = field(default_factory=Counter)
    recipients: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    account_octets: Counter[str] = field(default_factory=Counter)


@dataclass
class _Counted:
    """One user's slices as of a state, and the answers made of them."""

    state: str = ""
    slices: dict[int, _Slice] = field(default_factory=dict)
    answers: dict[tuple[int, str], Statistics] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Counting:
    """Counts for every user. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._users: OrderedDict[str, _Counted] = OrderedDict()
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    def mine(self, user: str, zone_minutes: int, now: datetime) -> Statistics:
        """Return a user's statistics; days begin `zone_minutes` east of Greenwich. Reads only."""
        with self._guard:
            counted = self._users.setdefault(user, _Counted())
            self._users.move_to_end(user)
            while len(self._users) > USERS_REMEMBERED:
                self._users.popitem(last=False)
        mail = self._store.open_account(user)
        with counted.lock, self._turns:
            return _answer(mail, counted, zone_minutes, now)


def _answer(mail: UserStore, counted: _Counted, zone_minutes: int, now: datetime) -> Statistics:
    state, last, stale = mail.read(lambda account: _stale(account, counted))
    if state != counted.state:
        counted.answers.clear()
    today = (now.astimezone(UTC) + timedelta(minutes=zone_minutes)).date()
    known = counted.answers.get((zone_minutes, today.isoformat()))
    if known is not None:
        return known
    for number in range(last // SLICE + 1):
        if stale is None or number in stale or number not in counted.slices:
            counted.slices[number] = mail.read(lambda account, number=number: _count(account, number))  # type: ignore[misc]
    counted.state = state
    gathered = _gather(mail, counted.slices, last, zone_minutes)
    days = [(today - timedelta(days=back)).toordinal() for back in range(DAYS)]
    answer = _made(mail, state, counted.slices, gathered, days)
    counted.answers[zone_minutes, today.isoformat()] = answer
    return answer


def _stale(account: Account, counted: _Counted) -> tuple[str, int, set[int] | None]:
    """Return the state, the last uid, and the slices to be counted again: None for all of them."""
    changes = account.changes(counted.state) if counted.state else None
    stale = None
    if changes is not None:
        stale = {uid // SLICE for uid in (*changes.created, *changes.destroyed)}
        for uid in changes.updated:
            known = counted.slices.get(uid // SLICE)
            if known is not None and known.kinds[uid % SLICE] != _kind(account.state.get(uid, 0)):
                stale.add(uid // SLICE)
    return account.state_text(), account.rows.last_uid(), stale


_NEITHER, _SENT, _RECEIVED = range(3)


def _kind(word: int) -> int:
    """Return whether a message is sent or received; one being written is neither. Pure.

    Sent is what lies in Sent, whoever put it there, and what was sent from here and moved, or deleted, since.
    """
    folder = folder_of(word)
    if folder == DRAFTS or flags_of(word) & DRAFT:
        return _NEITHER
    return _SENT if folder == SENT or flags_of(word) & OWN else _RECEIVED


def _count(account: Account, number: int) -> _Slice:
    """Count the rows of one slice."""
    sizes = array("Q", bytes(8 * SLICE))
    found = _Slice(sizes, bytearray(SLICE))
    first = number * SLICE
    for uid in range(first, first + SLICE):
        try:
            kept = account.rows.row(uid)
            row = orjson.loads(b"{" + kept) if kept else None
        except (*UNREADABLE, orjson.JSONDecodeError):
            row = None
        if row is None:
            continue
        octets = int(row["octets"])
        sizes[uid - first] = octets
        if row["account"]:
            found.accounts[row["account"]] += 1
            found.account_octets[row["account"]] += octets
        kind = found.kinds[uid - first] = _kind(account.state.get(uid, 0))
        if kind == _SENT:
            found.recipients.update(one["address"].casefold() for one in row["to"])
        elif kind == _RECEIVED:
            found.writers[row["from"]["address"].casefold()] += 1
    return found


@dataclass
class _Gathered:
    """What changes about messages, added up. Days are ordinals."""

    folders: Counter[int] = field(default_factory=Counter)
    received: Counter[int] = field(default_factory=Counter)
    sent: Counter[int] = field(default_factory=Counter)
    hours: list[int] = field(default_factory=lambda: [0] * 24)


def _gather(mail: UserStore, slices: dict[int, _Slice], last: int, zone_minutes: int) -> _Gathered:
    found = _Gathered()
    shift = zone_minutes * 60
    for number, octets in _octets_by_slice(slices, last):
        first = number * SLICE
        words = mail.read(
            lambda account, first=first: list(account.state.items(min=first, max=first + SLICE - 1))  # type: ignore[misc]
        )
        for uid, word in words:
            kind = _kind(word)
            found.folders[folder_of(word)] += octets[uid - first]
            day, second = divmod(time_of(word) + shift, 86400)
            if kind == _SENT:
                found.sent[day + _EPOCH] += 1
            elif kind == _RECEIVED:
                found.received[day + _EPOCH] += 1
                found.hours[second // 3600] += 1
    return found


def _octets_by_slice(slices: dict[int, _Slice], last: int) -> Iterator[tuple[int, Sequence[int]]]:
    return ((number, slices[number].octets) for number in range(last // SLICE + 1))


_EPOCH = datetime(1970, 1, 1).toordinal()


def _made(
    mail: UserStore, state: str, slices: dict[int, _Slice], gathered: _Gathered, days: list[int]
) -> Statistics:
    writers: Counter[str] = Counter()
    recipients: Counter[str] = Counter()
    accounts: Counter[str] = Counter()
    octets: Counter[str] = Counter()
    for one in slices.values():
        writers.update(one.writers)
        recipients.update(one.recipients)
        accounts.update(one.accounts)
        octets.update(one.account_octets)
    weekdays = [0] * 7
    for day, count in gathered.received.items():
        weekdays[(day - 1) % 7] += count
    return {
        "state": state,
        "received": sum(gathered.received.values()),
        "sent": sum(gathered.sent.values()),
        "octets": str(sum(gathered.folders.values())),
        "days": [
            {
                "day": datetime.fromordinal(day).date().isoformat(),
                "received": gathered.received[day],
                "sent": gathered.sent[day],
            }
            for day in days
        ],
        "hours": gathered.hours,
        "weekdays": weekdays,
        "writers": _most(writers),
        "recipients": _most(recipients),
        "accounts": [
            {"account": account, "messages": count, "octets": str(octets[account])}
            for account, count in accounts.most_common()
        ],
        "folders": mail.read(lambda account: _folders(account, gathered.folders)),
    }


def _most(people: Counter[str]) -> list[Any]:
    people.pop("", None)
    return [{"address": address, "messages": count} for address, count in people.most_common(PEOPLE)]


def _folders(account: Account, octets: Counter[int]) -> list[Any]:
    return [
        {
            "folder": folder.id,
            "name": folder.name,
            "messages": folder.total(),
            "unread": folder.unread(),
            "octets": str(octets[folder.number]),
        }
        for folder in account.folders
    ]
