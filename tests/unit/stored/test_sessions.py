"""Who is believed, for how long, and who no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from restante.errors import LoginRefused, SessionEnded, Unavailable
from restante.serve import Basic, Bearer
from restante.wire import to_time
from stored.sessions import Sessions
from stored.settings import SessionSettings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Profiled:
    """Knows the tokens that begin with "good", and one password; counts how often it is asked."""

    def __init__(self):
        self.asked = 0
        self.away = False
        self.expires_in_seconds = 3600
        self.meanwhile = lambda: None

    def call(self, method, *, remote, token="", name="", password=""):
        assert method == "session.verify"
        self.asked += 1
        if self.away:
            raise Unavailable("profiled does not answer.")
        self.meanwhile()
        expires_at = to_time(NOW + timedelta(seconds=self.expires_in_seconds))
        if token.startswith("good"):
            return {
                "user": "ana",
                "session": f"s-{token}",
                "expires_at": expires_at,
                "storage": "/storage/1/",
            }
        if token:
            raise SessionEnded("The session is over.")
        if (name, password) == ("ana", "right"):
            return {"user": "ana", "session": "", "expires_at": expires_at, "storage": "/storage/1/"}
        raise LoginRefused("Name or password is wrong.")


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def profiled():
    return Profiled()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(profiled, clock):
    return Sessions(profiled, SessionSettings(remembered=3), monotonic=clock, now=lambda: NOW)


def who(sessions, credentials):
    return sessions.authenticate(credentials, "192.0.2.1")


def test_a_token_is_asked_about_once_in_five_minutes(sessions, profiled, clock):
    first = who(sessions, Bearer("good"))
    assert (first.kind, first.name, first.session) == ("user", "ana", "s-good")
    clock.seconds = 299
    assert who(sessions, Bearer("good")) == first
    assert profiled.asked == 1
    clock.seconds = 301
    who(sessions, Bearer("good"))
    assert profiled.asked == 2


def test_a_token_is_not_believed_longer_than_its_session(sessions, profiled, clock):
    profiled.expires_in_seconds = 20
    who(sessions, Bearer("good"))
    clock.seconds = 21
    who(sessions, Bearer("good"))
    assert profiled.asked == 2


def test_a_script_pays_for_its_password_once_a_minute(sessions, profiled, clock):
    assert who(sessions, Basic("ana", "right")).name == "ana"
    who(sessions, Basic("ana", "right"))
    assert profiled.asked == 1
    clock.seconds = 61
    who(sessions, Basic("ana", "right"))
    assert profiled.asked == 2


@pytest.mark.parametrize(
    ("credentials", "error"),
    [
        (Bearer("bad"), SessionEnded),
        (Basic("ana", "wrong"), LoginRefused),
        (Basic("ana:right", ""), LoginRefused),
    ],
)
def test_refusals_are_passed_on_and_not_remembered(sessions, profiled, credentials, error):
    who(sessions, Basic("ana", "right"))
    for _ in range(2):
        with pytest.raises(error):
            who(sessions, credentials)
    assert profiled.asked == 3


def test_those_verified_go_on_while_profiled_is_away(sessions, profiled):
    who(sessions, Bearer("good"))
    profiled.away = True
    assert who(sessions, Bearer("good")).name == "ana"
    with pytest.raises(Unavailable):
        who(sessions, Bearer("good too"))


def test_a_revoked_session_is_asked_about_again(sessions, profiled):
    who(sessions, Bearer("good 1"))
    who(sessions, Bearer("good 2"))
    sessions.revoke("s-good 1")
    who(sessions, Bearer("good 2"))
    assert profiled.asked == 2
    who(sessions, Bearer("good 1"))
    assert profiled.asked == 3


def test_a_session_revoked_while_it_is_verified_is_not_remembered(sessions, profiled):
    profiled.meanwhile = lambda: sessions.revoke("s-good")
    who(sessions, Bearer("good"))
    profiled.meanwhile = lambda: None
    who(sessions, Bearer("good"))
    assert profiled.asked == 2


def test_only_so_many_are_remembered(sessions, profiled):
    for number in range(5):
        who(sessions, Bearer(f"good {number}"))
    who(sessions, Bearer("good 4"))
    assert profiled.asked == 5
    who(sessions, Bearer("good 0"))
    assert profiled.asked == 6


def test_no_password_is_kept(sessions):
    who(sessions, Basic("ana", "right"))
    assert b"right" not in b"".join(sessions._believed)
