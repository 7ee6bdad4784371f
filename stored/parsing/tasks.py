"""What can be asked of a reading process: each task takes octets and answers octets.

An answer is ready for the wire, so that the daemon passes it on without a look inside.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import unquote

import orjson

from restante.wire import dumps
from stored.mime import slices_of, summarize
from stored.mime.addresses import Address
from stored.mime.charsets import decode
from stored.mime.parts import Part, beginning
from stored.mime.reading import reading_of
from stored.mime.runs import PLAIN, Look, Run
from stored.mime.scanner import Node, Octets, Scan
from stored.mime.summary import RECIPIENTS_SHOWN
from stored.mime.text import TEXT_LIMIT

#: What one message's texts may take of an answer, in octets: a call carries a megabyte at most.
RUNS_OCTETS = 192 * 1024
PICTURE_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
PICTURE_PIXELS = 40_000_000
THUMBNAIL_OCTETS = 400_000
_LOOKS = Look._fields[:-1]


class TooMuch(Exception):
    """The octets ask for more than a reader gives; the text says of what, for the log."""


# A message opened --------------------------------------------------------------------------------------


def opened(raw: Octets, *, id: str, text: bool, runs: bool, limit: int) -> bytes:
    """Return what `message.get` tells of message `id`, as JSON; its texts within `limit` octets.

    Rows tell the first recipients only; where there are more, all are told here, before all else.
    """
    limit = max(limit, 0)
    reading = reading_of(raw, text=text and limit > 0, runs_limit=min(RUNS_OCTETS, limit) if runs else 0)
    summary = reading.summary
    told: dict[str, Any] = {"to": _people(summary.to)} if len(summary.to) > RECIPIENTS_SHOWN else {}
    told |= {
        "raw": id,
        "cc": _people(summary.cc),
        "reply_to": _people(summary.reply_to),
        "message_id": summary.message_id,
        "in_reply_to": summary.in_reply_to,
        "references": summary.references,
        "parts": [_part(id, part) for part in reading.parts],
        "notices": reading.notices,
        "warnings": reading.warnings,
    }
    if text:
        told["text"], cut = _within(reading.text, limit)
        told["text_truncated"] = reading.text_truncated or cut or limit <= 0
    if runs:
        told["runs"] = _runs(id, reading.runs, reading.parts)
        told["runs_truncated"] = reading.runs_truncated or limit <= 0
    if reading.too_complex:
        # What was read is told all the same.
        told["too_complex"] = True
    return dumps(told)


def _within(text: str, limit: int) -> tuple[str, bool]:
    """Return as much of `text` as `limit` octets hold, and whether that is not all."""
    if len(text) <= limit // 4:
        return text, False
    octets = text.encode("utf-8", "replace")
    if len(octets) <= limit:
        return text, False
    return octets[:limit].decode("utf-8", "ignore"), True


def _people(addresses: list[Address]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in addresses]


def _part(id: str, part: Part) -> dict[str, object]:
    return {
        "blob": f"{id}-{part.part}",
        "part": part.part,
        "name": part.name,
        "type": part.type,
        "octets": str(part.octets),
        "inline": part.inline,
    }


def _runs(id: str, runs: list[Run], parts: list[Part]) -> list[dict[str, object]]:
    pictures = {part.part: f"{id}-{part.part}" for part in parts if part.placed}
    pictures |= {unquote(part.content_id): f"{id}-{part.part}" for part in parts if part.content_id}
    told = []
    for run in runs:
        one: dict[str, object] = {"text": run.text}
        if run.look is not PLAIN:
            # All but the last, which is the image.
            one |= {name: value for name, value in zip(_LOOKS, run.look, strict=False) if value}
        if run.look.image in pictures:
            one["image"] = pictures[run.look.image]
        if run.quote:
            one["quote"] = run.quote
        if run.listed:
            one["list"] = run.listed
        if run.text or "image" in one:
            told.append(one)
    while told and "image" not in told[-1] and str(told[-1]["text"]).isspace():
        told.pop()  # it stood before a picture that is not here
    return told


# A message on its way in -------------------------------------------------------------------------------


def summarized(raw: Octets) -> bytes:
    """Return the summary of a message as JSON in ASCII: what came may hold halves of characters."""
    told = asdict(summarize(raw))
    told["sent_at"] = told["sent_at"].isoformat() if told["sent_at"] else None
    return json.dumps(told).encode("ascii")


# A picture made small ----------------------------------------------------------------------------------


def thumbnail(raw: Octets, *, width: int, height: int) -> bytes:
    """Return a picture as PNG of at most `width` times `height`, the right way up, its first frame only.

    Raises TooMuch for one of too many pixels, and whatever Pillow raises for what is no picture.
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # counted here, before anything is decoded
    with Image.open(io.BytesIO(raw[:]), formats=PICTURE_FORMATS) as picture:
        if picture.width * picture.height > PICTURE_PIXELS:
            raise TooMuch(f"{picture.width} x {picture.height} pixels")
        picture.draft("RGB", (2 * width, 2 * height))
        picture.load()
        small = ImageOps.exif_transpose(picture)
        transparent = small.mode in ("RGBA", "LA", "PA") or "transparency" in small.info
        small = small.convert("RGBA" if transparent else "RGB")
    small.thumbnail((width, height))
    while True:
        said = io.BytesIO()
        small.save(said, "PNG", optimize=small.width * small.height < 250_000)
        if said.tell() <= THUMBNAIL_OCTETS or small.width < 64:
            return said.getvalue()
        small = (
            small.quantize(256)
            if small.mode == "RGB"
            else small.resize((small.width // 2, small.height // 2))
        )


# A message inspected -----------------------------------------------------------------------------------


def inspected(raw: Octets, *, file: str) -> bytes:
    """Return everything that is read of a message as one JSON object, attachments with their hashes."""
    reading = reading_of(raw, runs_limit=RUNS_OCTETS)
    summary = reading.summary
    texts = [part for part in reading.parts if part.body and part.type == "text/plain"]
    told = {
        "file": file,
        "subject": summary.subject,
        "from": _people(summary.from_),
        "to": _people(summary.to),
        "cc": _people(summary.cc),
        "reply_to": _people(summary.reply_to),
        "date": summary.sent_at.isoformat() if summary.sent_at else None,
        "message_id": summary.message_id,
        "attachments": [_attachment(raw, part) for part in reading.parts if not part.body],
        "text": _whole_text(raw, texts[0]) if texts else None,
        "structure": _structure(Scan(raw).root),
        "notices": reading.notices,
        "warnings": reading.warnings,
        "too_complex": reading.too_complex,
    }
    return orjson.dumps(told)


def _whole_text(raw: Octets, part: Part) -> str:
    return decode(beginning(raw, part, 4 * TEXT_LIMIT), part.charset)[:TEXT_LIMIT]


def _attachment(raw: Octets, part: Part) -> dict[str, object]:
    exact, size = hashlib.sha256(), 0
    lines, left_out, carried = hashlib.sha256(), 0, b""
    for piece in slices_of(raw, part):
        exact.update(piece)
        size += len(piece)
        # Line ends made one octet, and those at the very end left out; a piece may end within a line end.
        piece = carried + piece
        carried = b"\r" if piece.endswith(b"\r") else b""
        piece = piece.removesuffix(carried).replace(b"\r\n", b"\n")
        bare = piece.rstrip(b"\n")
        if bare:
            lines.update(b"\n" * left_out + bare)
            left_out = 0
        left_out += len(piece) - len(bare)
    if carried:
        lines.update(b"\n" * left_out + carried)
    return {
        "filename": part.name,
        "content_type": part.type,
        "size": size,
        "sha256": exact.hexdigest(),
        "sha256_lf": lines.hexdigest(),
    }


def _structure(node: Node) -> str:
    """Return the types of a part and of those in it, such as multipart/mixed(text/plain,image/png)."""
    inside = ",".join(map(_structure, node.children))
    return f"{node.type}({inside})" if inside else node.type


TASKS: dict[str, Callable[..., bytes]] = {
    "opened": opened,
    "summarized": summarized,
    "thumbnail": thumbnail,
    "inspected": inspected,
}
