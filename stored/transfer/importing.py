"""Bringing in letters from a file that was uploaded: a job, in batches, each letter once.

A batch and the place behind it are one unit of work, so a kill at any moment repeats nothing; and a letter
that is here already, octet for octet, is left out, whatever was imported before.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from restante.errors import InvalidArgument, NotFound, OverQuota, RestanteError, TooLarge
from stored.append import Incoming, Prepared, append, prepare
from stored.collecting.arrivals import arrived_at, fingerprint
from stored.jobs import Jobs, Working
from stored.messages import folder_named
from stored.mime import Octets, Summary, summarize
from stored.model.account import Account
from stored.model.job import Job
from stored.model.rows import UNREADABLE
from stored.model.upload import Upload
from stored.model.word import FLAG_NAMES, SEEN
from stored.people import learn
from stored.space import Room, never_fits
from stored.spool import spooling
from stored.store import UserStore
from stored.transfer.folders import in_trash, placed
from stored.transfer.letter import alike
from stored.transfer.read import Letter, letters

KIND = "import"
BATCH = 100
BATCH_OCTETS = 8_000_000
#: So long an upload is kept for its job at least.
WAITING_SECONDS = 7 * 24 * 3600

#: What becomes of letters, and of files that are none; the first three are always told.
COUNTS = (
    "kept",
    "known",
    "left",
    "over_quota",
    "too_large",
    "damaged",
    "other",
    "expunged",
    "unfiled",
)
_ALWAYS = dict.fromkeys(COUNTS[:3], 0)

_NO_LETTERS = (
    "There are no letters in this file. Give an mbox, a letter as eml, or a zip or tar of such or of a "
    "Maildir; an archive within it has to be unpacked first."
)
_ALL_DAMAGED = "No letter of this file could be read, since all are damaged; pack it anew."


@dataclass(frozen=True)
class _Ready:
    prepared: Prepared
    summary: Summary
    letter: Letter


@dataclass
class _Batch:
    """Letters to be kept together, and how many are left out beside them, by the reason."""

    ready: list[_Ready] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    octets: int = 0
    last: Letter | None = None

    def add(self, letter: Letter, ready: _Ready | None) -> None:
        self.last = letter
        if ready is not None:
            self.ready.append(ready)
            self.octets += len(letter.raw or b"")
        elif letter.left is not None:
            self.left[letter.left] += 1

    @property
    def full(self) -> bool:
        return len(self.ready) >= BATCH or self.octets >= BATCH_OCTETS


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
            failure = self._bring(working, letters(file, place, self.spool))
        if failure is not None:
            raise failure
        counts = working.mail.write(lambda account: _complete(working.job(account)))
        if counts["over_quota"] or counts["too_large"]:
            raise _no_room(counts["over_quota"], counts["too_large"], working.mail.room())

    def _bring(self, working: Working, coming: Iterator[Letter]) -> RestanteError | None:
        """Keep what comes, batch by batch; return what ended it early, and then what came before is kept."""
        batch = _Batch()
        failure: RestanteError | None = None
        try:
            for letter in coming:
                batch.add(letter, self._ready(working, letter) if letter.raw is not None else None)
                if batch.full:
                    _keep(working, batch)
                    batch = _Batch()
        except (InvalidArgument, TooLarge) as error:
            failure = error
        if batch.last is not None:
            _keep(working, batch)
        return failure

    def _ready(self, working: Working, letter: Letter) -> _Ready:
        order, raw = working.order, letter.raw or b""
        summary = self.summarize(raw)
        flags = letter.flags if letter.flags is not None else (0 if order["unread"] else SEEN)
        flags &= (1 << len(FLAG_NAMES)) - 1
        now = datetime.now(UTC)
        incoming = Incoming(
            raw, summary, "", "", fingerprint(raw), arrived_at(summary, now, bulk=True), flags=flags
        )
        prepared = prepare(incoming, self.spool, working.mail.words())
        return _Ready(prepared, summary, letter)

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


def _keep(working: Working, batch: _Batch) -> None:
    """Keep a batch with the place behind it."""
    working.check()
    working.mail.write(lambda account: _write(account, working, batch))


def _write(account: Account, working: Working, batch: _Batch) -> None:
    job, last = working.job(account), batch.last
    assert last is not None
    counts: Counter[str] = Counter()
    for one in batch.ready:
        if _is_here(account, one):
            counts["known"] += 1
            continue
        room, octets = working.mail.room_in(account), one.prepared.packed.octets
        if octets > room.quota:
            counts["too_large" if octets > room.limit else "over_quota"] += 1
            continue
        folder, unfiled = _folder(account, working, one.letter)
        append(account, replace(one.prepared, folder=folder))
        if folder == "sent":
            people = [who.address for who in (*one.summary.to, *one.summary.cc)]
            learn(account, people, one.prepared.time)
        counts["kept"] += 1
        counts["unfiled"] += unfiled
    upload = account.uploads.get(working.order["blob"])
    job.total = (upload.length if upload is not None else last.reached) // 1024 + 1
    job.step(dict(last.place), **_ALWAYS | (counts + batch.left))
    job.done = min(last.reached // 1024, job.total)


def _folder(account: Account, working: Working, letter: Letter) -> tuple[str, bool]:
    """Return the folder for a letter, and whether its own could not be made since there are too many."""
    otherwise = working.order["folder"]
    if not working.order["folders"] and not in_trash(letter.folder):
        return otherwise, False
    folder = placed(account, letter.folder, otherwise)
    return (otherwise, True) if folder is None else (folder, False)


def _is_here(account: Account, one: _Ready) -> bool:
    """Return whether a letter is here already, octet for octet.

    Where its line ends are not those it once had, it is whatever they were.
    """
    prepared, came = one.prepared, one.letter.raw or b""
    for name in prepared.names:
        for uid in account.message_ids.find(account.salt, name):
            try:
                if uid not in account.state:
                    continue
                body = account.bodies[uid]
                if body.sha256 == prepared.packed.sha256:
                    return True
                shorter = len(came) - body.octets
                possible = not one.letter.exact and 0 <= shorter <= bytes(came).count(b"\n") + 2
                if possible and alike(body.raw(), came):
                    return True
            except UNREADABLE:
                continue
    return False


def _complete(job: Job) -> Counter[str]:
    """Note that all of the file was read; return how many letters became what.

    Raises InvalidArgument where no letter was in it.
    """
    counts = Counter(job.counts)
    if not sum(counts[name] for name in ("kept", "known", "left", "over_quota", "too_large", "expunged")):
        raise InvalidArgument(_ALL_DAMAGED if counts["damaged"] else _NO_LETTERS)
    job.done = job.total
    return counts


def _no_room(fitting: int, never: int, room: Room) -> RestanteError:
    """Say what to do about letters that would fit, were others gone, and others that `never` do."""
    left = "1 letter was" if fitting + never == 1 else f"{fitting + never} letters were"
    what = f"{left} left out: {room.quota_told}."
    if not fitting:
        return TooLarge(f"{what} {never_fits(never, of=never)}")
    advice = (
        "Delete for good what you do not need, then import the file again; what is here already does not "
        "come twice."
    )
    return OverQuota(f"{what} {advice}" + (f" {never_fits(never, of=fitting + never)}" if never else ""))


def ending(account: Account, job: Job) -> None:
    """Let go of the file of an import that ends, however it does. As `Jobs.ending`."""
    if job.kind == KIND:
        account.uploads.pop(job.order["blob"], None)
