"""The query language: what each form means, and that nothing typed is an error."""

from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import InvalidArgument
from stored.model.word import ANSWERED, FLAGGED, SEEN
from stored.search.dates import Clock
from stored.search.folding import words_of
from stored.search.parser import parse
from stored.search.plan import Names, plan
from stored.search.query import (
    EVERYTHING,
    NOTHING,
    All,
    Any,
    Anywhere,
    Attached,
    Flag,
    InFolder,
    Not,
    Octets,
    OfAccount,
    Sent,
    Text,
    leaves,
)
from stored.search.types import Clause, Where
from stored.search.vocabulary import OPERATORS
from stored.search.where import tree_of

CLOCK = Clock(datetime(2026, 11, 23, 14, 50, tzinfo=UTC))
UNREAD = Not(Flag(SEEN))


def second(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


MEANINGS = [
    ("", EVERYTHING),
    ("  \t", EVERYTHING),
    ("!!! -", NOTHING),
    ("girasol", Text("girasol")),
    ("dos palabras", All((Text("dos"), Text("palabras")))),
    ('"llega mañana"', Text("llega mañana")),
    ("“llega mañana”", Text("llega mañana")),
    ('"sin cerrar', Text("sin cerrar")),
    ("comien*", Text("comien*", prefix=True)),
    ('"una fra"*', Text("una fra", prefix=True)),
    ("-no", Not(Text("no"))),
    ("−no", Not(Text("no"))),
    ("NOT no", Not(Text("no"))),
    ("uno & dos", All((Text("uno"), Text("dos")))),
    ("uno AND dos", All((Text("uno"), Text("dos")))),
    ("a OR b", Any((Text("a"), Text("b")))),
    ("a b OR c", All((Text("a"), Any((Text("b"), Text("c")))))),
    ("a OR b OR c", Any((Text("a"), Text("b"), Text("c")))),
    ("OR a OR", Text("a")),
    ("(a b) OR c", Any((All((Text("a"), Text("b"))), Text("c")))),
    ("-(a b)", Not(All((Text("a"), Text("b"))))),
    ("((a", Text("a")),
    ("a))", Text("a")),
    ("or", Text("or")),
    ("from:ana", Text("ana", "from")),
    ("FROM:ana", Text("ana", "from")),
    ("de:ana", Text("ana", "from")),
    ("de: ana", Text("ana", "from")),
    ('from:"Ana Pérez"', Text("Ana Pérez", "from")),
    ("-from:ana", Not(Text("ana", "from"))),
    ("from:an*", Text("an*", "from", prefix=True)),
    ("from:(ana OR eva)", Any((Text("ana", "from"), Text("eva", "from")))),
    ("from:a@b.example", Text("a@b.example", "from")),
    ("para:ana", Text("ana", "to")),
    ("cc:ana", Text("ana", "to")),
    ("asunto:cuenta", Text("cuenta", "subject")),
    ("adjunto:informe.pdf", Text("informe.pdf", "filename")),
    ("filename:pdf", Text("pdf", "filename")),
    ("cuerpo:hola", Text("hola", "body")),
    ("account:uno", OfAccount("uno")),
    ("cuenta:uno", OfAccount("uno")),
    ("in:inbox", InFolder("inbox")),
    ('carpeta:"Los viajes"', InFolder("Los viajes")),
    ("in:anywhere", Anywhere()),
    ("en:todas", Anywhere()),
    ("is:unread", UNREAD),
    ("es:no-leído", UNREAD),
    ("sin leer", UNREAD),
    ('"sin leer"', Text("sin leer")),
    ("sin:leer", UNREAD),
    ("-is:unread", Not(UNREAD)),
    ("is:read", Flag(SEEN)),
    ("is:starred", Flag(FLAGGED)),
    ("es:destacado", Flag(FLAGGED)),
    ("is:answered", Flag(ANSWERED)),
    ("has:attachment", Attached()),
    ("tiene:adjunto", Attached()),
    ("con adjuntos", Attached()),
    ("sin adjunto", Not(Attached())),
    ("sin:adjunto", Not(Attached())),
    ("larger:5M", Octets(above=5_000_000)),
    ("mayor:1,5m", Octets(above=1_500_000)),
    ("larger:1,5M", Octets(above=1_500_000)),
    ("smaller:200kb", Octets(below=200_000)),
    ("before:2026-01-02", Sent(until=second(2026, 1, 2))),
    ("antes:2/1/2026", Sent(until=second(2026, 1, 2))),
    ("after:2026/01/02", Sent(since=second(2026, 1, 2))),
    ("después:2026-01", Sent(since=second(2026, 1, 1))),
    ("on:2026-02", Sent(second(2026, 2, 1), second(2026, 3, 1))),
    ("on:2025", Sent(second(2025, 1, 1), second(2026, 1, 1))),
    ("on:2026-12", Sent(second(2026, 12, 1), second(2027, 1, 1))),
    ("fecha:hoy", Sent(second(2026, 11, 23), second(2026, 11, 24))),
    ("on:yesterday", Sent(second(2026, 11, 22), second(2026, 11, 23))),
    ("newer_than:7d", Sent(since=second(2026, 11, 16, 14, 50))),
    ('older_than:"2 semanas"', Sent(until=second(2026, 11, 9, 14, 50))),
    ("size:5M", Octets(above=5_000_000)),
    ("received:yesterday", Sent(second(2026, 11, 22), second(2026, 11, 23))),
    # What is no operator, or has no sense, is words.
    ("before:banana", Text("before:banana")),
    ("on:2026-13-45", Text("on:2026-13-45")),
    ("larger:very", Text("larger:very")),
    ("older_than:-5d", Text("older_than:-5d")),
    ("newer_than:−5d", Text("newer_than:−5d")),
    ("is:purple", Text("is:purple")),
    ("http://uno.example/a", Text("http://uno.example/a")),
    ("10:30", Text("10:30")),
    ("Re: hola", All((Text("Re"), Text("hola")))),
    ("from:", Text("from:")),
    ("a:b:c", Text("a:b:c")),
]


@pytest.mark.parametrize(("typed", "meant"), MEANINGS, ids=[typed or "nothing" for typed, _ in MEANINGS])
def test_what_is_typed_means(typed, meant):
    assert parse(typed, CLOCK) == meant


def test_days_begin_where_the_person_lives():
    buenos_aires = Clock(datetime(2026, 11, 24, 1, 0, tzinfo=UTC), -180)
    assert parse("on:today", buenos_aires) == Sent(second(2026, 11, 23, 3), second(2026, 11, 24, 3))


def test_spans_reach_as_far_as_anybody_types():
    assert parse("newer_than:99999y", CLOCK) == Sent(since=-(1 << 62))


def test_what_goes_on_without_end_is_cut():
    cut = parse("a " * 400, CLOCK)
    assert isinstance(cut, All) and len(cut.parts) == 100
    parse("(" * 1000, CLOCK)
    parse("-" * 999 + "a", CLOCK)


TYPED = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            [
                *"()\":*-|\\'",
                " ",
                "OR",
                "AND",
                "NOT",
                "from:",
                "in:",
                "is:unread",
                "before:",
                "a",
                "ñ",
                "sin leer",
            ]
        ),
        max_size=40,
    ).map("".join),
)


