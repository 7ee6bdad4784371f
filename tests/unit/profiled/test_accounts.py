import pytest

from profiled.model import Account
from restante.errors import (
    AlreadyExists,
    Forbidden,
    InvalidArgument,
    NotFound,
    OverQuota,
    RemoteLoginRefused,
    SessionEnded,
    StateMismatch,
)

NEW = {"address": "ana@uno.example", "host": "pop.uno.example", "security": "tls", "secret": "pop secret"}


@pytest.fixture
def ana(world):
    world.person()
    return world


def set_one(world, account_id, **change):
    return world.accounts.set("ana", [], [{"id": account_id, "set": change}], [], "")


def test_what_is_left_out_of_a_new_account_is_what_is_usual(ana):
    done = ana.accounts.set("ana", [NEW], [], [], "")
    (account,) = done["created"]
    assert account | {"created_at": None} == {
        "id": "a1",
        "address": "ana@uno.example",
        "name": "ana@uno.example",
        "host": "pop.uno.example",
        "port": 995,
        "security": "tls",
        "user": "ana@uno.example",
        "auth": "password",
        "enabled": True,
        "on_server": "leave",
        "on_server_days": 14,
        "delete_unnamed": False,
        "has_secret": True,
        "created_at": None,
    }
    assert account["created_at"].timestamp() == ana.now()
    assert ana.accounts.of("ana") == {"state": done["state"], "accounts": [account]}
    other = ana.account(address="eva@dos.example", security="stls", user="eva", name="Eva", enabled=False)
    assert (other["port"], other["user"], other["name"], other["enabled"]) == (110, "eva", "Eva", False)


def test_the_secret_is_in_the_lease_and_neither_in_the_database_nor_in_any_answer(ana):
    secret = "canary-contraseña-secreta"
    account = ana.account(secret=secret)
    assert secret.encode() not in ana.file.read_bytes()
    assert secret not in str([ana.profile(), ana.accounts.of("ana"), account])
    lease = ana.accounts.lease("ana")
    assert [item["secret"] for item in lease["accounts"]] == [secret]
    assert set(lease) == {"state", "language", "accounts", "identities", "rules"}
    assert lease["state"] == ana.profile()["state"]


def test_what_becomes_of_mail_at_the_server_is_set_and_lent(ana):
    account = ana.account(on_server="delete_after", on_server_days=30)
    (lent,) = ana.accounts.lease("ana")["accounts"]
    assert (lent["on_server"], lent["on_server_days"], lent["delete_unnamed"]) == ("delete_after", 30, False)
    change = {"id": account["id"], "set": {"on_server": "delete", "delete_unnamed": True}}
    ana.accounts.set("ana", [], [change], [], "")
    (changed,) = ana.accounts.of("ana")["accounts"]
    assert (changed["on_server"], changed["on_server_days"], changed["delete_unnamed"]) == (
        "delete",
        30,
        True,
    )


def test_an_account_of_before_leaves_its_mail_at_the_server():
    old = Account.__new__(Account)
    assert (old.auth, old.on_server, old.delete_unnamed) == ("password", "leave", False)


def test_a_secret_given_anew_is_told_by_its_id_and_another_kind_needs_it(ana):
    account = ana.account()
    (before,) = ana.accounts.lease("ana")["accounts"]
    with pytest.raises(InvalidArgument, match="needed again, because the auth changes"):
        ana.accounts.set("ana", [], [{"id": account["id"], "set": {"auth": "oauth2"}}], [], "")
    ana.accounts.set("ana", [], [{"id": account["id"], "set": {"secret": before["secret"]}}], [], "")
    (after,) = ana.accounts.lease("ana")["accounts"]
    assert after["secret"] == before["secret"]
    assert after["secret_id"] != before["secret_id"]


def test_a_lease_for_nobody_is_refused(ana):
    with pytest.raises(SessionEnded):
        ana.accounts.lease("eva")


def test_a_damaged_box_is_left_out_and_the_others_are_lent(ana):
    spoilt, good = ana.account(), ana.account(address="ana@dos.example")
    ana.database.write(lambda root: setattr(root.profiles["ana"].accounts[spoilt["id"]], "box", b"\x01junk"))
    assert [item["id"] for item in ana.accounts.lease("ana")["accounts"]] == [good["id"]]


@pytest.mark.parametrize(
    "change",
    [{"host": "pop.dos.example"}, {"port": 1995}, {"security": "stls"}, {"user": "eva@uno.example"}],
)
def test_other_settings_of_the_login_need_the_secret_again(ana, change):
    account = ana.account()
    (field,) = change
    with pytest.raises(InvalidArgument, match="needed again") as refused:
        set_one(ana, account["id"], **change)
    assert refused.value.about == field
    with pytest.raises(InvalidArgument, match="needed again"):
        ana.accounts.test("ana", change, account["id"])
    assert ana.storages.probes == []
    set_one(ana, account["id"], **change, secret="another secret")
    (lent,) = ana.accounts.lease("ana")["accounts"]
    assert (lent[field], lent["secret"]) == (change[field], "another secret")


def test_what_is_not_of_the_login_changes_without_the_secret(ana):
    account = ana.account()
    done = set_one(
        ana, account["id"], name="Work", enabled=False, address="ana.p@uno.example", host="POP.uno.example."
    )
    assert done["updated"] == [account["id"]] and done["state"] == ana.profile()["states"]["accounts"]
    (now,) = ana.accounts.of("ana")["accounts"]
    assert now == {**account, "name": "Work", "enabled": False, "address": "ana.p@uno.example"}
    ana.accounts.set("ana", [], [{"id": account["id"], "unset": ["name"]}], [], "")
    assert ana.accounts.of("ana")["accounts"][0]["name"] == "ana.p@uno.example"
    assert ana.accounts.lease("ana")["accounts"][0]["secret"] == "pop secret"


