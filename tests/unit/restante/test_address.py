"""Addresses as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.address import Address, format_address, parse, parse_list, same, split, valid_domain
from restante.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ana@uno.example", "", "ana@uno.example"),
        ("  ana@Uno.Example\n", "", "ana@uno.example"),
        ("Ana@uno.example", "", "Ana@uno.example"),
        ("Ana Pérez <ana@uno.example>", "Ana Pérez", "ana@uno.example"),
        ("Ana<ana@uno.example>", "Ana", "ana@uno.example"),
        ("< ana@uno.example >", "", "ana@uno.example"),
        ('"Pérez, Ana" <ana@uno.example>', "Pérez, Ana", "ana@uno.example"),
        (r'"Ana \"la Jefa\" \\" <ana@uno.example>', 'Ana "la Jefa" \\', "ana@uno.example"),
        ("ana+mail.x_y-z@uno.example", "", "ana+mail.x_y-z@uno.example"),
        ("o'hara{}|~@uno.example", "", "o'hara{}|~@uno.example"),
        ('"con espacio"@uno.example', "", '"con espacio"@uno.example'),
        ('"a@b"@uno.example', "", '"a@b"@uno.example'),
        ("ñandú@ñandú.example", "", "ñandú@ñandú.example"),
        ("ana@localhost", "", "ana@localhost"),
        ("ana@xn--nand-6ra5c.example", "", "ana@xn--nand-6ra5c.example"),
    ],
)
def test_an_address_is_read(text, name, address):
    assert parse(text) == Address(name, address)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no mail address"),
        ("ana", "no mail address"),
        ("@uno.example", "no mail address"),
        ("ana@", "lacks a domain"),
        ("ana@uno", "lacks a domain"),
        ("ana@.example", "lacks a domain"),
        ("ana@uno..example", "lacks a domain"),
        ("ana@uno.example.", "lacks a domain"),
        ("ana@127.0.0.1", "lacks a domain"),
        ("ana@[127.0.0.1]", "lacks a domain"),
        ("ana@uno_x.example", "lacks a domain"),
        ("ana@" + "x" * 64 + ".example", "lacks a domain"),
        ("ana@uno.exam ple", "lacks a domain"),
        ("a b@uno.example", "no mail address"),
        (".ana@uno.example", "no mail address"),
        ("ana..x@uno.example", "no mail address"),
        ("ana@b@uno.example", "no mail address"),
        ("Ana <ana@uno.example> x", "lacks a domain"),
        ("Ana <ana@uno.example", "no mail address"),
        ("a" * 65 + "@uno.example", "no mail address"),
        ("a" * 60 + "@" + ("x" * 60 + ".") * 3 + "example.exampl", "254"),
        ("ana@uno.example\r\nRCPT TO:<x@y.example>", "control"),
        ("A\nna <ana@uno.example>", "control"),
        ("ana\x00@uno.example", "control"),
        ("ana\u2028@uno.example", "control"),
        ("ana\ud800@uno.example", "control"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(text, says):
    with pytest.raises(InvalidArgument) as refused:
        parse(text)
    message = refused.value.message
    assert says in message
    assert message.isprintable()
    assert len(message) < 200


def test_a_list_is_separated_by_what_people_use():
    text = 'ana@uno.example, "Pérez, B." <b@dos.example>;\nCarlos <c@tres.example>,,\r\n d@x.example;'
    assert [item.address for item in parse_list(text)] == [
        *("ana@uno.example", "b@dos.example", "c@tres.example", "d@x.example")
    ]
    assert parse_list(" ,;\n ") == []
    assert parse_list("") == []
    with pytest.raises(InvalidArgument, match="nobody"):
        parse_list("ana@uno.example, nobody")


def test_it_is_taken_apart_for_smtp():
    assert split("Ana@Uno.Example") == ("Ana", "uno.example")
    assert split("ana@ñandú.example") == ("ana", "xn--and-6ma2c.example")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("ana@uno.example", "ANA@UNO.example", True),
        ("ana@ñandú.example", "ana@xn--and-6ma2c.example", True),
        ("ana@uno.example", "ana@dos.example", False),
        ("ana@uno.example", "eva@uno.example", False),
        ("ana", "ana", False),
    ],
)
def test_two_addresses_are_one_maildrop(one, other, equal):
    assert same(one, other) is equal


@pytest.mark.parametrize(
    ("domain", "good"),
    [("uno.example", True), ("localhost", True), ("ñ.example", True), ("uno", False), ("", False)],
)
def test_a_domain(domain, good):
    assert valid_domain(domain) is good


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=30))
def test_what_is_shown_is_read_again(name):
    if name == name.strip():
        assert parse(format_address(Address(name, "ana@uno.example"))) == Address(name, "ana@uno.example")


@given(st.text(max_size=100))
def test_whatever_is_typed_is_an_address_or_a_sentence(text):
    try:
        for item in parse_list(text):
            assert parse(str(item)) == item
    except InvalidArgument as refused:
        assert refused.message.isprintable()


def test_a_long_list_takes_no_long_time():
    assert len(parse_list(",".join(f"ana{number}@uno.example" for number in range(5000)))) == 5000
    with pytest.raises(InvalidArgument):
        parse_list('"' * 50_000)
