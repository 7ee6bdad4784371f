"""Which hosts may be connected to: every special range, every way to hide an address in another."""

import ipaddress
import socket
import threading
import time
from typing import Any

import pytest

from restante import resolve
from restante.errors import ConfigError, HostDenied, HostUnknown
from restante.resolve import Resolver, is_public, judged

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450::5"]
SPECIAL = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170"),
    *("192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "224.0.1.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1"),
    *("3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1"),
]
EDGES_OUTSIDE = [
    *("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255"),
    *(
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "2001:200::1",
        "2001:db7:ffff::",
        "2001:db9::",
        "2000::1",
    ),
]


def inside(kind, address):
    """Return the IPv6 address of `kind` that carries the IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    return str(
        ipaddress.IPv6Address(
            {
                "mapped": (0xFFFF << 32) | number,
                "nat64": (0x64FF9B << 96) | number,
                "6to4": (0x2002 << 112) | (number << 80) | 1,
                "teredo client": (0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF),
                "teredo server": (0x20010000 << 96) | (number << 64) | (0x08080808 ^ 0xFFFFFFFF),
            }[kind]
        )
    )


@pytest.fixture
def answers(monkeypatch):
    """Let the system's resolver answer what the test says: the one thing that cannot be real here."""
    table: dict[str, Any] = {}

    def getaddrinfo(host, port, **how):
        found = table.get(host, [host])
        if isinstance(found, Exception):
            raise found
        families = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (
                families[ipaddress.ip_address(one.partition("%")[0]).version],
                *(socket.SOCK_STREAM, 6, ""),
                (one, port) if ":" not in one else (one, port, 0, 0),
            )
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


@pytest.mark.parametrize("address", [*PUBLIC, *EDGES_OUTSIDE])
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_not(address):
    assert not is_public(ipaddress.ip_address(address))


def test_what_the_standard_library_calls_private_is_not_public():
    for address in (*PUBLIC, *SPECIAL, *EDGES_OUTSIDE):
        parsed = ipaddress.ip_address(address)
        assert not (parsed.is_private and is_public(parsed)), address


@pytest.mark.parametrize("kind", ["mapped", "nat64", "6to4", "teredo client", "teredo server"])
@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.7.7"])
def test_an_address_inside_another_is_judged(answers, kind, address):
    hidden = inside(kind, address)
    assert ipaddress.ip_address(address) in judged(ipaddress.ip_address(hidden))
    answers["mail.uno.example"] = [hidden]
    with pytest.raises(HostDenied):
        Resolver().connect_addresses("mail.uno.example", 995)
    with pytest.raises(HostDenied):
        Resolver().connect_addresses(hidden, 995)


@pytest.mark.parametrize("kind", ["mapped", "nat64", "6to4", "teredo client"])
def test_a_public_address_inside_another_is_public(answers, kind):
    answers["mail.uno.example"] = [inside(kind, "93.184.216.34")]
    assert Resolver().connect_addresses("mail.uno.example", 995)


def test_what_is_returned_is_what_was_judged(answers):
    answers["mail.uno.example"] = ["2606:4700::1", "93.184.216.34", "93.184.216.34"]
    assert Resolver().connect_addresses("mail.uno.example", 995) == [
        (socket.AF_INET6, ("2606:4700::1", 995, 0, 0)),
        (socket.AF_INET, ("93.184.216.34", 995)),
    ]


@pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "fe80::1%eth0", "10.0.0.1"])
def test_one_address_that_is_not_public_denies_all(answers, bad):
    answers["mail.uno.example"] = ["93.184.216.34", bad]
    with pytest.raises(HostDenied) as denied:
        Resolver().connect_addresses("mail.uno.example", 995)
    assert denied.value.about == "mail.uno.example"
    assert bad not in denied.value.message, "what is inside the network is not told outside"
    assert bad in denied.value.cause


def test_networks_the_operator_allows(answers):
    answers["mail.inside.example"] = ["192.168.7.7"]
    answers["mail.both.example"] = ["192.168.7.7", "10.0.0.1"]
    resolver = Resolver(["192.168.7.0/24", "::1/128"])
    assert resolver.connect_addresses("mail.inside.example", 110) == [(socket.AF_INET, ("192.168.7.7", 110))]
    assert resolver.connect_addresses("::1", 110)
    assert resolver.connect_addresses("::ffff:192.168.7.7", 110)
    for host in ("mail.both.example", "127.0.0.1"):
        with pytest.raises(HostDenied):
            resolver.connect_addresses(host, 110)


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1", "[::1]", "localhost", "localhost."],
)
def test_this_very_machine_under_all_its_names(host):
    """With the system's own resolver, which takes many spellings of an address."""
    with pytest.raises((HostDenied, HostUnknown)):
        Resolver().connect_addresses(host, 110)


def test_the_systems_resolver_and_a_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (family, address), *_ = Resolver(["127.0.0.0/8"]).connect_addresses("127.0.0.1", port)
        with socket.socket(family) as client:
            client.connect(address)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "..", "a..b", "-" * 300, "x" * 64 + ".example", "mail uno.example", "mail\r\n.example"),
        *(
            "mail\x00.example",
            "mail/../x",
            "user@mail.example",
            "mail.example:995",
            "☃" * 64,
            "a\u202eb.example",
        ),
    ],
)
def test_what_is_no_name_is_unknown_and_asked_of_nobody(answers, host, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", None)
    with pytest.raises(HostUnknown) as unknown:
        Resolver().connect_addresses(host, 995)
    assert unknown.value.message.isprintable()
    assert len(unknown.value.message) < 200


def test_a_name_in_other_letters_is_asked_in_ascii(answers):
    answers["xn--and-6ma2c.example"] = ["93.184.216.34"]
    assert Resolver().connect_addresses("ñandú.example", 995)


def test_a_name_that_does_not_exist(answers):
    answers["no.example"] = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    answers["empty.example"] = []
    for host in ("no.example", "empty.example"):
        with pytest.raises(HostUnknown, match=host) as unknown:
            Resolver().connect_addresses(host, 995)
        assert unknown.value.retryable


def test_a_resolver_that_hangs_is_left_behind(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: release.wait(30) and [])
    monkeypatch.setattr(resolve, "PENDING_LIMIT", 2)
    resolver = Resolver(timeout_seconds=0.05)
    before = time.monotonic()
    for _ in range(4):
        with pytest.raises(HostUnknown, match="in time"):
            resolver.connect_addresses("slow.example", 995)
    assert time.monotonic() - before < 2
    assert len([one for one in threading.enumerate() if one.name == "resolve"]) == 2
    release.set()


def test_a_network_that_is_none_is_a_sentence():
    with pytest.raises(ConfigError, match=r"hosts\.allow: 10\.0\.0\.1/8"):
        Resolver(["10.0.0.1/8"])
