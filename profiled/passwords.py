"""Hashing and checking what people log in with. Knows nothing of profiles.

One check costs 19 MiB and about 50 ms of a core, so few run at once, few more may wait, and whoever comes
then is told to try again: a flood of logins cannot take the memory or the threads of the daemon.
"""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from profiled.settings import PasswordSettings
from restante.errors import Busy


class Passwords:
    """argon2id with a bounded number of computations at once."""

    def __init__(self, settings: PasswordSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.passes,
            memory_cost=settings.memory_kib,
            parallelism=1,
            type=Type.ID,
        )
        self._slots = threading.BoundedSemaphore(settings.at_once)
        self._places = threading.BoundedSemaphore(settings.at_once + settings.waiting)
        self._wait_seconds = settings.wait_seconds
        # Checked for users who do not exist, so that the answer takes as long as for those who do.
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return the text to keep for `password`. Blocks while others compute; raises Busy."""
        with self._slot():
            return self._hasher.hash(_normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Tell whether `password` is the one `kept` was made of; None stands for an unknown user.

        Takes the same time whatever the answer. Blocks while others compute; raises Busy.
        """
        with self._slot():
            try:
                return self._hasher.verify(kept or self._nobody, _normal(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def stale(self, kept: str) -> bool:
        """Tell whether `kept` was made with other costs than today's. Pure."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise _busy()
        try:
            if not self._slots.acquire(timeout=self._wait_seconds):
                raise _busy()
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()


def _normal(password: str) -> bytes:
    """Return one form of what two keyboards may type differently ("ñ" as one character or as two)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _busy() -> Busy:
    return Busy(
        "Many people are logging in at this moment. Try again in a few seconds.", retry_after_seconds=3
    )
