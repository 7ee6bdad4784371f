"""Text as the index compares it: what meets, what stays apart, and where in the letter it stands."""

import re
import sqlite3
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored.search.folding import _FOREIGN, BETWEEN_WORDS, OF_WORD, Folded, indexed, words_of
from stored.search.index import Index

ALIKE = """
Αθήνα αθηνα | ΟΔΟΣ οδος | ёжик ЕЖИК | مُحَمَّد محمد | أحمد احمد | إسلام اسلام | مكتبة مكتبه | عليٌّ على | שָׁלוֹם שלום
Łódź lodz | đẹp dep | Straße STRASSE | Ærøskøbing aeroskobing | œuvre oeuvre | Þórður thordur | ışık isik
ＡＢＣ abc | ﬁn fin | m² m2 | Nº no | ｶﾞｽ ガス | か\u3099 が | \u1112\u1161\u11ab 한 | cafe\u0301 café
re\u00adcibo recibo | re\u200bcibo recibo | 豈 \uf900 | Restante™ restante | ❤\ufe0f ❤ | می\u200cخواهم میخواهم
"""
APART = ["が か", "ก้า กา", "हिन्दी हदी", "ano anno", "東 京", "🎉 🎊", "tm ™"]


@pytest.mark.parametrize("pair", ALIKE.strip().replace("\n", "|").split("|"))
def test_meets(pair):
    one, other = pair.split()
    assert words_of(one) == words_of(other) != []


@pytest.mark.parametrize("pair", APART)
def test_stays_apart(pair):
    one, other = pair.split()
    assert words_of(one) != words_of(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("iPhone東京へ", "iphone 東 京 へ"),
        ("ไปมา", "ไ ป ม า"),
        ("서울에서", "서 울 에 서"),
        ("हिन्दी में", "हिन्दी में"),
        ("a_b—c…d", "a b c d"),
    ],
)
def test_words_are_divided_where_their_script_divides_them(text, words):
    assert words_of(text) == words.split()


def test_most_mail_is_left_to_the_tokenizer():
    latin = "El camión llegó mañana; «así», “dijo” — Český Żółw… 5 €".replace("ł", "")
    assert indexed(latin) == latin


@pytest.mark.parametrize(("text", "found"), [("—", False), ("🎉", True), ("\u200b", False), ("東", True)])
def test_signs_alone_are_no_word(text, found):
    assert bool(words_of(text)) is found


@pytest.fixture(scope="module")
def tokenized(tmp_path_factory):
    """Return a function that gives the words an index makes of a text."""
    Index.writing(tmp_path_factory.mktemp("index") / "made.db").close()
    path = next(tmp_path_factory.getbasetemp().glob("index*/made.db"))
    with sqlite3.connect(path) as made:
        (sql,) = made.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()
    told = sqlite3.connect(":memory:")
    told.execute(sql)
    told.execute("CREATE VIRTUAL TABLE told USING fts5vocab(words, instance)")

    def words(text):
        told.execute("INSERT INTO words(words) VALUES ('delete-all')")
        told.execute("INSERT INTO words(rowid, body) VALUES (1, ?)", (indexed(text),))
        return [word for (word,) in told.execute('SELECT term FROM told ORDER BY "offset"')]

    yield words
    told.close()


def test_what_is_marked_is_what_the_index_found(tokenized):
    """Every character that there is, in blocks: the tokenizer of SQLite and ours see the same words."""
    kept = [
        chr(code)
        for code in range(32, sys.maxunicode // 5)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs")
    ]
    for at in range(0, len(kept), 500):
        text = " ".join(f"a{one}b" for one in kept[at : at + 500])
        assert tokenized(text) == words_of(text)


@given(st.text(st.sampled_from("aB ñßłæ…東京か\u3099ｶﾞ🎉\u00ad\u0301ёمُ½ไ\n")))
def test_every_word_is_where_it_came_from(text):
    folded = Folded(text)
    for at, one in enumerate(folded.text):
        if one.strip():
            start, end = folded.origin(at, at + 1)
            assert 0 <= start < end <= len(text)
            assert one in Folded(text[start:end]).text


def test_nothing_is_left_of_any_character_but_words_and_ascii():
    """So that a word in folded text can be told by a class of few characters."""
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    left = set(Folded(every).text)
    of_word = {one for one in left if re.fullmatch(f"[0-9a-z{_FOREIGN}]", one)}
    assert {one for one in left if re.fullmatch(OF_WORD, one)} == of_word
    assert {one for one in left if re.fullmatch(BETWEEN_WORDS, one)} == left - of_word
