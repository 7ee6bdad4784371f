"""folder.*: the user's folders."""

from restante.rpc import USER, Call, method
from stored import folders
from stored.folder_types import FolderIds, FolderList, FoldersNew, FoldersSet, FolderUpdates
from stored.store import Store


class FolderService:
    def __init__(self, store: Store) -> None:
        self._store = store

    @method("folder.list", caller=USER)
    def list(self, call: Call, /) -> FolderList:
        """List the folders with their counts.

        First those that everybody has (their `role` says which; show them under that word in the user's
        language), then the user's own by name. `parent` is the id of the folder around one, "" at the top.
        Junk and trash say in `keep_days` after how many days mail in them goes for good; 0: never.
        """
        return self._store.open_account(call.principal.name).read(folders.list_folders)

    @method("folder.set", caller=USER)
    def set(
        self,
        call: Call,
        /,
        create: FoldersNew | None = None,
        update: FolderUpdates | None = None,
        destroy: FolderIds | None = None,
    ) -> FoldersSet:
        """Make, rename, move and remove folders, all of it or nothing.

        A folder that is removed takes those inside it along; the mail of all of them moves to the trash.
        `undo` brings them and their mail back by `message.undo`, for a day, with the ids they had.
        Folders with a role stay as they are, but for `keep_days` of junk and trash. Names differ among
        neighbours, whatever the case of letters.
        """
        mail = self._store.open_account(call.principal.name)
        return mail.write(
            lambda account: folders.set_folders(account, create or [], update or [], destroy or [])
        )
