"""The addresses of header fields, good and bad; hostile ones are with other fields in `test_headers`."""

import pytest

from stored.mime.addresses import Address, addresses_of


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("a@b.c", [("", "a@b.c")]),
        ("A <a@b.c>, d@e.f", [("A", "a@b.c"), ("", "d@e.f")]),
        ('"D, E" <d@e.f>', [("D, E", "d@e.f")]),
        ('"Quo\\"ted" <q@e.f>', [('Quo"ted', "q@e.f")]),
        ("a@b.c (Ana (the) P)", [("Ana (the) P", "a@b.c")]),
        ("Team: a@b.c, B <b@b.c>;, z@z.z", [("", "a@b.c"), ("B", "b@b.c"), ("", "z@z.z")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?Q?Doe=2C_J?= <j@d.e>", [("Doe, J", "j@d.e")]),
        ("=?utf-8?Q?Doe,_J?= <j@d.e>", [("Doe, J", "j@d.e")]),
        ("<@relay.x,@y.z:a@b.c>", [("", "a@b.c")]),
        ("Ana a@b.c", [("Ana", "a@b.c")]),
        ("a@b.c; d@e.f", [("", "a@b.c"), ("", "d@e.f")]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("MAILER-DAEMON", [("", "MAILER-DAEMON")]),
        ("Only A Name", [("Only A Name", "")]),
        ("'Ana' <a@b.c>", [("Ana", "a@b.c")]),
        ("Ana <a @ b.c>", [("Ana", "a@b.c")]),
        ("a @ b . c", [("", "a@b.c")]),
        ("a@ b.c", [("", "a@b.c")]),
        ("a@b.c <", [("", "a@b.c")]),
        ("a@b.c <>", [("", "a@b.c")]),
        ("Ana <>", [("Ana", "")]),
        ("<Saved by a Browser 5.0 (en)>", [("Saved by a Browser 5.0", "")]),
        ("Ana <MAILTO:a@b.c>", [("Ana", "a@b.c")]),
        ('"unclosed <a@b.c>', [("unclosed", "a@b.c")]),
        ('"A" <a@b.c>, "B <b@b.c>', [("A", "a@b.c"), ("B", "b@b.c")]),
        ("Ana <a@b.c", [("Ana", "a@b.c")]),
        ("", []),
        (", ,", []),
        ("Pepe <pepe(work)@uno.example(here)>", [("Pepe", "pepe@uno.example")]),
        ("Ana <<a@b.c>>", [("Ana", "a@b.c")]),
        ('"ana p"@b.c, <"eva q"@b.c>', [("", '"ana p"@b.c'), ("", '"eva q"@b.c')]),
        ("=?utf-8?B?QW5hIDxhQGIuYz4=?=", [("Ana", "a@b.c")]),
    ],
)
def test_addresses(value, addresses):
    assert addresses_of(value) == [Address(*one) for one in addresses]


def test_at_most_a_thousand_addresses():
    assert len(addresses_of(",".join(f"a{n}@b.c" for n in range(3000)))) == 1000
