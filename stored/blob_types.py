"""What a blob is called and what is known of it.

A blob id is `u…` (an upload), `m12` (message 12 exactly as it came), `m12-1.2` (one of its parts, decoded) or
`x3` (the file that job 3 exported).
"""

import re
from dataclasses import dataclass

from restante.errors import NotFound

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
