"""Sieve scripts: what becomes a rule, and the sentence of what cannot."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiled.rule_types import RuleNew
from profiled.sieve import rules_of
from restante.errors import InvalidArgument
from restante.wire import check

REQUIRE = 'require ["fileinto", "copy", "imap4flags"];\n'
FOLDERS = {"Lists": "f1", "Work/Bills": "f2"}
SUBJECT = {"field": "subject", "op": "contains", "value": "x"}
SIZE = {"field": "size", "op": "over", "value": "1048576"}


GROUPS = [f"anyof (size :over {n}, size :under {n})" for n in range(5)]


def one(test, block='fileinto "Lists";'):
    """Return the only rule that `if test { block }` gives."""
    (rule,) = rules_of(f"{REQUIRE}if {test} {{ {block} }}", FOLDERS)
    return rule


@pytest.mark.parametrize(
    ("test", "match", "conditions"),
    [
        ('header :contains "subject" "x"', "all", [SUBJECT]),
        (
            'header :contains "Subject" ["a", "b"]',
            "all",
            [{"field": "subject", "op": "contains", "values": ["a", "b"]}],
        ),
        (
            'header :is ["X-A", "X-B"] "y"',
            "any",
            [
                {"field": "header", "header": "X-A", "op": "is", "value": "y"},
                {"field": "header", "header": "X-B", "op": "is", "value": "y"},
            ],
        ),
        ('header :matches "subject" "*x*"', "all", [SUBJECT]),
        ('header :matches "subject" "x*"', "all", [{**SUBJECT, "op": "starts_with"}]),
        ('header :matches "subject" "*x"', "all", [{**SUBJECT, "op": "ends_with"}]),
        ('header :matches "subject" "*"', "all", [{"field": "subject", "op": "exists"}]),
        (
            'address :is "from" "A@b.example"',
            "all",
            [{"field": "from", "op": "address_is", "value": "A@b.example"}],
        ),
        (
            'address :contains "from" "joanna"',
            "all",
            [{"field": "from", "op": "address_contains", "value": "joanna"}],
        ),
        (
            'address :all :comparator "i;unicode-casemap" :contains "From" "x"',
            "all",
            [{"field": "from", "op": "address_contains", "value": "x"}],
        ),
        (
            'address :domain :is ["to", "cc"] "b.example"',
            "all",
            [{"field": "any_recipient", "op": "domain_is", "value": "b.example"}],
        ),
        ('exists "List-Id"', "all", [{"field": "header", "header": "List-Id", "op": "exists"}]),
        ("size :over 1M", "all", [SIZE]),
        ("not size :over 1M", "all", [{**SIZE, "negate": True}]),
        ("not not size :over 1M", "all", [SIZE]),
        ('allof (size :over 1M, header :contains "subject" "x")', "all", [SIZE, SUBJECT]),
        ('anyof (size :over 1M, header :contains "subject" "x")', "any", [SIZE, SUBJECT]),
        (
            'not anyof (size :over 1M, header :contains "subject" "x")',
            "all",
            [{**SIZE, "negate": True}, {**SUBJECT, "negate": True}],
        ),
        (
            'allof (size :over 1M, not exists "X")',
            "all",
            [SIZE, {"field": "header", "header": "X", "op": "exists", "negate": True}],
        ),
    ],
)
def test_conditions(test, match, conditions):
    rule = one(test)
    assert rule["conditions"] == conditions
    assert len(conditions) == 1 or rule["match"] == match


@pytest.mark.parametrize(
    ("block", "actions"),
    [
        ('fileinto "Lists";', [{"action": "file", "folder": "f1"}]),
        ('fileinto "INBOX.lists";', [{"action": "file", "folder": "f1"}]),
        ('fileinto "Spam";', [{"action": "file", "folder": "junk"}]),
        ('fileinto :copy "Work/Bills";', [{"action": "copy", "folder": "f2"}]),
        ('keep; fileinto "Lists";', [{"action": "copy", "folder": "f1"}]),
        (
            'fileinto "Lists"; fileinto "Trash";',
            [{"action": "file", "folder": "f1"}, {"action": "copy", "folder": "trash"}],
        ),
        ("discard;", [{"action": "delete"}]),
        ('redirect "a@b.example";', [{"action": "forward", "to": "a@b.example"}, {"action": "delete"}]),
        ('redirect :copy "a@b.example";', [{"action": "forward", "to": "a@b.example"}]),
        ('redirect "a@b.example"; keep;', [{"action": "forward", "to": "a@b.example"}]),
        ('addflag "\\\\Flagged";', [{"action": "flag"}]),
        (
            'setflag ["\\\\Seen", "\\\\Flagged"]; stop;',
            [{"action": "mark_read"}, {"action": "flag"}, {"action": "stop"}],
        ),
        (
            'fileinto :flags "\\\\Seen" "Lists";',
            [{"action": "mark_read"}, {"action": "file", "folder": "f1"}],
        ),
    ],
)
def test_actions(block, actions):
    assert one("size :over 1M", block)["actions"] == actions


def test_many_values_are_several_conditions():
    values = [f"v{at}" for at in range(60)]
    rule = one(f'header :is "subject" {json.dumps(values)}')
    assert rule["match"] == "any"
    assert [condition["values"] for condition in rule["conditions"]] == [values[:50], values[50:]]
    check(RuleNew)(rule, "rule")


def test_what_is_never_to_hold_is_a_rule_switched_off():
    script = """# rule:[Old]
        if false # header :contains "subject" "a"
        { discard; stop; }
        elsif header :is "subject" "b" { discard; }
        if anyof (false, header :is "subject" "c") { discard; }"""
    rules = rules_of(script, {})
    assert [(rule["name"], rule.get("enabled", True)) for rule in rules] == [
        ("Old", False),
        ("Sieve 4", True),
        ("Sieve 5", True),
    ]
    assert [len(rule["conditions"]) for rule in rules] == [1, 1, 1]
    assert rules[0]["conditions"] == [{**SUBJECT, "value": "a"}]


@pytest.mark.parametrize("comment", ["", "# not today", "# true {} stop; if true", "# " + "not " * 9_000])
def test_what_is_switched_off_without_a_test_never_holds(comment):
    (rule,) = rules_of(f"if false {comment}\n{{ discard; }}", {})
    assert rule["conditions"] == [{"field": "size", "op": "over", "value": "0", "negate": True}]
    assert rule["enabled"] is False


def told(script):
    """Return (conditions, actions) of each rule as short text."""

    def short(condition):
        return ("not " if condition.get("negate") else "") + condition.get("value", condition["field"])

    return [
        (", ".join(map(short, rule["conditions"])), ", ".join(a["action"] for a in rule["actions"]))
        for rule in rules_of(REQUIRE + script, FOLDERS)
    ]


def test_branches_exclude_one_another():
    script = """if header :is "subject" "a" { discard; }
        elsif header :is "subject" "b" { keep; }
        elsif header :is "subject" "c" { discard; stop; }
        else { addflag "\\\\Seen"; }"""
    assert told(script) == [
        ("a", "delete"),
        ("not a, not b, c", "delete, stop"),
        ("not a, not b", "mark_read"),
    ]


def test_what_stops_excludes_by_itself():
    script = """if allof (header :is "subject" "a", header :is "subject" "b") { discard; stop; }
        else { keep; addflag "\\\\Seen"; }"""
    assert told(script) == [("a, b", "delete, stop"), ("0", "mark_read")]


def test_what_stands_inside_and_outside():
    script = """addflag "\\\\Seen";
        if header :is "subject" "a" { if header :is "subject" "b" { discard; } fileinto "Lists"; }
        stop; discard;"""
    assert told(script) == [("0", "mark_read"), ("a", "file"), ("a, b", "delete")]


A, B, C = (f'if header :is "subject" "{letter}" ' for letter in "abc")


@pytest.mark.parametrize(
    ("script", "rules"),
    [
        # What is filed by name stays, wherever the script redirects or discards.
        (A + "{discard;}" + B + '{fileinto "Lists";}', [("b", "file"), ("a", "delete")]),
        (
            A + '{redirect "x@y.example";}' + B + '{fileinto "Lists";}',
            [("a", "forward"), ("b", "file"), ("a", "delete")],
        ),
        (
            A + "{discard;}" + B + '{fileinto "Lists"; stop;}' + C + '{addflag "\\\\Seen"; stop;}',
            [("b", "file, stop"), ("a", "delete"), ("c", "mark_read, stop")],
        ),
        (
            A + "{discard; " + B + '{fileinto "Lists";}}',
            [("a, b", "file"), ("a", "delete")],
        ),
        (B + '{fileinto "Lists";}' + A + "{discard;}", [("b", "file"), ("a", "delete")]),
        # So does what is kept by name.
        (A + "{discard;}" + B + "{keep;}", [("b", "file"), ("a", "delete")]),
        (B + "{keep;}" + A + "{discard;}", [("b", "file"), ("a", "delete")]),
        (B + "{keep;}" + A + '{addflag "\\\\Seen";}', [("a", "mark_read")]),
        (B + "{keep; stop;}" + A + "{discard;}", [("b", "stop"), ("a", "delete")]),
        # A copy is beside what happens to the message.
        (A + "{discard;}" + B + '{fileinto :copy "Lists";}', [("a", "delete"), ("b", "copy")]),
        # Nothing is put off where both cannot be.
        (A + "{discard; stop;}" + B + '{fileinto "Lists";}', [("a", "delete, stop"), ("b", "file")]),
        (A + '{discard;} else {fileinto "Lists";}', [("a", "delete"), ("not a", "file")]),
        (
            'if anyof (header :is "subject" "a", header :is "subject" "b") {discard;}'
            'else {fileinto "Lists";}',
            [("a, b", "delete"), ("not a, not b", "file")],
        ),
        (A + "{discard;} if false {keep;}", [("a", "delete")]),
    ],
)
def test_what_is_kept_by_name_is_kept(script, rules):
    assert told(script) == rules


def test_a_stop_ends_what_follows_it_whatever_else_holds():
    assert told(A + "{stop;} else {stop;}" + B + "{discard;}") == [
        ("a", "stop"),
        ("0", "stop"),
        ("b", "delete"),
    ]
    assert told(A + "{discard;} keep; stop;" + B + "{discard;}")[0] == ("0", "file, stop")
    assert rules_of("stop;", {}) == rules_of("keep; stop;", {}) == []


def test_the_inbox_is_where_a_keep_files():
    (kept, _) = rules_of(B + "{keep;}" + A + "{discard;}", {})
    assert kept["actions"] == [{"action": "file", "folder": "inbox"}]


def test_rules_keep_the_names_other_programs_gave_them():
    script = REQUIRE + "# rule:[Old friends]\nif true { discard; }\nif true { discard; }"
    assert [rule["name"] for rule in rules_of(script, {})] == ["Old friends", "Sieve 4"]


def test_what_is_switched_off_and_cannot_be_said_is_left_out():
    for off in (
        '# exists "List Id"\n { discard; }',
        '# header :is "subject" ""\n { discard; }',
        '{ vacation "away"; }',
        "{ " + 'if size :over 1 { fileinto "Nowhere"; }' * 2 + " }",
        '{ keep; redirect "nobody"; }',
    ):
        script = f'require ["vacation", "fileinto"];\nif false {off}\nelse {{ discard; }}'
        assert [rule["actions"] for rule in rules_of(script, {})] == [[{"action": "delete"}]]


# What others write ----------------------------------------------------------------------------------


def test_the_lists_of_ingo():
    script = """# Ingo
        if address :all :comparator "i;ascii-casemap" :is ["From", "Sender", "Resent-From"] "a@b.example" {
        discard;
        stop;
        }"""
    (rule,) = rules_of(script, {})
    header = {"field": "header", "op": "address_is", "value": "a@b.example"}
    assert rule["match"] == "any" and rule["conditions"] == [
        {"field": "from", "op": "address_is", "value": "a@b.example"},
        header | {"header": "Sender"},
        header | {"header": "Resent-From"},
    ]


PROTON = """require ["include", "environment", "variables", "relational", "spamtest"];
require ["fileinto", "imap4flags", "comparator-i;ascii-numeric"];

