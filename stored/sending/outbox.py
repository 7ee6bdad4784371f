"""Submitting letters: once, however often it is asked, and with everything that belongs to it at once.

The submission, the copy in Sent, the answered or forwarded flag and the end of the draft are one unit of
work. From its commit on the letter is promised; `sender` keeps the promise. What becomes of it comes back
from the relay, recipient by recipient.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from restante.address import Address, parse_list, split
from restante.errors import InvalidArgument, NotFound
from stored import mime
from stored.append import Incoming, Prepared, append, prepare
from stored.blob_types import BlobId
from stored.blobs import Blobs
from stored.intents import Intents
from stored.messages import uid_of_id
from stored.model.account import Account
from stored.model.submission import Submission, Submissions, make_id
from stored.model.word import ANSWERED, FORWARDED, OWN, SEEN
from stored.people import learn
from stored.sending.compose import Letter, compose, new_message_id
from stored.sending.drafts import RECIPIENTS, Drafts, discard_draft, too_many_recipients
from stored.sending.fates import struct_of
from stored.sending.identities import Identity, Writers
from stored.sending.types import Draft, Outcome, SubmissionList
from stored.sending.types import Submission as SubmissionStruct
from stored.store import Store


@dataclass(frozen=True)
class _Ready:
    """A letter composed and compressed, waiting for its unit of work."""

    prepared: Prepared
    skip: int
    sender: str
    recipients: list[str]
    subject: str
    message_id: str


@dataclass(frozen=True)
class Outbox:
    """Every user's submissions. `wake` is called after a commit that promised something."""

    store: Store
    blobs: Blobs
    drafts: Drafts
    writers: Writers
    intents: Intents
    wake: Callable[[str], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def submit(self, user: str, key: str, draft: Draft, id: str = "") -> SubmissionStruct:
        """Promise to send `draft`, and return the submission. Commits; asks `profiled` who the user is.

        A repeat with the same key returns what the first made, whatever else it says. Raises InvalidArgument,
        SenderNotProved, NotFound (an attachment), OverQuota, TooLarge: permanent, and nothing is queued;
        Unavailable, Busy, NoSpace: temporary.
        """
        mail = self.store.open_account(user)
        known = mail.read(lambda account: _known(account, key))
        if known is not None:
            return known
        ready = self._ready(user, draft, id, self.writers(user).sender(draft.get("from", "")))
        at = self.now()
        submission_id = make_id(int(at.timestamp() * 1000), secrets.token_hex(4))

        def work(account: Account) -> SubmissionStruct:
            known = _known(account, key)
            if known is not None:
                return known
            submission = Submission(
                submission_id,
                key,
                ready.sender,
                ready.recipients,
                at=int(at.timestamp()),
                subject=ready.subject,
                message_id=ready.message_id,
            )
            uid = append(account, ready.prepared)
            submission.keep(uid, account.bodies[uid], ready.skip)
            submissions = Submissions(account.submissions)
            submissions.add(submission)
            submissions.note_pending(submission.id)
            _settle(account, draft, id)
            learn(account, ready.recipients, int(at.timestamp()))
            return struct_of(account, submission)

        with self.intents.promising(user):
            made = mail.write(work)
        self.wake(user)
        return made

    def newest(self, user: str, limit: int = 50) -> SubmissionList:
        """Return the newest submissions, newest first. Reads."""

        def work(account: Account) -> SubmissionList:
            newest = Submissions(account.submissions).newest(limit)
            return {"submissions": [struct_of(account, submission) for submission in newest]}

        return self.store.open_account(user).read(work)

    def outcome(
        self, user: str, submission: str, recipient: str, outcome: Outcome, detail: str, at: datetime
    ) -> None:
        """Record what the relay says became of a letter for one recipient. Commits; harmless to repeat.

        Raises NotFound for a submission that is not known.
        """

        def work(account: Account) -> None:
            found = Submissions(account.submissions).by_id(submission)
            if found is None:
                raise NotFound("There is no such submission.", about=submission)
            account.tell(found, recipient, outcome, detail[:500], int(at.timestamp()))

        self.store.open_account(user).write(work)

    # Making ready -------------------------------------------------------------------------------

    def _ready(self, user: str, draft: Draft, id: str, identity: Identity) -> _Ready:
        to = _addresses(draft["to"])
        cc, bcc = _addresses(draft.get("cc", [])), _addresses(draft.get("bcc", []))
        recipients = _envelope([*to, *cc, *bcc])
        sender = Address(identity.name, identity.address)
        message_id = new_message_id(identity.address)
        composed = compose(
            Letter(
                sender=sender,
                to=to,
                cc=cc,
                bcc=bcc,
                subject=draft["subject"],
                text=draft["text"] if draft["text"].endswith("\n") else draft["text"] + "\n",
                sent_at=self.now(),
                message_id=message_id,
                references=self._references(user, draft),
                attachments=self.drafts.attachments(user, draft, id),
            )
        )
        raw = composed.octets
        incoming = Incoming(
            raw, mime.summarize(raw), "", "", b"", self.now(), folder="sent", flags=SEEN | OWN
        )
        return _Ready(
            prepare(incoming), composed.skip, _travelling(sender), recipients, draft["subject"], message_id
        )

    def _references(self, user: str, draft: Draft) -> list[str]:
        """Return the message ids that put an answer into its thread; none where the original is gone."""
        uid = uid_of_id(draft.get("answers", ""))
        if not uid:
            return []
        try:
            with self.blobs.raw(user, uid) as (raw, _):
                summary = mime.summarize(raw)
        except NotFound:
            return []
        before = summary.references or ([summary.in_reply_to] if summary.in_reply_to else [])
        return [*before, summary.message_id] if summary.message_id else before


def _known(account: Account, key: str) -> SubmissionStruct | None:
    submission = Submissions(account.submissions).by_key(key)
    return None if submission is None else struct_of(account, submission)


def _settle(account: Account, draft: Draft, id: str) -> None:
    """Do what sending a letter does to others: flags on its original, the end of its draft and uploads."""
    for original, flag in ((draft.get("answers", ""), ANSWERED), (draft.get("forwards", ""), FORWARDED)):
        uid = uid_of_id(original)
        if uid in account.state:
            account.change(uid, raised=flag)
    discard_draft(account, id)
    for attachment in draft.get("attachments", []):
        upload = BlobId.parse(attachment["blob"]).upload
        if upload in account.uploads:
            del account.uploads[upload]


def _addresses(entries: Sequence[str]) -> list[Address]:
    return [address for entry in entries for address in parse_list(entry)]


def _travelling(address: Address) -> str:
    """Return an address as SMTP wants it, its domain by IDNA."""
    return "@".join(split(address.address))


def _envelope(addresses: Sequence[Address]) -> list[str]:
    """Return the recipients, each once. Raises InvalidArgument for none, OverQuota for too many."""
    found = {_travelling(address).casefold(): _travelling(address) for address in reversed(addresses)}
    if not found:
        raise InvalidArgument("The letter has no recipient; write an address into To.", about="to")
    if len(found) > RECIPIENTS:
        raise too_many_recipients()
    return list(reversed(found.values()))
