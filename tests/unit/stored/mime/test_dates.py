"""Dates of letters: as usual, and in the dresses that writers give them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stored.mime.dates import _unusual, _usual, date_of


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ("Mon, 23 Nov 2026 14:50:00 +0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("23 Nov 26 14:50 GMT", datetime(2026, 11, 23, 14, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 +01:00", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 GMT+0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 XYZ", datetime(2026, 11, 23, 14, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50 EST", datetime(2026, 11, 23, 19, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 -0330 (NST)", datetime(2026, 11, 23, 18, 20, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 +0100 (um (genau) neun)", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Sun, 31 Dec 1999 23:59:60 +0000", datetime(2000, 1, 1, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 +1", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 GMT-3", datetime(2026, 11, 23, 17, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00 +530", datetime(2026, 11, 23, 9, 20, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 14:50:00.125 +0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 2:50:00 PM +0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("November 23, 2026 12:05 am", datetime(2026, 11, 23, 0, 5, tzinfo=UTC)),
        ("23 Sept 2026 14:50:00 +0100", datetime(2026, 9, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23Nov2026 14:50:00 +0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("23 Nov, 2026 14:50:00 +0100", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 126 14:50:00 GMT", datetime(2026, 11, 23, 14, 50, tzinfo=UTC)),
        ("Mon, 23 Nov 2026", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T14:50:00+01:00", datetime(2026, 11, 23, 13, 50, tzinfo=UTC)),
        ("0001-01-01 00:00:00 +0000 UTC", None),
        ("Mon, 23 Nov 2026 25:00:00 +0100", None),
        ("Mon, 23 Nov 2026 14:60:00 +0100", None),
        ("yesterday", None),
        ("", None),
        ("Mon, 99 Nov 2026 14:50:00 +0100", None),
        ("Mon, 23 Nov 99999 14:50:00 +0100", None),
    ],
)
def test_dates(value, when):
    assert date_of(value) == when


@given(
    st.integers(1, 31),
    st.sampled_from(["Jan", "Feb", "Jun", "Dec", "Abc"]),
    st.integers(1900, 2099),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.from_regex("[+-][0-9]{4}", fullmatch=True),
)
def test_what_is_written_as_usual_is_read_as_anything_else(day, month, year, hour, minute, second, zone):
    value = f"Mon, {day} {month} {year} {hour:02}:{minute:02}:{second:02} {zone}"
    assert _usual(value) in (None, _unusual(value))


@given(st.text(max_size=200))
def test_any_text_may_be_a_date(value):
    date_of(value)


@pytest.mark.parametrize("value", ["(" * 60_000, " " * 60_000, "1" * 60_000, "Mon, 1 Nov" * 6_000])
def test_hostile_dates_take_little_time(value):
    began = time.process_time()
    date_of(value)
    assert time.process_time() - began < 1
