"""The words around a hit, in runs: the text of a letter cut where what was looked for stands. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from stored.folding import fold
from stored.search import query
from stored.search.query import Node
from stored.search.types import Excerpt

CHARACTERS = 160
BEFORE = 50
TEXT_CHARACTERS = 131_072  # how much of a letter is looked through

_TOKEN = re.compile(r"[^\W_]+")


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
    words = _TOKEN.findall(fold(unicodedata.normalize("NFC", leaf.words)))
    if not words:
        return ""
    end = r"[^\W_]*" if leaf.prefix else r"(?![^\W_])"
    return r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, words)) + end


def snippet(text: str, looked_for: re.Pattern[str] | None) -> list[Excerpt] | None:
    """Return some 160 characters of `text` around the first hit, None where there is no hit."""
    text = unicodedata.normalize("NFC", text[:TEXT_CHARACTERS])
    folded = fold(text)
    if looked_for is None or len(folded) != len(text) or not (hit := looked_for.search(folded)):
        return None
    start = _word_start(text, max(hit.start() - BEFORE, 0)) if hit.start() > BEFORE else 0
    end = max(start + CHARACTERS, hit.end())
    shown = _runs(text, folded, looked_for, start, end)
    if start:
        shown.insert(0, {"text": "… ", "hit": False})
    if end < len(text):
        shown.append({"text": "…", "hit": False})
    return shown


def marked(text: str, looked_for: re.Pattern[str] | None) -> list[Excerpt]:
    """Return the whole of a short text with the hits marked."""
    text = unicodedata.normalize("NFC", text)
    folded = fold(text)
    if looked_for is None or len(folded) != len(text):
        return [{"text": text, "hit": False}] if text else []
    return _runs(text, folded, looked_for, 0, len(text))


def _word_start(text: str, at: int) -> int:
    """Return where the first whole word after `at` begins."""
    blank = re.compile(r"\s\S").search(text, at, at + BEFORE)
    return blank.start() + 1 if blank else at


def _runs(text: str, folded: str, looked_for: re.Pattern[str], start: int, end: int) -> list[Excerpt]:
    runs: list[Excerpt] = []
    at = start
    for hit in looked_for.finditer(folded, start, end):
        if hit.end() == hit.start():
            continue
        _add(runs, text[at : hit.start()], False)
        _add(runs, text[hit.start() : hit.end()], True)
        at = hit.end()
    _add(runs, text[at:end], False)
    return runs


def _add(runs: list[Excerpt], text: str, hit: bool) -> None:
    text = re.sub(r"\s+", " ", text)
    if text:
        runs.append({"text": text, "hit": hit})
