"""Files that are there after a power cut, whole or not at all. Knows only the file system."""

import os
import secrets
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Make a file whole and flushed, or leave the one that another process made first."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        flush_directory(path.parent)
    finally:
        draft.unlink()


def write_over(path: Path, content: bytes, mode: int) -> None:
    """Put a file in the place of the one there may be: whoever looks sees the old one or the new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        flush_directory(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def flush_file(path: Path) -> None:
    """Make what was written to a file durable, by whomever it was written."""
    _flush(path)


def flush_directory(directory: Path) -> None:
    """Make the names in a directory durable: a file is not there until its directory says so on disk."""
    _flush(directory)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
