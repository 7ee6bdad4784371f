"""What sites a text names, and that no text takes long."""

import time

import pytest

from stored.mime.sites import SITES_LIMIT, sites_in


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("bank.example", ["bank.example"]),
        ("bank.example/login", ["bank.example"]),
        ("bank.example:443", ["bank.example"]),
        ("Bank.Example/a or https://uno.example", ["bank.example", "uno.example"]),
        ("ana@bank.example", ["bank.example"]),
        (
            "https://a.example:1@b.example:80/?https://c.example www.d.example",
            ["a.example", "b.example", "www.d.example"],
        ),
        ("https://ana.example@b.example", ["b.example"]),
        ("http://192.0.2.1.example and http://192.0.2.1", ["192.0.2.1.example", "192.0.2.1"]),
        ("https://uno.example,https://dos.example", ["uno.example", "dos.example"]),
        ("https://bank．example", ["bank.example"]),
        ("www。bank。example", ["www.bank.example"]),
        ("\u200b" * 3000 + "\xa0" * 3000 + "bank.example", ["bank.example"]),
        ("Node.js", []),
        ("Node.js or bank.example", []),
        ("fotos.zip", []),
        ("no dot", []),
        ("año。x", []),
    ],
)
def test_sites(text, sites):
    assert sites_in(text) == sites


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "www.",
        "a.",
        "https://a.",
        "https://a:",
        "https://a@",
        "1.",
        "1。",
        "@",
        "https://a.bc ",
        "-" * 60 + ".",
    ],
)
@pytest.mark.parametrize("begun", ["", "https://", "www.a"])
def test_no_text_takes_long(begun, text):
    began = time.process_time()
    found = sites_in(begun + text * 20_000)
    assert len(found) <= SITES_LIMIT
    assert time.process_time() - began < 0.5
