"""Rules: every field, every operator, every action, and how they add up."""

import time

import pytest

from stored.mime import summarize
from stored.rules.decision import COPIES, FORWARDS, Decision, Facts, decide

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
    acts = [
        {"action": action} | ({"to" if action == "forward" else "folder": where[0]} if where else {})
        for action, *where in actions
    ]
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
        (("from", "ends_with", "uno.example"), True),
        (("from", "starts_with", "maria@"), True),
        (("from", "starts_with", "uno"), False),
        (("from", "is", "maria lopez"), True),
        (("from", "contains", "LOPEZ <maria"), True),
        (("from", "address_contains", "IA@uno"), True),
        (("from", "address_contains", "lópez"), False),
        (("any_recipient", "address_contains", "@listas"), True),
        (("from", "address_is", " Maria@uno.example"), True),
        (("from", "address_is", "uno.example"), False),
        (("from", "address_starts_with", "MARIA@"), True),
        (("from", "address_starts_with", "aria"), False),
        (("from", "address_ends_with", "@UNO.example"), True),
        (("from", "address_ends_with", "uno.exampl"), False),
        (("from", "address_contains", "uno."), True),
        (("from", "address_contains", "example."), False),
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
        (("subject", "starts_with", "INVITACION"), True),
        (("subject", "contains", "invitacio\u0301n"), True),
        (("subject", "is", "ínvitácion to lünch"), True),
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
        (("account", "is", "Ana@dos.example"), True),
        (("subject", "contains", ""), False),
        (("from", "address_is", ""), False),
        (("from", "contains"), False),
        (("from", "matches_regex", ".*"), False),
        (("moon", "contains", "a"), False),
    ],
)
def test_a_condition(condition, holds):
    assert decided(rule([condition])) == (Decision("f1") if holds else Decision())


@pytest.mark.parametrize("address", ["eva@españa.example", "eva@xn--espaa-rta.example"])
@pytest.mark.parametrize(
    "wanted", ["españa.example", "@ESPAÑA.example", "xn--espaa-rta.example", "españa.example."]
)
def test_a_domain_is_the_same_as_people_and_as_servers_write_it(address, wanted):
    letter = summarize(f"From: {address}\r\n\r\n".encode())
    for condition in (("from", "domain_is", wanted), ("from", "address_is", f"eva@{wanted.lstrip('@')}")):
        assert decide([rule([condition])], letter, "a1", "") == Decision("f1")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("header:Sender", "address_is", "BOT@lists.example"), True),
        (("header:sender", "address_is", "eva@uno.example"), False),
        (("header:Sender", "address_contains", "eva"), False),
        (("header:Resent-To", "domain_is", "dos.example"), True),
        (("header:Reply-To", "address_is", "bot@lists.example"), False),
        (("header:X-Sender", "address_is", "x@y.example"), False),
    ],
)
def test_an_address_in_other_headers_than_from_and_to(condition, holds):
    letter = summarize(
        b'Sender: "eva@uno.example" <bot@lists.example>\r\nX-Sender: x@y.example\r\n'
        b"Resent-To: a@uno.example\r\nResent-To: =?utf-8?q?b=2C?= <b@dos.example>\r\n\r\n"
    )
    assert decide([rule([condition])], letter, "a1", "") == (Decision("f1") if holds else Decision())


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


