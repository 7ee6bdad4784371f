"""Sieve scripts: what becomes a rule, and the sentence of what cannot."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiled.sieve import rules_of
from profiled.types import RuleNew
from restante.errors import InvalidArgument
from restante.wire import check

REQUIRE = 'require ["fileinto", "copy", "imap4flags"];\n'
FOLDERS = {"Lists": "f1", "Work/Bills": "f2"}
SUBJECT = {"field": "subject", "op": "contains", "value": "x"}
SIZE = {"field": "size", "op": "over", "value": "1048576"}


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
    assert [len(rule["conditions"]) for rule in rules] == [1, 1, 2]
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


@pytest.mark.parametrize(
    ("script", "line", "why"),
    [
        ('require "vacation";\nvacation "away";', 2, "no action like “vacation”"),
        ('require "body";\nif body :contains "a" { discard; }', 2, "no condition asks for “body”"),
        ('require "include";\n\ninclude "other";', 3, "“include” is of an extension"),
        ('require "variables";\nset "a" "b";', 2, "no action like “set”"),
        ('require ["variables", "fileinto"];\n\nfileinto "${a}";', 3, "“${…}” is of an extension"),
        (
            'require "encoded-character";\nif header :is "to" ["a", "${hex:40}"] { discard; }',
            2,
            "“${…}” is of an extension",
        ),
        ('require "fileinto";\nif true {\n  fileinto "Nowhere";\n}', 3, "“Nowhere” is not among `folders`"),
        ('if header :is "subject" "' + "x" * 257 + '" { discard; }', 1, "at most 256 characters"),
        ('if header :contains "subject" "win " { discard; }', 1, "blanks around “win”"),
        ('\nif header :is "List Id" "a" { discard; }', 2, "“List Id” is not the name of a header"),
        ('\nif true { redirect "nobody"; }', 2, "“nobody” is no mail address"),
        ('if header :is "subject" text:\na\n.\n { discard; }', 1, "a text of several lines"),
        ('if header :is "subject" ["b",\ntext:\na\n.\n] { discard; }', 2, "a text of several lines"),
        ('require "fileinto";\nfileinto :mailboxid "x" "Lists";', 2, "“:mailboxid” is of an extension"),
        ('require ["fileinto", "mailboxid"];\nfileinto :mailboxid "x" "Lists";', 2, "“:mailboxid” is of an"),
        ('if header :comparator "i;ascii-numeric" :is "subject" "1" { discard; }', 1, "“i;ascii-numeric”"),
        (
            'require ["fileinto", "imap4flags"];\n'
            'if header :is "subject" "a" { discard; }\n'
            'if header :is "subject" "b" { addflag "\\\\Seen"; stop; }\n'
            'if header :is "subject" "c" { fileinto "Lists"; }',
            3,
            "keeps what line 2 redirects or discards",
        ),
        ('\nif header :matches "subject" "a*b" { discard; }', 2, "the pattern “a*b”"),
        ('if header :comparator "i;octet" :is "subject" "a" { discard; }', 1, "capital and small"),
        ('if header :is "subject" "" { discard; }', 1, "empty text"),
        ('if address :localpart :is "from" "a" { discard; }', 1, "cannot be compared by :localpart"),
        ('if address :is "sender" "a@b.example" { discard; }', 1, "not in sender"),
        ('\nif false # exists "List Id"\n { discard; }', 3, "“List Id” is not the name of a header"),
        ('\nif false # header :is "subject" ""\n { discard; }', 2, "empty text"),
        ('require "reject";\nreject "a";', 2, "no action like “reject”"),
        ('require "regex";\nif header :regex "to" "a" { discard; }', 2, "compared by :regex"),
        ('require "relational";\nif header :count "ge" "to" "2" { discard; }', 2, "compared by :count"),
        ('require "relational";\nif header :value "ge" "to" "2" { discard; }', 2, "compared by :value"),
        ('require "subaddress";\nif address :user "to" "a" { discard; }', 2, "“:user” is of an extension"),
        ('require "imap4flags";\naddflag "Later";', 2, "no flag like “Later”"),
        ('require "imap4flags";\nremoveflag "\\\\Seen";', 2, "no action like “removeflag”"),
        ("if anyof (true, allof (size :over 1, size :under 9)) { discard; }", 1, "not for groups"),
        (
            "if anyof (size :over 1, size :under 9) { if true { if anyof(true, false) { discard; } } }",
            1,
            "a rule asks for all or for any",
        ),
        ("if " + "not " * 50 + "true { discard; }", 1, "nested too deeply"),
    ],
)
def test_what_cannot_be_said_is_refused_by_its_line(script, line, why):
    with pytest.raises(InvalidArgument) as refused:
        rules_of(script, FOLDERS)
    assert refused.value.message.startswith(f"Line {line} cannot become a rule: ")
    assert why in refused.value.message and "Nothing was imported." in refused.value.message
    assert refused.value.about == str(line)


@pytest.mark.parametrize(
    "script", ["\n\nif true {", "fileinto;", "{}", "if discard {}", "\nnonsense;", '"x', "/* x"]
)
def test_what_is_no_sieve_is_told_with_its_line(script):
    with pytest.raises(InvalidArgument, match=r"The script is not right, line \d+: "):
        rules_of(script, {})


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


@given(st.text(alphabet='ifels {}()[]";:#/*\\\nnotrue headrcsby,1K', max_size=200))
def test_any_text_is_answered_or_refused(text):
    try:
        rules_of(text, {})
    except InvalidArgument as refused:
        assert refused.about


@pytest.mark.parametrize(
    "piece", ["text:", "/*", "if true {} ", "#\n", "not ", '"', "[", "(", "keep; ", "\\"]
)
def test_no_script_is_slow(piece):
    script = (piece * 65_536)[:65_536]
    began = time.process_time()
    with suppress(InvalidArgument):
        rules_of(script, {})
    assert time.process_time() - began < 5