@pytest.mark.parametrize("missing", ["address", "host", "security", "secret"])
def test_a_login_cannot_be_tested_without_its(ana, missing):
    with pytest.raises(InvalidArgument, match=f"{missing} is missing"):
        ana.accounts.test("ana", {key: value for key, value in NEW.items() if key != missing}, "")


def test_a_test_asks_the_storage_server_of_the_profile(ana):
    assert ana.accounts.test("ana", NEW, "") == {"messages": 7, "octets": "12345678901", "seconds": 0}
    ((storage, account, secret),) = ana.storages.probes
    assert (storage, account["port"], account["user"], secret) == ("1", 995, "ana@uno.example", "pop secret")


def test_a_kept_account_is_tested_with_its_kept_secret(ana):
    account = ana.account()
    ana.accounts.test("ana", {}, account["id"])
    assert ana.storages.probes[0][2] == "pop secret"
    ana.accounts.test("ana", {"secret": "typed again"}, account["id"])
    assert ana.storages.probes[1][2] == "typed again"


def test_the_trouble_of_a_remote_server_comes_back_as_it_is_and_nothing_is_kept(ana):
    ana.storages.trouble = RemoteLoginRefused(
        "pop.uno.example refused the password.", about="pop.uno.example"
    )
    with pytest.raises(RemoteLoginRefused) as refused:
        ana.accounts.set("ana", [{**NEW, "test": True}], [], [], "")
    assert refused.value is ana.storages.trouble
    assert ana.profile()["accounts"] == [] and ana.profile()["identities"] == []


def test_every_account_that_asks_for_it_is_tested_first(ana):
    others = [{**NEW, "address": f"a{number}@uno.example", "test": number != 1} for number in range(3)]
    ana.accounts.set("ana", others, [], [], "")
    assert sorted(account["address"] for _, account, _ in ana.storages.probes) == [
        "a0@uno.example",
        "a2@uno.example",
    ]
    with pytest.raises(InvalidArgument, match="At most 5"):
        ana.accounts.set("ana", [{**NEW, "test": True}] * 6, [], [], "")


def test_a_stale_state_is_noticed_before_anything_is_tested(ana):
    state = ana.profile()["states"]["accounts"]
    ana.account()
    with pytest.raises(StateMismatch):
        ana.accounts.set("ana", [{**NEW, "test": True}], [], [], state)
    assert ana.storages.probes == []


def test_clear_text_is_the_operators_to_allow(make_world):
    strict, lax = make_world(), make_world(allow_plain=True)
    for world in (strict, lax):
        world.person()
    with pytest.raises(Forbidden, match="without encryption"):
        strict.account(security="plain")
    with pytest.raises(Forbidden, match="without encryption"):
        strict.accounts.test("ana", {**NEW, "security": "plain"}, "")
    assert lax.account(security="plain")["port"] == 110


def test_one_maildrop_is_added_once(ana):
    ana.account()
    with pytest.raises(AlreadyExists, match="already"):
        ana.account(address="other@uno.example", user="ana@uno.example")
    assert len(ana.profile()["accounts"]) == 1
    ana.account(user="someone.else")


def test_there_is_a_bound(ana):
    for number in range(3):
        ana.account(address=f"a{number}@uno.example")
    with pytest.raises(OverQuota, match="at most 3"):
        ana.account(address="a3@uno.example")
    assert len(ana.profile()["accounts"]) == 3


def test_an_id_is_never_used_again(ana):
    first = ana.account()
    assert ana.accounts.set("ana", [], [], [first["id"]], "")["destroyed"] == [first["id"]]
    assert ana.account()["id"] != first["id"]


def test_a_foreign_id_is_as_unknown_as_one_that_does_not_exist(ana):
    ana.person("eva")
    ana.account("eva")
    ana.account("eva", address="two@uno.example")
    foreign = ana.profile("eva")["accounts"][1]["id"]
    for attempt in (
        lambda account_id: set_one(ana, account_id, name="x"),
        lambda account_id: ana.accounts.set("ana", [], [], [account_id], ""),
        lambda account_id: ana.accounts.test("ana", {}, account_id),
    ):
        sentences = []
        for account_id in (foreign, "a999"):
            with pytest.raises(NotFound) as refused:
                attempt(account_id)
            sentences.append(refused.value.message.replace(account_id, "ID"))
        assert sentences[0] == sentences[1]


def test_all_changes_are_made_or_none(ana):
    account = ana.account()
    before = ana.profile()
    with pytest.raises(NotFound):
        ana.accounts.set(
            "ana",
            [{**NEW, "address": "b@uno.example"}],
            [{"id": account["id"], "set": {"name": "x"}}],
            ["a99"],
            "",
        )
    assert ana.profile() == before


def test_no_change_is_no_step(ana):
    state = ana.profile()["state"]
    assert ana.accounts.set("ana", [], [], [], "")["state"] == "1"
    assert ana.profile()["state"] == state


def test_the_database_remembers_the_key_of_its_boxes(ana):
    assert ana.read(lambda root: root.secrets_key) == ""
    ana.account()
    assert ana.read(lambda root: root.secrets_key) == ana.secrets.key_id
