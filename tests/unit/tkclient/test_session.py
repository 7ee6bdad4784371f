"""One visit: where storage is, when it ends, when the server is told that the person is here."""

import pytest

from tkclient.session import TOUCH_EVERY_SECONDS, Session


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


SERVER_NOW = 1_795_445_400.0  # 2026-11-23T14:50:00Z
ANSWER = {
    "token": "t",
    "expires_at": "2026-11-23T15:00:00Z",
    "profile": {"name": "maria", "storage": "/storage/1/"},
}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def session(clock):
    session = Session("https://correo.example/profile/", clock)
    session.opened(ANSWER, SERVER_NOW)
    return session


@pytest.mark.parametrize(
    ("storage", "url"),
    [
        ("/storage/1/", "https://correo.example/storage/1/"),
        ("/storage/2", "https://correo.example/storage/2/"),
        ("https://otra.example/storage/3/", "https://otra.example/storage/3/"),
    ],
)
def test_storage_address(session, storage, url):
    assert session.storage_address(storage) == url


def test_time_left_follows_our_own_clock_and_the_servers_words(session, clock):
    assert session.seconds_left() == 600
    clock.now += 100
    assert session.seconds_left() == 500
    session.extended("2026-11-23T15:05:00Z", SERVER_NOW)
    assert session.seconds_left() == 900
    session.extended("nonsense", SERVER_NOW)
    assert session.seconds_left() == 900


def test_the_server_is_told_only_when_the_person_did_something(session, clock):
    clock.now += 10 * TOUCH_EVERY_SECONDS
    assert not session.touch_due(), "nobody did anything"
    session.used()
    assert session.touch_due()
    assert not session.touch_due(), "already told"
    clock.now += 1
    session.used()
    assert not session.touch_due(), "too soon"
    clock.now += TOUCH_EVERY_SECONDS
    assert session.touch_due(), "late, but not forgotten"
    clock.now += 1
    session.used()
    session.touch_failed()
    assert session.touch_due()


def test_clear_forgets_everything(session):
    session.clear()
    assert not session.is_open and session.profile == {} and session.seconds_left() is None
    session.used()
    assert not session.touch_due()
