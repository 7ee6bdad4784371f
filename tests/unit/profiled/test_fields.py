import pytest

from profiled import fields
from restante.errors import InvalidArgument


@pytest.mark.parametrize("name", ["ana", "Ana", " ana ", "a.b-c_9", "9ana", "a" * 32])
def test_names_people_may_have(name):
    assert fields.user_name(name) == name.strip().lower()


@pytest.mark.parametrize("name", ["an", "a" * 33, "..", "../x", ".ana", "-ana", "añá", "an a", "a/b", ""])
def test_names_people_may_not_have(name):
    with pytest.raises(InvalidArgument):
        fields.user_name(name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("pop.example.com", "pop.example.com"),
        ("POP.Example.COM.", "pop.example.com"),
        (" localhost ", "localhost"),
        ("dovecot", "dovecot"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("correo.ñandú.example", "correo.xn--and-6ma2c.example"),
        ("a_b.example.com", "a_b.example.com"),
    ],
)
def test_hosts(typed, kept):
    assert fields.host_name(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "a b",
        "pop..com",
        "-pop.com",
        "pop-.com",
        "1.2.3",
        "a/b",
        "x" * 64,
        "a." * 130 + "com",
        "http://x",
    ],
)
def test_what_is_no_host(typed):
    with pytest.raises(InvalidArgument):
        fields.host_name(typed)


def test_addresses():
    assert fields.mail_address(" Ana <ana@UNO.example> ") == "ana@uno.example"
    with pytest.raises(InvalidArgument):
        fields.mail_address("ana")
