"""Large things by name: uploads on their way to a letter, and the octets and parts of kept messages.

A blob id is `u…` (an upload), `m12` (message 12 exactly as it came), `m12-1.2` (one of its parts, decoded) or
`x3` (the file that job 3 exported).
Octets are given out through a real temporary file once they are many, so that neither memory nor a thread
follows them. Knows nothing of HTTP.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from mmap import ACCESS_READ
from pathlib import Path
from typing import BinaryIO

from restante.errors import InvalidArgument, NotFound, OverQuota, StateMismatch, TooComplex, TooLarge
from stored.mime import Octets, Part, slices_of, some_parts_of
from stored.model.account import Account
from stored.model.upload import Upload
from stored.spool import MEMORY_OCTETS, Mapped, filed
from stored.store import Store, UserStore

UPLOAD_OCTETS = 25_000_000
UPLOADS_OCTETS = 250_000_000
UPLOADS = 200
IMPORT_OCTETS = 2_000_000_000  # a file of letters on its way in
IMPORTS = 2
UPLOAD_SECONDS = 24 * 3600
STEP_OCTETS = 1 << 20  # how much of an upload one unit of work keeps

_MESSAGE = re.compile(r"m(\d{1,9})(?:-([0-9.]{1,300}))?")
_UPLOAD = re.compile(r"u[0-9a-f]{24}")
_EXPORT = re.compile(r"x[1-9]\d{0,8}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")


@dataclass(frozen=True)
class BlobId:
    """What a blob id names: an `upload`, an `export`, or the message `uid` whole or one `part` of it."""

    upload: str = ""
    export: str = ""
    uid: int = 0
    part: str = ""

    @classmethod
    def parse(cls, text: str) -> "BlobId":
        """Return what `text` names. Raises NotFound: an id of a wrong form names nothing."""
        if _UPLOAD.fullmatch(text):
            return cls(upload=text)
        if _EXPORT.fullmatch(text):
            return cls(export=text)
        match = _MESSAGE.fullmatch(text)
        if not match:
            raise no_blob(text)
        return cls(uid=int(match[1]), part=match[2] or "")


@dataclass(frozen=True)
class Blob:
    """What is known of a blob before its octets are read. `etag` changes when the octets would."""

    id: str
    name: str
    type: str
    octets: int
    etag: str


@dataclass(frozen=True)
class Progress:
    """How far an upload has come."""

    offset: int
    length: int


def no_blob(id: str) -> NotFound:
    return NotFound(
        "There is no such file here; it may have expired or its message was deleted.", about=id[:80]
    )


def usable_type(type: str) -> str:
    """Return a media type that may stand in a header; what is none becomes application/octet-stream. Pure."""
    type = type.strip().lower()
    return type if _TYPE.fullmatch(type) else "application/octet-stream"


class Blobs:
    """The blobs of every user. Safe to use from any thread."""

    #: Gives a user's export by its id; set by whoever makes exports.
    exported: Callable[[str, str], tuple[Blob, BinaryIO]] | None = None

    def __init__(self, store: Store, spool: Path, *, now: Callable[[], float] = time.time) -> None:
        """`spool` is where temporary files are made; it need not outlive the process."""
        self._store = store
        self._spool = spool
        self._now = now

    # Uploads ------------------------------------------------------------------------------------

    def begin(
        self, user: str, length: int, *, name: str = "", type: str = "", to_import: bool = False
    ) -> str:
        """Begin an upload of `length` octets and return its id; lets expired ones go. Commits.

        Raises TooLarge (25 MB each), OverQuota (200 uploads or 250 MB waiting for their letters). Files
        `to_import` may have 2 GB, and there may be two; the oldest that is not whole gives way to a third.
        """
        limit = IMPORT_OCTETS if to_import else UPLOAD_OCTETS
        if length > limit:
            raise TooLarge(f"A file may have at most {limit // 1_000_000} MB; this one has {length} octets.")
        if length < 0:
            raise InvalidArgument("The length of an upload must be told and cannot be negative.")
        id = "u" + secrets.token_hex(12)
        now = int(self._now())

        def work(account: Account) -> None:
            self._expire(account, now)
            kept = [one for one in account.uploads.values() if one.to_import == to_import]
            if to_import:
                _make_way(account)
            waiting = 0 if to_import else sum(upload.length for upload in kept) + length
            if len(kept) >= UPLOADS or waiting > UPLOADS_OCTETS:
                raise OverQuota(
                    "Too many uploads wait for their letters; send or discard some, or wait a day."
                )
            upload = Upload(length, name=name[:255], type=usable_type(type), created_at=now)
            upload.to_import = to_import
            account.uploads[id] = upload

        self._mail(user).write(work)
        return id

    @staticmethod
    def _expire(account: Account, now: int) -> None:
        """Let go of uploads older than a day; those dated ahead of the clock are left alone."""
        old = [id for id, upload in account.uploads.items() if now - upload.created_at > UPLOAD_SECONDS]
        for id in old:
            del account.uploads[id]

    def progress(self, user: str, id: str) -> Progress:
        """Return how far the upload `id` has come. Reads. Raises NotFound."""
        return self._mail(user).read(lambda account: _progress(_upload(account, id)))

    def extend(self, user: str, id: str, offset: int, source: BinaryIO) -> Progress:
        """Add what `source` gives to an upload from `offset` on; each megabyte kept is committed.

        Raises StateMismatch where the upload stands elsewhere (ask for its progress and go on from there),
        TooLarge where more comes than was promised, NotFound. What was kept before a failure stays.
        """
        progress = self.progress(user, id)
        if progress.offset != offset:
            raise _elsewhere(progress.offset)
        while octets := _read_step(source):
            progress = self._mail(user).write(partial(_extend, id=id, offset=offset, octets=octets))
            offset = progress.offset
        return progress

    def discard(self, user: str, id: str) -> None:
        """Let an upload go. Commits. Raises NotFound."""

        def work(account: Account) -> None:
            _upload(account, id)
            del account.uploads[id]

        self._mail(user).write(work)

    # Reading ------------------------------------------------------------------------------------

    def describe(self, user: str, id: str) -> Blob:
        """Return what is known of a blob. Raises NotFound, Damaged."""
        with self.opened(user, id) as (blob, _):
            return blob

    @contextmanager
    def opened(self, user: str, id: str) -> Iterator[tuple[Blob, Iterator[bytes]]]:
        """Give a blob and its octets in pieces, while the context lasts. Raises NotFound, Damaged."""
        which = BlobId.parse(id)
        if which.upload:
            yield self._opened_upload(user, id)
            return
        with self.raw(user, which.uid) as (raw, etag):
            if not which.part:
                blob = Blob(id, f"{id}.eml", "message/rfc822", len(raw), etag)
                yield blob, (raw[at : at + STEP_OCTETS] for at in range(0, len(raw), STEP_OCTETS))
                return
            part = _part(raw, which.part, id)
            octets = (
                part.octets if part.encoding == "8bit" else sum(len(piece) for piece in slices_of(raw, part))
            )
            blob = Blob(id, part.name, usable_type(part.type), octets, f"{etag}-{part.part}")
            yield blob, slices_of(raw, part)

    def octets(
        self, user: str, id: str, admit: Callable[[Blob], object] = lambda blob: None
    ) -> tuple[Blob, bytes]:
        """Return a blob with all its octets, for a letter that takes it along. Raises NotFound, Damaged.

        `admit` is asked before they are read, and raises where they are too many.
        """
        with self.opened(user, id) as (blob, pieces):
            admit(blob)
            return blob, b"".join(pieces)

    def spooled(self, user: str, id: str) -> tuple[Blob, BinaryIO]:
        """Return a blob and a nameless temporary file with its octets, which the caller closes.

        Raises NotFound, Damaged, NoSpace.
        """
        if BlobId.parse(id).export and self.exported is not None:
            return self.exported(user, id)
        with self.opened(user, id) as (blob, pieces):
            return blob, filed(pieces, blob.octets, self._spool)

    @contextmanager
    def raw(self, user: str, uid: int) -> Iterator[tuple[Octets, str]]:
        """Give the octets of message `uid`, hash-checked, and their etag. Raises NotFound, Damaged.

        Those of a large message are mapped from a file, so that memory does not follow their number.
        """
        taken = self._mail(user).read(lambda account: self._take(account, uid))
        octets, etag = taken
        if isinstance(octets, bytes):
            yield octets, etag
            return
        with octets, Mapped(octets.fileno(), 0, access=ACCESS_READ) as mapped:
            yield mapped, etag

    def _take(self, account: Account, uid: int) -> tuple[bytes | BinaryIO, str]:
        """Take a message's octets out of the database: small ones as they are, large ones into a file."""
        body = account.bodies.get(uid) if uid in account.state else None
        if body is None:
            raise no_blob(f"m{uid}")
        etag = body.sha256.hex()[:32]
        if body.octets <= MEMORY_OCTETS:
            return body.raw(), etag
        return filed(body.verified(), body.octets, self._spool), etag

    def _opened_upload(self, user: str, id: str) -> tuple[Blob, Iterator[bytes]]:
        def work(account: Account) -> tuple[Blob, list[bytes]]:
            upload = _upload(account, id)
            if not upload.complete:
                raise NotFound("The file has not been uploaded to its end; upload the rest first.", about=id)
            if upload.to_import:
                raise NotFound("The file was uploaded to be imported and for nothing else.", about=id)
            return Blob(id, upload.name, upload.type, upload.length, id), list(upload.pieces())

        blob, pieces = self._mail(user).read(work)
        return blob, iter(pieces)

    def _mail(self, user: str) -> UserStore:
        return self._store.open_account(user)


