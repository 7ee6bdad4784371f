"""A message opened, and its pictures made small: read where reading can be killed.

Only what is provably cheap is read in this process: a short message without HTML, which every step of the
reader passes over a bounded number of times. What was read is kept for a while (see `opened`).
Nothing is ever fetched.
"""

from pathlib import Path
from struct import unpack_from
from typing import Any, NamedTuple, cast

import orjson

from restante import log
from restante.errors import TooComplex
from restante.wire import Ready, dumps
from stored.blobs import Blobs
from stored.messages import DAMAGED_END, arrivals, served, uid_of_id
from stored.mime.scanner import Octets
from stored.model.account import Account
from stored.model.body import UNREADABLE
from stored.opened import Asked, Opened
from stored.parsing import Parsers, tasks
from stored.parsing.pool import too_complex
from stored.spool import gathered
from stored.store import UserStore
from stored.types import MessagesGot, Thumbnail

#: What the texts of one answer may take together; a call carries a megabyte at most.
ANSWER_OCTETS = 900_000
CHEAP_OCTETS = 32_768
PICTURE_OCTETS = 40_000_000

_LOG = log.get("reading")

_NO_PICTURE = "This is no picture that can be shown in small; it can still be saved exactly as it came."


class _Taken(NamedTuple):
    """What the store has of a message: its row, and what it is known to say, or else its octets.

    With neither it is damaged.
    """

    row: Ready
    asked: Asked
    raw: Octets | None = None
    details: bytes | None = None


class Reader:
    """Opens messages. Safe to use from any thread."""

    def __init__(self, parsers: Parsers, spool: Path | None = None) -> None:
        """`spool` is where large messages lie, in files without a name, while they are read."""
        self._parsers = parsers
        self._spool = spool
        self._opened = Opened()

    def expect(self) -> None:
        """Be ready to read: somebody looks at a list, and will open what is in it. Never blocks for long."""
        self._parsers.start()

    def get(self, mail: UserStore, ids: list[str], *, text: bool = True, runs: bool = True) -> MessagesGot:
        """Return messages opened: rows, headers, parts, notices, warnings, and with `text` what they say.

        Each is read by itself, so that fifty large ones do not lie in memory together. A damaged one is its
        row with `damaged`; one that takes too much to be read has `too_complex` and as much as could be read.
        Once the answer has 900 KB, later texts come empty with `text_truncated`: ask for them by themselves.
        Raises Busy, Draining (temporary).
        """
        messages, missing, left = [], [], ANSWER_OCTETS
        for id in ids:
            found = self._message(mail, id, text, text and runs, left)
            if found is None:
                missing.append(id)
                continue
            left -= len(found)
            messages.append(found)
        return cast(MessagesGot, {"messages": messages, "missing": missing})

    def _message(self, mail: UserStore, id: str, text: bool, runs: bool, limit: int) -> Ready | None:
        uid = uid_of_id(id)
        if not uid:
            return None
        asked = Asked(mail.user, uid, b"", text, runs)
        taken = mail.read(lambda account: self._taken(account, asked, limit))
        if taken is None:
            return None
        told = taken.details or self._details(taken, id, limit)
        return _spliced(_without_to(taken.row) if told.startswith(b'{"to":') else taken.row, told)

    def _taken(self, account: Account, asked: Asked, limit: int) -> _Taken | None:
        """Return what the store has of a message, None when it is not here."""
        uid = asked.uid
        if uid not in account.state:
            return None
        row = served(account, uid)
        if uid in account.arrivals:
            row = _spliced(dumps({"arrivals": arrivals(account, uid)}), row)
        try:
            body = account.bodies[uid]
            asked = asked._replace(sha256=body.sha256)
            if (details := self._opened.get(asked, limit)) is not None:
                return _Taken(row, asked, details=details)
            return _Taken(row, asked, gathered(body.verified(), self._spool))
        except UNREADABLE:
            return _Taken(row, asked)

    def _details(self, taken: _Taken, id: str, limit: int) -> bytes:
        """Return everything but the row, as JSON: without the texts where they are too much to be read."""
        raw, asked = taken.raw, taken.asked
        if raw is None:
            return dumps({"raw": id} if taken.row.endswith(DAMAGED_END) else {"raw": id, "damaged": True})
        try:
            details = self._read(raw, id=id, text=asked.text, runs=asked.runs, limit=limit)
        except TooComplex:
            return self._in_short(raw, id, asked.text, asked.runs)
        if len(details) <= limit and limit >= tasks.RUNS_OCTETS:
            # Nothing was left out because of the limit, so it is the same for others.
            self._opened.keep(asked, details)
        return details

    def _in_short(self, raw: Octets, id: str, text: bool, runs: bool) -> bytes:
        """Return everything but the row of a message whose texts are too much to be read."""
        instead: dict[str, object] = {"too_complex": True}
        if text:
            instead |= {"text": "", "text_truncated": True}
        if runs:
            instead |= {"runs": [], "runs_truncated": True}
        try:
            rest = self._read(raw, id=id, text=False, runs=False, limit=0)
        except TooComplex:
            rest = dumps({"raw": id, "parts": [], "notices": [], "warnings": []})
        return _spliced(rest, dumps(instead))

    def _read(self, raw: Octets, **how: Any) -> bytes:
        if is_cheap(raw):
            try:
                return tasks.opened(raw, **how)
            except Exception as error:
                _LOG.warning("message.unread", octets=len(raw), cause=error)
                raise too_complex() from None
        return self._parsers.do("opened", raw, **how)

    def text_of(self, raw: Octets) -> tuple[str, bool]:
        """Return a letter's text and whether it was cut: "" and True where it takes too much to be read."""
        try:
            told = orjson.loads(self._read(raw, id="", text=True, runs=False, limit=ANSWER_OCTETS))
        except TooComplex:
            return "", True
        return told["text"], told["text_truncated"]

    def thumbnail(self, blobs: Blobs, user: str, id: str, width: int, height: int) -> Thumbnail:
        """Return the picture in a blob as a small PNG.

        Raises TooComplex for what is no picture or too large a one (permanent), NotFound, Busy, Draining.
        """
        with blobs.opened(user, id) as (blob, pieces):
            if blob.octets > PICTURE_OCTETS:
                raise TooComplex(_NO_PICTURE)
            raw = b"".join(pieces)
        try:
            png = self._parsers.do("thumbnail", raw, width=width, height=height)
        except TooComplex:
            raise TooComplex(_NO_PICTURE) from None
        # The width and the height stand at the head of every PNG.
        across, down = unpack_from(">II", png, 16)
        return {"blob": id, "png": png, "width": across, "height": down}


def is_cheap(raw: Octets) -> bool:
    """Tell whether a message may be read in this process: short, and no part of it can be HTML. Pure."""
    return len(raw) <= CHEAP_OCTETS and b"html" not in raw[:].lower()


def _without_to(row: bytes) -> bytes:
    """Return a row without its recipients, which are the first of them only."""
    told = orjson.loads(bytes(row))  # a Ready is no bytes to it
    del told["to"]
    return dumps(told)


def _spliced(first: bytes, second: bytes) -> Ready:
    """Return two JSON objects, neither of them empty, as one."""
    return Ready(first[:-1] + b"," + second[1:])
