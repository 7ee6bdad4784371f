"""rule.*: a rule and the mail that is here already. The rules themselves are kept by `profiled`."""

from restante.rpc import USER, Call, method
from stored.folder_types import FolderId
from stored.job_status import shown
from stored.job_types import Job
from stored.rules.old_mail import OldMail
from stored.rules.proposal import proposed
from stored.rules.types import RuleIds, RuleProposed, RuleRehearsed, RuleToTry
from stored.store import Store, UserStore
from stored.types import MessageId


class RuleService:
    def __init__(self, store: Store, old: OldMail) -> None:
        self._store = store
        self._old = old

    def _mail(self, call: Call) -> UserStore:
        return self._store.open_account(call.principal.name)

    @method("rule.from_message", caller=USER)
    def from_message(self, call: Call, /, id: MessageId) -> RuleProposed:
        """Propose a rule for messages like this one: of its list, or else of its sender.

        It files them where most of that sender's messages lie; where no folder suggests itself, it flags
        them, since a rule does something. Nothing is kept: that is `rule.set` of the profile server.
        """
        return proposed(self._mail(call), id)

    @method("rule.rehearse", caller=USER)
    def rehearse(self, call: Call, /, rule: RuleToTry, folder: FolderId = "inbox") -> RuleRehearsed:
        """Show what a rule would do with the newest 500 messages of a folder. Changes nothing."""
        return self._old.rehearse(self._mail(call), rule, folder)

    @method("rule.run", caller=USER)
    def run(
        self,
        call: Call,
        /,
        rule: RuleToTry | None = None,
        ids: RuleIds = [],  # noqa: B006
        folder: FolderId = "inbox",
    ) -> Job:
        """Run a rule, or rules of the profile by their `ids`, over the messages that are in a folder now.

        Answers with a job; ask `job.list` how far it is. Its `undo` takes back by `message.undo` what it did,
        for a day. Nothing is forwarded, and nothing deleted that was to be forwarded.
        """
        mail = self._mail(call)
        number = self._old.begin(mail, rule, ids, folder)
        return shown(mail, number)
