"""The user's folders: listing, making, renaming, moving, letting go. Units of work on an Account."""

import unicodedata
from typing import cast

from restante.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound, OverQuota
from restante.wire import clean_text
from stored.folder_types import Folder as FolderShown
from stored.folder_types import FolderList, FolderNew, FoldersSet, FolderUpdate
from stored.model.account import Account
from stored.model.folder import DEEPEST, MOST_FOLDERS, NAME_CHARACTERS, Folder
from stored.model.roles import FIRST_OWN, TRASH
from stored.removal import emptied
from stored.undoing import remember, undo_id

DAY_SECONDS = 24 * 3600


def list_folders(account: Account) -> FolderList:
    """Return every folder with its counts: roles first, then the user's own by name. Reads only."""
    ordered = sorted(account.folders, key=_listed)
    return {"state": account.state_text(), "folders": [shown(account, folder) for folder in ordered]}


def shown(account: Account, folder: Folder) -> FolderShown:
    above = account.folders.get(folder.parent)
    plain = {
        "id": folder.id,
        "name": folder.name,
        "role": folder.role,
        "parent": above.id if above else "",
        "total": folder.total(),
        "unread": folder.unread(),
    }
    if folder.entered is not None:
        plain["keep_days"] = folder.keep_days
    return cast(FolderShown, plain)


def set_folders(
    account: Account, create: list[FolderNew], update: list[FolderUpdate], destroy: list[str]
) -> FoldersSet:
    """Make, change and let go folders, all or nothing; inside a unit of work.

    A folder that goes takes those inside it along; the mail of all of them moves to the trash. `undo` brings
    back the folders that went, and their mail into them.
    Raises NotFound, AlreadyExists, Forbidden (a folder with a role), InvalidArgument, OverQuota: permanent.
    """
    created = [_create(account, one) for one in create]
    for one in update:
        _update(account, one)
    gone, number = _destroy(account, destroy)
    if created or update or gone:
        account.journal().folders = True
    answer: FoldersSet = {
        "state": account.state_text(),
        "created": [shown(account, folder) for folder in created],
        "updated": [one["id"] for one in update],
        "destroyed": [folder.id for folder in gone],
    }
    if number:
        answer["undo"] = undo_id(number)
    return answer


def _create(account: Account, wanted: FolderNew) -> Folder:
    parent = _parent(account, wanted.get("parent", ""))
    name = _name(account, wanted["name"], parent, None)
    if account.folders.depth(parent) >= DEEPEST:
        raise InvalidArgument(f"Folders can be nested {DEEPEST} deep; put this one further up.", about=name)
    folder = account.folders.create(name, parent) if len(account.folders) < MOST_FOLDERS else None
    if folder is None:
        raise OverQuota(f"There can be {MOST_FOLDERS} folders; remove some before making more.", about=name)
    return folder


def _update(account: Account, wanted: FolderUpdate) -> None:
    patch = wanted["set"]
    if "keep_days" in patch:
        _keep_days(account, wanted["id"], patch["keep_days"])
        if len(patch) == 1:
            return
    folder = _own(account, wanted["id"])
    parent = _parent(account, patch["parent"]) if "parent" in patch else folder.parent
    if parent != folder.parent:
        _check_move(account, folder, parent)
    folder.name = _name(account, patch.get("name", folder.name), parent, folder)
    folder.parent = parent


def _keep_days(account: Account, id: str, days: int) -> None:
    folder = _found(account, id)
    if folder.entered is None:
        raise InvalidArgument("Only junk and trash are emptied by themselves.", about=id)
    folder.keep_days = days


def purge(account: Account, now: int, at_most: int) -> int:
    """Let go what has been in junk or trash for longer than the user wants; return how many messages.

    Inside a unit of work. Days count from when a message came into the folder; one that came in the future,
    by a clock that was wrong then, stays.
    """
    gone = 0
    for folder in account.folders:
        if folder.entered is None or not folder.keep_days:
            continue
        last = now - folder.keep_days * DAY_SECONDS
        old = [uid for uid, entered in folder.entered.items() if entered <= last][: at_most - gone]
        for uid in old:
            account.destroy(uid)
        gone += len(old)
    return gone


def _check_move(account: Account, folder: Folder, parent: int) -> None:
    inside, depth = account.folders.subtree(folder), account.folders.depth
    if parent in {one.number for one in inside}:
        raise InvalidArgument(f"The folder {folder.name} cannot be put inside itself.", about=folder.id)
    height = max(depth(one.number) for one in inside) - depth(folder.number) + 1
    if depth(parent) + height > DEEPEST:
        raise InvalidArgument(
            f"Folders can be nested {DEEPEST} deep; put {folder.name} further up.", about=folder.id
        )


def _destroy(account: Account, ids: list[str]) -> tuple[list[Folder], int]:
    """Let folders and all inside them go; return them, the innermost first, and the number of the undo."""
    gone: list[Folder] = []
    number = 0
    for id in ids:
        for folder in reversed(account.folders.subtree(_own(account, id))):
            for moves in emptied(account, folder):
                number = remember(account, moves, number)
            account.folders.discard(folder.number)
            gone.append(folder)
    return gone, remember(account, [], number, removed=gone)


def _own(account: Account, id: str) -> Folder:
    """Return a folder that may be changed."""
    folder = _found(account, id)
    if folder.role:
        raise Forbidden(
            f"The folder {folder.name} is one that everybody has; it keeps its name and place.", about=id
        )
    return folder


def _found(account: Account, id: str) -> Folder:
    folder = account.folders.find(id)
    if folder is None:
        raise NotFound("That folder does not exist (any more); read the list of folders again.", about=id)
    return folder


def _parent(account: Account, id: str) -> int:
    """Return the number of the folder to put another into, 0 for the top."""
    if not id:
        return 0
    folder = _found(account, id)
    if folder.number == TRASH:
        raise InvalidArgument("A folder cannot be put into the trash; remove it instead.", about=id)
    return folder.number


def _name(account: Account, name: str, parent: int, itself: Folder | None) -> str:
    """Return the name as it is kept, once it is sure that no neighbour has it."""
    controls = any(unicodedata.category(one) == "Cc" for one in name)
    name = " ".join(unicodedata.normalize("NFC", clean_text(name)).split())
    if controls or not 1 <= len(name) <= NAME_CHARACTERS:
        raise InvalidArgument(
            f"The name of a folder has 1 to {NAME_CHARACTERS} characters and none that control.", about=name
        )
    for folder in account.folders.named(name, parent):
        if folder is not itself:
            raise AlreadyExists(f"There is a folder {folder.name} already; choose another name.", about=name)
    return name


def _listed(folder: Folder) -> tuple[int, str]:
    return (folder.number, "") if folder.role else (FIRST_OWN, folder.name.casefold())
