"""draft.*: letters while they are written."""

from restante.rpc import USER, Call, method
from stored.sending.drafts import Drafts
from stored.sending.types import Draft, DraftId, DraftSaved
from stored.types import MessageId


class DraftService:
    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    @method("draft.save", caller=USER)
    def save(self, call: Call, /, draft: Draft, id: DraftId = "") -> DraftSaved:
        """Keep a letter that is being written, in place of the draft `id` when one is given.

        A saved draft has a new id each time, and so have its attachments: use those of the answer from then
        on. Addresses need not be complete yet.
        """
        return self._drafts.save(call.principal.name, draft, id)

    @method("draft.get", caller=USER)
    def get(self, call: Call, /, id: MessageId) -> Draft:
        """Take up a draft again."""
        return self._drafts.get(call.principal.name, id)

    @method("draft.reply", caller=USER)
    def reply(self, call: Call, /, id: MessageId, all: bool = False) -> Draft:
        """Prepare an answer to a message: sender, recipients, subject and the quoted text. Saves nothing.

        With `all` everybody the message went to is answered too, but for the user's own addresses.
        """
        return self._drafts.reply(call.principal.name, id, all)

    @method("draft.forward", caller=USER)
    def forward(self, call: Call, /, id: MessageId) -> Draft:
        """Prepare a letter that passes a message on, its files attached. Saves nothing."""
        return self._drafts.forward(call.principal.name, id)
