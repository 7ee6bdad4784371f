"""Everything the operator of `stored` can set. `etc/stored.toml` says the same with comments."""

from dataclasses import dataclass
from pathlib import Path

from restante.config import HttpSettings, KeySettings, LogSettings, section, setting


@dataclass(frozen=True)
class DataSettings:
    directory: Path = setting(Path("var/stored"), "Where the users' mail is kept, a directory for each user.")


@dataclass(frozen=True)
class StorageSettings:
    zconfig: str = setting(
        "",
        "ZODB configuration text of a storage, which puts every user into one shared database on ZEO or "
        "PostgreSQL. Empty: one embedded database file a user.",
        secret=True,
    )
    open_databases: int = setting(
        128, "Embedded databases kept open; each holds about four descriptors and its cache.", minimum=1
    )
    cache_objects: int = setting(4000, "Objects each open connection may keep in memory.", minimum=100)
    cache_octets: int = setting(
        8 * 1024 * 1024, "Octets of objects each open connection may keep in memory.", minimum=65536
    )
    connections: int = setting(8, "Connections kept ready, per open database.", minimum=1)


@dataclass(frozen=True)
class ProfiledSettings:
    url: str = setting("http://127.0.0.1:8602/profile/", "Where profiled answers other daemons.")
    timeout_seconds: int = setting(30, "How long profiled may take to answer.", minimum=1)


@dataclass(frozen=True)
class SessionSettings:
    verified_seconds: int = setting(
        300,
        "How long a verified session is believed without asking again; at most 300.",
        minimum=0,
        maximum=300,
    )
    password_seconds: int = setting(
        60, "How long a verified name and password are believed without asking again.", minimum=0, maximum=300
    )
    remembered: int = setting(10_000, "Verified callers remembered at the same time.", minimum=1)


@dataclass(frozen=True)
class Settings:
    http: HttpSettings = section(
        HttpSettings, listen="127.0.0.1:8611", internal_listen="127.0.0.1:8612", path="/storage/1/"
    )
    log: LogSettings = section(LogSettings)
    keys: KeySettings = section(KeySettings)
    data: DataSettings = section(DataSettings)
    storage: StorageSettings = section(StorageSettings)
    profiled: ProfiledSettings = section(ProfiledSettings)
    sessions: SessionSettings = section(SessionSettings)
