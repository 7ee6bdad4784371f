"""A `profiled` put together in memory of one process: real database, real hashing, no daemon, no socket."""

from typing import Any

import pytest

from profiled.accounts import Accounts
from profiled.clock import Clock
from profiled.discovery import load_discovery
from profiled.identities import Identities
from profiled.logins import Logins
from profiled.model import Root
from profiled.passwords import Passwords
from profiled.profiles import Profiles
from profiled.rules import Rules
from profiled.secrets import Secrets
from profiled.sessions import Sessions
from profiled.settings import ClockSettings, PasswordSettings, SessionSettings
from profiled.storages import Storages
from profiled.turns import Turns
from restante.db import Database

CHEAP = PasswordSettings(memory_kib=64, passes=1, at_once=2, waiting=2, wait_seconds=1)
START = 1_700_000_000


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.seconds = float(START)

    def __call__(self):
        return self.seconds

    def pass_by(self, seconds):
        self.seconds += seconds


class FakeStorages(Storages):
    """Storage servers that answer from memory; `trouble` is raised in place of any answer."""

    def __init__(self, names):
        nowhere: Any = None
        super().__init__(dict.fromkeys(names, nowhere))
        self.trouble = None
        self.probes = []
        self.asked = []
        self.told = []

    def url(self, name):
        return f"/storage/{name}/"

    def probe(self, name, account, secret):
        self.probes.append((name, dict(account), secret))
        if self.trouble:
            raise self.trouble
        return {"messages": 7, "octets": "12345678901", "capabilities": ["UIDL"]}

    def collect_due(self, name, users):
        self.asked.append((name, list(users)))
        if self.trouble:
            raise self.trouble
        return set(users)

    def revoked(self, name, session):
        self.told.append((name, session))


class World:
    """Every noun over one database."""

    def __init__(self, directory, *, allow_plain=False, prove_by="domain", storages=("1",)):
        self.file = directory / "profiled.fs"
        self.now = Time()
        self.database = Database.open(self.file, Root)
        self.storages = FakeStorages(storages)
        self.secrets = Secrets(bytes(32))
        self.discovery = load_discovery("", allow_plain=allow_plain)
        self.passwords = Passwords(CHEAP)
        self.turns = Turns(self.now, jitter_percent=10, draw=lambda: 0.0)
        self.sessions = Sessions(self.database, self.passwords, SessionSettings(), self.now)
        self.profiles = Profiles(
            self.database, self.passwords, self.sessions, self.storages, self.turns, self.now
        )
        self.logins = Logins(self.storages, self.discovery, allow_plain=allow_plain, prove_by=prove_by)
        self.accounts = Accounts(self.database, self.secrets, self.logins, self.turns, 3, self.now)
        self.identities = Identities(self.database)
        self.rules = Rules(self.database)

    def clock(self, **settings):
        return Clock(
            self.database, self.storages, self.sessions, self.turns, ClockSettings(**settings), self.now
        )

    def person(self, name="ana", password="a long secret"):
        return self.profiles.create(name, password, "", "es", 15, "")

    def account(self, person="ana", /, **settings):
        item: Any = {"address": f"{person}@uno.example", "host": "pop.uno.example", "security": "tls"}
        item |= {"secret": "pop secret", **settings}
        return self.accounts.set(person, [item], [], [], "")["created"][0]

    def profile(self, user="ana"):
        return self.profiles.get(user, [])

    def read(self, work):
        return self.database.read(work)


@pytest.fixture
def make_world(tmp_path):
    made: list[World] = []

    def make(**settings):
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(World(directory, **settings))
        return made[-1]

    yield make
    for world in made:
        world.database.close()


@pytest.fixture
def world(make_world):
    return make_world()
