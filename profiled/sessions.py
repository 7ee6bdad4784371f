"""Who is logged in: opening, verifying, keeping alive and ending sessions.

A token has 256 bits and is told once; the database holds its digest. A session ends when the person has
done nothing for a while, and after a fixed time whatever happens. Only `touch` counts as doing something.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from profiled import parts
from profiled.fields import fold_name
from profiled.model import Profile, Root, Session
from profiled.passwords import Passwords
from profiled.profile_types import SessionRow
from profiled.settings import SessionSettings
from restante.credentials import digest, new_token
from restante.db import Database
from restante.errors import InvalidArgument, LoginRefused, SessionEnded
from restante.log import get

log = get("sessions")

TOUCHED_SECONDS = 10  # a session used so recently is not written again
PASSWORD_SECONDS = 300  # how long stored may go on believing a name and password
PURGED_AT_ONCE = 1000


class Opened(NamedTuple):
    """A new session, with the only copy of its token."""

    user: str
    token: str
    session: str
    expires_at: datetime


class Known(NamedTuple):
    """Who is asking. `session` is "" for a name and password."""

    user: str
    session: str
    expires_at: datetime
    storage: str


class Sessions:
    """The sessions in one database."""

    def __init__(
        self, database: Database, passwords: Passwords, settings: SessionSettings, now: Callable[[], float]
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._at_once = settings.at_once
        self._absolute_seconds = settings.absolute_minutes * 60
        self.idle_seconds = settings.idle_minutes * 60
        self._now = now

    def open(self, name: str, password: str, terminal: str) -> Opened:
        """Begin a session for a name and password. Raises LoginRefused, Busy. Commits."""
        user, kept = self._checked(name, password)
        renewed = self._passwords.hash(password) if self._passwords.stale(kept) else kept

        def work(root: Root) -> Opened:
            profile = parts.find(root, user)
            if profile.password_hash == kept != renewed:
                profile.password_hash = renewed
            return self.begin(root, profile, terminal)

        opened = self._database.write(work)
        log.info("session.opened", user=user, session=opened.session)
        return opened

    def begin(self, root: Root, profile: Profile, terminal: str) -> Opened:
        """Begin a session within a unit of work; one too many ends the one used longest ago."""
        while len(profile.sessions) >= self._at_once:
            _end(root, min(profile.sessions.values(), key=lambda session: session.used_at))
        token = new_token()
        session = Session(f"s{secrets.token_hex(8)}", digest(token), profile.name, terminal, int(self._now()))
        root.sessions[session.digest] = session
        profile.sessions[session.id] = session
        ends_at = self._ends_at(session)
        root.session_ends.add((ends_at, session.digest))
        return Opened(profile.name, token, session.id, parts.moment(ends_at))

    def by_token(self, token: str) -> Known:
        """Return who a token stands for. Raises SessionEnded. Reads only."""

        def work(root: Root) -> Known:
            session = root.sessions.get(digest(token))
            if session is None or self._ended(session):
                raise SessionEnded("This session has ended. Log in again.")
            profile = parts.find(root, session.user)
            return Known(profile.name, session.id, parts.moment(self._ends_at(session)), profile.storage)

        return self._database.read(work)

    def by_password(self, name: str, password: str) -> Known:
        """Return who a name and password stand for. Raises LoginRefused, Busy. Reads only."""
        user, _ = self._checked(name, password)
        storage = self._database.read(lambda root: parts.find(root, user).storage)
        return Known(user, "", parts.moment(self._now() + PASSWORD_SECONDS), storage)

    def touch(self, user: str, session_id: str) -> datetime:
        """Note that the person did something; return when the session ends otherwise."""
        recent = self._database.read(lambda root: self._recent_end(root, user, session_id))
        return recent or self._database.write(lambda root: self._touch(root, user, session_id))

    def close(self, user: str, session_id: str) -> str:
        """End a session; return the storage server that may still believe in it. Commits."""

        def work(root: Root) -> str:
            session = self._alive(root, user, session_id)
            _end(root, session)
            return parts.find(root, user).storage

        storage = self._database.write(work)
        log.info("session.closed", user=user, session=session_id)
        return storage

    def of(self, user: str, current: str) -> list[SessionRow]:
        """Return the person's sessions that have not ended, the newest first. Reads only."""

        def work(root: Root) -> list[SessionRow]:
            alive = [one for one in parts.find(root, user).sessions.values() if not self._ended(one)]
            alive.sort(key=lambda session: session.opened_at, reverse=True)
            return [_row(session, current) for session in alive]

        return self._database.read(work)

    def purge(self) -> int:
        """Remove sessions that have ended, a bounded number at a time; return how many."""
        if not self._database.read(self._looked_at):
            return 0
        return self._database.write(self._purge)

    def _checked(self, name: str, password: str) -> tuple[str, str]:
        """Return the user and the kept hash. An unknown name takes as long and says the same."""
        user = fold_name(name)

        def work(root: Root) -> str | None:
            profile = root.profiles.get(user)
            return profile.password_hash if profile else None

        kept = self._database.read(work)
        if not self._passwords.matches(kept, password) or kept is None:
            # A name that is nobody's may be a password typed in the wrong place: it is not logged.
            log.warning("session.refused", user=user if kept else "")
            raise LoginRefused("That name and password do not belong together. Check both and try again.")
        return user, kept

    def _alive(self, root: Root, user: str, session_id: str) -> Session:
        if not session_id:
            raise InvalidArgument(
                "This call came with a name and password, so there is no session. Use session.open first."
            )
        session = parts.find(root, user).sessions.get(session_id)
        if session is None or self._ended(session):
            raise SessionEnded("This session has ended. Log in again.")
        return session

    def _recent_end(self, root: Root, user: str, session_id: str) -> datetime | None:
        session = self._alive(root, user, session_id)
        if self._now() - session.used_at >= TOUCHED_SECONDS:
            return None
        return parts.moment(self._ends_at(session))

    def _touch(self, root: Root, user: str, session_id: str) -> datetime:
        session = self._alive(root, user, session_id)
        session.used_at = int(self._now())
        return parts.moment(self._ends_at(session))

    def _ends_at(self, session: Session) -> int:
        return min(session.used_at + self.idle_seconds, session.opened_at + self._absolute_seconds)

    def _ended(self, session: Session) -> bool:
        return self._now() >= self._ends_at(session)

    def _looked_at(self, root: Root) -> list[tuple[int, bytes]]:
        """Return the entries whose time has come: sessions that have ended, or were used since."""
        entries = root.session_ends.keys(max=(int(self._now()) + 1,))
        return [entry for entry, _ in zip(entries, range(PURGED_AT_ONCE), strict=False)]

    def _purge(self, root: Root) -> int:
        ended = 0
        for entry in self._looked_at(root):
            root.session_ends.remove(entry)
            session = root.sessions.get(entry[1])
            if session is None:
                continue
            if self._ended(session):
                _end(root, session)
                ended += 1
            else:
                root.session_ends.add((self._ends_at(session), session.digest))
        return ended


def _end(root: Root, session: Session) -> None:
    """Remove a session; its entry among the ends goes when its time comes."""
    root.sessions.pop(session.digest, None)
    profile = root.profiles.get(session.user)
    if profile is not None:
        profile.sessions.pop(session.id, None)


def _row(session: Session, current: str) -> SessionRow:
    return {
        "session": session.id,
        "terminal": session.terminal,
        "opened_at": parts.moment(session.opened_at),
        "used_at": parts.moment(session.used_at),
        "current": session.id == current,
    }
