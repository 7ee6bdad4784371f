"""Where a server is, read from the address a person or a profile gave. Pure."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple, Tuple
from urllib.parse import urlsplit

from tkclient.trouble import TransportError


class Origin(NamedTuple):
    """Where connections go. `plain` is HTTP without TLS."""

    plain: bool
    host: str
    port: int

    @property
    def text(self) -> str:
        return "%s:%d" % (self.host, self.port)


def parse_address(url: str) -> Tuple[Origin, str]:
    """Return where `url` leads and its path, which ends in a slash.

    Raises TransportError `bad_address`, or `not_private` for plain HTTP to another machine.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise TransportError("bad_address", url) from None
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in url.strip()):
        raise TransportError("bad_address", url)
    plain = parts.scheme == "http"
    if plain and not _is_this_machine(host):
        raise TransportError("not_private", host)
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    return Origin(plain, host, port or (80 if plain else 443)), path


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
