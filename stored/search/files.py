"""Where a user's index is: one file beside the database, and perhaps the next one being written.

    search-3.db      the index that answers; the highest number counts
    search-4.part    its successor, written from the beginning; renamed once it has caught up

A crash between any two steps leaves a file that counts, or none, and then everything is indexed anew.
"""

import contextlib
import re
from pathlib import Path

from restante.durable import flush_directory

_NAME = re.compile(r"search-(\d{1,9})\.(db|part)")


def _numbers(directory: Path, kind: str) -> list[int]:
    try:
        matches = [_NAME.fullmatch(path.name) for path in directory.iterdir()]
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for match in matches if match and match[2] == kind)


def current(directory: Path) -> Path | None:
    """Return the index that answers, None when there is none."""
    numbers = _numbers(directory, "db")
    return directory / f"search-{numbers[-1]}.db" if numbers else None


def inode(path: Path) -> int:
    """Return which file has that name now, 0 when none: an index may be removed and made anew under it."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def next_number(directory: Path) -> int:
    return max([0, *_numbers(directory, "db"), *_numbers(directory, "part")]) + 1


def first(directory: Path) -> Path:
    """Return the path of an index to be made where there is none; makes its directory."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory / f"search-{next_number(directory)}.db"


def part(directory: Path) -> Path:
    """Return the path of the successor under way, or of one to be begun."""
    numbers, done = _numbers(directory, "part"), _numbers(directory, "db")
    if numbers and (not done or numbers[-1] > done[-1]):
        return directory / f"search-{numbers[-1]}.part"
    return directory / f"search-{next_number(directory)}.part"


def under_way(directory: Path) -> bool:
    """Tell whether a successor is being written."""
    return bool(_numbers(directory, "part"))


def succeed(part: Path) -> Path:
    """Let a successor that is whole and closed take over; return its path. Those before it are removed."""
    path = part.with_suffix(".db")
    part.rename(path)
    flush_directory(path.parent)
    for number in _numbers(path.parent, "db"):
        if (before := path.parent / f"search-{number}.db") != path:
            remove(before)
    return path


def remove(path: Path) -> None:
    """Remove an index: the file first, since a log without its file is nothing."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(name).unlink()


def all_of(directory: Path) -> list[Path]:
    """Return every index of the user, whole or not."""
    return [
        directory / f"search-{number}.{kind}"
        for kind in ("part", "db")
        for number in _numbers(directory, kind)
    ]


def remove_all(directory: Path) -> None:
    """Remove every index of the user, so that everything is indexed anew."""
    for path in all_of(directory):
        remove(path)
