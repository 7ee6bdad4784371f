"""The checks that several nouns make of what people type. Pure; each raises InvalidArgument."""

import ipaddress
import re
from contextlib import suppress

from restante import address
from restante.errors import InvalidArgument

USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
HOST_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def fold_name(name: str) -> str:
    """Return the one way a user name is kept: small letters, no blanks around it."""
    return name.strip().lower()


def user_name(name: str) -> str:
    """Return `name` folded, or refuse it with what a name may be."""
    folded = fold_name(name)
    if not USER_NAME.fullmatch(folded):
        raise InvalidArgument(
            "A name has 3 to 32 characters: letters from a to z, digits, dots, hyphens and underscores, "
            "and begins with a letter or a digit. Choose another name.",
            about="name",
        )
    return folded


def mail_address(text: str) -> str:
    """Return the bare address in `text`: what a person typed, its domain in small letters."""
    return address.parse(text).address


def host_name(text: str) -> str:
    """Return `text` as an IP address or as a host name in the letters of DNS."""
    host = text.strip().rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    with suppress(InvalidArgument):
        host = host if host.isascii() else address.split(f"host@{host}")[1]
        if HOST_NAME.fullmatch(host) and len(host) <= 253:
            return host
    raise InvalidArgument(
        f"“{text}” is not the name of a server. One looks like pop.example.com.", about=text
    )
