"""Rules: every field, every operator, every action, and how they add up."""

import pytest

from stored.mime import summarize
from stored.rules import Decision, decide

LETTER = summarize(
    b"From: =?utf-8?q?Mar=C3=ADa_L=C3=B3pez?= <Maria@Uno.Example>\r\n"
    b"To: ana@dos.example, Juan <juan@tres.example>\r\n"
    b"Cc: list@listas.example\r\n"
    b"Subject: =?utf-8?q?Invitaci=C3=B3n?= to  lunch\r\n"
    b"X-Spam: Yes\r\n"
    b"List-Id: <friends.listas.example>\r\n"
    b"\r\nhello\r\n"
)


def rule(conditions, actions=(("file", "f1"),), *, match="all", enabled=True):
    """Return a rule in the shape of the wire from conditions ("field[:header]", op, value)."""
    wanted = []
    for field, op, *value in conditions:
        name, _, header = field.partition(":")
        wanted.append(
            {"field": name, "op": op}
            | ({"header": header} if header else {})
            | ({"value": value[0]} if value else {})
        )
    acts = [{"action": action} | ({"folder": folder[0]} if folder else {}) for action, *folder in actions]
    return {"id": "r1", "name": "", "enabled": enabled, "match": match, "conditions": wanted, "actions": acts}


def decided(*rules):
    return decide(rules, LETTER, "a1", "ana@dos.example")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("from", "contains", "maria@"), True),
        (("from", "contains", "MARÍA"), True),
        (("from", "contains", "ana@"), False),
        (("from", "is", "maría lópez"), True),
        (("from", "is", "maria@uno.example"), True),
        (("from", "is", "maria"), False),
        (("from", "starts_with", "maría"), True),
        (("from", "ends_with", "uno.example>"), True),
        (("from", "address_is", " Maria@uno.example"), True),
        (("from", "address_is", "uno.example"), False),
        (("from", "domain_is", "uno.example"), True),
        (("from", "domain_is", "@UNO.example"), True),
        (("from", "domain_is", "example"), False),
        (("from", "exists"), True),
        (("to", "address_is", "juan@tres.example"), True),
        (("to", "contains", "juan <"), True),
        (("to", "address_is", "list@listas.example"), False),
        (("cc", "address_is", "list@listas.example"), True),
        (("any_recipient", "domain_is", "listas.example"), True),
        (("any_recipient", "domain_is", "tres.example"), True),
        (("any_recipient", "domain_is", "uno.example"), False),
        (("subject", "is", "invitación TO lunch"), True),
        (("subject", "starts_with", "lunch"), False),
        (("subject", "ends_with", "lunch"), True),
        (("subject", "exists"), True),
        (("header:x-spam", "is", "yes"), True),
        (("header:X-Spam", "exists"), True),
        (("header:X-Other", "exists"), False),
        (("header:X-Other", "contains", "a"), False),
        (("header:List-Id", "contains", "friends.listas"), True),
        (("account", "is", "a1"), True),
        (("account", "is", "a2"), False),
        (("account", "address_is", "ana@dos.example"), True),
        (("account", "domain_is", "dos.example"), True),
        (("subject", "contains", ""), False),
        (("from", "address_is", ""), False),
        (("from", "contains"), False),
        (("from", "matches_regex", ".*"), False),
        (("moon", "contains", "a"), False),
    ],
)
def test_a_condition(condition, holds):
    assert decided(rule([condition])) == (Decision("f1") if holds else Decision())


def test_a_letter_without_senders_matches_no_sender():
    bare = summarize(b"\r\n")
    for op in ("contains", "is", "address_is", "domain_is", "exists"):
        assert decide([rule([("from", op, "a")])], bare, "a1", "") == Decision()


@pytest.mark.parametrize(
    ("match", "conditions", "holds"),
    [
        ("all", [("subject", "exists"), ("cc", "exists")], True),
        ("all", [("subject", "exists"), ("account", "is", "a2")], False),
        ("any", [("subject", "exists"), ("account", "is", "a2")], True),
        ("any", [("account", "is", "a2"), ("account", "is", "a3")], False),
        ("all", [], True),
        ("any", [], True),
    ],
)
def test_all_or_any(match, conditions, holds):
    assert (decided(rule(conditions, match=match)).folder == "f1") is holds


def test_actions_add_up_and_the_first_folder_counts():
    assert decided(
        rule([], [("flag",), ("file", "f1"), ("file", "f2")]),
        rule([], [("file", "f3"), ("mark_read",)]),
    ) == Decision("f1", 1 | 4)


def test_stop_ends_it():
    assert decided(rule([], [("mark_read",), ("stop",)]), rule([], [("file", "f3")])) == Decision(None, 1)


def test_what_is_disabled_or_unknown_does_nothing():
    assert decided(rule([], enabled=False)) == Decision()
    assert decided(rule([], [("sing",), ("file",)])) == Decision()
