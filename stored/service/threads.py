"""thread.*: lists of threads, and the messages of one."""

from restante.rpc import USER, Call, method
from restante.wire import Limit
from stored import threads
from stored.folder_types import FolderId
from stored.store import Store
from stored.thread_types import Thread, ThreadAnchor, ThreadId, ThreadPage, ThreadPosition
from stored.types import Position


class ThreadService:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lines = threads.Lines()

    @method("thread.page", caller=USER)
    def page(
        self,
        call: Call,
        /,
        folder: FolderId,
        position: Position = 0,
        limit: Limit = 50,
        anchor: ThreadAnchor = "",
    ) -> ThreadPage:
        """List a window of a folder's threads, by the newest message each has there, newest first.

        `position` and `anchor` are as in `message.page`; the anchor is the id of a thread. `message.changes`
        tells of every message the thread it is in, and when that becomes another: threads whose messages
        were created, updated or destroyed have another line now, or another place.
        """
        return self._store.open_account(call.principal.name).read(
            lambda account: threads.page(account, folder, position, limit, anchor, self._lines)
        )

    @method("thread.get", caller=USER)
    def get(
        self,
        call: Call,
        /,
        id: ThreadId,
        position: ThreadPosition = 0,
        limit: Limit = 50,
        everywhere: bool = False,
    ) -> Thread:
        """List the messages of a thread from all folders, sent ones among them, oldest first.

        Those in junk and trash come only with `everywhere`. When a late letter makes two threads one, it has
        the older id; asked for by the younger it answers as well.
        """
        return self._store.open_account(call.principal.name).read(
            lambda account: threads.get(account, id, position, limit, everywhere)
        )
