"""Header fields as they come, good and bad."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored.mime.addresses import addresses_of
from stored.mime.headers import decode_words, fields_of, first, message_ids, parameters_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?Jos=C3=A9?=", "José"),
        ("=?UTF-8?b?SsOzdmVuZXM=?= y =?utf-8?q?m=C3=A1s?=", "Jóvenes y más"),
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?=\t=?iso-8859-1?Q?=E9?=", "aé"),
        ("=?utf-8?B?8J+Y?= =?utf-8?B?gA==?=", "😀"),  # one character in two words
        ("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "é"),
        ("=?utf-8*es?Q?ma=C3=B1ana?=", "mañana"),
        ("=?utf-8?Q?two_words?=", "two words"),
        ("=?utf-8?Q?with space?=", "with space"),
        ("a\t b", "a b"),
        ("=?x?=", "=?x?="),
        ("Quoted =?utf-8?Q?=22?= end", 'Quoted " end'),
        ("=?iso-8859-1?Q?=93x=94?=", "“x”"),
        ("=?iso-8859-1?Q?señal?=", "señal"),
        ("=?utf-8?Q?1+1=?= =?utf-8?Q?2?=", "1+1=2"),
    ],
)
def test_encoded_words(value, text):
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("TEXT/Plain; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        ('a/b; name="x;y"; z=1', "a/b", {"name": "x;y", "z": "1"}),
        ("attachment; filename*=utf-8'es'a%C3%B1o.txt", "attachment", {"filename": "año.txt"}),
        (
            "attachment; filename*1*=o.txt; filename*0*=utf-8''a%C3%B1",
            "attachment",
            {"filename": "año.txt"},
        ),
        ('attachment; filename*0="long "; filename*1="name"', "attachment", {"filename": "long name"}),
        ('attachment; filename="=?utf-8?Q?a=C3=B1o.txt?="', "attachment", {"filename": "año.txt"}),
        ("attachment; filename=with space.txt", "attachment", {"filename": "with space.txt"}),
        ('a/b; x="unclosed', "a/b", {"x": "unclosed"}),
        ("; a*0*", "", {}),
        ("a/b;; ;x=1", "a/b", {"x": "1"}),
        ("text/plain charset=utf-8; x=1", "text/plain", {"charset": "utf-8", "x": "1"}),
        ("attachment filename=a.txt", "attachment", {"filename": "a.txt"}),
        ('attachment; filename*="=?utf-8?Q?a=C3=B1o.txt?="', "attachment", {"filename": "año.txt"}),
        (
            'attachment; filename*0="=?utf-8?Q?a=C3=B1"; filename*1="o.txt?="',
            "attachment",
            {"filename": "año.txt"},
        ),
        ("text/plain; charset=utf-8 (Unicode)", "text/plain", {"charset": "utf-8"}),
        ('attachment; filename="a (1)"; x=b(1)', "attachment", {"filename": "a (1)", "x": "b(1)"}),
        ("text/plain name", "text/plain name", {}),
    ],
)
def test_parameters(value, main, parameters):
    assert parameters_of(value) == (main, parameters)


def test_fields_are_unfolded_and_each_has_its_own_charset():
    block = b"Subject: one\r\n two\r\nX-A: caf\xe9\r\nX-B: caf\xc3\xa9\r\nbroken\r\n"
    fields = fields_of(block)
    assert fields == [("Subject", "one two"), ("X-A", "café"), ("X-B", "café")]
    assert first(fields, "x-a") == "café"
    assert first(fields, "none") == ""


@pytest.mark.parametrize(
    ("codec", "label", "said"),
    [
        ("koi8-r", "koi8-r", "Привет"),
        ("cp932", 'charset="Shift_JIS"', "件名"),
        ("iso2022_jp", "us-ascii", "件名"),
        ("utf-8", "iso-8859-1", "mañana"),
        ("latin-1", "utf-8", "mañana"),
        ("latin-1", "", "mañana"),
    ],
)
def test_raw_octets_are_read_in_the_character_set_of_the_body(codec, label, said):
    label = label if "=" in label else f"charset={label}"
    block = b"Subject: %b\r\nContent-Type: text/plain;\r\n %b\r\n" % (said.encode(codec), label.encode())
    assert first(fields_of(block), "subject") == said


def test_message_ids():
    assert message_ids("<a@b> junk <c@d>") == ["a@b", "c@d"]
    assert message_ids("a@b") == ["a@b"]
    assert message_ids("none") == []


HOSTILE = [
    "(" * 60_000,
    '"' * 60_001,
    '"\\' * 30_000,
    "<" * 60_000,
    "=?" * 30_000,
    "=?utf-8?q?" * 6_000,
    ";a*0*" * 12_000,
    "," * 60_000,
    '"a",' * 15_000,
    ";" * 60_000,
    "a/b" + ';x="' * 15_000,
    "[" * 60_000,
    ":" * 60_000,
    "@" * 60_000,
    " " * 60_000,
    "x\\" * 30_000,
    "(\\" * 30_000,
    "a<" * 30_000,
    "=?a?b?" * 10_000,
    "<a" * 30_000,
]


@pytest.mark.parametrize("value", HOSTILE, ids=[repr(value[:8]) for value in HOSTILE])
def test_hostile_fields_take_little_time(value):
    for read in (addresses_of, decode_words, parameters_of, message_ids):
        began = time.perf_counter()
        read(value)
        assert time.perf_counter() - began < 1, read.__name__


@given(st.text(max_size=200))
def test_any_text_is_a_field(value):
    for address in addresses_of(value):
        assert "\n" not in address.name + address.address
    decode_words(value), parameters_of(value), message_ids(value)
