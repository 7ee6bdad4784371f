"""The settings of relayd: every key in etc/, and combinations that are refused."""

from pathlib import Path

import pytest

from relayd.__main__ import build
from relayd.settings import Settings
from restante.config import documented_keys, effective, keys, load
from restante.credentials import Keys
from restante.errors import ConfigError

ETC = Path(__file__).parents[3] / "etc" / "relayd.toml"


def test_every_key_stands_in_etc_with_its_default():
    assert documented_keys(ETC) == keys(Settings)


def test_etc_is_valid():
    assert load(Settings, ETC) == Settings()


def test_the_password_of_the_smarthost_is_masked():
    settings = load(Settings, None, overrides=["routes.smarthost_password=clave secreta"])
    assert "clave secreta" not in str(effective(settings))


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        (["routes.smarthost=smart.example", "routes.smarthost_user=ana"], "smarthost_security"),
        (["routes.smarthost=smart.example:x"], "smart.example:x"),
        (["dns.servers=a:b:"], "a:b:"),
        (["routes.ca_file=/nowhere/ca.pem"], "routes.ca_file"),
        (["hosts.allow=everything"], "hosts.allow"),
        (["retry.schedule_seconds="], "retry.schedule_seconds"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, overrides, word):
    with pytest.raises(ConfigError, match=word):
        started(tmp_path, overrides)


def started(tmp_path, overrides):
    data = f"data.directory={tmp_path}/data"
    return build(load(Settings, None, overrides=[data, *overrides]), Keys.load(tmp_path / "keys", "relayd"))


def test_a_whole_relayd_is_put_together(tmp_path):
    wired = started(tmp_path, ["routes.smarthost=smart.example", "hosts.allow=10.0.0.0/8"])
    assert len(wired.applications) == 1
    for close in wired.closing:
        close()
