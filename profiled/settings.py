"""Every setting of `profiled`, with its meaning, unit and default. etc/profiled.toml says the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restante.config import DatabaseSettings, HttpSettings, KeySettings, LogSettings, section, setting


@dataclass(frozen=True)
class DataSettings:
    directory: Path = setting(Path("var/profiled"), "The directory of the database; made when missing.")
    pack_growth_octets: int = setting(
        16777216,
        "Pack the database once it has doubled and grown by this many octets; 0 leaves packing to you.",
        minimum=0,
    )


@dataclass(frozen=True)
class SecretSettings:
    key_file: str = setting(
        "",
        "The key that seals the passwords of POP3 accounts, made at first start, mode 0600; empty for "
        "profiled.secrets in keys.directory. Without it they are lost: keep a copy apart from the database.",
    )


@dataclass(frozen=True)
class PasswordSettings:
    memory_kib: int = setting(
        19456, "Memory of one argon2id computation, in KiB; takes hold at each next login.", minimum=8
    )
    passes: int = setting(2, "Passes over that memory.", minimum=1, maximum=20)
    at_once: int = setting(2, "Computations at the same time.", minimum=1, maximum=64)
    waiting: int = setting(
        16, "Logins that may wait for one; whoever comes then is told to try again.", minimum=0
    )
    wait_seconds: int = setting(10, "How long a login waits, in seconds, before it is told so.", minimum=1)


@dataclass(frozen=True)
class SessionSettings:
    idle_minutes: int = setting(
        10, "A session ends after so many minutes in which the person did nothing.", minimum=1
    )
    absolute_minutes: int = setting(120, "A session ends after so many minutes whatever happens.", minimum=1)
    at_once: int = setting(20, "Sessions of one person; one more ends the one used longest ago.", minimum=1)


@dataclass(frozen=True)
class AccountSettings:
    allow_plain: bool = setting(False, "Whether people may add accounts that are collected without TLS.")
    at_most: int = setting(50, "Accounts of one person.", minimum=1, maximum=1000)


@dataclass(frozen=True)
class IdentitySettings:
    prove_by: Literal["domain", "login"] = setting(
        "domain",
        'What proves that an address is the user\'s: "domain" = a login with that address at a server known '
        'for its domain or named within it; "login" = a login at any server, for a closed house only.',
    )


@dataclass(frozen=True)
class DiscoverySettings:
    providers_file: str = setting(
        "",
        "A CSV file with the columns of profiled/providers.csv, going before that one; empty for none.",
    )


@dataclass(frozen=True)
class ClockSettings:
    enabled: bool = setting(True, "Whether this process asks for the periodic collecting.")
    tick_seconds: int = setting(5, "How often it looks who is due, in seconds.", minimum=1, maximum=60)
    jitter_percent: int = setting(
        10, "How far each person's interval is spread either way, in percent.", minimum=0, maximum=50
    )
    users_a_tick: int = setting(1000, "Users asked for at most in one tick.", minimum=1, maximum=100000)
    back_off_seconds: int = setting(
        15,
        "The wait, in seconds, before a storage server that is away is asked again; doubled each time.",
        minimum=1,
    )
    back_off_most_seconds: int = setting(600, "The longest such wait, in seconds.", minimum=1)


@dataclass(frozen=True)
class StorageSettings:
    url: str = setting(
        "http://127.0.0.1:8611/storage/1/",
        "What clients are told: a full URL, or a path such as /storage/1/ where one proxy stands before all.",
    )
    internal_url: str = setting("http://127.0.0.1:8612/", "Where its listener for daemons answers.")


@dataclass(frozen=True)
class Settings:
    http: HttpSettings = section(
        HttpSettings, listen="127.0.0.1:8601", internal_listen="127.0.0.1:8602", path="/profile/"
    )
    log: LogSettings = section(LogSettings)
    keys: KeySettings = section(KeySettings)
    data: DataSettings = section(DataSettings)
    # Both listeners' threads and the clock may each be at work; what they read is small.
    database: DatabaseSettings = section(
        DatabaseSettings, connections=18, cache_objects=1000, cache_octets=4194304
    )
    secrets: SecretSettings = section(SecretSettings)
    passwords: PasswordSettings = section(PasswordSettings)
    sessions: SessionSettings = section(SessionSettings)
    accounts: AccountSettings = section(AccountSettings)
    identities: IdentitySettings = section(IdentitySettings)
    discovery: DiscoverySettings = section(DiscoverySettings)
    clock: ClockSettings = section(ClockSettings)
    storage: dict[str, StorageSettings] = setting(
        {"1": StorageSettings()}, "The storage servers, a table each: [storage.1], [storage.2], …"
    )
