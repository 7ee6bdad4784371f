"""Text and file names made safe."""

import pytest

from tkclient.clean import LINE_LIMIT, TEXT_LIMIT, clean_line, clean_text
from tkclient.safe_name import LIMIT, safe_name


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("hola\r\nqué tal\r", "hola\nqué tal\n"),
        ("a\x00b", "ab"),
        ("a\ud83db", "ab"),
        ("a\tb", "a\tb"),
        ("\ufeffhola\x1b[31m", "hola[31m"),
        ("😀", "😀"),
        ("", ""),
    ],
)
def test_clean_text(text, clean):
    assert clean_text(text) == clean


def test_long_lines_are_wrapped_hard_and_nothing_is_lost():
    text = "x" * (2 * LINE_LIMIT + 1) + "\nshort"
    clean = clean_text(text)
    assert max(map(len, clean.split("\n"))) == LINE_LIMIT
    assert clean.replace("\n", "") == text.replace("\n", "")


def test_a_megabyte_is_cut():
    assert len(clean_text("y" * 1_000_000).replace("\n", "")) == TEXT_LIMIT


def test_what_an_old_tk_cannot_draw_is_replaced():
    assert clean_text("a😀b", beyond_bmp=False) == "a\u25a1b"
    assert clean_line("a😀b", beyond_bmp=False) == "a\u25a1b"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Hola\n\t María ", "Hola María"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("a\x00\ud800b", "a b"),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_clean_line(text, line):
    assert clean_line(text) == line


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("acta.pdf", "acta.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "adjunto"),
        ("", "adjunto"),
        ("...", "adjunto"),
        (".bashrc", "bashrc"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.txt", "console.txt"),
        ("factura\u202efdp.exe", "factura_fdp.exe"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ("¿qué? <foto>.jpg", "¿qué_ _foto_.jpg"),
        ("nombre. ", "nombre"),
        ("lago año 174.png", "lago año 174.png"),
        ("sin\u200bnada.txt", "sin_nada.txt"),
        ("\ud800.txt", "_.txt"),
    ],
)
def test_safe_name(name, safe):
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending():
    safe = safe_name("ñ" * 500 + ".pdf")
    assert safe.endswith(".pdf") and len(safe) <= LIMIT and len(safe.encode()) <= 240
    assert len(safe_name("a." + "b" * 500)) <= LIMIT
