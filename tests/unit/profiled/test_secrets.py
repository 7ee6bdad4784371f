import stat

import pytest

from profiled.secrets import Secrets, load_secrets
from restante.errors import ConfigError, Damaged

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))


def test_a_box_gives_back_what_was_sealed_and_does_not_show_it():
    secrets = Secrets(KEY)
    box = secrets.seal("ana", "a1", "contraseña")
    assert secrets.open("ana", "a1", box) == "contraseña"
    assert "contraseña".encode() not in box
    assert box != secrets.seal("ana", "a1", "contraseña")


@pytest.mark.parametrize(("user", "account"), [("eva", "a1"), ("ana", "a2"), ("an", "aa1")])
def test_a_box_moved_elsewhere_does_not_open(user, account):
    secrets = Secrets(KEY)
    box = secrets.seal("ana", "a1", "secret")
    with pytest.raises(Damaged) as refused:
        secrets.open(user, account, box)
    assert "secret" not in refused.value.message


def test_a_box_with_any_octet_changed_does_not_open():
    secrets = Secrets(KEY)
    box = secrets.seal("ana", "a1", "secret")
    for place in range(len(box)):
        changed = box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]
        with pytest.raises(Damaged):
            secrets.open("ana", "a1", changed)
    for length in range(len(box)):
        with pytest.raises(Damaged):
            secrets.open("ana", "a1", box[:length])


def test_a_new_key_seals_and_the_older_one_still_opens():
    old = Secrets(KEY)
    box = old.seal("ana", "a1", "secret")
    both = Secrets(OTHER_KEY, KEY)
    assert both.open("ana", "a1", box) == "secret"
    assert both.key_id != old.key_id
    with pytest.raises(Damaged):
        old.open("ana", "a1", both.seal("ana", "a1", "secret"))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "profiled.secrets"
    first = load_secrets(path, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_secrets(path, first.key_id).key_id == first.key_id


def test_a_missing_or_other_key_keeps_the_daemon_from_starting(tmp_path):
    path = tmp_path / "profiled.secrets"
    with pytest.raises(ConfigError, match="is missing"):
        load_secrets(path, "00c0ffee")
    assert not path.exists()
    load_secrets(path, "")
    with pytest.raises(ConfigError, match="is not the one"):
        load_secrets(path, "00c0ffee")
