"""Put `profiled` together and run it: wiring only."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from profiled.accounts import Accounts
from profiled.clock import Clock
from profiled.discovery import load_discovery
from profiled.identities import Identities
from profiled.logins import Logins
from profiled.model import Root
from profiled.passwords import Passwords
from profiled.profiles import Profiles
from profiled.rules import Rules
from profiled.secrets import load_secrets
from profiled.service.accounts import AccountService
from profiled.service.authenticate import public_authenticator
from profiled.service.identities import IdentityService
from profiled.service.profiles import ProfileService
from profiled.service.rules import RuleService
from profiled.service.sessions import SessionService
from profiled.sessions import Sessions
from profiled.settings import Settings
from profiled.steady import SteadyTime
from profiled.storages import Storages, load_storages
from profiled.turns import Turns
from restante.credentials import Keys
from restante.daemon import Wired, start
from restante.db import Database
from restante.peer import internal_authenticator
from restante.rpc import Methods
from restante.serve import Application


def services(
    settings: Settings,
    database: Database,
    storages: Storages,
    sessions: Sessions,
    passwords: Passwords,
    turns: Turns,
    now: Callable[[], float],
) -> list[object]:
    """Return every service over one database."""
    key_file = Path(settings.secrets.key_file or settings.keys.directory / "profiled.secrets")
    secrets = load_secrets(key_file, database.read(lambda root: root.secrets_key))
    discovery = load_discovery(settings.discovery.providers_file, allow_plain=settings.accounts.allow_plain)
    profiles = Profiles(database, passwords, sessions, storages, turns, now)
    logins = Logins(
        storages,
        discovery,
        allow_plain=settings.accounts.allow_plain,
        prove_by=settings.identities.prove_by,
    )
    accounts = Accounts(database, secrets, logins, turns, settings.accounts.at_most, now)
    return [
        SessionService(sessions, profiles, storages),
        ProfileService(profiles, sessions),
        AccountService(accounts, discovery),
        IdentityService(Identities(database)),
        RuleService(Rules(database)),
    ]


def health_of(database: Database) -> Callable[[], dict[str, Any]]:
    """Return what healthz asks: it raises when the database cannot be read any more."""

    def health() -> dict[str, Any]:
        database.read(lambda root: root.version)
        return {}

    return health


def build(settings: Settings, keys: Keys) -> Wired:
    """Return the daemon as the settings describe it, not started."""
    where = settings.database
    path = where.path or str(settings.data.directory / "profiled.fs")
    database = Database.open(where if where.zconfig else path, Root, settings=where)
    try:
        now = SteadyTime()
        storages = load_storages(settings.storage, keys)
        passwords = Passwords(settings.passwords)
        sessions = Sessions(database, passwords, settings.sessions, now)
        turns = Turns(now, settings.clock.jitter_percent)
        clock = Clock(
            database, storages, sessions, turns, settings.clock, now, settings.data.pack_growth_octets
        )
        methods = Methods.of(
            *services(settings, database, storages, sessions, passwords, turns, now), system="profiled"
        )
        health = health_of(database)
        public = Application(
            methods,
            public_authenticator(sessions),
            audience="public",
            path=settings.http.path,
            health=health,
        )
        internal = Application(methods, internal_authenticator(keys), audience="internal", health=health)
    except BaseException:
        database.close()
        raise
    return Wired(
        [(public, settings.http.listen), (internal, settings.http.internal_listen)],
        parts=[clock],
        closing=[database.close],
    )


def main() -> int:
    """Run until told to stop; return the exit status."""
    return start("profiled", Settings, build)


if __name__ == "__main__":
    sys.exit(main())
