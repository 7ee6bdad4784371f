import threading
import unicodedata

import pytest

from profiled.passwords import Passwords
from profiled.settings import PasswordSettings
from restante.errors import Busy

CHEAP = {"memory_kib": 64, "passes": 1, "wait_seconds": 1}


def test_a_password_matches_its_own_hash_only():
    passwords = Passwords(PasswordSettings(**CHEAP))
    kept = passwords.hash("correcta")
    assert "correcta" not in kept
    assert passwords.matches(kept, "correcta")
    assert not passwords.matches(kept, "incorrecta")
    assert not passwords.matches("not a hash", "correcta")


def test_nobody_has_a_password_not_even_the_one_that_is_checked_in_their_place():
    passwords = Passwords(PasswordSettings(**CHEAP))
    assert not passwords.matches(None, "nobody has this password")


def test_one_password_typed_on_two_keyboards_is_one_password():
    passwords = Passwords(PasswordSettings(**CHEAP))
    kept = passwords.hash(unicodedata.normalize("NFC", "mañana será"))
    assert passwords.matches(kept, unicodedata.normalize("NFD", "mañana será"))


def test_the_costs_are_those_of_the_settings_and_old_ones_are_noticed():
    cheap, dear = Passwords(PasswordSettings(**CHEAP)), Passwords(PasswordSettings())
    kept = dear.hash("correcta")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not dear.stale(kept)
    assert cheap.stale(kept)
    assert dear.matches(cheap.hash("correcta"), "correcta")


def test_whoever_comes_when_all_places_are_taken_is_told_at_once():
    passwords = Passwords(PasswordSettings(**CHEAP, at_once=1, waiting=0))
    with passwords._slot(), pytest.raises(Busy) as refused:
        passwords.hash("correcta")
    assert refused.value.retry_after_seconds
    assert passwords.hash("correcta")


def test_whoever_waits_gets_the_next_place():
    passwords = Passwords(PasswordSettings(**{**CHEAP, "wait_seconds": 30}, at_once=1, waiting=1))
    done = []
    waiting = threading.Thread(target=lambda: done.append(passwords.hash("correcta")))
    with passwords._slot():
        waiting.start()
    waiting.join(30)
    assert len(done) == 1


def test_whoever_waits_too_long_is_told():
    passwords = Passwords(PasswordSettings(**CHEAP, at_once=1, waiting=1))
    with passwords._slot(), pytest.raises(Busy):
        passwords.matches(None, "correcta")
