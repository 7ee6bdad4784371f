"""The octets of large things by name: of kept messages, of their parts, of uploads and exports.

Octets are given out through a real temporary file once they are many, so that neither memory nor a thread
follows them. Knows nothing of HTTP.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ
from pathlib import Path
from typing import BinaryIO

from restante.errors import NotFound, TooComplex
from stored.blob_types import Blob, BlobId, no_blob, usable_type
from stored.mime import Octets, Part, slices_of, some_parts_of
from stored.model.account import Account
from stored.spool import MEMORY_OCTETS, Mapped, filed
from stored.store import Store, UserStore
from stored.uploads import upload_of

_PIECE_OCTETS = 1 << 20


class Blobs:
    """The blobs of every user. Safe to use from any thread."""

    #: Gives a user's export by its id; set by whoever makes exports.
    exported: Callable[[str, str], tuple[Blob, BinaryIO]] | None = None

    def __init__(self, store: Store, spool: Path) -> None:
        """`spool` is where temporary files are made; it need not outlive the process."""
        self._store = store
        self._spool = spool

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
                yield blob, (raw[at : at + _PIECE_OCTETS] for at in range(0, len(raw), _PIECE_OCTETS))
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
            upload = upload_of(account, id)
            if not upload.complete:
                raise NotFound("The file has not been uploaded to its end; upload the rest first.", about=id)
            if upload.to_import:
                raise NotFound("The file was uploaded to be imported and for nothing else.", about=id)
            return Blob(id, upload.name, upload.type, upload.length, id), list(upload.pieces())

        blob, pieces = self._mail(user).read(work)
        return blob, iter(pieces)

    def _mail(self, user: str) -> UserStore:
        return self._store.open_account(user)


def _part(raw: Octets, number: str, id: str) -> Part:
    parts, whole = some_parts_of(raw)
    for part in parts:
        if part.part == number:
            return part
    if whole:
        raise no_blob(id)
    raise TooComplex("This message has more parts than are read; it can still be saved whole.", about=id)
