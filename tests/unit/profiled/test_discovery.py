import csv

import pytest

from profiled.discovery import load_discovery
from restante.errors import ConfigError, InvalidArgument, NotFound

FIRST_LINE = (
    "id,domains,pop_host,pop_port,pop_socket,pop_user,pop_auth,"
    "smtp_host,smtp_port,smtp_socket,smtp_user,smtp_auth,oauth_issuer"
)


@pytest.fixture(scope="module")
def discovery():
    return load_discovery("", allow_plain=False)


def first(discovery, address):
    return discovery.candidates(address)[0]


def test_a_known_provider_is_one_candidate(discovery):
    assert discovery.candidates(" Ana.P@GMAIL.com ") == [
        {
            "name": "gmail.com",
            "host": "pop.gmail.com",
            "port": 995,
            "security": "tls",
            "user": "Ana.P@gmail.com",
            "auth": "password",
            "known": True,
        }
    ]


def test_what_the_table_can_say(discovery):
    assert first(discovery, "ana@free.fr")["user"] == "ana"
    assert first(discovery, "ana@outlook.com")["auth"] == "oauth2"
    assert first(discovery, "ana@inbox.lv")["host"] == "mail.inbox.lv"
    assert first(discovery, "ana@inbox.eu")["host"] == "mail.inbox.eu"
    assert (first(discovery, "ana@tim.it")["security"], first(discovery, "ana@tim.it")["port"]) == (
        "stls",
        110,
    )


def test_a_provider_without_pop_says_so(discovery):
    with pytest.raises(NotFound, match="POP3") as refused:
        discovery.candidates("ana@icloud.com")
    assert refused.value.about == "icloud.com"


def test_clear_text_is_offered_only_where_it_is_allowed(discovery):
    ways = [(way["security"], way["port"]) for way in discovery.candidates("ana@nifty.com")]
    assert ways == [("tls", 995), ("stls", 110)]
    lax = load_discovery("", allow_plain=True)
    assert [way["security"] for way in lax.candidates("ana@nifty.com")] == ["plain"]


def test_an_unknown_domain_is_guessed(discovery):
    guesses = discovery.candidates("ana@uno.example")
    assert [(guess["host"], guess["security"], guess["user"]) for guess in guesses[:2]] == [
        ("pop.uno.example", "tls", "ana@uno.example"),
        ("mail.uno.example", "tls", "ana@uno.example"),
    ]
    assert not any(guess["known"] for guess in guesses)
    assert "plain" not in {guess["security"] for guess in guesses}
    assert guesses[-1]["user"] == "ana"


def test_an_international_domain_is_asked_as_dns_knows_it(discovery):
    assert first(discovery, "ana@ñandú.example")["host"] == "pop.xn--and-6ma2c.example"


@pytest.mark.parametrize("address", ["ana", "ana@", "@gmail.com", "a\nb@gmail.com"])
def test_what_is_no_address(discovery, address):
    with pytest.raises(InvalidArgument):
        discovery.candidates(address)


def test_the_operators_table_goes_before_ours(tmp_path):
    table = tmp_path / "providers.csv"
    table.write_text(
        f"{FIRST_LINE}\nhouse,uno.example gmail.com,127.0.0.1,1995,starttls,localpart,password,,,,,,\n"
    )
    discovery = load_discovery(str(table), allow_plain=False)
    for domain in ("uno.example", "gmail.com"):
        candidate = first(discovery, f"ana@{domain}")
        assert (candidate["host"], candidate["port"], candidate["security"]) == ("127.0.0.1", 1995, "stls")
        assert candidate["known"] and candidate["user"] == "ana"
    assert first(discovery, "ana@gmx.net")["host"] == "pop.gmx.net"
    assert discovery.vouches("ana@uno.example", "127.0.0.1", "ana")
    assert not discovery.vouches("ana@dos.example", "127.0.0.1", "ana")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
        (b"id,domains\n", "lacks the column pop_host"),
        (f"{FIRST_LINE}\n\nx,x.example,h,port,tls,address,password\n".encode(), "line 3"),
        (f"{FIRST_LINE}\nx,x.example,h,70000,tls,address,password\n".encode(), "line 2"),
        (f"{FIRST_LINE}\nx,x.example,h,995,ssl,address,password\n".encode(), "line 2"),
        (f"{FIRST_LINE}\nx,x.example,h,995,tls,whole,password\n".encode(), "line 2"),
        (f"{FIRST_LINE}\nx,x.example,h\n".encode(), "line 2"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_its_line(tmp_path, text, sentence):
    table = tmp_path / "providers.csv"
    if text is not None:
        table.write_bytes(text)
    with pytest.raises(ConfigError, match=sentence) as refused:
        load_discovery(str(table), allow_plain=False)
    assert "providers.csv" in refused.value.message


def test_every_provider_of_our_table_can_be_used_and_no_domain_stands_twice(discovery):
    from importlib import resources

    lines = resources.files("profiled").joinpath("providers.csv").read_text().splitlines()
    assert lines[0] == FIRST_LINE
    domains = [domain for row in csv.DictReader(lines) for domain in row["domains"].split()]
    assert len(domains) == len(set(domains)) > 200
    for domain in domains:
        try:
            ports = {(way["port"], way["security"]) for way in discovery.candidates(f"ana@{domain}")}
        except NotFound:
            continue
        assert ports <= {(995, "tls"), (110, "stls")}, domain
