"""A letter that was submitted: the promise to hand it to the relay, and what became of it for each recipient.

    pending ──relay accepted──► handed over          (body let go; outcomes come from the relay)
       │ └──relay away──► pending, tried again later
       └──relay refused for good──► failed           (body let go; the recipients' outcomes say why)

A crash in `pending` leaves it pending: it is handed over again, and the relay knows it by its id.

A server that took the letter from the relay may say later, by mail, that it could not deliver it after all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from restante.address import same
from stored.model.body import Body

PENDING, HANDED_OVER, FAILED = "pending", "handed over", "failed"
FINAL = ("delivered", "failed")
#: So many bounces are remembered by the step of the log they came in.
BOUNCES = 100
#: So many addresses are remembered that a letter was not sent to and is said not to have reached.
ELSEWHERE = 20


@dataclass(frozen=True)
class Recipient:
    """One recipient and the last that is known of it. `at` is whole seconds since 1970, UTC.

    `report` is the uid of the letter that says so, 0 where it was the relay; `final` is the address of which
    that speaks, "" where it is this one.
    """

    address: str
    outcome: str = "queued"
    detail: str = ""
    at: int = 0
    report: int = 0
    final: str = ""

    def settled(self, outcome: str, at: int) -> bool:
        """Return whether the relay's word of an `outcome` comes too late to change anything.

        What was delivered after a letter had said that it could not be was delivered.
        """
        mistaken = self.report and outcome == "delivered" and at > self.at
        return self.outcome in FINAL and not mistaken


class Submission(Persistent):  # type: ignore[misc]
    """One submitted letter. The octets to send are those of `body` from `skip` on (before it stands Bcc).

    `body` is the very object of the copy in Sent, so it is kept once, and survives that copy's destruction
    for as long as the letter is not handed over.
    """

    version = 1
    #: Who else is said not to have been reached, by servers that had the letter from those it was sent to.
    elsewhere: tuple[Recipient, ...] = ()

    def __init__(
        self,
        id: str,
        key: str,
        sender: str,
        recipients: list[str],
        *,
        at: int,
        subject: str,
        message_id: str = "",
    ) -> None:
        """`message_id` is what servers name the letter by in their reports."""
        self.id = id
        self.key = key
        self.message_id = message_id
        self.sender = sender
        self.recipients = tuple(Recipient(address, at=at) for address in recipients)
        self.subject = subject
        self.submitted_at = at
        self.message = 0
        self.body: Body | None = None
        self.skip = 0
        self.stage = PENDING
        self.attempts = 0
        self.next_attempt_at = at

    def keep(self, uid: int, body: Body, skip: int) -> None:
        """Remember the copy in Sent, and the octets to send until they are handed over."""
        self.message, self.body, self.skip = uid, body, skip

    def finish(self, stage: str) -> None:
        """Leave `pending`: nothing is left to hand over."""
        self.stage = stage
        self.body = None

    def waiting(self) -> list[str]:
        """Return the recipients the letter has still to be handed over for."""
        return [recipient.address for recipient in self.recipients if recipient.outcome not in FINAL]

    def tell(self, address: str, outcome: str, detail: str, at: int) -> bool:
        """Record what the relay says became of one recipient; return whether that is new.

        What is final stays: word of a delay that comes late, or twice, changes nothing.
        """
        return self._put(
            replace(kept, outcome=outcome, detail=detail, at=at, report=0, final="")
            if kept.address == address and not kept.settled(outcome, at)
            else kept
            for kept in self.recipients
        )

    def come_back(self, address: str, detail: str, at: int, report: int, final: str = "") -> bool:
        """Record that letter `report` says that one recipient was not reached; return whether that is new.

        It cannot be true of a letter that is still to be handed over, nor where the relay has not got rid of
        it yet; of its word on what it delivered a letter may be ahead.
        """
        if self.stage != HANDED_OVER:
            return False
        return self._put(
            replace(kept, outcome="failed", detail=detail, at=at, report=report, final=final)
            if kept.address == address and kept.outcome in ("queued", "delivered")
            else kept
            for kept in self.recipients
        )

    def stray(self, address: str, detail: str, at: int, report: int) -> bool:
        """Record that letter `report` says that it did not reach somebody whom it was not sent to from here.

        What became of the recipients is not touched. Return whether that is new.
        """
        known = any(same(address, one.address) for one in self.elsewhere)
        if self.stage != HANDED_OVER or known or len(self.elsewhere) >= ELSEWHERE:
            return False
        self.elsewhere = (*self.elsewhere, Recipient(address, "failed", detail, at, report))
        return True

    def _put(self, recipients: Iterable[Recipient]) -> bool:
        told = tuple(recipients)
        new = told != self.recipients
        if new:
            self.recipients = told
        return new


class Submissions:
    """The submissions of an account, in its tree `submissions`, found by key, by Message-ID and by id.

    Not persistent itself: it names the kinds of entry that the one tree holds.
    """

    def __init__(self, tree: OOBTree) -> None:
        self._tree = tree

    def add(self, submission: Submission) -> None:
        self._tree[f"key/{submission.key}"] = submission
        self._tree[f"id/{_newest_first(submission.id)}"] = submission
        if submission.message_id:
            self._tree[f"letter/{submission.message_id}"] = submission

    def by_key(self, key: str) -> Submission | None:
        return self._tree.get(f"key/{key}")  # type: ignore[no-any-return]

    def by_message_id(self, message_id: str) -> Submission | None:
        return self._tree.get(f"letter/{message_id}")  # type: ignore[no-any-return]

    def by_id(self, id: str) -> Submission | None:
        return self._tree.get(f"id/{_newest_first(id)}")  # type: ignore[no-any-return]

    def newest(self, limit: int) -> list[Submission]:
        found: list[Submission] = []
        for submission in self._tree.values(min="id/", max="id0", excludemax=True):
            found.append(submission)
            if len(found) >= limit:
                break
        return found

    def bounces(self) -> tuple[tuple[int, str, str], ...]:
        """Return (step of the log, submission id, address) of the last letters that bounced, oldest first.

        Those from before steps were noted have step 0.
        """
        if "bounced" in self._tree:
            return self._tree["bounced"]  # type: ignore[no-any-return]
        newest = reversed(self.newest(BOUNCES))
        found = [
            (0, one.id, who.address) for one in newest for who in one.recipients if who.outcome == "failed"
        ]
        return tuple(found[-BOUNCES:])

    def note_bounce(self, step: int, id: str, address: str) -> None:
        others = (one for one in self.bounces() if one[1:] != (id, address))
        self._tree["bounced"] = (*others, (step, id, address))[-BOUNCES:]

    def pending(self) -> list[Submission]:
        """Return those still to be handed over, oldest first."""
        waiting = [self._tree[f"id/{_newest_first(id)}"] for id in self._tree.get("pending", ())]
        return sorted(waiting, key=lambda submission: (submission.next_attempt_at, submission.id))

    def note_pending(self, id: str) -> None:
        self._tree["pending"] = (*self._tree.get("pending", ()), id)

    def forget_pending(self, id: str) -> None:
        self._tree["pending"] = tuple(kept for kept in self._tree.get("pending", ()) if kept != id)


def make_id(milliseconds: int, chance: str) -> str:
    """Return a submission's id: when, and eight hexadecimal digits of chance. Pure."""
    return f"s{milliseconds & _MOMENTS:011x}{chance}"


_MOMENTS = 0xFFFFFFFFFFF


def _newest_first(id: str) -> str:
    """Return the id as a key under which later ids come first; an id that is none finds nothing."""
    try:
        return f"{_MOMENTS - int(id[1:12], 16):011x}{id[12:]}"
    except ValueError:
        return ""