# Generated: Do not run this script on spam messages
if allof (environment :matches "vnd.proton.spam-threshold" "*",
          spamtest :value "ge" :comparator "i;ascii-numeric" "${1}") {
    return;
}
"""


def test_the_head_of_proton_does_nothing_where_its_environment_is_not_known():
    mine = 'if header :is "subject" "a" { fileinto "Lists"; }\n'
    (rule,) = rules_of(PROTON + mine, FOLDERS)
    assert (rule["name"], rule["conditions"][0]["value"]) == ("Sieve 9", "a")
    assert rules_of(PROTON + 'else { fileinto "Lists"; }', FOLDERS)[0]["conditions"] == [
        {"field": "size", "op": "over", "value": "0"}
    ]
    with pytest.raises(InvalidArgument, match="Line 6 cannot"):
        rules_of(PROTON.replace("allof", "anyof"), {})


def test_a_return_ends_a_script_as_a_stop_does():
    test = 'if header :is "subject" "a"'
    returning = f'require "include"; {test} {{ return; }} discard;'
    assert rules_of(returning, {}) == rules_of(f"{test} {{ stop; }} discard;", {})


def test_groups_are_several_rules():
    assert told(
        'if anyof (allof (header :is "to" "a", header :is "to" "b"), header :is "to" "c") {discard;}'
    ) == [
        ("c", "delete"),
        ("a, b", "delete"),
    ]
    either = 'anyof (header :is "to" "b", header :is "to" "c")'
    assert told(f'if not allof (header :is "to" "a", {either}) {{stop;}} discard;') == [
        ("not a", "stop"),
        ("not b, not c", "stop"),
        ("0", "delete"),
    ]


def test_more_than_a_rule_may_ask_for_is_several_rules():
    names = json.dumps([f"X-{number}" for number in range(45)])
    rules = rules_of(f'if header :is {names} "a" {{ discard; }}', {})
    assert [(rule["match"], len(rule["conditions"])) for rule in rules] == [
        ("any", 20),
        ("any", 20),
        ("any", 5),
    ]
    with pytest.raises(InvalidArgument, match="at most 20 conditions"):
        rules_of(f"if exists {names} {{ discard; }}", {})


def test_what_is_required_and_not_used_is_no_trouble():
    script = 'if header :is "subject" "${a}" { discard; }'
    for unused in ("body", "vacation", "reject", "vnd.example.x", "relational"):
        assert rules_of(f'require ["{unused}", "copy"];{script}', {}) == rules_of(script, {})
    assert rules_of('require "variables"; discard;', {}) == rules_of("discard;", {})


def test_a_mark_at_the_beginning_is_no_part_of_a_script():
    assert rules_of("\ufeffdiscard;", {}) == rules_of("discard;", {})


def test_an_empty_script_gives_no_rules():
    assert rules_of("# nothing\n", {}) == []
    assert rules_of("keep;", {}) == []


def some(letter, count):
    return ", ".join(f'"{letter}{number}"' for number in range(count))


def joined(actions, conditions=19, others=20, times=50):
    """Return tests that each make as many rules as one may, of conditions as many as a rule may have."""
    all_of = ", ".join(f'header "a{number}" "1"' for number in range(conditions))
    one = f'if allof ({all_of}, header [{some("b", others)}] "1") '
    return "".join(f"{one}{{{action}}}" for action in actions * times)


#: What takes long: scripts that combine, that compare many rules, or that are wrong again and again.
HARD = {
    "branches": "if size :over 0 {keep;}"
    + "".join(f" elsif size :over {n} {{keep;}}" for n in range(1, 640)),
    "turned": f'if not header :is [{some("X", 390)}] "a" {{keep;}}' * 12,
    "groups": f"if allof ({', '.join(GROUPS)}) {{keep;}}" * 80,
    "many": 'if allof (header :is ["a","b","c","d"] "1", header :is ["e","f","g","h","i"] "1") {discard;}'
    * 380
    + "if size :over 1 {keep;}",
    "deep": "if not anyof (size :over 1, not size :over 2) {" * 14 + "discard;" + "}" * 14,
    "products": f'if allof (header [{some("a", 20)}] "1", header [{some("b", 20)}] "1") {{keep;}}' * 180,
    "deletes": joined(["discard;"]),
    "keeps": joined(["discard;", "keep;"], times=25),
    "files": 'require "fileinto";' + joined(["discard;", 'fileinto "inbox";'], times=25),
    "short": joined(["discard;"], conditions=9),
    "wrong": "foo;\n" * 25 + "(" * 65_000,
    "wrong texts": "foo;\n" * 25 + f'if header [{some("", 9_000)}] "1" {{keep;}}',
    "wrong numbers": "foo;\n" * 25 + "1 " * 32_000,
    "wrong at the end": "keep;" * 1_900 + "foo;\n" * 25,
    "comments": "#x\n" * 20_000 + "if false {keep;}",
    "switched off": ("if false # " + "foo {} " * 150 + "\n{keep;}\n") * 50,
}


@pytest.mark.parametrize("name", HARD)
def test_no_combination_of_tests_is_slow(name):
    """At most a quarter of a second; a machine that does much else is given three times that."""
    began = time.process_time()
    with suppress(InvalidArgument):
        rules_of(HARD[name][:65_536], {})
    assert time.process_time() - began < 0.75


@pytest.mark.parametrize("name", ["deletes", "keeps", "files", "comments", "switched off"])
def test_what_combines_too_much_is_refused_and_said_so(name):
    with pytest.raises(InvalidArgument, match=r"take too long to make rules of it.*Divide it") as refused:
        rules_of(HARD[name], {})
    assert refused.value.about == "script"


@pytest.mark.parametrize("name", ["wrong", "wrong texts", "wrong numbers"])
def test_of_a_long_script_that_is_wrong_the_first_lines_are_told(name):
    with pytest.raises(InvalidArgument, match="There may be more of that") as refused:
        rules_of(HARD[name], {})
    assert refused.value.message.startswith("Line")


def test_as_many_rules_as_a_profile_keeps_are_not_too_much():
    tests = 'header :contains "from" "a{0}@x.example", header :contains "subject" "w{0}", size :over {0}M'
    rules = "".join(
        f"# rule:[Rule {n}]\nif anyof ({tests.format(n)})\n{{\n\tkeep;\n\tstop;\n}}\n" for n in range(200)
    )
    assert len(rules_of(rules, {})) == 200


@given(st.text(alphabet='ifels {}()[]";:#/*\\\nnotrue headrcsby,1K', max_size=200))
def test_any_text_is_answered_or_refused(text):
    try:
        rules_of(text, {})
    except InvalidArgument as refused:
        assert refused.about


@pytest.mark.parametrize(
    "piece",
    ["text:", "/*", "if true {} ", "#\n", "not ", '"', "[", "(", "keep; ", "\\", "x;", "if x {} ", '"a",'],
)
def test_no_script_is_slow(piece):
    script = (piece * 65_536)[:65_536]
    began = time.process_time()
    with suppress(InvalidArgument):
        rules_of(script, {})
    assert time.process_time() - began < 0.75
