"""Sieve scripts that cannot become rules: the sentence of each line, and all of them at once."""

import time

import pytest

from profiled.sieve import rules_of
from restante.errors import InvalidArgument
from tests.unit.profiled.test_sieve import FOLDERS, GROUPS, REQUIRE


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
        (
            'if address :localpart :contains "from" "a" { discard; }',
            1,
            ":localpart of an address is not compared",
        ),
        ('if address :domain :contains "from" "a" { discard; }', 1, "not compared by a text anywhere in it"),
        ('if address :localpart :is "from" "a@b" { discard; }', 1, "“a@b” is never the :localpart"),
        ('if address :matches "from" "*" { discard; }', 1, "ask for whether its field is there (exists)"),
        (
            'if address :matches "to" "a+*@b.example" { discard; }',
            1,
            "more than a beginning, an end or a part",
        ),
        ('if address :is "x-sender" "a@b.example" { discard; }', 1, "not asked for in x-sender"),
        ("if allof (" + ", ".join(GROUPS) + ") { discard; }", 1, "more than 20 rules"),
        ('require "environment";\nif environment "host" "a" { discard; }', 2, "asks for “environment”"),
        ('require "spamtest";\nif not spamtest "1" { discard; }', 2, "no condition asks for “spamtest”"),
        ('require "reject";\nreject "a";', 2, "no action like “reject”"),
        ('require "regex";\nif header :regex "to" "a" { discard; }', 2, "compared by :regex"),
        ('require "relational";\nif header :count "ge" "to" "2" { discard; }', 2, "compared by :count"),
        ('require "relational";\nif header :value "ge" "to" "2" { discard; }', 2, "compared by :value"),
        ('require "subaddress";\nif address :user "to" "a+b" { discard; }', 2, "“a+b” is never the :user"),
        ('require "subaddress";\nif address :detail :contains "to" "a" { discard; }', 2, "ask for all of it"),
        (
            'require "subaddress";\nif address :detail "to" "a+b" { discard; }',
            2,
            "“a+b” is never the :detail",
        ),
        (
            'require "subaddress";\nif address :detail :matches "to" "b*" { discard; }',
            2,
            ":detail of an address is not compared by its beginning",
        ),
        ('require "imap4flags";\naddflag "Later";', 2, "no flag like “Later”"),
        ('require "imap4flags";\nremoveflag "\\\\Seen";', 2, "no action like “removeflag”"),
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
    ("script", "line", "says"),
    [
        ("\n\nif true {", 3, "“}” has to stand there"),
        ("fileinto;", 1, 'begin it with require "fileinto"'),
        ("{}", 1, "“{” cannot stand there"),
        ("if discard {}", 1, "“discard” is no test"),
        ("\nnonsense;", 2, "there is no command “nonsense”"),
        ('"x', 1, "no quotation mark at its end"),
        ("/* x", 1, "a comment begins there that has no end"),
        ("\n%", 2, "“%” means nothing there"),
        ("\nif true { discard }", 2, "is a “;” missing before it?"),
        ("discard; }", 1, "“}” closes nothing"),
        ("if allof (true] { discard; }", 1, "has to stand there"),
        ('if header ["a"} "b" { discard; }', 1, "“,” or “]” has to stand there"),
        ("redirect;", 1, "something is missing behind “redirect”"),
        ("if size 5 { discard; }", 1, "“size” cannot have 5 there"),
        ("else { discard; }", 1, "“else” stands only behind the block of an “if”"),
        ('\nheader "a" "b";', 2, "“header” is a test"),
        ("keep discard;", 1, "“discard” is no test"),
        ('stop "x";', 1, "cannot stand there"),
        ('if address :user "to" "a" { discard; }', 1, 'begin it with require "subaddress"'),
        ('require ["relational"];\nif header :count "xx" "to" "1" { discard; }', 2, "is no match-type"),
    ],
)
def test_what_is_no_sieve_is_told_with_its_line_in_our_words(script, line, says):
    with pytest.raises(InvalidArgument) as refused:
        rules_of(script, {})
    assert refused.value.message.startswith(f"Line {line} is not right: ")
    assert says in refused.value.message and "Nothing was imported." in refused.value.message
    assert refused.value.about == str(line)


def test_every_line_that_cannot_be_taken_is_told_at_once():
    script = """require ["fileinto", "imap4flags", "vacation", "include"];
        fileinto "Nowhere";
        if header :is "subject" "" { addflag "Later"; }
        elsif body :contains "x" { fileinto "Lists"; nonsense; }
        else { vacation "away"; redirect "nobody"; }
        if allof (header :regex "to" "a", exists "List Id") {
            include "other";
            fileinto "Lists" }
        vacation "away";
        if header :is "to" "a" { redirect "nobody@"; }"""
    with pytest.raises(InvalidArgument) as refused:
        rules_of(script, FOLDERS)
    said = refused.value.message
    for sentence in (
        "Line 2 cannot become a rule: “Nowhere” is not among `folders`",
        "Line 3 cannot become a rule: an empty text",
        "Line 3 cannot become a rule: there is no flag like “Later”",
        "Line 4 cannot become a rule: “nonsense” is of an extension",
        "Line 4 is not right: it needs an extension",
        "Lines 5 and 9 cannot become rules: there is no action like “vacation”",
        "Line 6 is not right: it needs an extension",
        "Line 7 cannot become a rule: “include” is of an extension",
        "Line 8 is not right: “}” cannot stand there",
        "Line 10 cannot become a rule: “nobody@”",
    ):
        assert sentence in said, (sentence, said)
    assert said.count("Nothing was imported.") == 1 and refused.value.about == "2"
    assert "expected" not in said and "parsing" not in said


def test_so_many_wrong_lines_are_told_and_no_more():
    for wrong in ("nonsense{};", 'fileinto "{}";'):
        script = REQUIRE + "\n".join(wrong.format(number) for number in range(500))
        with pytest.raises(InvalidArgument, match="There is more of that") as refused:
            rules_of(script, {})
        assert refused.value.message.count("Line ") == 20 and len(refused.value.message) < 8_000


@pytest.mark.parametrize(
    "script",
    ['"' + "a" * 60_000 + '"', "9" * 60_000 + ";", 'keep; "' + "a" * 60_000 + '";'],
    ids=["text", "number", "text behind"],
)
def test_what_is_wrong_with_a_very_long_word_is_told_at_once(script):
    """What the library says repeats the word; looking for its words in that took twenty seconds."""
    began = time.process_time()
    with pytest.raises(InvalidArgument, match="Line 1 is not right"):
        rules_of(script, FOLDERS)
    assert time.process_time() - began < 3
