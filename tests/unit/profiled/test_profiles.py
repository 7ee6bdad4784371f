import pytest

from restante.errors import AlreadyExists, InvalidArgument, NotFound, OverQuota, StateMismatch


def test_a_new_profile_has_everything_in_its_first_state(world):
    opened = world.profiles.create("Ana.P", "a long secret", "Ana Pérez", "en", 30, "library")
    assert opened.user == "ana.p"
    assert world.sessions.by_token(opened.token).user == "ana.p"
    assert world.profiles.get("ana.p", []) == {
        "name": "ana.p",
        "state": "1",
        "states": dict.fromkeys(("settings", "accounts", "identities", "rules", "layout"), "1"),
        "storage": "/storage/1/",
        "settings": {"full_name": "Ana Pérez", "language": "en", "interval_minutes": 30, "preferences": {}},
        "accounts": [],
        "identities": [],
        "rules": [],
        "layout": {"order": [], "hidden": []},
    }


def test_a_name_is_given_once_however_it_is_written(world):
    world.person("ana")
    with pytest.raises(AlreadyExists, match="taken") as refused:
        world.person(" ANA ")
    assert refused.value.about == "ana"


@pytest.mark.parametrize("password", ["short", "1234567", "annamaria", " AnnaMaria "])
def test_passwords_that_protect_nobody_are_refused(world, password):
    with pytest.raises(InvalidArgument) as refused:
        world.person("annamaria", password)
    assert refused.value.about == "password" and password not in refused.value.message


def test_new_profiles_go_where_there_are_fewest(make_world):
    world = make_world(storages=("1", "2", "3"))
    for name in ("ana", "eva", "luis", "marta"):
        world.person(name)
    assert [world.profile(name)["storage"] for name in ("ana", "eva", "luis", "marta")] == [
        "/storage/1/", "/storage/2/", "/storage/3/", "/storage/1/",
    ]  # fmt: skip


def test_only_the_parts_asked_for_are_served(world):
    world.person()
    profile = world.profiles.get("ana", ["layout", "rules"])
    assert set(profile) == {"name", "state", "states", "storage", "rules", "layout"}


def test_a_part_that_changes_changes_its_state_and_that_of_the_whole(world):
    world.person()
    before = world.profile()
    done = world.profiles.set("ana", {"full_name": "Ana", "layout": {"order": ["inbox", "f1"]}}, [], "")
    assert done["state"] != before["state"]
    assert world.profiles.changes("ana", before["state"]) == {
        "state": done["state"],
        "parts": ["settings", "layout"],
    }
    assert world.profiles.changes("ana", done["state"])["parts"] == []
    assert done["states"]["rules"] == before["states"]["rules"]
    after = world.profile()
    assert after["settings"]["full_name"] == "Ana"
    assert after["layout"] == {"order": ["inbox", "f1"], "hidden": []}


@pytest.mark.parametrize("since", ["", "0", "-1", "99", "x", "1" * 40, "²"])
def test_an_unknown_state_means_everything_may_have_changed(world, since):
    world.person()
    assert len(world.profiles.changes("ana", since)["parts"]) == 5


def test_a_change_on_top_of_another_that_was_not_seen_is_refused(world):
    world.person()
    state = world.profile()["state"]
    world.profiles.set("ana", {"language": "en"}, [], state)
    with pytest.raises(StateMismatch):
        world.profiles.set("ana", {"language": "es"}, [], state)
    assert world.profile()["settings"]["language"] == "en"


def test_what_is_unset_is_as_it_was_at_first(world):
    world.person()
    world.profiles.set(
        "ana", {"preferences": {"font": "large"}, "interval_minutes": 5, "full_name": "A"}, [], ""
    )
    world.profiles.set("ana", {}, ["preferences", "interval_minutes", "full_name", "layout", "rules"], "")
    assert world.profile()["settings"] == {
        "full_name": "",
        "language": "es",
        "interval_minutes": 15,
        "preferences": {},
    }


def test_nothing_to_change_changes_nothing(world):
    world.person()
    state = world.profile()["state"]
    assert world.profiles.set("ana", {}, [], "")["state"] == state


def test_setting_and_unsetting_the_same_is_refused(world):
    world.person()
    with pytest.raises(InvalidArgument, match="full_name"):
        world.profiles.set("ana", {"full_name": "Ana"}, ["full_name"], "")


def test_a_change_is_made_whole_or_not_at_all(world):
    world.person()
    before = world.profile()
    with pytest.raises(InvalidArgument):
        world.profiles.set("ana", {"full_name": "Ana", "layout": {"order": ["../x"]}}, [], "")
    with pytest.raises(NotFound):
        world.profiles.set(
            "ana", {"full_name": "Ana", "identities": [{"id": "i9", "address": "a@b.example"}]}, [], ""
        )
    assert world.profile() == before


@pytest.mark.parametrize(
    ("preferences", "error"),
    [
        ({"": "x"}, InvalidArgument),
        ({"k" * 65: "x"}, InvalidArgument),
        ({f"key{number}": "x" * 1000 for number in range(40)}, OverQuota),
    ],
)
def test_preferences_have_bounds(world, preferences, error):
    world.person()
    with pytest.raises(error):
        world.profiles.set("ana", {"preferences": preferences}, [], "")


def test_whole_lists_replace_what_was_there_and_keep_the_ids_given(world):
    world.person()
    rule = {
        "conditions": [{"field": "subject", "op": "contains", "value": "x"}],
        "actions": [{"action": "flag"}],
    }
    world.profiles.set(
        "ana",
        {"rules": [{**rule, "name": "one"}, rule], "identities": [{"address": "ana@uno.example"}]},
        [],
        "",
    )
    first, second = world.profile()["rules"]
    (identity,) = world.profile()["identities"]
    world.profiles.set(
        "ana",
        {
            "rules": [{**rule, "id": second["id"], "name": "two"}, rule],
            "identities": [{**identity_of(identity), "name": "Ana"}],
        },
        [],
        "",
    )
    rules = world.profile()["rules"]
    assert rules[0]["id"] == second["id"] and rules[0]["name"] == "two"
    assert rules[1]["id"] not in (first["id"], second["id"])
    assert world.profile()["identities"] == [{**identity, "name": "Ana"}]
    for twice in ({"rules": [{**rule, "id": second["id"]}] * 2}, {"identities": [identity_of(identity)] * 2}):
        with pytest.raises(InvalidArgument, match="twice"):
            world.profiles.set("ana", twice, [], "")


def identity_of(identity):
    return {key: identity[key] for key in ("id", "name", "address", "signature")}
