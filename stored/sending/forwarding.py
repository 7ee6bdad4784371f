"""Letters that rules forward: composed while the message is made ready, promised in the unit of work it is.

A forwarded letter is a letter of the user's own, the message attached to it, so nothing goes out in
somebody else's name. Loops end: what was forwarded, answered or returned by a program is not forwarded.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from restante import address
from stored import mime
from stored.append import Incoming, Prepared, append, prepare
from stored.intents import Intents
from stored.model.account import Account
from stored.model.personal import own
from stored.model.submission import Submission, Submissions, make_id
from stored.model.word import FORWARDED, OWN, SEEN
from stored.sending.compose import LETTER_OCTETS, Attachment, Letter, compose, new_message_id
from stored.sending.identities import Identity, Writer, Writers
from stored.sending.phrases import forward_subject

FORWARDS_A_DAY = 100
HOPS = 30
MARK = "Restante-Forwarded"

_TEXT = {
    "es": "Una regla de {address} reenvía este mensaje, que va adjunto.\n",
    "en": "A rule of {address} forwards this message, which is attached.\n",
}


@dataclass(frozen=True)
class Forward:
    """One letter ready to be promised."""

    submission: str
    prepared: Prepared
    sender: str
    to: str
    subject: str
    message_id: str
    at: int


def loops(summary: mime.Summary) -> bool:
    """Return whether forwarding the message might never end: a program sent it, or it has come far. Pure."""
    automatic = (value.casefold().partition(";")[0].strip() for value in summary.header("auto-submitted"))
    return (
        len(summary.header("received")) > HOPS
        or bool(summary.header(MARK))
        or any(value != "no" for value in automatic)
        or any(value.strip() == "<>" for value in summary.header("return-path"))
        or any(value.casefold().startswith("multipart/report") for value in summary.header("content-type"))
    )


@dataclass(frozen=True)
class Forwarder:
    """Makes the letters of every user. `wake` is called after a commit that promised something."""

    writers: Writers
    intents: Intents
    wake: Callable[[str], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def letters(
        self, user: str, raw: mime.Octets, summary: mime.Summary, account: str, to: Sequence[str]
    ) -> list[Forward]:
        """Compose a letter for each address in `to` that it may go to. Asks `profiled`; commits nothing.

        None for a message that might loop or is too large. Raises SenderNotProved where no address of the
        user is proved, and what else `profiled` refuses; the message is to be kept all the same.
        """
        if loops(summary) or len(raw) > LETTER_OCTETS:
            return []
        writer = self.writers(user)
        identity = writer.addressed([], account)
        if identity is None or not identity.proved:
            identity = writer.sender()
        others = [one for one in to if not writer.owns(one)]
        return [self._letter(writer, identity, bytes(raw), summary, one) for one in others]

    def _letter(
        self, writer: Writer, identity: Identity, raw: bytes, summary: mime.Summary, to: str
    ) -> Forward:
        at = self.now()
        subject = forward_subject(summary.subject)
        message_id = new_message_id(identity.address)
        text = _TEXT.get(writer.language, _TEXT["en"]).format(address=identity.address)
        composed = compose(
            Letter(
                sender=address.Address(identity.name, identity.address),
                to=[address.Address("", to)],
                subject=subject,
                text=text,
                sent_at=at,
                message_id=message_id,
                attachments=[Attachment("message.eml", "message/rfc822", raw)],
                marks=[(MARK, identity.address), ("Auto-Submitted", "auto-generated")],
            )
        )
        octets = composed.octets
        kept = Incoming(octets, mime.summarize(octets), "", "", b"", at, folder="sent", flags=SEEN | OWN)
        return Forward(
            submission=make_id(int(at.timestamp() * 1000), token_hex(4)),
            prepared=prepare(kept),
            sender="@".join(address.split(identity.address)),
            to="@".join(address.split(to)),
            subject=subject,
            message_id=message_id,
            at=int(at.timestamp()),
        )

    @contextmanager
    def promising(self, user: str) -> Iterator[None]:
        """Have a note that `user` promises letters, while they are, and have them handed over afterwards."""
        with self.intents.promising(user):
            yield
        self.wake(user)


def promise(account: Account, uid: int, forward: Forward) -> bool:
    """Promise to send a letter, inside the unit of work in which message `uid` is kept.

    Return false, having done nothing, where rules have forwarded enough for a day.
    """
    if not own(account).forward(forward.at, FORWARDS_A_DAY):
        return False
    key = f"forward {forward.submission}"
    submission = Submission(
        forward.submission,
        key,
        forward.sender,
        [forward.to],
        at=forward.at,
        subject=forward.subject,
        message_id=forward.message_id,
    )
    sent = append(account, forward.prepared)
    submission.keep(sent, account.bodies[sent], 0)
    submissions = Submissions(account.submissions)
    submissions.add(submission)
    submissions.note_pending(submission.id)
    account.change(uid, raised=FORWARDED)
    return True
