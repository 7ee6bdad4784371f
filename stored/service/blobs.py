"""Blobs by plain HTTP: reading with Range and ETag (RFC 9110), uploads by the core of tus 1.0.

GET, HEAD  blobs/<blob id>/<name>    octets, always as a download, never shown by a browser
POST       blobs/                    Upload-Length → 201, Location, {"blob": id}
PATCH      blobs/<blob id>           Upload-Offset, application/offset+octet-stream → 204
HEAD       blobs/<blob id>           Upload-Offset, Upload-Length
DELETE     blobs/<blob id>           204; an upload that is not wanted any more
"""

import base64
import binascii
import re
from typing import BinaryIO
from urllib.parse import quote

from restante.errors import InvalidArgument, InvalidRequest, NotFound
from restante.serve import Request, Response, Route
from restante.wire import clean_text, dumps
from stored.blob_types import Blob, BlobId, Progress
from stored.blobs import Blobs
from stored.uploads import Uploads

_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))\s*", re.ASCII)
_TUS = {"Tus-Resumable": "1.0.0"}
_SMALL_OCTETS = 64 * 1024  # answered from memory; more goes through a file


class BlobRoute:
    """What answers under `blobs/`. `base` is where that stands to clients, such as /storage/1/blobs/."""

    def __init__(self, blobs: Blobs, uploads: Uploads, base: str) -> None:
        self._blobs = blobs
        self._uploads = uploads
        self._base = base

    def route(self) -> Route:
        return Route("blobs/", self.answer, ("GET", "HEAD", "POST", "PATCH", "DELETE"))

    def answer(self, request: Request) -> Response:
        """Answer one request of a user about a blob of their own. Raises what `Blobs` and `Uploads` raise."""
        id, _, name = request.path.partition("/")
        user = request.principal.name
        if request.verb == "POST":
            return self._begin(user, id, request)
        if request.verb == "PATCH":
            return self._extend(user, id, request)
        if request.verb == "DELETE":
            self._uploads.discard(user, id)
            return Response(204, dict(_TUS))
        if request.verb == "HEAD" and not name and BlobId.parse(id).upload:
            return Response(200, _TUS | _progress(self._uploads.progress(user, id)))
        return self._read(user, id, name, request)

    # Uploads ------------------------------------------------------------------------------------

    def _begin(self, user: str, id: str, request: Request) -> Response:
        if id:
            raise InvalidRequest("Begin an upload by POST to blobs/ and go on with it by PATCH.")
        length = _number(request, "upload-length")
        about = _metadata(request.headers.get("upload-metadata", ""))
        blob = self._uploads.begin(
            user,
            length,
            name=about.get("filename", ""),
            type=about.get("filetype", ""),
            to_import=about.get("purpose", "") == "import",
        )
        headers = _TUS | {
            "Location": f"{self._base}{blob}",
            "Content-Type": "application/json",
            "Upload-Offset": "0",
        }
        return Response(201, headers, dumps({"blob": blob}))

    def _extend(self, user: str, id: str, request: Request) -> Response:
        if request.headers.get("content-type", "") != "application/offset+octet-stream":
            raise InvalidArgument("Send the octets of an upload as application/offset+octet-stream.")
        if not BlobId.parse(id).upload:
            raise NotFound("That is no upload; only uploads can be added to.", about=id)
        progress = self._uploads.extend(user, id, _number(request, "upload-offset"), request.body)
        return Response(204, _TUS | _progress(progress))

    # Reading ------------------------------------------------------------------------------------

    def _read(self, user: str, id: str, name: str, request: Request) -> Response:
        blob, file = self._blobs.spooled(user, id)
        try:
            return _answer(blob, file, name, request)
        except BaseException:
            file.close()
            raise


def _answer(blob: Blob, file: BinaryIO, name: str, request: Request) -> Response:
    """Return the whole blob, the range of it that was asked for, or that it has not changed."""
    etag = f'"{blob.etag}"'
    shown = quote(_file_name(blob.name or name), safe="")
    headers = {
        "Content-Type": blob.type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{shown}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "bytes",
        "ETag": etag,
    }
    if _named(request.headers.get("if-none-match", ""), etag):
        file.close()
        return Response(304, {"ETag": etag})
    start, stop, status = 0, blob.octets, 200
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted and request.headers.get("if-range", etag) == etag:
        start, stop = _bounds(wanted, blob.octets)
        status = 206 if start < stop else 416
    if status == 416:
        file.close()
        return Response(416, {"Content-Range": f"bytes */{blob.octets}"})
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{blob.octets}"
    headers["Content-Length"] = str(stop - start)
    file.seek(start)
    if request.verb == "GET" and stop - start > _SMALL_OCTETS:
        return Response(status, headers, file)
    octets = file.read(stop - start) if request.verb == "GET" else b""
    file.close()
    return Response(status, headers, octets)


def _bounds(wanted: re.Match[str], octets: int) -> tuple[int, int]:
    """Return where the one range asked for begins and ends; an empty one cannot be satisfied. Pure."""
    if wanted[3]:
        return max(0, octets - int(wanted[3])), octets
    start = int(wanted[1])
    stop = min(octets, int(wanted[2]) + 1) if wanted[2] else octets
    return (start, stop) if start < stop else (0, 0)


def _named(header: str, etag: str) -> bool:
    """Tell whether If-None-Match names `etag`; weakly compared (RFC 9110 section 13.1.2). Pure."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or "*" in tags


def _file_name(name: str) -> str:
    """Return the last step of a file name without what could lead or mislead elsewhere. Pure."""
    last = re.split(r"[/\\]", clean_text(name))[-1]
    return (
        re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", last).strip(" .")[:200] or "file"
    )


def _progress(progress: Progress) -> dict[str, str]:
    return {"Upload-Offset": str(progress.offset), "Upload-Length": str(progress.length)}


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidArgument(f"The header {header.title()} must be a whole number of octets.", about=header)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """Return what Upload-Metadata says: names with base64 values (tus 1.0, Creation). Pure."""
    about: dict[str, str] = {}
    for pair in header[:4000].split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            about[name] = clean_text(base64.b64decode(value, validate=True).decode("utf-8", "replace"))
        except (binascii.Error, ValueError):
            continue
    return about
