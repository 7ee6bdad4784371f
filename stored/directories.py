"""What the directory of a user is called: safe on every file system, and whose one is. Pure."""

import hashlib
import re
from functools import lru_cache

from restante.errors import InvalidArgument

_PLAIN = re.compile(r"[a-z0-9_-]|(?<!^)\.")
_LONGEST_NAME = 100
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@lru_cache(maxsize=4096)
def directory_name(user: str) -> str:
    """Return a directory name for `user`: safe on every file system, different for different users. Pure.

    Small letters, digits, "_", "-" and inner dots stand for themselves, all else as =XX of its UTF-8. A name
    that grows too long is cut and ends with a hash. Raises InvalidArgument for an empty name.
    """
    if not user:
        raise InvalidArgument("The user name is empty; give the name the profile was created with.")
    octets = user.encode("utf-8", "surrogatepass")
    coded = "".join(
        chr(octet) if _PLAIN.fullmatch(chr(octet)) or (octet == 0x2E and at) else f"={octet:02x}"
        for at, octet in enumerate(octets)
    )
    # Windows takes some names for devices and drops a final dot; both are avoided by a final "=".
    if coded.endswith(".") or coded.partition(".")[0] in _DEVICES:
        coded += "="
    if len(coded) > _LONGEST_NAME:
        coded = coded[:_LONGEST_NAME] + "=" + hashlib.sha256(octets).hexdigest()[:32]
    return coded


def user_of_directory(name: str) -> str:
    """Return whose directory this is; empty where the name was cut, or is none of ours. Pure."""
    try:
        octets = re.sub(rb"=([0-9a-f]{2})", lambda code: bytes([int(code[1], 16)]), name.encode())
        user = octets.removesuffix(b"=").decode("utf-8", "surrogatepass")
    except UnicodeError:
        return ""
    return user if user and directory_name(user) == name else ""
