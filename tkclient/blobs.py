"""Large things up and down: attachments, in pieces, with progress, resumed after a loss.

Knows the blob resources of `stored` and nothing of windows. Every function blocks: call it from a worker.
`progress(done_octets, total_octets)` is called in that worker; `cancelled()` is asked before each piece.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
import time
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Optional
from urllib.parse import quote

from tkclient.line import Answer, Line, Meter
from tkclient.origin import parse_address
from tkclient.rpc import Wire
from tkclient.trouble import Cancelled, FileTrouble, ServerTrouble, TransportError

Progress = Callable[[int, int], None]
UPLOAD_LIMIT_OCTETS = 25_000_000
RESUMES = 3
SMALLEST_PIECE, LARGEST_PIECE = 32 * 1024, 512 * 1024


def save(
    wire: Wire,
    meter: Meter,
    url: str,
    token: str,
    target: Path,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Fetch the blob at `url` into the file `target`, whole or not at all.

    Raises FileTrouble, TransportError, ServerTrouble, Cancelled; in every case nothing partial is left.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".restante-", dir=str(target.parent))
    except OSError as problem:
        raise _write_trouble(problem, target) from problem
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(wire, meter, url, token, file, progress, cancelled)
        Path(name).replace(target)
    except OSError as problem:
        raise _write_trouble(problem, target) from problem
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def _write_trouble(problem: OSError, target: Path) -> FileTrouble:
    full = problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1))
    return FileTrouble("disk_full" if full else "file_unwritable", str(target), detail=str(problem))


def _fetch(
    wire: Wire,
    meter: Meter,
    url: str,
    token: str,
    file: BinaryIO,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Write the blob into `file`; after a loss go on from where it stopped, RESUMES times at most."""
    origin, path = parse_address(url)
    line = wire.line(origin)
    done, tag, losses = 0, "", 0
    while True:
        headers = {"Authorization": "Bearer " + token}
        if done and tag:
            headers.update({"Range": "bytes=%d-" % done, "If-Range": tag})
        try:
            answer = line.begin("GET", path.rstrip("/"), headers, repeatable=True)
            if answer.status not in (200, 206):
                raise _refusal(line, answer)
            if answer.status == 200:
                done = 0
                file.seek(0)
                file.truncate()
            tag = answer.getheader("ETag", "")
            total = done + int(answer.getheader("Content-Length") or 0)
            began = time.monotonic()
            while done < total:
                if cancelled():
                    line.close()
                    raise Cancelled()
                piece = line.read_some(answer)
                file.write(piece)
                done += len(piece)
                progress(done, total)
            answer.close()
            meter.moved(total, time.monotonic() - began)
            return
        except TransportError:
            losses += 1
            line.close()
            if losses > RESUMES:
                raise


def _refusal(line: Line, answer: Answer) -> Exception:
    """Turn the answer of a refused blob request into the exception that says why."""
    octets = line.read(answer, 1024 * 1024)
    try:
        error = json.loads(octets.decode("utf-8"))["error"]
        if isinstance(error, dict):
            return ServerTrouble(error)
    except (ValueError, KeyError, TypeError):
        pass
    if answer.status == 404:
        return ServerTrouble({"data": {"kind": "not_found"}})
    if answer.status == 401:
        return ServerTrouble({"data": {"kind": "session_ended"}})
    return TransportError("bad_answer", line.origin.text, "HTTP %d" % answer.status)


def upload(
    wire: Wire,
    meter: Meter,
    url: str,
    token: str,
    source: Path,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> str:
    """Send the file `source` to `url` (the `blobs/` of a storage server) and return its blob id.

    Raises FileTrouble, TransportError, ServerTrouble, Cancelled.
    """
    try:
        total = source.stat().st_size
        if total > UPLOAD_LIMIT_OCTETS:
            raise FileTrouble("file_too_large", source.name)
        with source.open("rb") as file:
            return _send(wire, meter, url, token, file, total, progress, cancelled)
    except OSError as problem:
        raise FileTrouble("file_unreadable", source.name, detail=str(problem)) from problem


def _send(
    wire: Wire,
    meter: Meter,
    url: str,
    token: str,
    file: BinaryIO,
    total: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> str:
    origin, path = parse_address(url)
    line = wire.line(origin)
    bearer = {"Authorization": "Bearer " + token, "Tus-Resumable": "1.0.0"}
    answer = line.begin("POST", path, dict(bearer, **{"Upload-Length": str(total), "Content-Length": "0"}))
    if answer.status != 201:
        raise _refusal(line, answer)
    blob = str(json.loads(line.read(answer, 65536).decode("utf-8"))["blob"])
    place = path + quote(blob)
    done, losses, size = 0, 0, SMALLEST_PIECE
    began = time.monotonic()
    while done < total:
        if cancelled():
            raise Cancelled()
        file.seek(done)
        before = time.monotonic()
        try:
            done = _patch(line, place, bearer, done, file.read(size))
        except TransportError:
            losses += 1
            if losses > RESUMES:
                raise
            done = _offset(line, place, bearer)
        progress(done, total)
        size = min(LARGEST_PIECE, size * 2) if time.monotonic() - before < 1 else size
    meter.moved(total, time.monotonic() - began)
    return blob


def _patch(line: Line, place: str, bearer: Dict[str, str], offset: int, piece: bytes) -> int:
    """Send one piece; return how much the server has now."""
    headers = dict(
        bearer, **{"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
    )
    answer = line.begin("PATCH", place, headers, piece)
    if answer.status != 204:
        raise _refusal(line, answer)
    line.read(answer, 65536)
    return _whole_number(answer.getheader("Upload-Offset"), line)


def _offset(line: Line, place: str, bearer: Dict[str, str]) -> int:
    """Ask how much of an interrupted upload arrived."""
    answer = line.begin("HEAD", place, bearer, repeatable=True)
    if answer.status not in (200, 204):
        raise _refusal(line, answer)
    answer.close()
    return _whole_number(answer.getheader("Upload-Offset"), line)


def _whole_number(text: Optional[str], line: Line) -> int:
    if text is None or not text.isdigit():
        raise TransportError("bad_answer", line.origin.text, "no Upload-Offset")
    return int(text)
