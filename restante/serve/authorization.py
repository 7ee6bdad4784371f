"""Reading credentials from a request, and telling where it came from. Nothing is verified here."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from restante.errors import Unauthenticated
from restante.rpc.caller import Principal


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token: of a session, or between daemons."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password, for scripts."""

    name: str
    password: str = field(repr=False)


Credentials = Bearer | Basic

Authenticator = Callable[[Credentials, str], Principal]
"""Given credentials and the address they came from: who it is. Raises Unauthenticated or its kin."""


def read_credentials(header: str) -> Credentials:
    """Return the credentials in the header `Authorization`. Raises Unauthenticated when there are none."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest and rest.isascii() and rest.isprintable() and " " not in rest:
        return Bearer(rest)
    if scheme.lower() == "basic":
        try:
            name, colon, password = b64decode(rest, validate=True).decode("utf-8").partition(":")
        except ValueError:
            colon = ""
        if colon and name:
            return Basic(name, password)
    raise Unauthenticated(
        "The Authorization header cannot be read; send Bearer with a token, or Basic with name and password."
    )


def remote_address(peer: str, forwarded_for: str, trusted_proxy: str) -> str:
    """Return the address a request came from. Pure.

    `forwarded_for` (the header X-Forwarded-For) is believed only when `peer`, the other end of the
    connection, is the trusted proxy: an address, a network, or "unix" for a Unix socket. Of the
    addresses in it only the last was written by that proxy; the others are the client's own words.
    """
    claimed = forwarded_for.rpartition(",")[2].strip().strip("[]")
    if not claimed or not trusted_proxy or not _is_trusted(peer, trusted_proxy):
        return peer
    try:
        return str(ip_address(claimed))
    except ValueError:
        return peer


def _is_trusted(peer: str, trusted_proxy: str) -> bool:
    if trusted_proxy == "unix":
        return peer == "unix"
    try:
        return ip_address(peer) in ip_network(trusted_proxy, strict=False)
    except ValueError:
        return False
