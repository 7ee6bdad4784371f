"""Knowing a letter by its octets, and what other programs have written into it or around it.

Everything here is pure; of a large letter only the beginning is looked at, and its line ends.
"""

import re
import unicodedata
from dataclasses import dataclass

from stored.mime import Octets
from stored.mime.headers import decode_words
from stored.model.word import ANSWERED, DRAFT, FLAGGED, FORWARDED, SEEN
from stored.transfer import mbox
from stored.transfer.names import ARCHIVED, TRASHED, Path

#: Of a letter so much is looked at to know it for one.
HEAD_OCTETS = 64 * 1024

#: An editor's or exporter's mark (a BOM) at the beginning of a text file. A delivered letter begins with what
#: its server put in front, so the mark is the file's and no part of the letter.
MARK = b"\xef\xbb\xbf"

_FIELD = re.compile(rb"(?:>?From [^\r\n]*\r?\n)?([!-9;-~]{1,100})[ \t]*:")
_USUAL = re.compile(
    rb"^(?:from|to|cc|bcc|subject|date|message-id|received|return-path|mime-version|delivered-to|sender)"
    rb"[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(rb"\r?\n\r?\n")
_MOZILLA = re.compile(rb"^X-Mozilla-Status:[ \t]*([0-9A-Fa-f]{4})\b", re.IGNORECASE | re.MULTILINE)
_MOZILLA_FLAGS = {0x0001: SEEN, 0x0002: ANSWERED, 0x0004: FLAGGED, 0x1000: FORWARDED}
_MOZILLA_EXPUNGED = 0x0008
_GMAIL = re.compile(rb"^X-Gmail-Labels:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
# Takeout writes the names in the person's own language.
_UNREAD = {"unread", "no leído", "no leídos"}
_STARRED = {"starred", "destacado", "destacados"}
# These say how a letter is, so that a file of one of them is no folder.
_STATES = ("opened", "abierto", "abiertos", "important", "importante", "importantes", *_UNREAD, *_STARRED)
# The first that a letter has says where it lies: empty in the inbox.
_LABELLED: tuple[tuple[set[str], Path], ...] = (
    ({"inbox", "recibidos", "bandeja de entrada"}, ()),
    ({"trash", "papelera"}, TRASHED),
    ({"spam"}, ("spam",)),
    ({"sent", "enviado", "enviados"}, ("sent",)),
    ({"draft", "drafts", "borrador", "borradores"}, ("drafts",)),
    ({"archived", "archivado", "archivados"}, ARCHIVED),
)

_EMLX = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
_EMLX_STATE = re.compile(rb"<key>flags</key>\s*<integer>(\d{1,18})</integer>")
_EMLX_FLAGS = {1 << 0: SEEN, 1 << 2: ANSWERED, 1 << 4: FLAGGED, 1 << 6: DRAFT, 1 << 8: FORWARDED}
_EMLX_DELETED = 1 << 1


def is_letter(head: bytes, *, surely: bool = False) -> bool:
    """Return whether octets begin as a letter does; `surely` where its name does not say that it is one."""
    block = _head(head)
    return _FIELD.match(block) is not None and (not surely or _USUAL.search(block) is not None)


def box_begins(head: bytes) -> int | None:
    """Return where the first letter of an mbox begins, behind a few lines if need be; None: it is none."""
    at = mbox.first_separator(head)
    if not at:
        return at
    # The "From " may stand in the text of a letter.
    return at if not is_letter(head[:at], surely=True) and is_letter(head[at:], surely=True) else None


def is_blank(octets: bytes) -> bool:
    """Return whether nothing stands before the first letter of an mbox but blanks and a mark. Pure."""
    return not octets.removeprefix(MARK).strip()


@dataclass(frozen=True)
class Said:
    """What fields of other programs tell: flags, None where none does; that it is expunged; where it lies.

    `folder` is empty for the inbox and None where none tells; `labels` are all of them as one text.
    """

    flags: int | None
    expunged: bool = False
    folder: Path | None = None
    labels: str = ""

    def lies(self, above: Path, *, boxed: bool) -> Path:
        """Return where the letter lies that came from the folder `above`, or `boxed` from an mbox so called.

        Takeout makes an mbox of one label, or of all mail, which is no folder: no letter has such a label.
        """
        if self.folder is None:
            return above
        one_label = above and not (boxed and self._is_no_label(above[-1]))
        # What is in the inbox or archived may also lie elsewhere.
        return above if one_label and self.folder in ((), ARCHIVED) else self.folder

    def _is_no_label(self, box: str) -> bool:
        name = box.casefold().rstrip("0123456789- ")  # a large box comes in parts
        return name in _STATES or _letters(name) not in _letters(self.labels)


def said(octets: Octets) -> Said:
    """Return what fields of other programs tell.

    They are Status and X-Status (mbox), X-Mozilla-Status (Thunderbird) and X-Gmail-Labels (Takeout).
    """
    block = _head(bytes(octets[:HEAD_OCTETS]))
    if mozilla := _MOZILLA.search(block):
        word = int(mozilla[1], 16)
        flags = sum(flag for bit, flag in _MOZILLA_FLAGS.items() if word & bit)
        return Said(flags, bool(word & _MOZILLA_EXPUNGED))
    if gmail := _GMAIL.search(block):
        named = decode_words(gmail[1].decode("utf-8", "replace")).casefold()
        labels = {label.strip(' "') for label in named.split(",")}
        flags = SEEN * labels.isdisjoint(_UNREAD) | FLAGGED * (not labels.isdisjoint(_STARRED))
        return Said(flags, folder=_lies(labels), labels=named)
    return Said(mbox.status_flags(block.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))


def _lies(labels: set[str]) -> Path | None:
    return next((path for names, path in _LABELLED if not labels.isdisjoint(names)), None)


def _letters(name: str) -> str:
    """Return a name without all that may be another in the name of a file."""
    plain = unicodedata.normalize("NFC", name).casefold()
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())


def in_emlx(octets: Octets) -> tuple[bytes, int | None, bool] | None:
    """Return (letter, flags, whether it is deleted) out of a file of Apple Mail's; None where it is none."""
    counted = _EMLX.match(bytes(octets[:HEAD_OCTETS]))
    if counted is None:
        return None
    stop = counted.end() + int(counted[1])
    state = _EMLX_STATE.search(bytes(octets[stop : stop + HEAD_OCTETS]))
    if state is None:
        return bytes(octets[counted.end() : stop]), None, False
    word = int(state[1])
    flags = sum(flag for bit, flag in _EMLX_FLAGS.items() if word & bit)
    return bytes(octets[counted.end() : stop]), flags, bool(word & _EMLX_DELETED)


def with_crlf(raw: Octets) -> tuple[Octets, bool]:
    """Return a letter with the line ends of mail, and whether it is exactly as it was.

    Raw mail is never altered, so that is done only where a file system's line ends, LF, are all it has.
    """
    if raw.find(b"\r\n") >= 0 or raw.find(b"\n") < 0:
        return raw, True
    return bytes(raw).replace(b"\n", b"\r\n"), False


def alike(here: bytes, came: Octets) -> bool:
    """Return whether two letters are the same but for line ends, which an mbox cannot say."""
    return _lines(here) == _lines(bytes(came))


def _lines(raw: bytes) -> bytes:
    lines = raw.replace(b"\r\n", b"\n")
    return lines if lines.endswith(b"\n") else lines + b"\n"


def _head(octets: bytes) -> bytes:
    blank = _BLANK.search(octets, 0, HEAD_OCTETS)
    return octets[: blank.start() + 1 if blank else HEAD_OCTETS]
