"""What the names in an archive tell: which folder a letter lay in, its flags, and what is no mail at all.

Knows how Maildir, Maildir++ (".Work.Old"), MH, Thunderbird ("Work.sbd/Old") and Apple Mail ("Work.mbox/mbox")
lay out their files. A name is never trusted with more than the name of a folder. Everything here is pure.
"""

import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from stored.model.word import ANSWERED, DRAFT, FLAGGED, FORWARDED, SEEN

Path = tuple[str, ...]

TRASHED: Path = ("trash",)
ARCHIVED: Path = ("archive",)
BOX_ENDS = (".mbox", ".mbx", ".mbs")
_MAILDIR_FLAGS = {"S": SEEN, "R": ANSWERED, "F": FLAGGED, "D": DRAFT, "P": FORWARDED}
_MAILDIR_MARKS = (":2,", "!2,", ";2,", "_2,")  # where ":" may not stand in a name, programs write another
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


@dataclass(frozen=True)
class Told:
    """What a file's name tells. `folder` is where it lies if it is a letter, `box` if it is an mbox.

    `form` is "maildir", "eml", "emlx", "mbox", or "" where only the octets can tell.
    """

    form: str
    folder: Path
    box: Path
    flags: int | None = None
    #: Where it lies for certain, so that nothing of its path is left out.
    placed: bool = False

    @property
    def likely(self) -> Path:
        """Where it probably lies: in an MH folder, files have numbers for names."""
        boxed = self.form == "mbox" or (not self.form and not self.box[-1].isdigit())
        return self.box if boxed else self.folder


def told(name: str) -> Told | None:
    """Return what the name of a file in an archive tells; None for what programs keep beside mail."""
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    if not steps or steps[-1].startswith(".") or "__MACOSX" in steps or steps[-1].lower().endswith(".msf"):
        return None
    last, above = steps[-1], steps[:-1]
    if above and above[-1] in ("cur", "new", "tmp"):
        return None if above[-1] == "tmp" else _in_maildir(last, above)
    return _in_tree(last, above)


def _in_maildir(last: str, above: list[str]) -> Told:
    """In a Maildir letters lie in `cur` and `new`, their flags behind ":2,"; its folders begin with a dot."""
    marks = next((last.rpartition(mark)[2] for mark in _MAILDIR_MARKS if mark in last), "")
    flags = sum(_MAILDIR_FLAGS.get(letter, 0) for letter in set(marks)) if above[-1] == "cur" else 0
    around = above[:-1]
    dotted = bool(around) and around[-1].startswith(".")
    if "T" in marks:
        return Told("maildir", TRASHED, (), flags, placed=True)
    folder = tuple(map(utf7, around[-1].strip(".").split("."))) if dotted else tuple(map(utf7, around))
    return Told("maildir", folder, (), flags, placed=dotted)


def _in_tree(last: str, above: list[str]) -> Told:
    low = last.lower()
    boxes = [at for at, step in enumerate(above) if step.lower().endswith(BOX_ENDS)]
    if low.endswith(".emlx") and boxes:
        above = above[: boxes[-1] + 1]
    folder = tuple(map(_plain, above))
    if low.endswith(".eml"):
        return Told("eml", folder, folder)
    if low.endswith(".emlx"):
        return Told("emlx", folder, folder)
    if low.endswith(BOX_ENDS):
        return Told("mbox", folder, (*folder, last.rpartition(".")[0]))
    if last == "mbox" and boxes and boxes[-1] == len(above) - 1:
        return Told("mbox", folder, folder)
    return Told("", folder, (*folder, last))


def _plain(step: str) -> str:
    """Return the name of a folder without what Thunderbird and Apple Mail write behind it."""
    return step[: step.rindex(".")] if step.lower().endswith((".sbd", *BOX_ENDS)) else step


def utf7(name: str) -> str:
    """Return a name that is in modified UTF-7, as IMAP servers write them (RFC 3501 section 5.1.3)."""

    def shifted(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        packed = found[1].replace(",", "/")
        try:
            octets = binascii.a2b_base64(packed + "=" * (-len(packed) % 4))
            return octets.decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return found[0]

    return _SHIFTED.sub(shifted, name)


@dataclass(frozen=True)
class Root:
    """What stands before all folders of an archive and is none itself, for Maildirs and for the rest."""

    maildir: int
    tree: int

    def within(self, told: Told, path: Path) -> Path:
        """Return where a letter lies below the root."""
        if told.placed:
            return path
        return path[self.maildir if told.form == "maildir" else self.tree :]


def root_of(names: Iterable[str]) -> Root:
    """Return the root of an archive with files of these names.

    The Maildir around all others is no folder; of directories, the innermost that holds letters is one.
    """
    maildir: Path | None = None
    tree: Path | None = None
    shortest: int | None = None
    for one in map(told, names):
        if one is None or one.placed:
            continue
        if one.form == "maildir":
            maildir = _common(maildir, one.folder)
        elif one.form or "." not in one.box[-1]:
            tree = _common(tree, one.likely)
            shortest = len(one.likely) if shortest is None else min(shortest, len(one.likely))
    within = len(tree or ())
    return Root(len(maildir or ()), max(within - 1, 0) if within == shortest else within)


def _common(before: Path | None, path: Path) -> Path:
    if before is None:
        return path
    same = 0
    while same < min(len(before), len(path)) and before[same] == path[same]:
        same += 1
    return path[:same]
