import threading

import pytest

from restante.errors import InvalidArgument, NotFound, OverQuota, StateMismatch

SUBJECT = {"field": "subject", "op": "contains", "value": "factura"}
FILE = {"action": "file", "folder": "f1"}
RULE = {"conditions": [SUBJECT], "actions": [FILE]}


@pytest.fixture
def ana(world):
    world.person()
    return world


def names(world):
    return [rule["name"] for rule in world.rules.of("ana")["rules"]]


def make(world, *wanted):
    done = world.rules.set("ana", [{**RULE, "name": name} for name in wanted], [], [], [], "")
    return {rule["name"]: rule["id"] for rule in done["created"]}


def test_a_rule_is_on_and_asks_for_all_conditions_unless_it_says_otherwise(ana):
    done = ana.rules.set("ana", [RULE], [], [], [], "")
    assert done["created"] == [
        {"id": "r1", "name": "", "enabled": True, "match": "all", "conditions": [SUBJECT], "actions": [FILE]}
    ]
    assert ana.rules.of("ana") == {"state": done["state"], "rules": done["created"]}
    assert ana.accounts.lease("ana")["rules"] == done["created"]


def test_rules_stand_in_their_order(ana):
    ids = make(ana, "a", "b", "c")
    ana.rules.set("ana", [{**RULE, "name": "d"}], [], [], [ids["c"], ids["a"]], "")
    assert names(ana) == ["c", "a", "b", "d"]
    with pytest.raises(NotFound):
        ana.rules.set("ana", [], [], [], ["r99"], "")
    with pytest.raises(InvalidArgument, match="twice"):
        ana.rules.set("ana", [], [], [], [ids["a"], ids["a"]], "")
    assert names(ana) == ["c", "a", "b", "d"]


def test_rules_are_changed_in_place_and_removed(ana):
    ids = make(ana, "a", "b")
    change = {"id": ids["a"], "set": {"enabled": False, "match": "any"}, "unset": ["name"]}
    done = ana.rules.set("ana", [], [change], [ids["b"]], [], "")
    assert (done["updated"], done["destroyed"]) == ([ids["a"]], [ids["b"]])
    (rule,) = ana.rules.of("ana")["rules"]
    assert (rule["id"], rule["enabled"], rule["match"], rule["name"]) == (ids["a"], False, "any", "")
    with pytest.raises(StateMismatch):
        ana.rules.set("ana", [], [], [ids["a"]], [], "1")
    with pytest.raises(NotFound):
        ana.rules.set("ana", [], [{"id": "r99", "set": {}}], [], [], "")


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "header", "op": "contains", "value": "x"},
        {"field": "header", "op": "contains", "value": "x", "header": "no colon:"},
        {"field": "header", "op": "contains", "value": "x", "header": "List Id"},
        {"field": "subject", "op": "contains", "value": "x", "header": "List-Id"},
        {"field": "subject", "op": "contains"},
        {"field": "subject", "op": "exists", "value": "x"},
        {"field": "subject", "op": "address_is", "value": "x@y.example"},
        {"field": "account", "op": "contains", "value": "a1"},
        {"field": "subject", "op": "contains", "values": []},
        {"field": "subject", "op": "contains", "value": "x", "values": ["y"]},
        {"field": "subject", "op": "known"},
        {"field": "from", "op": "known", "value": "x"},
        {"field": "size", "op": "contains", "value": "10"},
        {"field": "size", "op": "over", "value": "10 MB"},
        {"field": "size", "op": "over", "values": ["10"]},
        {"field": "subject", "op": "over", "value": "10"},
        {"field": "list", "op": "address_is", "value": "a@b.example"},
        {"field": "header", "op": "address_is", "value": "a@b.example", "header": "X-Sender"},
    ],
)
def test_conditions_that_make_no_sense(ana, condition):
    with pytest.raises(InvalidArgument):
        ana.rules.set("ana", [{**RULE, "conditions": [condition]}], [], [], [], "")


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "header", "op": "exists", "header": "List-Id"},
        {"field": "header", "op": "address_is", "value": "a@b.example", "header": "Sender"},
        {"field": "header", "op": "contains", "header": "X-Spam", "value": "yes"},
        {"field": "any_recipient", "op": "domain_is", "value": "uno.example"},
        {"field": "account", "op": "is", "value": "a1"},
        {"field": "list", "op": "is", "value": "friends.listas.example"},
        {"field": "size", "op": "over", "value": "1000000"},
        {"field": "attachment", "op": "exists"},
        {"field": "attachment", "op": "ends_with", "values": [".exe", ".scr"]},
        {"field": "from", "op": "known", "negate": True},
    ],
)
def test_conditions_that_do(ana, condition):
    ana.rules.set("ana", [{**RULE, "conditions": [condition]}], [], [], [], "")
    assert ana.rules.of("ana")["rules"][0]["conditions"] == [condition]


