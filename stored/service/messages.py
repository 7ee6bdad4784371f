"""message.*: lists, messages opened, what changed, flags, moving and deleting."""

from restante.rpc import USER, Call, method
from restante.wire import Limit, State
from stored import bulk, messages, undoing
from stored.changes import changes
from stored.clock import Clock
from stored.folder_types import FolderId, UndoId
from stored.reading import Reader
from stored.store import Store, UserStore
from stored.types import (
    Anchor,
    MessageChanges,
    MessageFilter,
    MessageIds,
    MessageIdsToGet,
    MessagePage,
    MessagePatch,
    MessagesCopied,
    MessagesDeleted,
    MessagesGot,
    MessagesSet,
    MessagesSetWhere,
    MessagesUndone,
    Position,
)


class MessageService:
    def __init__(self, store: Store, reader: Reader, clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock

    def _mail(self, call: Call) -> UserStore:
        return self._store.open_account(call.principal.name)

    @method("message.page", caller=USER)
    def page(
        self, call: Call, /, folder: FolderId, position: Position = 0, limit: Limit = 50, anchor: Anchor = ""
    ) -> MessagePage:
        """List a window of a folder, newest first.

        `position` counts from the newest. With `anchor`, the id of a message, it counts from that message
        and may be negative: 0 begins the window with it, -10 ten before it.
        """
        self._reader.expect()
        return self._mail(call).read(lambda account: messages.page(account, folder, position, limit, anchor))

    @method("message.get", caller=USER)
    def get(self, call: Call, /, ids: MessageIdsToGet, text: bool = True, runs: bool = True) -> MessagesGot:
        """Open messages: rows with all headers of interest, the parts, what they are and say.

        With `text` comes the plain text, and with `runs` beside it the same as runs of styled text, from HTML
        where there is any. Nothing outside the message is ever fetched. `notices` tell of invitations,
        delivery reports, receipts, signatures and encryption; `warnings` of what may deceive. `raw` and each
        part's `blob` are ids to be fetched as blobs. A message whose octets are damaged comes as its row with
        `damaged`; one that is too much to be read with `too_complex` and what could be read. When the texts
        of many are long together, later ones come empty with `text_truncated`: ask for those by themselves.
        """
        return self._reader.get(self._mail(call), ids, text=text, runs=runs)

    @method("message.changes", caller=USER)
    def changes(self, call: Call, /, since: State) -> MessageChanges:
        """Tell what was created, updated and destroyed after the state `since`, each message once.

        `folders` tells that the list of folders or a count in it may be different. With `start_again` the
        question cannot be answered (an unknown or too old state, or too much happened): read everything anew.
        """
        return self._mail(call).read(lambda account: changes(account, since))

    @method("message.set", caller=USER)
    def set(self, call: Call, /, ids: MessageIds, set: MessagePatch) -> MessagesSet:
        """Set flags of messages and move them to a folder; `updated` counts those that were different.

        `undo` takes it back by `message.undo`, for a day.
        """
        return self._mail(call).write(lambda account: messages.change(account, ids, set))

    @method("message.delete", caller=USER)
    def delete(self, call: Call, /, ids: MessageIds, for_good: bool = False) -> MessagesDeleted:
        """Move messages to the trash; those in the trash, or all with `for_good`, are gone.

        A message that is gone is not collected again, and goes at its POP3 server as well where the account
        does not leave mail there. `undo` takes the moves back; what is gone stays gone.
        """
        return self._mail(call).write(lambda account: messages.delete(account, ids, for_good))

    @method("message.copy", caller=USER)
    def copy(self, call: Call, /, ids: MessageIds, folder: FolderId) -> MessagesCopied:
        """Keep messages once more, in another folder; `created` are the ids of the copies.

        Each copy counts for the quota. `undo` lets the copies go again.
        """
        return self._mail(call).write(lambda account: messages.copy(account, ids, folder))

    @method("message.set_where", caller=USER)
    def set_where(self, call: Call, /, filter: MessageFilter, set: MessagePatch) -> MessagesSetWhere:
        """Set flags of all messages that fit a filter, and move them.

        All conditions given must hold; `from` and `subject` are parts of the text, whatever the case of
        letters; `before` and `after` (from that moment on) speak of when a message was received. It is done
        in slices that other clients see one after the other; where it takes too long the answer comes with
        `finished` false: call again. `undo` takes back what this call did.
        """
        return bulk.set_where(self._mail(call), filter, set)

    @method("message.undo", caller=USER)
    def undo(self, call: Call, /, undo: UndoId) -> MessagesUndone:
        """Take back a change of messages, up to a day later; `undo` in the answer does it again.

        Copies that are made again have other ids. What was changed once more meanwhile stays as it is now.
        While the service's clock is held after a jump no day passes. Raises not_found where
        there is nothing to take back any more.
        """
        return undoing.undo(self._mail(call), undo, days_count=self._clock.trusted())
