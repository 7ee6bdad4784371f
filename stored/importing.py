"""Bringing in letters from a file that was uploaded: a job, in batches, each letter once.

A batch and the place behind it are one unit of work, so a kill at any moment repeats nothing; and a letter
that is here already, octet for octet, is left out, whatever was imported before.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from restante.errors import NotFound
from stored.append import Incoming, Prepared, append, prepare
from stored.arrivals import arrived_at, fingerprint
from stored.jobs import Jobs, Working
from stored.messages import folder_named
from stored.mime import Octets, Summary, summarize
from stored.model.account import Account
from stored.model.folder import MOST_FOLDERS
from stored.model.job import Job
from stored.model.rows import UNREADABLE
from stored.model.upload import Upload
from stored.model.word import FLAG_NAMES, SEEN
from stored.people import learn
from stored.spool import spooling
from stored.store import UserStore
from stored.transfer_read import Letter, Place, letters

KIND = "import"
BATCH = 100
BATCH_OCTETS = 8_000_000
#: So long an upload is kept for its job at least.
WAITING_SECONDS = 7 * 24 * 3600

_ROLES = {
    "inbox": "inbox",
    "sent": "sent",
    "sent items": "sent",
    "sent messages": "sent",
    "enviados": "sent",
    "drafts": "drafts",
    "borradores": "drafts",
    "junk": "junk",
    "spam": "junk",
    "trash": "trash",
    "deleted items": "trash",
    "papelera": "trash",
    "archive": "archive",
}


@dataclass(frozen=True)
class _Ready:
    prepared: Prepared
    summary: Summary
    folder: str


@dataclass(frozen=True)
class Importer:
    """Begins imports, and does them as a kind of job. `spool` is where files lie meanwhile."""

    spool: Path
    summarize: Callable[[Octets], Summary] = summarize

    def begin(
        self, jobs: Jobs, mail: UserStore, blob: str, folder: str, *, unread: bool, folders: bool
    ) -> int:
        """Promise to import an upload that is whole; return the job. Commits.

        Raises NotFound for the upload or the folder (permanent), OverQuota.
        """

        def work(account: Account) -> str:
            folder_named(account, folder)
            upload = _upload(account, blob)
            upload.created_at = int(jobs.now()) + WAITING_SECONDS
            return str(upload.name)

        about = mail.write(work) or blob
        order = {"blob": blob, "folder": folder, "unread": unread, "folders": folders, "about": about[:100]}
        return jobs.begin(mail.user, KIND, order)

    def run(self, working: Working) -> None:
        """Import from the job's place on. As a kind of job."""
        place, _ = working.read()
        with self._file(working.mail, working.order["blob"]) as file:
            batch: list[_Ready] = []
            left, octets = 0, 0
            last: Letter | None = None
            for letter in letters(file, place, self.spool):
                last = letter
                if letter.raw is None:
                    left += 1
                else:
                    batch.append(self._ready(working, letter))
                    octets += len(letter.raw)
                if len(batch) >= BATCH or octets >= BATCH_OCTETS:
                    _keep(working, batch, left, letter.place, letter.reached)
                    batch, left, octets = [], 0, 0
            if last is not None:
                _keep(working, batch, left, last.place, last.reached)
        working.mail.write(lambda account: _complete(working.job(account)))

    def _ready(self, working: Working, letter: Letter) -> _Ready:
        order, raw = working.order, letter.raw or b""
        summary = self.summarize(raw)
        folder = letter.folder if order["folders"] or letter.folder == "trash" else ""
        flags = letter.flags if letter.flags is not None else (0 if order["unread"] else SEEN)
        flags &= (1 << len(FLAG_NAMES)) - 1
        now = datetime.now(UTC)
        incoming = Incoming(
            raw, summary, "", "", fingerprint(raw), arrived_at(summary, now, bulk=True), flags=flags
        )
        prepared = prepare(incoming, self.spool, working.mail.words())
        return _Ready(prepared, summary, folder)

    @contextmanager
    def _file(self, mail: UserStore, blob: str) -> Iterator[BinaryIO]:
        """Give an upload as a nameless file, written piece by piece."""
        with spooling():
            self.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = tempfile.TemporaryFile(dir=self.spool)  # noqa: SIM115 - closed below
        with opened as file:

            def work(account: Account) -> None:
                file.seek(0)
                file.truncate()
                for piece in _upload(account, blob).pieces():
                    file.write(piece)

            with spooling():
                mail.read(work)
                file.flush()
                file.seek(0)
            yield file


def _upload(account: Account, blob: str) -> Upload:
    upload = account.uploads.get(blob)
    if upload is None or not upload.complete:
        raise NotFound("The file to be imported is not here, or not whole; upload it first.", about=blob[:80])
    return upload  # type: ignore[no-any-return]


def _keep(working: Working, batch: Sequence[_Ready], left: int, place: Place, reached: int) -> None:
    """Keep a batch with the place behind it."""
    working.check()
    working.mail.write(lambda account: _write(account, working, batch, left, place, reached))


def _write(
    account: Account, working: Working, batch: Sequence[_Ready], left: int, place: Place, reached: int
) -> None:
    job = working.job(account)
    kept = known = 0
    for one in batch:
        if _is_here(account, one.prepared):
            known += 1
            continue
        folder = _folder(account, one.folder, working.order["folder"])
        append(account, replace(one.prepared, folder=folder))
        if folder == "sent":
            people = [who.address for who in (*one.summary.to, *one.summary.cc)]
            learn(account, people, one.prepared.time)
        kept += 1
    upload = account.uploads.get(working.order["blob"])
    job.total = (upload.length if upload is not None else reached) // 1024 + 1
    job.step(dict(place), kept=kept, known=known, left=left)
    job.done = min(reached // 1024, job.total)


def _is_here(account: Account, prepared: Prepared) -> bool:
    """Return whether a letter is here already, octet for octet."""
    for name in prepared.names:
        for uid in account.message_ids.find(account.salt, name):
            try:
                if uid in account.state and account.bodies[uid].sha256 == prepared.packed.sha256:
                    return True
            except UNREADABLE:
                continue
    return False


def _folder(account: Account, name: str, otherwise: str) -> str:
    """Return the folder for a directory's name, made where there is none; `otherwise` where none can be."""
    name = "".join(letter for letter in " ".join(name.split()) if letter.isprintable())[:100]
    if not name:
        return otherwise
    folded = name.casefold()
    if folded in _ROLES:
        return _ROLES[folded]
    for folder in account.folders:
        if folder.name.casefold() == folded and not folder.parent:
            return folder.id
    made = account.folders.create(name, 0) if len(account.folders) < MOST_FOLDERS else None
    if made is None:
        return otherwise
    account.journal().folders = True
    return made.id


def _complete(job: Job) -> None:
    job.done = job.total


def ending(account: Account, job: Job) -> None:
    """Let go of the file of an import that ends, however it does. As `Jobs.ending`."""
    if job.kind == KIND:
        account.uploads.pop(job.order["blob"], None)
