"""Letters sent from here that came back: a report that arrives as mail is taken down with what was sent.

A server that took a letter may find out later that it cannot deliver it. Whoever has the letter knows its
Message-ID and can make up such a report, so it stops nothing, names the letter that it stands in, and gives
way to a later word of the relay.
"""

from collections.abc import Sequence

from restante.address import same
from stored.mime import Bounce
from stored.model.account import Account
from stored.model.submission import Submission, Submissions


def take_down(account: Account, uid: int, bounces: Sequence[Bounce], at: int) -> None:
    """Record what letter `uid` says of letters sent from here, inside the unit of work in which it is kept.

    `at` is seconds since 1970. What it says of others, and of recipients that they did not have, is nothing.
    """
    submissions = Submissions(account.submissions)
    for bounce in bounces:
        submission = submissions.by_message_id(bounce.message_id)
        if submission is None:
            continue
        recipient = _recipient(submission, bounce.address)
        if recipient:
            account.come_back(submission, recipient, bounce.detail, at, uid)


def _recipient(submission: Submission, address: str) -> str:
    """Return whom of a letter's recipients a report means, "" where that cannot be told.

    A server may name where it passed the letter on to; of a letter to one recipient that says enough.
    """
    recipients = [one.address for one in submission.recipients]
    if len(recipients) == 1:
        return recipients[0]
    return next((one for one in recipients if same(one, address)), "")
