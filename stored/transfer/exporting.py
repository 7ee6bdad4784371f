"""Giving one's letters out: a job that writes an mbox, or a zip of eml, to be fetched as a blob.

The file is made beside the database and has its name only once it is whole. It changes nothing, so after a
restart it is simply begun again. Memory follows one letter, never their number.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson

from restante.durable import flush_directory
from restante.errors import Damaged, InvalidArgument, NotFound
from stored.blob_types import Blob, no_blob
from stored.blobs import Blobs
from stored.bulk import fitting
from stored.directories import directory_name
from stored.jobs import Jobs, Working
from stored.messages import folder_named
from stored.mime import Octets
from stored.model.account import Account
from stored.model.folder import DEEPEST, Folder
from stored.model.job import NO_ERROR
from stored.model.rows import UNREADABLE
from stored.model.word import flags_of, folder_of, time_of
from stored.spool import spooling
from stored.store import UserStore
from stored.transfer import mbox
from stored.transfer.zips import ZipWriter, note
from stored.types import MessageFilter

KIND = "export"
LOOKED_AT = 2_000
STEP = 200
PIECE_OCTETS = 1 << 20

Format = Literal["mbox", "zip"]
TYPES = {"mbox": "application/mbox", "zip": "application/zip"}
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')

# On Windows these are no names of files, whatever stands behind a dot.
_DEVICE = re.compile(r"(?:CON|CONIN\$|CONOUT\$|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³])(?: *\..*)?", re.I)


@dataclass(frozen=True)
class _Letter:
    uid: int
    at: datetime
    sender: str
    subject: str
    folder: str
    flags: int


@dataclass(frozen=True)
class Exporter:
    """Begins exports, does them as a kind of job, and gives their files. `directory` holds those files."""

    directory: Path
    blobs: Blobs

    def begin(self, jobs: Jobs, mail: UserStore, format: Format, filter: MessageFilter) -> int:
        """Promise to export what fits a filter, everything where it is empty; return the job. Commits."""
        if "folder" in filter:
            mail.read(lambda account: folder_named(account, filter["folder"]))
        if format not in TYPES:
            raise InvalidArgument("Letters are exported as mbox or as zip.", about=format)
        order: dict[str, Any] = {"format": format, "filter": dict(filter), "about": format}
        return jobs.begin(mail.user, KIND, order)

    def run(self, working: Working) -> None:
        """Write the file. As a kind of job."""
        user, format = working.mail.user, working.order["format"]
        final = self._path(user, working.number, format)
        unfinished = final.with_suffix(".part")
        total = working.mail.read(lambda account: len(account.state))
        working.mail.write(lambda account: _begin(account, working, total))
        try:
            with spooling():
                final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with unfinished.open("w+b") as file:
                    self._write(working, file, format)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(final)
                flush_directory(final.parent)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        blob = {"blob": f"x{working.number}"}
        working.mail.write(lambda account: setattr(working.job(account), "made", blob))

    def forget(self, user: str, number: int) -> None:
        """Remove the file of a job that is let go, if it has one."""
        for format in TYPES:
            for path in (self._path(user, number, format), self._path(user, number, "part")):
                with suppress(OSError):
                    path.unlink()

    def opened(self, user: str, id: str) -> tuple[Blob, BinaryIO]:
        """Return the file of an export, which the caller closes. Raises NotFound."""
        for format, type in TYPES.items():
            path = self._path(user, int(id[1:]), format)
            if path.exists():
                file = path.open("rb")
                octets = path.stat().st_size
                return Blob(id, f"restante.{format}", type, octets, f"{id}-{octets:x}"), file
        raise no_blob(id)

    def _path(self, user: str, number: int, suffix: str) -> Path:
        return self.directory / directory_name(user) / f"x{number}.{suffix}"

    # Writing ------------------------------------------------------------------------------------

    def _write(self, working: Working, file: BinaryIO, format: str) -> None:
        archive = ZipWriter(file, self.directory) if format == "zip" else None
        looked, kept, damaged = 0, 0, 0
        for seen, letters in _fitting_letters(working):
            for letter in letters:
                try:
                    with self.blobs.raw(working.mail.user, letter.uid) as (raw, _):
                        _add(file, archive, letter, raw)
                    kept += 1
                except (Damaged, NotFound):
                    damaged += 1
                if (kept + damaged) % STEP == 0:
                    working.check()
            looked += seen
            counts = {"exported": kept, "damaged": damaged}
            _note(working, looked, counts)
        if archive is not None:
            archive.close()


def _add(file: BinaryIO, archive: ZipWriter | None, letter: _Letter, raw: Octets) -> None:
    if archive is None:
        file.write(mbox.separator(letter.sender, letter.at))
        file.writelines(mbox.written(raw))
        return
    subject = _UNSAFE.sub("_", letter.subject)[:60].strip(" .")
    name = f"{letter.folder}/{letter.at:%Y-%m-%d} {letter.uid} {subject}".rstrip(" .") + ".eml"
    pieces = (bytes(raw[at : at + PIECE_OCTETS]) for at in range(0, len(raw), PIECE_OCTETS))
    archive.add(name, pieces, letter.at, note(letter.flags))


def _fitting_letters(working: Working) -> Iterator[tuple[int, list[_Letter]]]:
    """Give (how many were looked at, those that fit) slice by slice, in the order they came."""
    filter: MessageFilter = working.order["filter"]
    last = working.mail.read(lambda account: account.rows.last_uid())
    for first in range(1, last + 1, LOOKED_AT):
        working.check()
        yield working.mail.read(lambda account, first=first: _slice(account, filter, first))  # type: ignore[misc]


def _slice(account: Account, filter: MessageFilter, first: int) -> tuple[int, list[_Letter]]:
    fits = fitting(filter)
    names = {folder.number: _path(account, folder) for folder in account.folders}
    words = list(account.state.items(min=first, max=first + LOOKED_AT - 1))
    found = [
        _letter(account, uid, word, names.get(folder_of(word), "_"))
        for uid, word in words
        if fits(account, uid, word)
    ]
    return len(words), found


def _letter(account: Account, uid: int, word: int, folder: str) -> _Letter:
    try:
        row = orjson.loads(b"{" + account.rows.row(uid))
    except (*UNREADABLE, orjson.JSONDecodeError):
        row = {"from": {"address": ""}, "subject": ""}
    at = datetime.fromtimestamp(time_of(word), UTC)
    return _Letter(uid, at, row["from"]["address"], row["subject"], folder, flags_of(word))


def _path(account: Account, folder: Folder) -> str:
    """Return the directory for a folder, those around it before it."""
    steps: list[str] = []
    within: Folder | None = folder
    while within is not None and len(steps) < DEEPEST + 1:
        name = _UNSAFE.sub("_", within.name).strip(" .") or "_"
        steps.append(f"_{name}" if _DEVICE.fullmatch(name) else name)
        within = account.folders.get(within.parent)
    return "/".join(reversed(steps))


def _begin(account: Account, working: Working, total: int) -> None:
    job = working.job(account)
    job.total, job.done, job.counts, job.error = total, 0, {}, NO_ERROR


def _note(working: Working, looked: int, counts: dict[str, int]) -> None:
    def work(account: Account) -> None:
        job = working.job(account)
        job.done, job.counts = looked, counts

    working.mail.write(work)
