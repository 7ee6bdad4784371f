"""What is remembered of a maildrop's last visits: whether to try it now, and what came of it."""

from dataclasses import dataclass

from restante.errors import InternalError, RestanteError, wire_errors
from stored.collecting import backoff
from stored.collecting.lease import LeasedAccount
from stored.model.account import Account
from stored.model.maildrop import Trouble
from stored.store import UserStore

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Wait:
    """A visit is left out until `next_at` (0: until something is changed), because of `error` if any."""

    next_at: int
    error: RestanteError | None


def wait_for(mail: UserStore, account: LeasedAccount, now: float, *, asked: bool, named: bool) -> Wait | None:
    """Return why the account is not to be visited now, None where it is. Reads only.

    `asked`: by its user, who does not wait for a pause to end; `named`: this very account, which tries even a
    password that was refused before.
    """

    def work(root: Account) -> Wait | None:
        drop = root.maildrops.get(account.id)
        if drop is None:
            return None
        trouble = drop.trouble
        if backoff.stopped(trouble, account.login) and not named:
            return Wait(0, as_error(backoff.told_stopped(trouble)))
        if now < drop.not_before <= now + DAY_SECONDS:
            return Wait(drop.not_before, None)
        if not asked and backoff.waiting(trouble, account.login, now):
            return Wait(trouble.not_before, as_error(trouble))
        return None

    return mail.read(work)


def note(
    mail: UserStore,
    account: LeasedAccount,
    error: RestanteError | None,
    login_delay_seconds: int,
    now: float,
    draw: float,
) -> int:
    """Remember how a visit ended, and return the second of the next try after trouble, else 0.

    Commits only where something changes: a maildrop without trouble costs nothing.
    """

    def work(root: Account) -> int:
        drop = root.maildrop(account.id)
        if error is None:
            after = None
        else:
            after = backoff.after_failure(drop.trouble, error, account.login, now, draw)
        if after != drop.trouble:
            drop.trouble = after
        if login_delay_seconds:
            drop.not_before = int(now) + login_delay_seconds
        if after is None or backoff.stopped(after, account.login):
            return 0
        return after.not_before

    def nothing_to_note(root: Account) -> bool:
        drop = root.maildrops.get(account.id)
        return error is None and not login_delay_seconds and (drop is None or drop.trouble is None)

    return 0 if mail.read(nothing_to_note) else mail.write(work)


def as_error(trouble: Trouble) -> RestanteError:
    """Return the error again that is remembered."""
    return wire_errors().get(trouble.kind, InternalError)(trouble.message, about=trouble.about)
