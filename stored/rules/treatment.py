"""What a user's rules make of messages as they come in.

Decided, and letters to forward composed, while a message is made ready; done in the unit of work in which it
is kept. So a kill at any moment leaves both or neither.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from restante import log
from restante.errors import RestanteError
from stored.mime import Octets, Summary
from stored.model.account import Account
from stored.model.roles import INBOX
from stored.model.word import MAX_UID
from stored.people import known
from stored.rules.decision import Decision, Facts, Rule, decide
from stored.sending.forwarding import Forward, Forwarder, promise
from stored.store import UserStore

_LOG = log.get("rules")


@dataclass(frozen=True)
class Verdict:
    """What was decided of one message. `forwards` are the letters that can be forwarded of those wanted.

    A message is only deleted for its forwards where all of them go out. `refused` says why none can, where
    that is to be told.
    """

    decision: Decision
    forwards: tuple[Forward, ...] = ()
    refused: str = ""

    @property
    def folder(self) -> str:
        """Where it goes: the inbox where it was to be forwarded and deleted and cannot be forwarded."""
        lost = len(self.forwards) < len(self.decision.forwards)
        return "inbox" if lost and self.decision.folder == "trash" else self.decision.folder or "inbox"

    def octets_beside(self, message: int) -> int:
        """Return how many octets carrying it out takes at most, beside a message of `message` octets."""
        letters = sum(forward.prepared.packed.octets for forward in self.forwards)
        return len(self.decision.copies) * message + letters


@dataclass
class Treatment:
    """Applies one user's rules to what one account brings. For one thread."""

    mail: UserStore
    rules: Sequence[Rule]
    account: str
    address: str
    forwarder: Forwarder | None = None
    _known: dict[str, bool] = field(default_factory=dict)

    def decide(self, raw: Octets, summary: Summary) -> Verdict:
        """Decide on a message, and compose what is to be forwarded. Slow; may ask `profiled`."""
        facts = Facts(len(raw), self._knows)
        decision = decide(self.rules, summary, self.account, self.address, facts)
        if not decision.forwards or self.forwarder is None:
            return Verdict(decision)
        user = self.mail.user
        try:
            letters = self.forwarder.letters(user, raw, summary, self.account, decision.forwards)
        except RestanteError as error:
            _LOG.warning("rules.not_forwarded", user=user, account=self.account, cause=error)
            return Verdict(decision, refused=error.message)
        return Verdict(decision, tuple(letters))

    def _knows(self, address: str) -> bool:
        if address not in self._known:
            self._known[address] = self.mail.read(lambda account: known(account, address))
        return self._known[address]

    @contextmanager
    def promising(self, verdicts: Sequence[Verdict]) -> Iterator[None]:
        """Surround the unit of work that carries these out."""
        if self.forwarder is not None and any(verdict.forwards for verdict in verdicts):
            with self.forwarder.promising(self.mail.user):
                yield
        else:
            yield


def carry_out(account: Account, uid: int, verdict: Verdict) -> bool:
    """Copy and forward message `uid` as was decided, inside the unit of work in which it was kept.

    Return false where rules have forwarded enough for the day; then it is not deleted.
    """
    for folder in verdict.decision.copies:
        place = account.folders.find(folder)
        if place is not None and account.rows.last_uid() < MAX_UID:
            account.copy(uid, place)
    promised = [promise(account, uid, forward) for forward in verdict.forwards]
    if all(promised):
        return True
    _LOG.warning("rules.forwarded_enough", user=account.user, uid=uid)
    if verdict.decision.folder == "trash":
        account.change(uid, folder=account.folders.members[INBOX])
    return False
