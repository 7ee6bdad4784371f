"""Times as people say them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tkclient import dates
from tkclient.words import Words

ZONE = timezone(timedelta(hours=-3))
NOW = datetime(2026, 11, 23, 14, 50, tzinfo=ZONE)  # a Monday
ES, EN = Words("es"), Words("en")


@pytest.mark.parametrize(
    ("text", "es", "en"),
    [
        ("2026-11-23T13:42:00Z", "10:42", "10:42"),
        ("2026-11-23T02:59:00Z", "ayer", "yesterday"),
        ("2026-11-22T15:00:00Z", "ayer", "yesterday"),
        ("2026-11-21T15:00:00Z", "sábado", "Saturday"),
        ("2026-11-17T15:00:00Z", "martes", "Tuesday"),
        ("2026-11-16T15:00:00Z", "16 nov", "16 Nov"),
        ("2026-01-05T15:00:00Z", "5 ene", "5 Jan"),
        ("2019-03-12T15:00:00Z", "12/3/2019", "12/3/2019"),
        ("2026-11-24T15:00:00Z", "24 nov", "24 Nov"),
        ("", "", ""),
        ("yesterday", "", ""),
        ("0001-01-01T00:00:00Z", "", ""),
    ],
)
def test_short(text, es, en):
    assert dates.short(ES, text, NOW, ZONE) == es
    assert dates.short(EN, text, NOW, ZONE) == en


@pytest.mark.parametrize(
    ("text", "es"),
    [
        ("2026-11-23T13:42:00Z", "hoy 10:42"),
        ("2026-11-22T13:42:00Z", "ayer 10:42"),
        ("2026-11-19T13:42:00Z", "jueves 10:42"),
        ("2025-03-12T13:42:00Z", "12 de marzo de 2025, 10:42"),
        ("no time", ""),
    ],
)
def test_full(text, es):
    assert dates.full(ES, text, NOW, ZONE) == es


@pytest.mark.parametrize(
    ("seconds", "es"),
    [
        (-30, "recién"),
        (20, "recién"),
        (61, "hace 1 min"),
        (3599, "hace 59 min"),
        (3600, "hace 1 h"),
        (11 * 3600, "hace 11 h"),
    ],
)
def test_ago(seconds, es):
    then = (NOW - timedelta(seconds=seconds)).astimezone(UTC)
    assert dates.ago(ES, then.strftime("%Y-%m-%dT%H:%M:%SZ"), NOW) == es


def test_ago_long_past_is_a_date_and_nonsense_is_nothing():
    assert dates.ago(ES, "2019-03-12T15:00:00Z", NOW) == "12/3/2019"
    assert dates.ago(ES, "", NOW) == ""


@pytest.mark.parametrize(
    ("row", "when"),
    [
        ({"received_at": "2026-11-23T10:00:00Z", "sent_at": "2026-11-20T10:00:00Z"}, "2026-11-20T10:00:00Z"),
        ({"received_at": "2026-11-23T10:00:00Z", "sent_at": "2026-11-23T10:10:00Z"}, "2026-11-23T10:10:00Z"),
        ({"received_at": "2026-11-23T10:00:00Z", "sent_at": "2038-01-01T00:00:00Z"}, "2026-11-23T10:00:00Z"),
        ({"received_at": "2026-11-23T10:00:00Z", "sent_at": "garbage"}, "2026-11-23T10:00:00Z"),
        ({"received_at": "2026-11-23T10:00:00Z"}, "2026-11-23T10:00:00Z"),
    ],
)
def test_a_letter_from_the_future_shows_when_it_came(row, when):
    assert dates.of_letter(row) == when


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23T14:50:00.250000+02:00", "2026-11-23T12:50:00.250000+00:00"),
        ("2026-11-23T14:50:00", "2026-11-23T14:50:00+00:00"),
        ("2026-11-23T14:50:00z", "2026-11-23T14:50:00+00:00"),
    ],
)
def test_parse_time_takes_fractions_offsets_and_bare_times(text, utc):
    when = dates.parse_time(text)
    assert when is not None and when.astimezone(UTC).isoformat() == utc
