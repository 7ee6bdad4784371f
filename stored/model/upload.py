"""A file on its way to becoming an attachment: kept in chunks, for a day at most."""

from collections.abc import Iterator

from persistent import Persistent

CHUNK_OCTETS = 256 * 1024


class UploadChunk(Persistent):  # type: ignore[misc]
    """At most 256 KB of an upload, an object of its own so that adding to an upload rewrites nothing."""

    version = 1

    def __init__(self, octets: bytes) -> None:
        self.octets = octets


class Upload(Persistent):  # type: ignore[misc]
    """One upload: `length` octets promised, `offset` of them here; `created_at` in seconds since 1970."""

    version = 1
    #: A file of letters to be imported, which may be large.
    to_import = False

    def __init__(self, length: int, *, name: str, type: str, created_at: int) -> None:
        self.length = length
        self.offset = 0
        self.name = name
        self.type = type
        self.created_at = created_at
        self.chunks: list[UploadChunk] = []

    @property
    def complete(self) -> bool:
        return self.offset == self.length

    def extend(self, octets: bytes) -> None:
        """Add `octets` behind what is here; the caller saw to it that they fit."""
        for at in range(0, len(octets), CHUNK_OCTETS):
            self.chunks.append(UploadChunk(octets[at : at + CHUNK_OCTETS]))
        self.offset += len(octets)
        self._p_changed = True

    def pieces(self) -> Iterator[bytes]:
        """Yield the octets that are here, in order."""
        for chunk in self.chunks:
            octets = chunk.octets
            chunk._p_deactivate()
            yield octets
