"""Keys and tokens between daemons, and secrets in files."""

import base64
import os
import shutil
import stat
import threading

import orjson
import pytest

from restante.credentials import Keys, digest, load_or_make_secret, new_token
from restante.errors import ConfigError, Unauthenticated

NOW = 1_800_000_000.0


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stored(tmp_path, clock):
    return Keys.load(tmp_path / "keys", "stored", now=clock)


@pytest.fixture
def profiled(tmp_path, clock):
    return Keys.load(tmp_path / "keys", "profiled", now=clock)


def refusal(keys, token):
    with pytest.raises(Unauthenticated) as refused:
        keys.verify(token)
    return refused.value


def test_a_token_tells_its_audience_who_issued_it(stored, profiled):
    assert profiled.verify(stored.issue("profiled")) == "stored"
    assert stored.verify(profiled.issue("stored")) == "profiled"


def test_a_token_opens_nothing_else(stored, profiled):
    assert "for relayd" in refusal(profiled, stored.issue("relayd")).cause


@pytest.mark.parametrize(("later", "good"), [(0, True), (89, True), (91, False), (-29, True), (-31, False)])
def test_a_token_is_good_for_a_minute_and_some_difference_of_clocks(stored, profiled, clock, later, good):
    token = stored.issue("profiled")
    clock.now += later
    if good:
        assert profiled.verify(token) == "stored"
    else:
        assert "clocks" in refusal(profiled, token).cause


def test_a_changed_token_is_refused(stored, profiled):
    body, _, signature = stored.issue("profiled").partition(".")
    claims = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["iss"] = "relayd"
    forged = base64.urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")
    Keys.load(stored._directory, "relayd")
    assert "bad signature" in refusal(profiled, f"{forged}.{signature}").cause
    assert "bad signature" in refusal(profiled, f"{body}.{'A' * 86}").cause


@pytest.mark.parametrize(
    "claims", [{}, [], {"iss": "stored"}, {"iss": 1, "aud": 1, "iat": "x", "exp": 1}, None]
)
def test_what_is_no_token_is_refused(profiled, claims):
    body = base64.urlsafe_b64encode(orjson.dumps(claims)).decode()
    refusal(profiled, body + ".AAAA")


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "x" * 10000, "....", "AAAA.AAAA"])
def test_what_is_no_text_of_a_token_is_refused(profiled, token):
    error = refusal(profiled, token)
    assert error.http_status == 401
    assert token not in error.message or not token.strip(".")


@pytest.mark.parametrize("name", ["../stored", "nobody", "", "Stored", "a/b", "x" * 33])
def test_an_issuer_that_is_not_known_is_refused(tmp_path, profiled, name):
    strange = Keys(tmp_path, name, profiled._key, profiled._now)
    refusal(profiled, strange.issue("profiled"))


def test_a_key_that_was_replaced_counts_at_once(tmp_path, stored, profiled, clock):
    token = stored.issue("profiled")
    assert profiled.verify(token) == "stored"
    for suffix in ("key", "pub"):
        (tmp_path / "keys" / f"stored.{suffix}").unlink()
    again = Keys.load(tmp_path / "keys", "stored", now=clock)
    os.utime(tmp_path / "keys" / "stored.pub", ns=(1, 1))
    refusal(profiled, token)
    assert profiled.verify(again.issue("profiled")) == "stored"


def test_a_public_key_that_is_none_refuses_its_tokens(tmp_path, stored, profiled):
    (tmp_path / "keys" / "stored.pub").write_text("not a key")
    assert "no Ed25519" in refusal(profiled, stored.issue("profiled")).cause


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path, stored):
    key = tmp_path / "keys" / "stored.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    before = key.read_bytes()
    Keys.load(tmp_path / "keys", "stored")
    assert key.read_bytes() == before
    assert sorted(path.name for path in key.parent.iterdir()) == ["stored.key", "stored.pub"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path, stored, mode):
    key = tmp_path / "keys" / "stored.key"
    key.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {key}"):
        Keys.load(tmp_path / "keys", "stored")


def test_a_key_that_cannot_be_one_is_a_sentence(tmp_path, stored):
    key = tmp_path / "keys" / "stored.key"
    for content in (b"short", b"\xff\xfe", b"!" * 43):
        key.write_bytes(content)
        with pytest.raises(ConfigError, match="damaged"):
            Keys.load(tmp_path / "keys", "stored")


def test_a_public_key_of_another_pair_is_a_sentence(tmp_path, stored, profiled):
    shutil.copy(tmp_path / "keys" / "profiled.pub", tmp_path / "keys" / "stored.pub")
    with pytest.raises(ConfigError, match=r"stored\.pub does not belong"):
        Keys.load(tmp_path / "keys", "stored")


def test_a_directory_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        Keys.load(tmp_path / "file" / "keys", "stored")
    with pytest.raises(ConfigError, match="no name"):
        Keys.load(tmp_path, "../stored")


def test_two_that_start_at_once_end_up_with_one_secret(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load_or_make_secret(tmp_path / "s" / "one", 32)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["one"]
    with pytest.raises(ConfigError):
        load_or_make_secret(tmp_path / "s" / "one", 16)


def test_session_tokens_are_chance_and_kept_as_their_digest():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert digest("a") == digest("a") != digest("b")
    assert len(digest("a")) == 32