@pytest.mark.parametrize(
    "action",
    [
        {"action": "file"},
        {"action": "copy"},
        {"action": "flag", "folder": "f1"},
        {"action": "file", "folder": "../x"},
        {"action": "forward"},
        {"action": "forward", "to": "nobody"},
        {"action": "forward", "to": "a@b.example", "folder": "f1"},
        {"action": "delete", "to": "a@b.example"},
    ],
)
def test_actions_that_make_no_sense(ana, action):
    with pytest.raises(InvalidArgument):
        ana.rules.set("ana", [{**RULE, "actions": [action]}], [], [], [], "")


def test_actions_that_do(ana):
    actions = [
        {"action": "copy", "folder": "archive"},
        {"action": "forward", "to": "Juan <juan@dos.example>"},
        {"action": "delete"},
        {"action": "stop"},
    ]
    ana.rules.set("ana", [{**RULE, "actions": actions}], [], [], [], "")
    kept = ana.rules.of("ana")["rules"][0]["actions"]
    assert kept == [actions[0], {"action": "forward", "to": "juan@dos.example"}, *actions[2:]]


def test_nothing_is_forwarded_to_oneself(ana):
    ana.identities.set("ana", [{"address": "ana@uno.example"}], [], [], "")
    with pytest.raises(InvalidArgument, match="your own address"):
        action = {"action": "forward", "to": "ANA@uno.example"}
        ana.rules.set("ana", [{**RULE, "actions": [action]}], [], [], [], "")


SCRIPT = (
    'require "fileinto";\n# rule:[Friends]\nif header :contains "Subject" "factura" { fileinto "Bills"; }'
)


def test_a_script_becomes_rules_behind_those_there_are(ana):
    make(ana, "a")
    asked = ana.rules.import_sieve("ana", SCRIPT, {"Bills": "f1"}, False, "")
    assert (names(ana), asked["created"][0]["name"]) == (["a"], "Friends")
    done = ana.rules.import_sieve("ana", SCRIPT, {"Bills": "f1"}, True, asked["state"])
    assert names(ana) == ["a", "Friends"]
    assert ana.rules.of("ana")["rules"][1] == done["created"][0]
    assert done["created"][0]["conditions"] == [SUBJECT] and done["created"][0]["actions"] == [FILE]
    with pytest.raises(StateMismatch):
        ana.rules.import_sieve("ana", SCRIPT, {"Bills": "f1"}, True, asked["state"])
    with pytest.raises(InvalidArgument, match=r"Line 3 .*“Bills” is not among `folders`"):
        ana.rules.import_sieve("ana", SCRIPT, {}, True, "")
    assert names(ana) == ["a", "Friends"]


def test_a_script_that_redirects_to_oneself_is_refused_by_its_line(ana):
    ana.identities.set("ana", [{"address": "ana@uno.example"}], [], [], "")
    script = 'if true {\n  redirect :copy "Ana@uno.example";\n}\nvacation "away";'
    with pytest.raises(InvalidArgument, match=r"Line 2 cannot become a rule: .* your own address.*Line 4 "):
        ana.rules.import_sieve("ana", 'require ["copy", "vacation"];' + script, {}, True, "")


@pytest.mark.parametrize("lacking", ["conditions", "actions"])
def test_a_rule_has_a_condition_and_an_action(ana, lacking):
    with pytest.raises(InvalidArgument, match="needs a"):
        ana.rules.set("ana", [{**RULE, lacking: []}], [], [], [], "")


def test_there_are_bounds(ana):
    make(ana, *[str(number) for number in range(200)])
    with pytest.raises(OverQuota, match="at most 200"):
        make(ana, "more")
    long = {**RULE, "conditions": [{**SUBJECT, "value": "x" * 256}] * 20}
    with pytest.raises(OverQuota, match="too long"):
        ana.profiles.set("ana", {"rules": [long] * 100}, [], "")
    assert len(names(ana)) == 200


def test_changes_made_at_the_same_time_are_all_made(ana):
    """Many terminals of one person: each conflict is run again, no update is lost."""

    def work(number):
        for turn in range(5):
            make(ana, f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(names(ana)) == sorted(f"{number}.{turn}" for number in range(8) for turn in range(5))
    assert len({rule["id"] for rule in ana.rules.of("ana")["rules"]}) == 40
    assert ana.profile()["state"] == "41"
