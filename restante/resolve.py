"""Which hosts named by users may be connected to, and at which addresses.

A user names the servers of her accounts, and could name our own machine or the network behind it. So a
name is resolved once, the connection goes to exactly those addresses, and if any one of them is not a
public one, all are denied: a name that answers now one thing and now another gets nowhere. Addresses that
carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo) are judged by that one too. The operator may
allow networks (`[hosts] allow`), such as that of the organisation's own mail server.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable
from typing import Any

import idna

from restante.errors import ConfigError, HostDenied, HostUnknown

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Target = tuple[socket.AddressFamily, Any]

PENDING_LIMIT = 64
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")
# What the registries of special-purpose addresses (RFC 6890 and its updates) have and `is_global` of some
# Python versions has not.
_SPECIAL = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
    )
]
_IPV6_PUBLIC = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Resolver:
    """Resolve the names that users give. Safe for threads."""

    def __init__(self, allow: Iterable[str] = (), *, timeout_seconds: float = 10) -> None:
        """`allow` are networks, such as "192.168.7.0/24", that may be connected to though not public."""
        self._allow = [_network(text) for text in allow]
        self._timeout_seconds = timeout_seconds
        # A lookup that hangs keeps its thread until the system gives up; this many may, no more.
        self._pending = threading.BoundedSemaphore(PENDING_LIMIT)

    def connect_addresses(self, host: str, port: int) -> list[Target]:
        """Return (family, address) pairs to connect to, in the order to try them; at least one.

        Raises HostUnknown (temporary) and HostDenied (permanent). Network; blocks up to the time-out.
        """
        targets = self._lookup(_plain_name(host), host, port)
        for _family, address in targets:
            if not self._may_connect(_parsed(address[0])):
                raise HostDenied(
                    f"{host} is not on the public internet, so Restante does not connect to it;"
                    " use the name that your mail provider gives, or ask the operator to allow it.",
                    about=host,
                    cause=f"{host} is {address[0]}",
                )
        return targets

    def _may_connect(self, address: IP) -> bool:
        return all(is_public(one) or self._allowed(one) for one in judged(address)) or self._allowed(address)

    def _allowed(self, address: IP) -> bool:
        return any(address in network for network in self._allow)

    def _lookup(self, name: str, host: str, port: int) -> list[Target]:
        """Ask the system, in a thread that may be left behind: getaddrinfo has no time-out of its own."""
        if not self._pending.acquire(blocking=False):
            raise HostUnknown(
                f"{host} was not found in time; try again later.", about=host, cause="too many lookups"
            )
        found: list[Target] = []
        failure: list[OSError] = []
        done = threading.Event()

        def ask() -> None:
            try:
                for family, _kind, _protocol, _name, address in socket.getaddrinfo(
                    name, port, type=socket.SOCK_STREAM
                ):
                    if (family, address) not in found:
                        found.append((family, address))
            except OSError as error:
                failure.append(error)
            finally:
                self._pending.release()
                done.set()

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        if not done.wait(self._timeout_seconds):
            raise HostUnknown(f"{host} was not found in time; try again later.", about=host)
        if failure or not found:
            raise HostUnknown(
                f"There is no server named {host}; check how it is written.",
                about=host,
                cause=str(failure[0].strerror) if failure else "no address",
            )
        return found


def is_public(address: IP) -> bool:
    """Tell whether `address` is one of the public internet's, by itself. Pure."""
    if address.version == 6 and address not in _IPV6_PUBLIC:
        return False
    return not any(address in network for network in _SPECIAL)


def judged(address: IP) -> list[IP]:
    """Return the addresses by which `address` is to be judged: those inside it, or itself. Pure."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    return [address]


def _parsed(text: str) -> IP:
    return ipaddress.ip_address(text.partition("%")[0])


def _plain_name(host: str) -> str:
    """Return what to ask the system for: an address as it is, a name in ASCII."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        name = idna.encode(host.rstrip("."), uts46=True).decode() if not host.isascii() else host.rstrip(".")
    except (idna.IDNAError, UnicodeError):
        name = ""
    if not _NAME.fullmatch(name) or any(not 0 < len(label) < 64 for label in name.split(".")):
        shown = "".join(letter if letter.isprintable() else "?" for letter in host)[:80]
        raise HostUnknown(f"{shown} is no name of a server; check how it is written.", about=shown)
    return name


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ConfigError(
            f'hosts.allow: {text} is no network; one looks like "192.168.7.0/24".', about=text
        ) from None
