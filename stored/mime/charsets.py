"""Octets to text, for the character sets people use rather than the names they give them.

Knows nothing of headers or parts. Never raises and always returns text that any encoding of ours can
carry: no lone surrogates, no control characters but tab and line ends.
"""

import codecs
import re
from functools import lru_cache

# What a label says, and what its mail really holds (the table browsers use). A superset never loses text.
_REAL = {
    "ascii": "",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "johab": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "iso2022_jp": "iso2022_jp_ext",
}
_LABELS = {
    "": "",
    "default": "",
    "unknown": "",
    "unknown-8bit": "",
    "x-unknown": "",
    "x-user-defined": "",
    "8bit": "",
    "7bit": "",
    "utf": "utf-8",
    "x-utf-8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ansi_x3.4-1968": "",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "x-windows-949": "cp949",
    "windows-31j": "cp932",
}
# Codecs that are not character sets, or that take a time that is not linear.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """Return `text` without what the wire and the database cannot carry. Pure."""
    return _UNFIT.sub("", text)


def decode(octets: bytes, label: str = "") -> str:
    """Return `octets` as clean text in the character set that `label` names, as far as that is true.

    An unknown or absent label means UTF-8 where that is what the octets are, else windows-1252.
    Pure; never raises.
    """
    if octets.isascii() and not _shifts(label):
        return clean(octets.decode("ascii"))
    codec = _codec(label[:64].strip().strip("\"'").lower())
    if codec in ("", "utf-8"):
        return clean(_guess(octets, codec))
    try:
        return clean(octets.decode(codec, "restante.c1" if codec.startswith("cp125") else "replace"))
    except (UnicodeError, LookupError, ValueError):
        return clean(_guess(octets, ""))


def _guess(octets: bytes, codec: str) -> str:
    """Return `octets` as UTF-8, or when they are not: with marks where UTF-8 was declared, else as cp1252."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("utf-8", "replace") if codec else octets.decode("cp1252", "restante.c1")


def _shifts(label: str) -> bool:
    """Tell whether a character set by this name writes other scripts in ASCII octets (or in wider units)."""
    low = label.lower()
    return "2022" in low or "utf" in low or "ucs" in low or "hz" in low or "ebcdic" in low or "cp" in low


@lru_cache(maxsize=512)
def _codec(label: str) -> str:
    """Return the codec that a mail label really means; "" when nothing is known of it."""
    if label in _LABELS:
        return _LABELS[label]
    try:
        found = codecs.lookup(label.replace("\x00", ""))
    except (LookupError, ValueError, UnicodeError):
        return _codec(label[2:]) if label.startswith("x-") else ""
    if not getattr(found, "_is_text_encoding", True) or found.name in _REFUSED:
        return ""
    return _REAL.get(found.name, found.name)


def _c1(error: UnicodeError) -> tuple[str, int]:
    """Read the five octets that windows-1252 leaves open as latin-1 does."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("restante.c1", _c1)
