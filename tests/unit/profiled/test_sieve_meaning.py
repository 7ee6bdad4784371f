"""Rules made of random Sieve scripts do with a message what the scripts would: a small Sieve beside ours."""

import random
from contextlib import suppress

import pytest

from profiled.sieve import rules_of
from restante.errors import InvalidArgument
from stored.mime import summarize
from stored.rules.decision import Facts, decide

SCRIPTS = 400
LETTERS = "abc"
ACTIONS = (
    "discard;",
    "keep;",
    'fileinto "Lists";',
    'fileinto :copy "Lists";',
    'redirect "x@y.example";',
    'redirect :copy "x@y.example";',
    'addflag "\\\\Seen";',
    "stop;",
)


class Stopped(Exception):
    pass


class Outcome:
    """What a script did with one message, by RFC 5228 section 2.10.2."""

    def __init__(self):
        self.implicit, self.named = True, set()
        self.forwarded = self.seen = False

    def act(self, action):
        if action == "stop;":
            raise Stopped
        self.implicit = self.implicit and (
            ":copy" in action or action.split()[0] not in ("discard;", "fileinto", "redirect")
        )
        if action == "keep;" or action.startswith("fileinto"):
            self.named.add("inbox" if action == "keep;" else "f1")
        self.forwarded = self.forwarded or action.startswith("redirect")
        self.seen = self.seen or action.startswith("addflag")

    def run(self, block, marks):
        for part in block:
            if isinstance(part, str):
                self.act(part)
                continue
            for _, (_, holds), inner in part:
                if holds(marks):
                    self.run(inner, marks)
                    break

    def places(self):
        return (self.named | ({"inbox"} if self.implicit else set())) or {"trash"}


def header(pick):
    letter = pick.choice(LETTERS)
    return f'header :is "X-{letter}" "1"', lambda marks: letter in marks


def some_test(pick, depth=0):
    """Return a test as Sieve writes it, and whether it holds of a letter with such marks."""
    kind = pick.choice(["is", "is", "is", "not", "allof", "anyof", "true", "false"])
    inner = header if depth == 2 or pick.random() < 0.5 else lambda pick: some_test(pick, depth + 1)
    (text, one), (other_text, other) = inner(pick), inner(pick)
    return {
        "is": (text, one),
        "not": (f"not {text}", lambda marks: not one(marks)),
        "allof": (f"allof ({text}, {other_text})", lambda marks: one(marks) and other(marks)),
        "anyof": (f"anyof ({text}, {other_text})", lambda marks: one(marks) or other(marks)),
        "true": ("true", lambda marks: True),
        "false": ("false", lambda marks: False),
    }[kind]


def some_block(pick, depth=0):
    return [
        some_branches(pick, depth + 1) if depth < 2 and pick.random() < 0.5 else pick.choice(ACTIONS)
        for _ in range(pick.randint(1, 3))
    ]


def some_branches(pick, depth):
    words = ["if"] + ["elsif"] * (pick.random() < 0.3) + ["else"] * (pick.random() < 0.3)
    always = ("", lambda marks: True)
    return [(word, always if word == "else" else some_test(pick), some_block(pick, depth)) for word in words]


def written(block):
    said = []
    for part in block:
        branches = [] if isinstance(part, str) else part
        said += [part] if isinstance(part, str) else []
        said += [f"{word} {text} {{\n{written(inner)}\n}}" for word, (text, _), inner in branches]
    return "\n".join(said)


@pytest.mark.parametrize("tenth", range(10))
def test_rules_do_what_the_script_does(tenth):
    imported = 0
    for seed in range(tenth, SCRIPTS, 10):
        block = some_block(random.Random(seed))
        script = 'require ["fileinto", "copy", "imap4flags"];\n' + written(block)
        try:
            found = rules_of(script, {"Lists": "f1"})
        except InvalidArgument as refused:
            assert "cannot become a rule" in refused.message
            continue
        imported += 1
        rules = [{"id": "r1", "enabled": True, **rule} for rule in found]
        for number in range(8):
            marks = {letter for at, letter in enumerate(LETTERS) if number >> at & 1}
            assert same(block, rules, marks), (script, marks)
    assert imported > SCRIPTS / 10 * 0.8


def same(block, rules, marks):
    """Return whether rules leave a letter where the script does: in one of its folders, where it has many."""
    outcome = Outcome()
    with suppress(Stopped):
        outcome.run(block, marks)
    letter = summarize("".join(f"X-{mark}: 1\r\n" for mark in marks).encode() + b"\r\nhello\r\n")
    made = decide(rules, letter, "a1", "", Facts(100))
    lies = {made.folder or "inbox", *made.copies} - ({"trash"} if made.copies else set())
    done = (bool(made.forwards), bool(made.flags))
    return bool(lies) and lies <= outcome.places() and done == (outcome.forwarded, outcome.seen)


ADDRESSES = (
    "eva@dos.example",
    "EVA+Lists@Dos.example",
    "eva+news@sub.dos.example",
    "eva+news+lists@dos.example",
    "eva+lists+news@dos.example",
    "maeva+lists@dos.example",
    "evan@dos.example.uno.example",
    "lists@dos.example",
    "dos.example@tres.example",
)
PARTS = {
    ":all": lambda address: address,
    ":localpart": lambda address: address.partition("@")[0],
    ":domain": lambda address: address.partition("@")[2],
    ":user": lambda address: address.partition("@")[0].partition("+")[0],
    ":detail": lambda address: address.partition("@")[0].rpartition("+")[2] if "+" in address else None,
}
TESTS = (
    (":is", str.__eq__, "{}"),
    (":contains", str.__contains__, "{}"),
    (":matches", str.startswith, "{}*"),
    (":matches", str.endswith, "*{}"),
    (":matches", str.__contains__, "*{}*"),
    (":matches", lambda said, key: "@" in said[:-1] and said.endswith(key), "*@*{}"),
)
KEYS = (
    "eva",
    "eva+",
    "lists",
    "+lists",
    "dos.example",
    "@dos.example",
    ".dos.example",
    "eva.",
    "eva@dos.example",
)


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_addresses_mean_what_they_mean_in_a_script(part):
    """What is taken means the same; most of it is."""
    imported = 0
    for (kind, holds, pattern), key in ((test, key) for test in TESTS for key in KEYS):
        script = (
            f'require "subaddress";\nif address {part} {kind} "to" "{pattern.format(key)}" {{ discard; }}'
        )
        try:
            (rule,) = rules_of(script, {})
        except InvalidArgument as refused:
            assert refused.message.startswith("Line 2 cannot become a rule: ")
            continue
        imported += 1
        for address in ADDRESSES:
            said = PARTS[part](address.lower())
            summary = summarize(f"To: Eva+ <{address}>\r\n\r\n".encode())
            decision = decide([{"id": "r1", "enabled": True, "match": "all", **rule}], summary, "a1", "")
            expected = said is not None and bool(holds(said, key))
            assert (decision.folder == "trash") == expected, (script, address)
    assert imported >= 5
