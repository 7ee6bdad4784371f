"""Opening the storage under a database: the embedded file, or whatever configuration text names.

Everything that can be wrong with either is one sentence here that names it.
"""

import errno
from pathlib import Path
from typing import Any

import ZODB.config
from zc.lockfile import LockError
from ZODB.FileStorage.format import CorruptedError
from ZODB.POSException import StorageError

from restante.db.storage import EmbeddedStorage
from restante.errors import AlreadyRunning, Busy, ConfigError, DatabaseDamaged, NoSpace

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)


def open_storage(path: Path | None, zconfig: str) -> tuple[Any, str]:
    """Return the storage and its name for sentences. `zconfig`, where there is some, goes before `path`.

    Raises AlreadyRunning, ConfigError, DatabaseDamaged, NoSpace, Busy.
    """
    if zconfig:
        return _from_zconfig(zconfig), "the configured database"
    if path is None:
        raise ConfigError("database.path is empty and database.zconfig too; one of them must be set.")
    return _open_file(path), str(path)


def _from_zconfig(text: str) -> Any:
    try:
        return ZODB.config.storageFromString(text)
    except Exception as error:
        raise ConfigError(f"database.zconfig cannot be used: {str(error).splitlines()[0]}.") from error


def _open_file(path: Path) -> EmbeddedStorage:
    refuse_fragments(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        storage = EmbeddedStorage(path)
    except LockError:
        raise AlreadyRunning(
            f"The database {path} is in use by another process{_holder(path)}; stop that one first.",
            about=str(path),
        ) from None
    except (CorruptedError, StorageError) as error:
        raise DatabaseDamaged(
            f"The database {path} is damaged; restore it from the backup.", about=str(path)
        ) from error
    except OSError as error:
        if error.errno in FULL:
            raise NoSpace(f"No space is left where the database {path} is.", about=str(path)) from error
        if error.errno in TOO_MANY_FILES:
            raise Busy("The server has too many files open; try again.", cause=str(path)) from error
        raise ConfigError(
            f"The database {path} cannot be opened: {error.strerror}.", about=str(path)
        ) from error
    try:
        refuse_fragments(path)
    except DatabaseDamaged:
        storage.close()
        raise
    return storage


def _holder(path: Path) -> str:
    """Return in words which process says it holds the lock, as far as its lock file tells."""
    try:
        return f" ({int(path.with_name(path.name + '.lock').read_text())})"
    except (OSError, ValueError):
        return ""


def refuse_fragments(path: Path) -> None:
    """Raise DatabaseDamaged where ZODB has cut a database short and put the rest beside it."""
    for fragment in path.parent.glob(path.name + ".tr[0-9]*"):
        raise DatabaseDamaged(
            f"The database {path} was cut short and {fragment.name} beside it holds the rest;"
            f" restore the backup, or remove {fragment.name} to go on without what it holds.",
            about=str(path),
        )
