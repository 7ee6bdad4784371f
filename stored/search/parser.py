"""The tree of what a person typed, or of one operator with its value.

    from:ana (factura OR recibo) -borrador after:2026-01-01 has:attachment "llega mañana"

Nothing typed is an error: an operator nobody knows, a date that is none, a bracket left open are words like
any others. OR binds its neighbours closer than the space, as in webmail: `a b OR c` is a and (b or c).
Pure; knows neither index nor store.
"""

import re
import unicodedata
from dataclasses import dataclass

from stored.search import vocabulary
from stored.search.dates import Clock
from stored.search.folding import words_of
from stored.search.query import (
    EVERYTHING,
    NOTHING,
    Any,
    Anywhere,
    Attached,
    Flag,
    InFolder,
    Node,
    Not,
    Octets,
    OfAccount,
    Sent,
    Text,
    all_of,
)

WORDS = 100  # that one query looks for; what is typed beyond is left out
DEPTH = 16
WORD_CHARACTERS = 200

_TOKEN = re.compile(
    r"""
    (?P<open>\() | (?P<close>\)) |
    (?P<minus>[-−])(?=[^\s)]) |
    (?:(?P<name>[^\W\d][\w-]{0,30}):(?P<gap>[ \t]*(?=[^\s):])))?
    (?: "(?P<quoted>[^"]*)"?(?P<star>\*?) | “(?P<curly>[^”]*)”? | (?P<group>\() | (?P<word>[^\s()"“]+) )
    """,
    re.VERBOSE,
)
_OR = {"OR", "O", "|", "||"}
_AND = {"AND", "Y", "&", "&&", "+"}
_NOT = {"NOT", "NO"}


@dataclass
class _Place:
    """A bracket that is open: what stands in it, and what stands before it."""

    name: str = ""
    negated: bool = False
    parts: list[Node] | None = None
    joined: bool = False  # whether OR was the last word

    def put(self, node: Node) -> None:
        parts = self.parts = self.parts if self.parts is not None else []
        if self.joined and parts:
            before = parts[-1]
            parts[-1] = Any((*before.parts, node) if isinstance(before, Any) else (before, node))
        else:
            parts.append(node)
        self.joined = False


def parse(typed: str, clock: Clock, *, operators: bool = True) -> Node:
    """Return the tree of what was typed. Never raises, whatever it is.

    Nothing but blanks is EVERYTHING; signs without a word are NOTHING. Without `operators` only words,
    phrases, prefixes, minus and OR have a meaning.
    """
    typed = "".join(" " if unicodedata.category(one) in ("Cc", "Cs") else one for one in typed)
    if not typed.strip():
        return EVERYTHING
    return _Parser(clock, operators).tree(vocabulary.joined(typed) if operators else typed)


class _Parser:
    def __init__(self, clock: Clock, operators: bool) -> None:
        self._clock = clock
        self._operators = operators
        self._places = [_Place()]
        self._negated = False
        self._words = 0

    def tree(self, typed: str) -> Node:
        for token in _TOKEN.finditer(typed):
            if self._words >= WORDS:
                break
            self._take(token)
        while len(self._places) > 1:
            self._close()
        parts = self._places[0].parts
        return all_of(parts) if parts else NOTHING

    def _take(self, token: re.Match[str]) -> None:
        name = (token["name"] or "") if self._operators else ""
        if name and (token["gap"] or token["group"]) and not vocabulary.operator(name):
            # "Re: hello": two words, not an operator.
            self._term("", None, name, False)
            name = ""
        if token["open"] or token["group"]:
            self._open(name)
        elif token["close"]:
            self._close()
        elif token["minus"]:
            self._negated = not self._negated
        elif token["word"] and not name and self._join(token["word"]):
            return
        else:
            quoted = token["quoted"] if token["quoted"] is not None else token["curly"]
            whole = token["name"] and not self._operators
            self._term(
                name,
                None if whole else quoted,
                token[0] if whole else token["word"] or "",
                bool(token["star"]),
            )

    def _join(self, word: str) -> bool:
        """Take a word that joins others; return whether it is one."""
        if word in _OR:
            self._places[-1].joined = bool(self._places[-1].parts)
        elif word in _NOT:
            self._negated = not self._negated
        elif word not in _AND:
            return False
        return True

    def _open(self, name: str) -> None:
        if len(self._places) <= DEPTH:
            self._places.append(_Place(name or self._places[-1].name, self._negated))
            self._negated = False

    def _close(self) -> None:
        if len(self._places) > 1:
            place = self._places.pop()
            if place.parts:
                node = all_of(place.parts)
                self._places[-1].put(Not(node) if place.negated else node)
        self._negated = False

    def _term(self, name: str, quoted: str | None, word: str, star: bool) -> None:
        text = word if quoted is None else quoted
        node = None
        if name := (name or self._places[-1].name):
            node = leaf(name, text, self._clock)
        if node is None:
            said = f"{name}:{text}" if name and name != self._places[-1].name else text
            node = words(said, prefix=star, literal=quoted is not None)
        self._words += len(words_of(node.words)) if isinstance(node, Text) else 1
        if node is not None:
            self._places[-1].put(Not(node) if self._negated else node)
        self._negated = False


def words(text: str, field: str = "", *, prefix: bool = False, literal: bool = False) -> Text | None:
    """Return the leaf that looks for `text`, None where it holds no word."""
    bounded = _bounded(text)
    if not words_of(bounded):
        return None
    prefix = prefix or (not literal and text.endswith("*"))
    return Text(bounded, field, prefix)


def _bounded(text: str) -> str:
    """Return so much of `text` as one query looks for: a sign may stand for several words."""
    text = text[:WORD_CHARACTERS]
    while (count := len(words_of(text))) > WORDS:
        text = text[: len(text) * WORDS // count]
    return text


def leaf(name: str, value: str, clock: Clock) -> Node | None:
    """Return what an operator means with this value, None where it means nothing."""
    operator = vocabulary.operator(name)
    if operator in vocabulary.FIELDS:
        return words(value, operator)
    if not value.strip():
        return None
    if operator == "folder":
        return Anywhere() if vocabulary.anywhere(value) else InFolder(value.strip())
    if operator == "account":
        return OfAccount(value.strip())
    if operator in ("is", "has", "without"):
        return _property(operator, value)
    if operator in ("larger", "smaller"):
        octets = vocabulary.octets(value)
        if octets is None:
            return None
        return Octets(above=octets) if operator == "larger" else Octets(below=octets)
    return _sent(operator, value, clock)


def _property(operator: str, value: str) -> Node | None:
    said = vocabulary.property_of(value)
    if said is None:
        return None
    node: Node = Attached() if said.flag == 0 else Flag(said.flag)
    return Not(node) if said.negated != (operator == "without") else node


def _sent(operator: str, value: str, clock: Clock) -> Node | None:
    if operator in ("newer_than", "older_than"):
        moment = clock.ago(value)
        if moment is None:
            return None
        return Sent(since=moment) if operator == "newer_than" else Sent(until=moment)
    days = clock.days(value) if operator in ("before", "after", "on") else None
    if days is None:
        return None
    if operator == "before":
        return Sent(until=days[0])
    return Sent(since=days[0]) if operator == "after" else Sent(*days)
