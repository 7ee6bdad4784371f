"""blob.thumbnail: pictures as a thin client can show them."""

from typing import Annotated

from restante.rpc import USER, Call, method
from restante.wire import Id, Range
from stored.blobs import Blobs
from stored.reading import Reader
from stored.types import Thumbnail

Pixels = Annotated[int, Range(16, 800)]


class PictureService:
    def __init__(self, blobs: Blobs, reader: Reader) -> None:
        self._blobs = blobs
        self._reader = reader

    @method("blob.thumbnail", caller=USER)
    def thumbnail(self, call: Call, /, blob: Id, width: Pixels = 160, height: Pixels = 160) -> Thumbnail:
        """Return a picture as PNG of at most `width` times `height` pixels, the right way up.

        `blob` is a part of a message or an upload: PNG, JPEG, GIF (its first frame), WebP or BMP of up to 40
        million pixels. Anything else is answered by `too_complex`; the blob can still be fetched as it is.
        """
        return self._reader.thumbnail(self._blobs, call.principal.name, blob, width, height)
