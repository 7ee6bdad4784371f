"""outbox.*: sending, and what became of what was sent."""

from datetime import datetime

from restante.rpc import USER, Call, daemons, method
from restante.wire import Id, Limit, Line, Name
from stored.sending.outbox import Outbox
from stored.sending.types import Draft, DraftId, Outcome, Submission, SubmissionKey, SubmissionList
from stored.types import Nothing


class OutboxService:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    @method("outbox.submit", caller=USER)
    def submit(self, call: Call, /, key: SubmissionKey, draft: Draft, id: DraftId = "") -> Submission:
        """Send a letter, once for each `key` however often this is called.

        Make a new key for each letter, and use it again whenever the answer did not arrive. The copy in
        Sent, the flag of the letter answered or forwarded, and the end of the draft `id` come with it or not
        at all.
        The letter is then on its way for certain: `outbox.list` says how far.
        """
        return self._outbox.submit(call.principal.name, key, draft, id)

    @method("outbox.list", caller=USER)
    def list(self, call: Call, /, limit: Limit = 50) -> SubmissionList:
        """List what was sent, newest first, with what became of it for each recipient."""
        return self._outbox.newest(call.principal.name, limit)


class OutcomeService:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    @method("outbox.outcome", caller=daemons("relayd"))
    def outcome(
        self,
        call: Call,
        /,
        user: Name,
        submission: Id,
        recipient: Line,
        outcome: Outcome,
        detail: str,
        at: datetime,
    ) -> Nothing:
        """Record what became of a letter for one of its recipients. Harmless to repeat."""
        self._outbox.outcome(user, submission, recipient, outcome, detail, at)
        return {}
