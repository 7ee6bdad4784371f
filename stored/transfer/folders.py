"""Where letters that are brought in are put: folders found or made by their path elsewhere."""

import unicodedata

from restante.wire import clean_text
from stored.model.account import Account
from stored.model.folder import DEEPEST, MOST_FOLDERS, NAME_CHARACTERS, Folder
from stored.model.roles import TRASH
from stored.transfer.names import Path

_ROLES = {
    "inbox": "inbox",
    "bandeja de entrada": "inbox",
    "recibidos": "inbox",
    "sent": "sent",
    "sent items": "sent",
    "sent messages": "sent",
    "sent mail": "sent",
    "enviados": "sent",
    "elementos enviados": "sent",
    "drafts": "drafts",
    "borradores": "drafts",
    "junk": "junk",
    "junk e-mail": "junk",
    "junk email": "junk",
    "spam": "junk",
    "bulk mail": "junk",
    "correo no deseado": "junk",
    "trash": "trash",
    "deleted items": "trash",
    "deleted messages": "trash",
    "papelera": "trash",
    "elementos eliminados": "trash",
    "archive": "archive",
    "archives": "archive",
    "archived": "archive",
    "archivado": "archive",
    "archivados": "archive",
}
#: What stands above folders elsewhere and is none here; the inbox only where others stand in it as well.
_ABOVE = ("[gmail]", "[google mail]", "local folders")


def placed(account: Account, path: Path, otherwise: str) -> str | None:
    """Return the folder for a path, made where there is none; `otherwise` where the path is empty.

    None where one more cannot be made. Inside a unit of work.
    """
    steps = _steps(path)
    if not steps:
        return otherwise
    if len(steps) > DEEPEST:
        steps = [*steps[: DEEPEST - 1], " - ".join(steps[DEEPEST - 1 :])[:NAME_CHARACTERS].strip()]
    folder = account.folders.find(_role(steps[0])) if _role(steps[0]) else None
    if folder is not None and folder.number == TRASH:
        return folder.id  # it holds no folders
    for step in steps[folder is not None :]:
        folder = _within(account, folder.number if folder is not None else 0, step)
        if folder is None:
            return None
    return folder.id if folder is not None else otherwise


def in_trash(path: Path) -> bool:
    """Return whether a path leads to the trash. Pure."""
    steps = _steps(path)
    return bool(steps) and _role(steps[0]) == "trash"


def _steps(path: Path) -> list[str]:
    """Return the names of the folders of a path, without what is none here."""
    steps = [step for step in map(_clean, path) if step]
    if len(steps) > 1 and steps[0].casefold() in _ABOVE:
        steps = steps[1:]
    if len(steps) > 1 and _role(steps[0]) == "inbox" and _role(steps[1]):
        steps = steps[1:]
    return steps


def _role(step: str) -> str:
    return _ROLES.get(step.casefold(), "")


def _within(account: Account, parent: int, name: str) -> Folder | None:
    folded = name.casefold()
    for folder in account.folders:
        if folder.parent == parent and folder.name.casefold() == folded:
            return folder
    made = account.folders.create(name, parent) if len(account.folders) < MOST_FOLDERS else None
    if made is not None:
        account.journal().folders = True
    return made


def _clean(name: str) -> str:
    """Return a name as folders here have them, empty where nothing is left of it."""
    plain = " ".join(unicodedata.normalize("NFC", clean_text(name)).split())
    return "".join(letter for letter in plain if letter.isprintable())[:NAME_CHARACTERS].strip()