def _make_way(account: Account) -> None:
    """See to it that one more file to be imported has its place: what was interrupted gives way."""
    kept = {id: upload for id, upload in account.uploads.items() if upload.to_import}
    if len(kept) < IMPORTS:
        return
    unfinished = [id for id, upload in kept.items() if not upload.complete]
    if not unfinished:
        named = ", ".join(f"{upload.name or 'a file'} ({id})" for id, upload in kept.items())
        raise OverQuota(
            f"Other files wait to be imported: {named}. Wait until they are, or cancel the job of one "
            "(job.cancel), or discard one that has no job (DELETE blobs/ and its id).",
            about=next(iter(kept)),
        )
    del account.uploads[min(unfinished, key=lambda id: kept[id].created_at)]


def _upload(account: Account, id: str) -> Upload:
    upload = account.uploads.get(id)
    if upload is None:
        raise no_blob(id)
    return upload  # type: ignore[no-any-return]


def _progress(upload: Upload) -> Progress:
    return Progress(upload.offset, upload.length)


def _extend(account: Account, id: str, offset: int, octets: bytes) -> Progress:
    upload = _upload(account, id)
    if upload.offset != offset:
        raise _elsewhere(upload.offset)
    if offset + len(octets) > upload.length:
        raise TooLarge(
            f"More octets came than the {upload.length} that were promised; begin the upload again."
        )
    account.journal().grown += len(octets)
    upload.extend(octets)
    return _progress(upload)


def _elsewhere(offset: int) -> StateMismatch:
    return StateMismatch(f"The upload stands at octet {offset}; go on from there.", about=str(offset))


def _read_step(source: BinaryIO) -> bytes:
    """Return up to STEP_OCTETS from `source`, fewer only at its end."""
    pieces, wanted = [], STEP_OCTETS
    while wanted and (piece := source.read(wanted)):
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)


def _part(raw: Octets, number: str, id: str) -> Part:
    parts, whole = some_parts_of(raw)
    for part in parts:
        if part.part == number:
            return part
    if whole:
        raise no_blob(id)
    raise TooComplex("This message has more parts than are read; it can still be saved whole.", about=id)
