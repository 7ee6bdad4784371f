import pytest

from restante.errors import InvalidArgument, NotFound, OverQuota, StateMismatch


@pytest.fixture
def ana(world):
    world.person()
    return world


def proved(world):
    return {identity["address"]: identity["proved"] for identity in world.identities.of("ana")["identities"]}


def test_an_account_brings_an_identity_for_its_address_once(ana):
    ana.profiles.set("ana", {"full_name": "Ana Pérez"}, [], "")
    account = ana.account()
    assert ana.identities.of("ana")["identities"] == [
        {
            "id": "i2",
            "name": "Ana Pérez",
            "address": "ana@uno.example",
            "signature": "",
            "proved": False,
            "account": account["id"],
        }
    ]
    ana.account(address="ANA@uno.example", user="other")
    assert len(ana.identities.of("ana")["identities"]) == 1


def test_identities_are_made_changed_and_removed(ana):
    done = ana.identities.set("ana", [{"address": "Ana <ana@uno.example>", "name": "Ana"}], [], [], "")
    (identity,) = done["created"]
    assert identity["address"] == "ana@uno.example"
    change = {"id": identity["id"], "set": {"signature": "Saludos,\nAna"}, "unset": ["name"]}
    done = ana.identities.set("ana", [], [change], [], done["state"])
    assert ana.identities.of("ana") == {
        "state": done["state"],
        "identities": [{**identity, "signature": "Saludos,\nAna", "name": ""}],
    }
    with pytest.raises(StateMismatch):
        ana.identities.set("ana", [], [], [identity["id"]], "1")
    ana.identities.set("ana", [], [], [identity["id"]], "")
    assert ana.identities.of("ana")["identities"] == []


def test_an_identity_names_only_accounts_of_its_own_profile(ana):
    account = ana.account()
    with pytest.raises(NotFound):
        ana.identities.set("ana", [{"address": "x@uno.example", "account": "a99"}], [], [], "")
    ana.identities.set("ana", [{"address": "x@uno.example", "account": account["id"]}], [], [], "")
    ana.accounts.set("ana", [], [], [account["id"]], "")
    assert all("account" not in identity for identity in ana.identities.of("ana")["identities"])


@pytest.mark.parametrize("address", ["ana", "ana@", "@uno.example", "ana@uno.example\nBcc: x@y.example"])
def test_an_address_must_be_one(ana, address):
    with pytest.raises(InvalidArgument):
        ana.identities.set("ana", [{"address": address}], [], [], "")


def test_there_is_a_bound(ana):
    ana.identities.set("ana", [{"address": f"a{number}@uno.example"} for number in range(50)], [], [], "")
    with pytest.raises(OverQuota):
        ana.identities.set("ana", [{"address": "more@uno.example"}], [], [], "")
    ana.account()
    assert len(ana.identities.of("ana")["identities"]) == 50


def test_a_tested_login_within_the_domain_proves_the_address_and_no_other(ana):
    ana.account(test=True)
    ana.identities.set("ana", [{"address": "boss@uno.example"}], [], [], "")
    assert proved(ana) == {"ana@uno.example": True, "boss@uno.example": False}


def test_a_login_that_was_not_tested_proves_nothing_until_it_is(ana):
    account = ana.account()
    assert proved(ana) == {"ana@uno.example": False}
    states = ana.profile()["states"]
    ana.accounts.test("ana", {}, account["id"])
    assert proved(ana) == {"ana@uno.example": True}
    assert ana.profile()["states"]["identities"] != states["identities"]


@pytest.mark.parametrize(
    "login",
    [
        {"host": "pop.elsewhere.example"},
        {"host": "xuno.example"},
        {"user": "mallory@uno.example"},
        {"address": "ana@gmail.com", "host": "pop.gmail.com", "user": "mallory@gmail.com"},
        {"address": "ana@gmail.com", "host": "pop.gmail.com", "user": "ana"},
    ],
)
def test_a_login_somewhere_else_or_as_somebody_else_proves_nothing(ana, login):
    ana.account(**login, test=True)
    assert set(proved(ana).values()) == {False}


@pytest.mark.parametrize(
    "login",
    [
        {"host": "uno.example"},
        {"user": "ana"},
        {"user": "ANA@UNO.example"},
        {"address": "ana@gmail.com", "host": "pop.gmail.com"},
        {"address": "ana@free.fr", "host": "pop.free.fr", "user": "ana"},
    ],
)
def test_logins_that_prove(ana, login):
    ana.account(**{"user": login.get("address", "ana@uno.example"), **login}, test=True)
    assert set(proved(ana).values()) == {True}


def test_any_login_proves_where_the_operator_says_so(make_world):
    world = make_world(prove_by="login")
    world.person()
    world.account(host="127.0.0.1", user="x", test=True)
    assert proved(world) == {"ana@uno.example": True}


def test_what_was_proved_ends_with_the_login_that_proved_it(ana):
    account = ana.account(test=True)
    ana.accounts.set("ana", [], [{"id": account["id"], "set": {"secret": "new one"}}], [], "")
    assert proved(ana) == {"ana@uno.example": True}
    ana.accounts.set("ana", [], [{"id": account["id"], "set": {"address": "boss@uno.example"}}], [], "")
    ana.identities.set("ana", [{"address": "boss@uno.example"}], [], [], "")
    assert set(proved(ana).values()) == {False}


def test_what_was_proved_ends_with_the_account(ana):
    account = ana.account(test=True)
    ana.accounts.set("ana", [], [], [account["id"]], "")
    assert proved(ana) == {"ana@uno.example": False}


def test_an_address_that_changes_is_not_proved_by_what_it_was(ana):
    ana.account(test=True)
    (identity,) = ana.identities.of("ana")["identities"]
    ana.identities.set("ana", [], [{"id": identity["id"], "set": {"address": "boss@uno.example"}}], [], "")
    assert proved(ana) == {"boss@uno.example": False}
