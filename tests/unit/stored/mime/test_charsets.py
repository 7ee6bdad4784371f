"""Octets to text as people label them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored.mime.charsets import decode


@pytest.mark.parametrize(
    ("octets", "label", "text"),
    [
        (b"plain", "", "plain"),
        ("señal".encode(), "", "señal"),
        ("señal".encode("latin-1"), "", "señal"),
        (b"\x93quoted\x94 \x80 5", "iso-8859-1", "“quoted” € 5"),
        (b"\x81", "latin-1", "\x81"),
        ("Álamo".encode(), "windows-1252", "Álamo"),
        ("Álamo".encode(), "big5", "Álamo"),
        ("señal, ñandú".encode()[:-1], "euc-kr", "señal, ñand"),
        ("漢字a".encode("gb18030")[:3], "gb2312", "漢\ufffd"),
        ("señal".encode("utf-16-be"), "utf-16", "señal"),
        ("señal".encode("utf-16-le"), "utf-16", "señal"),
        ("señal".encode("utf-16"), "utf-16", "señal"),
        ("señal".encode(), "US-ASCII", "señal"),
        ("漢字".encode("gb18030"), "gb2312", "漢字"),
        ("한글".encode("cp949"), "ks_c_5601-1987", "한글"),
        ("テスト".encode("iso2022_jp"), "ISO-2022-JP", "テスト"),
        (b"caf+AOk-", "utf-7", "café"),
        (b"caf+AOk- a +AO", "utf-7", "café a \ufffd"),
        (b"a\xffb", "utf-8", "a\ufffdb"),
        ("señal".encode(), "x-no-such-thing", "señal"),
        (b"62696e", "hex", "62696e"),
        ("день".encode("koi8-r"), "koi8r", "день"),
        ("テスト".encode("euc_jp"), "cp51932", "テスト"),
        ("テスト".encode("iso2022_jp"), "iso-2022-jp-ms", "テスト"),
        (b"\x1b$B-!-j%F\x1b(B!", "iso-2022-jp", "①㈱テ!"),
        (b"\x1b$B-!", "", "①"),
        (b"\x1b(I6E\x1b(B \x1b$B-!\x1b(B", "iso-2022-jp", "ｶﾅ ①"),
        ("テスト".encode("euc_jp"), "iso-2022-jp", "テスト"),
        (b"a\x0bb\x0cc", "", "a b c"),
        (b"xn--", "idna", "xn--"),
        ("años, ñ".encode()[:-1], "", "años, "),
        (b"se\xf1", "", "señ"),
        (b"bell\x07 nul\x00 tab\t", "", "bell nul tab\t"),
        (b"\xd8\x00\xd8\x00", "utf-16-be", "\ufffd\ufffd"),
        (b"+2AA-x", "utf-7", "x"),
        ("день".encode("koi8-r"), '"KOI8-R"', "день"),
        ("ž".encode("cp1250"), "windows-1250", "ž"),
    ],
)
def test_what_a_label_really_means(octets, label, text):
    assert decode(octets, label) == text


@given(
    st.binary(max_size=300),
    st.one_of(st.text(max_size=20), st.sampled_from(["utf-7", "utf-16", "hz", "cp932"])),
)
def test_anything_becomes_text_that_every_encoding_carries(octets, label):
    text = decode(octets, label)
    text.encode("utf-8")
    assert "\x00" not in text