FACTS = Facts(5000, {"maria@uno.example"}.__contains__)
FULL = summarize(
    b"From: Maria@uno.example\r\nTo: ana@dos.example\r\nSubject: papers\r\n"
    b"List-Id: Old friends <friends.listas.example>\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\n\r\nhello\r\n"
    b'--b\r\nContent-Disposition: attachment; filename="Factura 12.PDF"\r\n\r\nx\r\n'
    b"--b\r\nContent-Disposition: attachment; filename=foto.png\r\n\r\nx\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"field": "list", "op": "is", "value": "friends.listas.example"}, True),
        ({"field": "list", "op": "is", "value": "<friends.listas.example>"}, True),
        ({"field": "list", "op": "contains", "value": "old friends"}, True),
        ({"field": "list", "op": "ends_with", "value": "listas.example"}, True),
        ({"field": "list", "op": "exists"}, True),
        ({"field": "list", "op": "is", "value": "listas.example"}, False),
        ({"field": "size", "op": "over", "value": "4999"}, True),
        ({"field": "size", "op": "over", "value": "5000"}, False),
        ({"field": "size", "op": "under", "value": "5001"}, True),
        ({"field": "size", "op": "under", "value": "5000"}, False),
        ({"field": "size", "op": "under", "value": "many"}, False),
        ({"field": "size", "op": "contains", "value": "5"}, False),
        ({"field": "attachment", "op": "exists"}, True),
        ({"field": "attachment", "op": "ends_with", "value": ".pdf"}, True),
        ({"field": "attachment", "op": "contains", "value": "FACTURA"}, True),
        ({"field": "attachment", "op": "is", "value": "foto"}, False),
        ({"field": "from", "op": "known"}, True),
        ({"field": "to", "op": "known"}, False),
        ({"field": "from", "op": "known", "negate": True}, False),
        ({"field": "to", "op": "known", "negate": True}, True),
        ({"field": "subject", "op": "contains", "values": ["money", "PAPERS"]}, True),
        ({"field": "subject", "op": "contains", "values": ["money", "time"]}, False),
        ({"field": "from", "op": "domain_is", "values": ["tres.example", "uno.example"]}, True),
        ({"field": "subject", "op": "contains", "value": "money", "negate": True}, True),
    ],
)
def test_what_is_not_in_the_header(condition, holds):
    wanted = rule([]) | {"conditions": [condition]}
    assert (decide([wanted], FULL, "a1", "ana@dos.example", FACTS).folder == "f1") is holds


def test_copies_and_forwards_add_up_and_delete_is_the_trash():
    decision = decided(
        rule([], [("copy", "f1"), ("forward", "x@tres.example"), ("copy", "f2")]),
        rule([], [("copy", "f1"), ("delete",), ("file", "f3"), ("copy", "trash")]),
    )
    assert decision == Decision("trash", 0, ("f1", "f2"), ("x@tres.example",))
    assert decision.by == ("r1", "r1")


def test_who_files_first_decides_against_who_deletes():
    assert decided(rule([], [("file", "f3")]), rule([], [("delete",)])).folder == "f3"


def test_copies_and_forwards_are_bounded():
    many = rule(
        [], [("copy", f"f{n}") for n in range(50)] + [("forward", f"{n}@x.example") for n in range(50)]
    )
    assert (len(decided(many).copies), len(decided(many).forwards)) == (COPIES, FORWARDS)


def test_no_rule_is_slow():
    """F54: the worst a stranger's letter and the user's rules can do together, in bounded time."""
    values = ["a" * 50 + "b" + "a" * 49] * 50
    worst = [rule([("header:X", "contains")] * 5) for _ in range(200)]
    for one in worst:
        for condition in one["conditions"]:
            condition["values"] = values
    letter = summarize(b"From: a@b.example\r\n" + b"X: " + b"a" * 29_000 + b"\r\n\r\nhi\r\n")
    after = rule([("subject", "exists")], [("flag",)])
    began = time.process_time()
    assert decide([*worst, after], letter, "a1", "") == Decision()
    assert time.process_time() - began < 5


def test_no_pattern_of_a_user_is_ever_understood():
    for op in ("matches", "regex", "like", "glob"):
        assert decided(rule([("subject", op, ".*")])) == Decision()
    assert decided(rule([("subject", "contains", ".*")])) == Decision()
    assert decided(rule([("subject", "contains", "*")])) == Decision()


def test_an_accent_makes_another_address():
    letter = summarize("From: José <josé@uno.example>\r\n\r\n".encode())
    for value, holds in (("JOSÉ@uno.example", True), ("jose@uno.example", False)):
        found = decide([rule([("from", "address_is", value)])], letter, "a1", "")
        assert (found.folder == "f1") is holds


def test_nothing_is_deleted_for_the_sake_of_a_forward_that_is_not_sent():
    both = decided(rule([], [("forward", "x@tres.example"), ("flag",), ("delete",)]))
    assert both.forwards_and_deletes and both.unforwarded() == Decision(None, 4)
    filed = decided(rule([], [("forward", "x@tres.example"), ("file", "f1")]))
    assert not filed.forwards_and_deletes and filed.unforwarded() == Decision("f1")
