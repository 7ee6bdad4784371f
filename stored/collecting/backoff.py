"""When a maildrop that could not be visited is tried again. Pure functions.

What a person started is tried at once; this is about the periodic visits. Three things are told apart, since
each wants something else (F26, F27):

    in use, or no login so soon      somebody else is reading: a little later
    temporary, or the line is down   later and later, up to some hours
    password refused                 a few tries, then none until the account is changed or named by its user
    anything else of the server's    seldom: it changes only when somebody changes something
"""

from dataclasses import replace

from restante.errors import (
    ConnectionFailed,
    HostUnknown,
    InvalidArgument,
    MaildropInUse,
    RemoteError,
    RemoteLoginRefused,
    RemoteSilent,
    RemoteTemporary,
    RestanteError,
)
from stored.model.maildrop import Trouble

#: A password refused so often in a row is not tried again (a provider may lock the account).
REFUSALS = 3
JITTER = 0.2

_MINUTE, _HOUR = 60, 3600
_PASSING = (HostUnknown, ConnectionFailed, RemoteSilent, RemoteTemporary)
# Kind of trouble → first pause, longest pause.
_PAUSES: list[tuple[tuple[type[RestanteError], ...], int, int]] = [
    ((MaildropInUse,), 2 * _MINUTE, 15 * _MINUTE),
    (_PASSING, 2 * _MINUTE, 4 * _HOUR),
    ((RemoteLoginRefused,), 15 * _MINUTE, 24 * _HOUR),
    ((RemoteError, InvalidArgument), 15 * _MINUTE, 24 * _HOUR),
]


def pause_seconds(error: RestanteError, failures: int, draw: float) -> int:
    """Return how long to leave a maildrop alone after the last of `failures` in a row; `draw` is -1 to 1."""
    first, longest = next(
        ((first, longest) for kinds, first, longest in _PAUSES if isinstance(error, kinds)), (0, 0)
    )
    pause = min(longest, first << min(failures - 1, 20)) * (1 + JITTER * draw)
    return max(int(pause), error.retry_after_seconds or 0)


def after_failure(
    before: Trouble | None, error: RestanteError, login: bytes, now: float, draw: float
) -> Trouble | None:
    """Return what to remember once a visit failed with `error`; None where the server is not to blame.

    `login` stands for the settings that were tried: with others nothing counts from before.
    """
    if not isinstance(error, RemoteError | InvalidArgument):
        return before
    if before is not None and before.login != login:
        before = None
    same = before is not None and before.kind == error.kind
    failures = (before.failures if before is not None and same else 0) + 1
    refusals = (before.refusals if before is not None else 0) + isinstance(error, RemoteLoginRefused)
    not_before = int(now) + pause_seconds(error, failures, draw)
    return Trouble(error.kind, error.message, error.about, failures, refusals, not_before, login)


def stopped(trouble: Trouble | None, login: bytes) -> bool:
    """Return whether the password of these settings was refused too often to be tried by itself."""
    return trouble is not None and trouble.login == login and trouble.refusals >= REFUSALS


def waiting(trouble: Trouble | None, login: bytes, now: float) -> bool:
    """Return whether a periodic visit is to be left out for now.

    A wait longer than there is was left behind by a clock that has been set back since.
    """
    if trouble is None or trouble.login != login:
        return False
    return stopped(trouble, login) or now < trouble.not_before <= now + 2 * 24 * _HOUR


def told_stopped(trouble: Trouble) -> Trouble:
    """Return the trouble with a sentence that says that it is not tried any more."""
    return replace(
        trouble,
        message=f"The password was refused {trouble.refusals} times, so this account is not tried any more. "
        "Type its password again.",
    )
