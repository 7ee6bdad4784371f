"""Where letters go: fixed next hops, the smarthost, and the DNS, asked over a real socket."""

import socket

import pytest

from relayd.courier import Hop, Login, NoAddress
from relayd.routes import SMARTHOST, Dns, NoRoute, Routes, host_and_port, named_hop
from restante.errors import InvalidArgument
from restante.resolve import Resolver
from tests.unit.relayd.fakes import NameServer

RECORDS = {
    ("uno.example", "MX"): [f"{n} {x}.uno.example." for n, x in ((20, "b"), (10, "a"), (20, "c"), (30, "d"))],
    ("plain.example", "A"): ["93.184.216.34"],
    ("null.example", "MX"): ["0 ."],
    ("broken.example", "MX"): "SERVFAIL",
    ("refused.example", "MX"): "REFUSED",
    ("ours.example", "MX"): ["10 a.uno.example.", "20 relay.example.", "20 b.uno.example.", "30 c.example."],
    ("onlyours.example", "MX"): ["10 Relay.Example."],
    ("a.uno.example", "A"): ["93.184.216.34", "93.184.216.35"],
    ("both.example", "A"): ["93.184.216.34"],
    ("both.example", "AAAA"): ["2606:2800:220:1::1"],
    ("private.example", "A"): ["10.0.0.1"],
    ("mixed.example", "A"): ["93.184.216.34", "127.0.0.1"],
    ("mute.example", "A"): "SERVFAIL",
    ("half.example", "A"): ["93.184.216.34"],
    ("half.example", "AAAA"): "SERVFAIL",
    ("empty.example", "TXT"): ["x"],
}  # fmt: skip


@pytest.fixture(scope="module")
def names():
    with NameServer(RECORDS) as server:
        yield Dns([server.address], seconds=3)


@pytest.fixture
def routes(names):
    return Routes(names, Resolver(), own_names=frozenset({"relay.example"}), shuffle=lambda hosts: None)


def hosts(routes, destination):
    return [hop.host for hop in routes.hops(destination)]


def refusal(call, *arguments):
    try:
        found = call(*arguments)
    except (NoRoute, NoAddress) as refused:
        return refused.reply.outcome, refused.reply.enhanced
    raise AssertionError(f"{found} was found")


def test_mail_hosts_go_by_preference(routes):
    assert hosts(routes, "uno.example") == [f"{x}.uno.example" for x in "abcd"]
    assert {hop.port for hop in routes.hops("uno.example")} == {25}


def test_equals_are_shuffled(names):
    shuffled = Routes(names, Resolver(), shuffle=lambda found: found.reverse())
    assert hosts(shuffled, "uno.example") == [f"{x}.uno.example" for x in "acbd"]
    # And by chance when nobody says otherwise.
    seen = {tuple(hosts(Routes(names, Resolver()), "uno.example")) for _ in range(60)}
    assert len(seen) == 2


@pytest.mark.parametrize("domain", ["plain.example", "empty.example"])
def test_a_domain_without_mail_hosts_is_its_own(routes, domain):
    assert hosts(routes, domain) == [domain]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("null.example", ("failed", "5.1.10")),
        ("nowhere.example", ("failed", "5.1.2")),
        ("broken.example", ("deferred", "4.4.3")),
        ("refused.example", ("deferred", "4.4.3")),
        ("onlyours.example", ("failed", "5.4.6")),
    ],
)
def test_domains_that_lead_nowhere(routes, domain, expected):
    assert refusal(routes.hops, domain) == expected


def test_a_name_server_that_is_silent_defers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        silent = Dns([f"127.0.0.1:{mute.getsockname()[1]}"], seconds=0.3)
        assert refusal(Routes(silent, Resolver()).hops, "uno.example") == ("deferred", "4.4.3")


def test_nothing_is_offered_to_ourselves_nor_to_who_comes_after_us(routes):
    assert hosts(routes, "ours.example") == ["a.uno.example"]


def test_an_operator_s_word_goes_over_the_dns(names):
    routes = Routes(
        names, Resolver(), smarthost=named_hop("smart.example:587"),
        domains={"Uno.Example": named_hop("127.0.0.1:2525")},
    )  # fmt: skip
    assert routes.destination("ana@UNO.example") == "uno.example"
    assert routes.hops("uno.example") == [Hop("127.0.0.1", 2525, named=True)]
    assert routes.destination("ana@dos.example") == SMARTHOST
    assert hosts(routes, SMARTHOST) == ["smart.example"]


def test_letters_to_one_domain_travel_together(routes):
    assert routes.destination("a@Dos.Example") == routes.destination("b@dos.example")
    assert routes.destination("a@ñandú.example") == "xn--and-6ma2c.example"


def test_addresses_of_a_host(routes):
    # In the order of the DNS, which turns them round.
    found = [one[1][0] for one in routes.addresses(Hop("a.uno.example", 25))]
    assert sorted(found) == ["93.184.216.34", "93.184.216.35"]
    assert routes.addresses(Hop("both.example", 25))[0][1][:2] == ("93.184.216.34", 25)
    assert len(routes.addresses(Hop("half.example", 25))) == 1


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("private.example", ("failed", "5.4.4")),
        ("mixed.example", ("failed", "5.4.4")),
        ("127.0.0.1", ("failed", "5.4.4")),
        ("nowhere.example", ("failed", "5.4.4")),
        ("empty.example", ("failed", "5.4.4")),
        ("mute.example", ("deferred", "4.4.3")),
    ],
)
def test_hosts_without_a_usable_address(routes, host, expected):
    assert refusal(routes.addresses, Hop(host, 25)) == expected


def test_private_networks_are_the_operator_s_to_allow(names):
    allowed = Routes(names, Resolver(["10.0.0.0/8"]))
    assert allowed.addresses(Hop("private.example", 25)) == [(socket.AF_INET, ("10.0.0.1", 25))]


def test_a_host_the_operator_named_may_be_private(routes):
    assert routes.addresses(named_hop("127.0.0.1:2525")) == [(socket.AF_INET, ("127.0.0.1", 2525))]


def test_our_own_listener_is_never_connected_to(names):
    routes = Routes(names, Resolver(), own_addresses=lambda: {("127.0.0.1", 8625)})
    assert refusal(routes.addresses, named_hop("127.0.0.1:8625")) == ("failed", "5.4.6")
    assert routes.addresses(named_hop("127.0.0.1:8626"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail.example", ("mail.example", 25)),
        ("mail.example:587", ("mail.example", 587)),
        ("127.0.0.1:2525", ("127.0.0.1", 2525)),
        ("[::1]:2525", ("::1", 2525)),
        ("[::1]", ("::1", 25)),
        ("::1", ("::1", 25)),
    ],
)
def test_hosts_and_ports_are_read(text, expected):
    assert host_and_port(text, 25) == expected


@pytest.mark.parametrize("text", ["", ":25", "a:b", "a:0", "a:65536", "a:²", "[]:25"])
def test_what_is_no_host_and_port_is_refused(text):
    with pytest.raises(InvalidArgument):
        host_and_port(text, 25)


def test_a_login_comes_with_its_user():
    assert named_hop("a:1").login is None
    assert named_hop("a:1", "tls", "ana", "clave").login == Login("ana", "clave")
