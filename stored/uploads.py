"""Large things on their way in: files that a letter will take along, and files of letters to be imported.

An upload comes in steps, each of which stays whatever happens to the next. Knows nothing of HTTP.
"""

import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from restante.errors import InvalidArgument, OverQuota, StateMismatch, TooLarge
from stored.blob_types import Progress, no_blob, usable_type
from stored.model.account import Account
from stored.model.upload import Upload
from stored.store import Store, UserStore

UPLOAD_OCTETS = 25_000_000
UPLOADS_OCTETS = 250_000_000
UPLOADS = 200
IMPORT_OCTETS = 2_000_000_000  # a file of letters on its way in
IMPORTS = 2
UPLOAD_SECONDS = 24 * 3600
STEP_OCTETS = 1 << 20  # how much of an upload one unit of work keeps


class Uploads:
    """The uploads of every user. Safe to use from any thread."""

    def __init__(self, store: Store, *, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

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
        return self._mail(user).read(lambda account: _progress(upload_of(account, id)))

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
            upload_of(account, id)
            del account.uploads[id]

        self._mail(user).write(work)

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


def upload_of(account: Account, id: str) -> Upload:
    """Return a user's upload. Reads. Raises NotFound."""
    upload = account.uploads.get(id)
    if upload is None:
        raise no_blob(id)
    return upload  # type: ignore[no-any-return]


def _progress(upload: Upload) -> Progress:
    return Progress(upload.offset, upload.length)


def _extend(account: Account, id: str, offset: int, octets: bytes) -> Progress:
    upload = upload_of(account, id)
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