@given(TYPED)
def test_nothing_typed_is_an_error(typed):
    plan(parse(typed, CLOCK), Names())


STRUCTURES = [
    ({"words": "dos palabras"}, "(dos palabras)"),
    ({"words": '"una frase" pre*'}, '("una frase" pre*)'),
    ({"from": "ana", "subject": "cuenta", "unread": True}, "from:ana subject:cuenta is:unread"),
    ({"flagged": True, "attachment": False}, "is:starred -has:attachment"),
    ({"after": "2026-01-01", "larger": "1M"}, "after:2026-01-01 larger:1M"),
    ({"any": [{"from": "ana"}, {"from": "eva"}]}, "from:ana OR from:eva"),
    ({"words": "a", "none": [{"folder": "junk"}, {"words": "b"}]}, "a -in:junk -b"),
]


@pytest.mark.parametrize(("where", "typed"), STRUCTURES)
def test_the_structure_means_what_the_language_means(where, typed):
    parts = parse(typed, CLOCK)
    structure = tree_of(where, CLOCK)
    assert isinstance(structure, All)
    assert (structure.parts[0] if len(structure.parts) == 1 else structure) == parts


#: Key of the structure → the same as people type it.
KEYS = {
    "words": ("hola", "hola"),
    **{name: ("ana", f"{name}:ana") for name in ("from", "to", "subject", "filename", "body", "folder")},
    "account": ("uno", "account:uno"),
    **{name: ("2026-01-02", f"{name}:2026-01-02") for name in ("before", "after", "on")},
    **{name: ("7d", f"{name}:7d") for name in ("newer_than", "older_than")},
    **{name: ("5M", f"{name}:5M") for name in ("larger", "smaller")},
    **{name: (True, f"is:{name}") for name in ("unread", "flagged", "answered")},
    "attachment": (True, "has:attachment"),
}


@pytest.mark.parametrize("key", Clause.__annotations__)
def test_every_key_of_the_structure_has_its_words(key):
    value, typed = KEYS[key]
    structure = tree_of(cast(Where, {key: value}), CLOCK)
    assert isinstance(structure, All) and structure.parts[0] in (parse(typed, CLOCK), All((Text("hola"),)))


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_means_the_same_in_either_language(name):
    value = {"is": "unread", "has": "attachment", "without": "attachment"}.get(name, "7d")
    value = "2026-01-02" if name in ("before", "after", "on") else value
    value = "5M" if name in ("larger", "smaller") else value
    said = {repr(parse(f"{word}:{value}", CLOCK)) for word in OPERATORS[name].split()}
    assert len(said) == 1 and f"{name}:" not in said.pop()


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ({"before": "never"}, r"where\.before 'never' cannot be understood; give a day, month or year"),
        ({"newer_than": "long"}, "such as 12h, 7d"),
        ({"larger": "very"}, "such as 200000, 200k"),
        ({"folder": " "}, "the role, id, name or path of a folder"),
        ({"account": " "}, "the id or address of an account"),
    ],
)
def test_a_structure_with_a_value_that_is_none_is_told_what_is_wanted(where, wanted):
    with pytest.raises(InvalidArgument, match=wanted):
        tree_of(where, CLOCK)


@pytest.mark.parametrize("sign", ["ﷺ", "🎉", "漢"])
def test_a_sign_that_stands_for_several_words_is_cut_as_they_are(sign):
    tree = parse(sign * 1_000, CLOCK)
    assert isinstance(tree, Text)
    assert 90 < len(words_of(tree.words)) <= 100
    both = parse(f'"{sign * 100}" {" ".join(sign * 200)}', CLOCK)
    assert sum(len(words_of(one.words)) for one in leaves(both) if isinstance(one, Text)) <= 2 * 100
