"""A tree turned into what can be asked: words of the index, columns of its table, the store's integers.

    match      one FTS5 expression for all that is only words
    where      SQL over the table of documents, for what never changes about a message
    test       a function of the state word (folder and flags) and of the SQL `columns`, for the rest

Parts that mix words or columns with folders or flags under one OR or minus become columns of their own (true
or false for each candidate), so every tree has an exact answer. Pure; the index runs it, the finder tests.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from stored.model.roles import JUNK, TRASH
from stored.model.word import flags_of, folder_of
from stored.search import query
from stored.search.folding import indexed
from stored.search.query import Node
from stored.search.vocabulary import FIELDS

Test = Callable[[int, tuple[int, ...]], bool]

#: Folders left out unless the question names a folder: their mail was thrown away.
LEFT_OUT = frozenset({TRASH, JUNK})

_STATIC = (query.OfAccount, query.Attached, query.Octets, query.Sent)
_STATE = (query.Flag, query.InFolder, query.Anywhere)


@dataclass(frozen=True)
class Names:
    """What the names in a question stand for: folder numbers and ids of remote accounts; none is unknown.

    `again` are the uids of letters that came by these accounts, too, after they had come by another.
    """

    folders: dict[str, frozenset[int]] = field(default_factory=dict)
    accounts: dict[str, frozenset[str]] = field(default_factory=dict)
    again: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class Plan:
    match: str = ""
    where: str = "1"
    arguments: list[object] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    column_arguments: list[object] = field(default_factory=list)
    test: Test | None = None
    #: The only folders that hits can be in, None when that is not known.
    folders: frozenset[int] | None = None
    #: Flags that every hit has: (bit, whether it is raised).
    flags: list[tuple[int, bool]] = field(default_factory=list)


def plan(tree: Node, names: Names) -> Plan:
    """Return how to answer `tree`."""
    return _Planner(names).plan(tree)


def _only(node: Node, kinds: tuple[type, ...]) -> bool:
    return all(isinstance(leaf, kinds) for leaf in query.leaves(node))


class _Planner:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._made = Plan()

    def plan(self, tree: Node) -> Plan:
        made = self._made
        parts = tree.parts if isinstance(tree, query.All) else (tree,)
        positive: list[str] = []
        negative: list[str] = []
        tests: list[Test] = []
        where: list[str] = []
        for part in parts:
            if expression := expressed(part):
                positive.append(expression)
            elif isinstance(part, query.Not) and (expression := expressed(part.part)):
                negative.append(expression)
            elif not any(isinstance(leaf, _STATE) for leaf in query.leaves(part)):
                where.append(self._sql(part, made.arguments))
            else:
                tests.append(self._test(part))
        if positive:
            made.match = _joined(positive, "AND")
            if negative:
                made.match = f"({made.match}) NOT ({_joined(negative, 'OR')})"
        else:
            where += [self._in_words(one, made.arguments, negated=True) for one in negative]
        made.where = " AND ".join(where) or "1"
        if not any(isinstance(leaf, query.InFolder | query.Anywhere) for leaf in query.leaves(tree)):
            tests.append(lambda word, _: folder_of(word) not in LEFT_OUT)
        named = [self._folders(part.name) for part in parts if isinstance(part, query.InFolder)]
        made.folders = frozenset.intersection(*named) if named else None
        made.flags = [flag for part in parts if (flag := _flag(part))]
        if tests:
            made.test = _both(tests)
        return made

    # SQL ----------------------------------------------------------------------------------------

    def _sql(self, node: Node, arguments: list[object]) -> str:
        """Return an SQL condition for a tree without folders and flags."""
        if isinstance(node, query.All | query.Any):
            if not node.parts:
                return "1" if isinstance(node, query.All) else "0"
            said = [self._sql(part, arguments) for part in node.parts]
            return f"({(' AND ' if isinstance(node, query.All) else ' OR ').join(said)})"
        if isinstance(node, query.Not):
            return f"NOT {self._sql(node.part, arguments)}"
        if isinstance(node, query.Text):
            return self._in_words(_phrase(node), arguments)
        return self._column(node, arguments)

    def _column(self, node: Node, arguments: list[object]) -> str:
        if isinstance(node, query.Attached):
            return "docs.attachments > 0"
        if isinstance(node, query.OfAccount):
            ids = sorted(self._names.accounts.get(node.name, ()))
            arguments += ids
            first = f"docs.account IN ({', '.join('?' * len(ids))})"
            again = self._names.again.get(node.name)
            if not again:
                return first
            arguments.append(json.dumps(again))
            return f"({first} OR docs.uid IN (SELECT value FROM json_each(?)))"
        if isinstance(node, query.Octets):
            arguments += [node.above, node.below]
            return "(docs.octets > ? AND docs.octets < ?)"
        if isinstance(node, query.Sent):
            arguments += [node.since, node.until]
            return "(docs.sent >= ? AND docs.sent < ?)"
        raise TypeError(f"{type(node).__name__} is none of the index's business")

    @staticmethod
    def _in_words(expression: str, arguments: list[object], *, negated: bool = False) -> str:
        arguments.append(expression)
        return f"docs.slot {'NOT ' if negated else ''}IN (SELECT rowid FROM words WHERE words MATCH ?)"

    # Tests --------------------------------------------------------------------------------------

    def _test(self, node: Node) -> Test:
        """Return the function for a tree with folders or flags in it."""
        if not any(isinstance(leaf, _STATE) for leaf in query.leaves(node)):
            at = len(self._made.columns)
            self._made.columns.append(self._sql(node, self._made.column_arguments))
            return lambda _, columns: bool(columns[at])
        if isinstance(node, query.All):
            return _both([self._test(part) for part in node.parts])
        if isinstance(node, query.Any):
            tests = [self._test(part) for part in node.parts]
            return lambda word, columns: any(test(word, columns) for test in tests)
        if isinstance(node, query.Not):
            test = self._test(node.part)
            return lambda word, columns: not test(word, columns)
        if isinstance(node, query.Flag):
            bit = node.bit
            return lambda word, _: bool(flags_of(word) & bit)
        if isinstance(node, query.InFolder):
            numbers = self._folders(node.name)
            return lambda word, _: folder_of(word) in numbers
        return lambda _, __: True

    def _folders(self, name: str) -> frozenset[int]:
        return self._names.folders.get(name, frozenset())


def _flag(node: Node) -> tuple[int, bool] | None:
    if isinstance(node, query.Flag):
        return node.bit, True
    if isinstance(node, query.Not) and isinstance(node.part, query.Flag):
        return node.part.bit, False
    return None


def _both(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda word, columns: all(test(word, columns) for test in tests)


# FTS5 -------------------------------------------------------------------------------------------------


def expressed(node: Node) -> str:
    """Return the FTS5 expression that is true where `node` is, "" where there is none."""
    if isinstance(node, query.Text):
        return _phrase(node)
    if isinstance(node, query.Any) and node.parts:
        said = [expressed(part) for part in node.parts]
        return _joined(said, "OR") if all(said) else ""
    if isinstance(node, query.All) and node.parts:
        wanted = [part for part in node.parts if not isinstance(part, query.Not)]
        unwanted = [part.part for part in node.parts if isinstance(part, query.Not)]
        said, refused = [expressed(part) for part in wanted], [expressed(part) for part in unwanted]
        if not said or not all(said + refused):
            return ""
        return f"({_joined(said, 'AND')}) NOT ({_joined(refused, 'OR')})" if refused else _joined(said, "AND")
    return ""


def _joined(expressions: list[str], operator: str) -> str:
    return expressions[0] if len(expressions) == 1 else f"({f' {operator} '.join(expressions)})"


def joined_address(address: str) -> str:
    """Return an address as the one word that the index has for it beside its parts. Pure."""
    return _BETWEEN.sub("", address)


def _phrase(node: query.Text) -> str:
    words = node.words.replace('"', " ").replace("\0", " ")
    if node.field in ("from", "to") and not node.prefix and _ADDRESS.fullmatch(words):
        words = joined_address(words)
    words = indexed(words)
    said = f'"{words}"'
    column = f"{_COLUMNS[node.field]} : " if node.field else ""
    # One letter begins so many words that following all of them would take a second.
    prefix = " *" if node.prefix and sum(map(str.isalnum, words)) > 1 else ""
    return f"{column}{said}{prefix}"


_BETWEEN = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)

#: The columns of the index; "from" and "to" are words of SQL.
COLUMNS = ("subject", "sender", "recipients", "files", "body")
_COLUMNS = dict(zip(FIELDS, COLUMNS, strict=True))
