"""Answers searches: candidates from the index, each looked up in the store before it counts.

What the store does not have is not found, whatever the index says; folders and flags are read from the
store's own integers at that moment. An answer has hits and where to go on, never a count of everything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

import orjson

from restante.errors import Damaged, InvalidArgument
from stored.messages import message_id, raw_of, rows
from stored.model.account import Account
from stored.model.word import order_key, time_of, uid_of
from stored.search import files, query, snippets, source, vocabulary
from stored.search.extract import text_of
from stored.search.flagged import Flagged
from stored.search.index import TOP_SLOT, Index, IndexAway, IndexBroken, Mark
from stored.search.indexer import Indexer
from stored.search.names import understood
from stored.search.plan import Plan, plan
from stored.search.query import Node
from stored.search.readers import Readers
from stored.search.types import Found, Snippet
from stored.store import Store, UserStore

#: Candidates looked at for one answer; with more, the answer has what was found and says where to go on.
CANDIDATES = 50_000
RANKED = 2_000
FEW = 500  # so many messages are looked up one by one rather than met among all
SNIPPETS_SECONDS = 0.2
SNIPPET_OCTETS = 2 << 20

#: Gives the remote accounts of a user: their id, name and address.
Accounts = Callable[[str], Iterable[tuple[str, ...]]]


@dataclass(frozen=True)
class Asked:
    """One question."""

    tree: Node
    limit: int = 50
    cursor: str = ""
    rank: bool = False
    snippets: bool = False


@dataclass
class _Seen:
    """What a look at index and store brought: uids in their order, and the cursor of what follows."""

    state: str = ""
    uids: list[int] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    more: str = ""
    behind: int = 0


class Finder:
    """Searches for every user. Safe to use from any thread."""

    def __init__(self, store: Store, indexer: Indexer, accounts: Accounts, *, open_indexes: int = 32) -> None:
        """`accounts` may ask another daemon; it is called only where a question names an account."""
        self._store = store
        self._indexer = indexer
        self._accounts = accounts
        self._readers = Readers(open_indexes)
        self._flagged = Flagged()
        indexer.on_change = self._readers.drop

    def find(self, user: str, asked: Asked) -> Found:
        """Return the hits of one question. Raises InvalidArgument for a cursor that is none."""
        mail = self._store.open_account(user)
        accounts = self._named_accounts(user, asked.tree)
        seen = self._look(mail, asked, accounts)
        if seen.behind:
            self._indexer.wake(user)
        answer: Found = {
            "state": seen.state,
            "rows": seen.rows,  # type: ignore[typeddict-item]
            "indexed": not seen.behind,
            "behind": seen.behind,
        }
        if seen.more:
            answer["more"] = seen.more
        if asked.snippets:
            answer["snippets"] = list(_snippets(mail, asked.tree, seen))
        return answer

    def close(self) -> None:
        self._readers.close()

    def _look(self, mail: UserStore, asked: Asked, accounts: dict[str, frozenset[str]]) -> _Seen:
        """Return what there is; a broken index is thrown away, and nothing is found until it is made anew."""
        began, path = monotonic(), files.current(mail.directory)
        try:
            if path is not None:
                with self._readers.index(mail.user, path) as index:
                    return mail.read(lambda account: _search(account, index, asked, accounts, self._flagged))
        except IndexBroken:
            self._indexer.doubt(mail.user, began)
        except IndexAway:
            self._readers.drop(mail.user)
            self._indexer.look_again(mail.user)
        return mail.read(_nothing)

    def _named_accounts(self, user: str, tree: Node) -> dict[str, frozenset[str]]:
        names = {leaf.name for leaf in query.leaves(tree) if isinstance(leaf, query.OfAccount)}
        if not names:
            return {}
        known = {said[0]: tuple(map(vocabulary.folded, said)) for said in self._accounts(user)}
        return {
            name: frozenset(id for id, said in known.items() if _means(vocabulary.folded(name), said))
            or frozenset({name})
            for name in names
        }


def _means(name: str, said: tuple[str, ...]) -> bool:
    """Tell whether somebody who says `name` means the account: its id, its name, its address or a part."""
    return name in said or any(name in one for one in said[1:])


# Units of work ----------------------------------------------------------------------------------------


def _nothing(account: Account) -> _Seen:
    return _Seen(account.state_text(), behind=source.behind(account, Mark()))


def _search(
    account: Account, index: Index, asked: Asked, accounts: dict[str, frozenset[str]], flagged: Flagged
) -> _Seen:
    behind = source.behind(account, index.mark())
    if behind < 0:
        raise IndexBroken("of another store")
    tree, names = understood(account, asked.tree, accounts)
    made = plan(tree, names)
    if asked.rank and made.match:
        uids, more = _ranked(account, index, made, asked)
    else:
        uids, more = _newest(account, index, made, asked, flagged)
    found = rows(account, uids)
    return _Seen(account.state_text(), uids, found, more, behind)  # type: ignore[arg-type]


def _newest(
    account: Account, index: Index, made: Plan, asked: Asked, flagged: Flagged
) -> tuple[list[int], str]:
    """Return a page of hits, newest first, and the cursor of the next ("" at the end)."""
    candidates = index.candidates(made, _below(index, asked.cursor), _few(account, made, flagged))
    state, test = account.state, made.test
    found: list[tuple[int, int]] = []
    last = 0
    for _ in range(CANDIDATES):
        candidate = next(candidates, None)
        if candidate is None:
            last = 0
            break
        uid = candidate[1]
        word = state.get(uid)
        if word is not None and (test is None or test(word, candidate[2:])):
            if len(found) == asked.limit:
                break
            found.append((order_key(word, uid), uid))
        last = uid if word is not None else last
    more = _cursor(account, last, found, full=len(found) == asked.limit)
    return [uid for _, uid in sorted(found, reverse=True)], more


def _cursor(account: Account, last: int, found: list[tuple[int, int]], *, full: bool) -> str:
    """Return where to go on: after the last hit of a full page, else after the last candidate looked at."""
    if not last:
        return ""
    uid = found[-1][1] if full and found else last
    return f"n{time_of(account.state[uid])}.{uid}"


def _below(index: Index, cursor: str) -> int:
    if not cursor:
        return TOP_SLOT
    time, _, uid = cursor[1:].partition(".")
    if cursor[0] != "n" or not (time.isdecimal() and uid.isdecimal()):
        raise InvalidArgument("That cursor is none of this question's; ask again from the beginning.")
    return index.slot_before(int(uid[:18]), int(time[:18]))


def _few(account: Account, made: Plan, flagged: Flagged) -> set[int] | None:
    """Return the few uids among which all hits are: those of a small folder, or with a rare flag."""
    sets = [uids for kind in made.flags if (uids := flagged.uids(account, *kind)) is not None]
    if made.folders is not None:
        folders = [folder for number in made.folders if (folder := account.folders.get(number))]
        if sum(folder.total() for folder in folders) <= FEW:
            sets.append({uid_of(key) for folder in folders for key in folder.order.window(0, FEW)})
    smallest = min(sets, key=len, default=None)
    return smallest if smallest is not None and len(smallest) <= FEW else None


def _ranked(account: Account, index: Index, made: Plan, asked: Asked) -> tuple[list[int], str]:
    """Return a page of the best of the newest hits, and the cursor of the next."""
    start = asked.cursor[1:]
    if asked.cursor and not (asked.cursor[0] == "r" and start.isdecimal() and len(start) < 9):
        raise InvalidArgument("That cursor is none of this question's; ask again from the beginning.")
    at = int(start or 0)
    test = made.test
    hits = [
        uid
        for _, uid, *columns in index.ranked(made, RANKED)
        if (word := account.state.get(uid)) is not None and (test is None or test(word, tuple(columns)))
    ]
    more = f"r{at + asked.limit}" if len(hits) > at + asked.limit else ""
    return list(islice(hits, at, at + asked.limit)), more


# Snippets ---------------------------------------------------------------------------------------------


def _snippets(mail: UserStore, tree: Node, seen: _Seen) -> Iterator[Snippet]:
    """Give a snippet for each row; once the time is up, the beginning of the letter serves."""
    looked_for = snippets.pattern(tree)
    until = monotonic() + SNIPPETS_SECONDS
    for uid, row in zip(seen.uids, seen.rows, strict=True):
        said = orjson.loads(memoryview(row))
        runs = None
        if looked_for is not None and monotonic() < until:
            runs = snippets.snippet(_text(mail, uid), looked_for)
        yield {
            "id": message_id(uid),
            "subject": snippets.marked(said["subject"], looked_for),
            "text": snippets.marked(said["snippet"], looked_for) if runs is None else runs,
        }


def _text(mail: UserStore, uid: int) -> str:
    def work(account: Account) -> bytes:
        body = account.bodies.get(uid)
        if body is None or uid not in account.state or body.octets > SNIPPET_OCTETS:
            return b""
        try:
            return raw_of(account, uid)
        except Damaged:
            return b""

    return text_of(mail.read(work))
