"""The words around a hit, in runs: the text of a letter cut where what was looked for stands. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from stored.mime.charsets import unturned
from stored.search import query
from stored.search.folding import BETWEEN_WORDS, OF_WORD, Folded, words_of
from stored.search.query import Node
from stored.search.types import Excerpt

CHARACTERS = 160
BEFORE = 50
TEXT_CHARACTERS = 131_072  # how much of a letter is looked through


def pattern(tree: Node) -> re.Pattern[str] | None:
    """Return what finds the words of `tree` in folded text, None where it looks for no words."""
    said = {_pattern(leaf) for leaf in _wanted(tree) if leaf.field in ("", "body", "subject")}
    return re.compile("|".join(sorted(said - {""}, key=len, reverse=True))) if said - {""} else None


def _wanted(node: Node) -> Iterable[query.Text]:
    if isinstance(node, query.Text):
        yield node
    elif isinstance(node, query.All | query.Any):
        for part in node.parts:
            yield from _wanted(part)


def _pattern(leaf: query.Text) -> str:
    words = list(map(re.escape, words_of(leaf.words)))
    if not words:
        return ""
    # What stands before is looked at last: letters to begin with are found many times faster.
    begin = f"{words[0]}(?<!{OF_WORD}{words[0]})"
    end = f"{OF_WORD}*" if leaf.prefix else f"(?!{OF_WORD})"
    return f"{BETWEEN_WORDS}+".join([begin, *words[1:]]) + end


def snippet(text: str, looked_for: re.Pattern[str] | None) -> list[Excerpt] | None:
    """Return some 160 characters of `text` around the first hit, None where there is no hit."""
    text = _shown(text[:TEXT_CHARACTERS])
    folded = Folded(text)
    if looked_for is None or not (hit := looked_for.search(folded.text)):
        return None
    first, last = folded.origin(*hit.span())
    start = _word_start(text, max(first - BEFORE, 0)) if first > BEFORE else 0
    end = max(start + CHARACTERS, last)
    hits = (folded.origin(*one.span()) for one in looked_for.finditer(folded.text, hit.start()))
    shown = _runs(text, hits, start, end)
    if start:
        shown.insert(0, {"text": "… ", "hit": False})
    if end < len(text):
        shown.append({"text": "…", "hit": False})
    return shown


def marked(text: str, looked_for: re.Pattern[str] | None) -> list[Excerpt]:
    """Return the whole of a short text with the hits marked."""
    text = _shown(text)
    folded = Folded(text)
    hits = looked_for.finditer(folded.text) if looked_for else ()
    return _runs(text, (folded.origin(*hit.span()) for hit in hits), 0, len(text))


def _shown(text: str) -> str:
    """Return text fit to be shown in pieces, of which none may turn the others round."""
    return unicodedata.normalize("NFC", unturned(text))


def _word_start(text: str, at: int) -> int:
    """Return where the first whole word after `at` begins."""
    blank = re.compile(r"\s\S").search(text, at, at + BEFORE)
    return blank.start() + 1 if blank else at


def _runs(text: str, hits: Iterable[tuple[int, int]], start: int, end: int) -> list[Excerpt]:
    runs: list[Excerpt] = []
    at = start
    for first, last in hits:
        if last > end:
            break
        _add(runs, text[at:first], False)
        _add(runs, text[first:last], True)
        at = last
    _add(runs, text[at:end], False)
    return runs


def _add(runs: list[Excerpt], text: str, hit: bool) -> None:
    text = re.sub(r"\s+", " ", text)
    if text:
        runs.append({"text": text, "hit": hit})
