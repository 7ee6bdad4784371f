"""What is told of letters that were sent: what became of them, recipient by recipient. Reads only.

A letter that is named is here, in the trash perhaps; one that is gone for good is named no more.
"""

from datetime import UTC, datetime

from restante.wire import to_time
from stored.messages import message_id
from stored.model.account import Account
from stored.model.submission import Recipient, Submission
from stored.sending.types import RecipientOutcome, Reported
from stored.sending.types import Submission as SubmissionStruct

_PASSED_ON = "The report speaks of {final}, to which the mail of {address} seems to be passed on."
_ELSEWHERE = (
    "A report says that it did not reach {address}, to whom it was not sent from here: a mailing list, or a"
    " recipient who has mail passed on, may have sent it there. It may have reached all others."
)


def struct_of(account: Account, submission: Submission) -> SubmissionStruct:
    """Return a submission as the wire says it."""
    told: SubmissionStruct = {
        "submission": submission.id,
        "subject": submission.subject,
        "submitted_at": _time(submission.submitted_at),
        "recipients": [_recipient(account, submission, one) for one in submission.recipients],
    }
    if submission.message in account.state:
        told["message"] = message_id(submission.message)
    if submission.elsewhere:
        told["elsewhere"] = [_recipient(account, submission, one) for one in submission.elsewhere]
    return told


def _recipient(account: Account, submission: Submission, recipient: Recipient) -> RecipientOutcome:
    return {
        "address": recipient.address,
        "outcome": recipient.outcome,  # type: ignore[typeddict-item]
        "detail": recipient.detail,
        "at": _time(recipient.at),
        **reported(account, submission, recipient),
    }


def reported(account: Account, submission: Submission, recipient: Recipient) -> Reported:
    """Return what there is to say of the letter that says what became of one recipient; {} without one."""
    told: Reported = {}
    if recipient.report in account.state:
        told["report"] = message_id(recipient.report)
    if recipient.final:
        told["final"] = recipient.final
        told["sentence"] = _PASSED_ON.format(final=recipient.final, address=recipient.address)
    elif recipient in submission.elsewhere:
        told["sentence"] = _ELSEWHERE.format(address=recipient.address)
    return told


def _time(seconds: int) -> str:
    return to_time(datetime.fromtimestamp(seconds, UTC))
