"""Real and awkward mail of public test suites, where it lies beside this tree."""

import time
from pathlib import Path

import pytest

from stored.mime import decode_part, parts_of, summarize, text_of

MAIL = Path(__file__).parents[5] / "shared" / "hardmail" / "mail"

pytestmark = pytest.mark.skipif(not MAIL.is_dir(), reason="the hard mail is not beside this tree")


@pytest.fixture(autouse=True)
def no_catch_all(monkeypatch):
    """Let what the catch-all would hide fail the test."""

    def fail(raw, exc):
        raise exc

    monkeypatch.setattr("stored.mime._unread", fail)


def test_every_message_is_read_in_time():
    slow = []
    for path in sorted(MAIL.glob("*.eml")):
        raw = path.read_bytes()
        began = time.perf_counter()
        summarize(raw)
        text_of(raw)
        parts = parts_of(raw)
        for part in parts:
            assert 0 <= part.start <= part.end <= len(raw), path.name
            decode_part(raw, part)
        if time.perf_counter() - began > 2:
            slow.append(path.name)
    assert slow == []


def test_sizes_told_are_the_sizes_decoded():
    told = wrong = 0
    for path in sorted(MAIL.glob("*.eml")):
        raw = path.read_bytes()
        for part in parts_of(raw):
            told += 1
            wrong += part.octets != len(decode_part(raw, part))
    assert wrong <= told // 50
