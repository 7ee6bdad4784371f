"""Links of a page in their places."""

import pytest

from stored.mime.html import html_passages

A, B, Z = "https://a.example", "https://b.example", "https://z.example"
AREA = f"<map><area href={Z} alt=z></map>"


def linked(source):
    """Return (text, link) of each piece of text that is one."""
    pieces = [piece for passage in html_passages(source) for piece in passage.pieces]
    return [(text.strip(), look.link) for text, look in pieces if text.strip()]


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        (f"<a href={A}>x{AREA}y</a>w", [("x", A), ("z", Z), ("y", A), ("w", "")]),
        (f"<a href={A}>{AREA}{AREA}y", [("z", Z), ("z", Z), ("y", A)]),
        (f"<a href={A}>x</a>{AREA}y", [("x", A), ("z", Z), ("y", "")]),
        (f"<a href={A}>x<a href={B}>y{AREA}</a>w", [("x", A), ("y", B), ("z", Z), ("w", "")]),
        (f"<a href={A}>x<a href={B}>y</a>z", [("x", A), ("y", B), ("z", "")]),
    ],
)
def test_a_link_goes_on_behind_a_place_in_a_picture(source, pieces):
    assert linked(source) == pieces


def test_a_forged_end_of_a_place_opens_no_link():
    assert linked(f"<a href={A}>x</a>&#xfdea;y&#xfdea;") == [("x", A), ("y", "")]
