"""Letters sent from here that came back: a report that arrives as mail is taken down with what was sent.

A server that took a letter may find out later that it cannot deliver it. Whoever has the letter knows its
Message-ID and can make up such a report, so it stops nothing, names the letter that it stands in, and gives
way to a later word of the relay.

A report may speak of an address that we never wrote to: where a recipient has mail passed on to, or one of
many to whom a mailing list gave it. The first means that the recipient was not reached, the second does not.
Nothing tells them apart for certain; this is taken to mean a recipient:

    the report names it, as where the letter was first to go (Original-Recipient) or where it failed
    or names nobody of ours, and of all recipients only this one may be meant:
        the address differs by dots, by what a "+" sets off, or by a host within the domain
        the letter that came back says it was delivered to it (Delivered-To), or else
        the reporting server is of its domain

and where the letter had gone through a mailing list, the address alone at which it failed. All others are
told with the letter as they are, and what became of its recipients is left as it was.
"""

from collections.abc import Iterable, Sequence

from restante.address import same
from stored.mime import Bounce
from stored.mime.cautions import related
from stored.mime.links import domain_of
from stored.model.account import Account
from stored.model.submission import Submissions


def take_down(account: Account, uid: int, bounces: Sequence[Bounce], at: int) -> None:
    """Record what letter `uid` says of letters sent from here, inside the unit of work in which it is kept.

    `at` is seconds since 1970. What it says of letters that were not is nothing.
    """
    submissions = Submissions(account.submissions)
    for bounce in bounces:
        submission = submissions.by_message_id(bounce.message_id)
        if submission is None:
            continue
        failed = bounce.final or bounce.address
        recipient = _recipient([one.address for one in submission.recipients], bounce)
        if recipient:
            final = "" if same(recipient, failed) else failed
            account.come_back(submission, recipient, bounce.detail, at, uid, final)
        elif failed:
            account.stray(submission, failed, bounce.detail, at, uid)


def _recipient(recipients: Sequence[str], bounce: Bounce) -> str:
    """Return whom of a letter's recipients a report means, "" where that cannot be told."""
    failed = bounce.final or bounce.address
    named = _one_of(recipients, [failed]) or ("" if bounce.listed else _one_of(recipients, [bounce.address]))
    if named or bounce.listed:
        return named
    near = (
        [one for one in recipients if _alike(one, failed)]
        or [one for one in recipients if _one_of([one], bounce.passed)]
        or [one for one in recipients if any(related(domain_of(one), host) for host in bounce.hosts)]
    )
    return near[0] if len(near) == 1 else ""


def _alike(one: str, other: str) -> bool:
    """Tell whether two addresses are likely to be one person's, as providers write them anew."""
    names = {
        address.partition("@")[0].partition("+")[0].replace(".", "").casefold() for address in (one, other)
    }
    return len(names) == 1 and related(domain_of(one), domain_of(other))


def _one_of(recipients: Iterable[str], addresses: Sequence[str]) -> str:
    return next((one for one in recipients if any(same(one, other) for other in addresses)), "")
