"""The sections that every daemon has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restante.config.declare import setting


@dataclass(frozen=True)
class HttpSettings:
    listen: str = setting(
        "127.0.0.1:8600", 'Where the public listener answers: "address:port" or "unix:/path".'
    )
    internal_listen: str = setting(
        "127.0.0.1:8602",
        "Where other daemons and operators are answered; never to be reachable from outside.",
    )
    path: str = setting("/", "The path in front of every public address, as the proxy in front passes it on.")
    threads: int = setting(8, "Requests answered at the same time, per listener.", minimum=1, maximum=256)
    connection_limit: int = setting(
        1000, "Connections kept open at the same time.", minimum=10, maximum=60000
    )
    body_limit_octets: int = setting(1048576, "The largest body of a call, in octets.", minimum=16384)
    drain_seconds: int = setting(30, "How long running requests may take to finish when stopping.", minimum=0)
    trusted_proxy: str = setting(
        "",
        'Who may say in X-Forwarded-For where a request came from: an address, a network, or "unix";'
        " empty: nobody.",
    )


@dataclass(frozen=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "The least important line that is kept: debug, info, warning or error."
    )
    file: str = setting("", "The file that lines are added to; empty for standard error.")


@dataclass(frozen=True)
class KeySettings:
    directory: Path = setting(
        Path("var/keys"),
        "Where this daemon's key and the public keys of the others are; daemons on one machine share it.",
    )


@dataclass(frozen=True)
class DatabaseSettings:
    path: str = setting(
        "", "The file of the embedded store; empty for the daemon's own place in its data directory."
    )
    zconfig: str = setting(
        "",
        "ZODB configuration text of a storage, to keep everything on ZEO or PostgreSQL and not in that file.",
        secret=True,
    )
    cache_objects: int = setting(2000, "Objects kept in memory, per connection.", minimum=10)
    cache_octets: int = setting(16777216, "Octets of objects kept in memory, per connection.", minimum=65536)
    connections: int = setting(8, "Connections kept ready.", minimum=1)
