"""Octets to text, for the character sets people use rather than the names they give them.

Knows nothing of headers or parts. Never raises and always returns text that any encoding of ours can
carry: no lone surrogates, no control characters but tab and line ends.
"""

import codecs
import re
from contextlib import suppress
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
    **dict.fromkeys(("ansi_x3.4-1968", "us_ascii", "usascii", "iso646-us", "x-ia5", "ansi"), ""),
    **dict.fromkeys(("iso-latin-1", "latin-1", "8859-1"), "cp1252"),
    **dict.fromkeys(
        ("unicode11utf8", "unicode20utf8", "x-unicode20utf8", "utf8mb4", "utf-8mb4", "cesu-8"), "utf-8"
    ),
    **dict.fromkeys(("csunicode", "iso-10646-ucs-2", "ucs-2", "unicode"), "utf-16"),
    **dict.fromkeys(("ks_c_5601-1987", "ks_c_5601-1989", "ksc_5601", "csksc56011987", "cseuckr"), "cp949"),
    **dict.fromkeys(("iso-ir-149", "windows-949", "x-windows-949"), "cp949"),
    **dict.fromkeys(("csgb2312", "gb_2312", "gb_2312-80", "windows-936", "x-gbk"), "gb18030"),
    **dict.fromkeys(("cn-big5", "windows-950", "x-windows-950"), "cp950"),
    **dict.fromkeys(("windows-31j", "x-sjis"), "cp932"),
    **dict.fromkeys(("cseucpkdfmtjapanese", "cp51932"), "euc_jp"),
    **dict.fromkeys(("iso-2022-jp-ms", "cp50220", "cp50221", "cp50222"), "iso2022_jp_ext"),
    **dict.fromkeys(("windows-874", "dos-874"), "cp874"),
    **dict.fromkeys(("koi", "koi8", "koi8r", "koi8_r"), "koi8-r"),
    "koi8-ru": "koi8-u",
    **dict.fromkeys(("mac", "csmacintosh", "macintosh", "x-mac-roman"), "mac_roman"),
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-icelandic": "mac_iceland",
    **dict.fromkeys(
        ("iso-8859-8-i", "iso-8859-8-e", "csiso88598i", "csiso88598e", "visual", "logical"), "iso8859-8"
    ),
    **dict.fromkeys(("iso-8859-6-i", "iso-8859-6-e", "csiso88596i", "csiso88596e"), "iso8859-6"),
    "sun_eu_greek": "iso8859-7",
    "csisolatin9": "iso8859-15",
}
# Names that people put together by themselves, and what is common to each kind.
_NUMBERED = (
    (re.compile(r"(?:x-)?iso[-_ ]?8859[-_ ]?(\d{1,2})(?!\d).*"), "iso8859-{}"),
    (re.compile(r"(?:x-)?(?:windows?|win|ansi|cp|ms|ibm|dos)[-_ ]?(\d{3,4})(?!\d).*"), "cp{}"),
)
# Codecs that are not character sets, or that take a time that is not linear.
_REFUSED = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})

_SHIFT = re.compile(rb"\x1b(?:\$[@B][!-~]{2}|\(I[!-_])")
_CONTROLS = bytes(octet for octet in range(128) if (octet < 32 and octet not in b"\t\n\r") or octet == 127)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# Characters that turn the order of what follows; none of them belongs into a name or a subject. Marks that
# only say in which direction a neighbour reads (U+200E, U+200F, U+061C) are used honestly and turn little.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return `text` without what the wire and the database cannot carry; white space stays a blank. Pure."""
    return _UNFIT.sub(lambda found: " " if found[0].isspace() else "", text)


def unturned(text: str) -> str:
    """Return `text` without the characters that turn the order of what follows. Pure."""
    return _TURNING.sub("", text)


def decode(octets: bytes, label: str = "") -> str:
    """Return `octets` as clean text in the character set that `label` names, as far as that is true.

    An unknown or absent label means UTF-8 where that is what the octets are, else windows-1252; a label that
    is not true means UTF-8 where that is. Pure; never raises.
    """
    if octets.isascii() and not _shifts(label):
        # Japanese mail may say nothing of its character set: what it shifts by says enough.
        shifted = b"\x1b" in octets and _SHIFT.search(octets)
        return clean(_japanese(octets)) if shifted else _cleaned(octets, "ascii")
    codec = _codec(label[:64].strip().strip("\"'").lower())
    if codec in ("", "utf-8"):
        return _guess(octets, codec)
    if codec == "iso2022_jp_ext":
        return clean(_japanese(octets))
    if codec == "utf-16" and not octets.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        codec = _utf_16(octets)
    try:
        return clean(octets.decode(codec))
    except (UnicodeError, LookupError, ValueError):
        return _as_far_as_true(octets, codec)


def decode_raw(octets: bytes, label: str) -> str:
    """Return octets that should have been ASCII as clean text: UTF-8, or else what `label` says. Pure.

    Labels that say UTF-8 are not believed where the octets are not, since these were not meant by them.
    """
    try:
        return _cleaned(octets, "utf-8") if b"\x1b" not in octets else decode(octets)
    except UnicodeDecodeError:
        text = decode(octets, label)
        return text if "\ufffd" not in text else decode(octets)


def _japanese(octets: bytes) -> str:
    """Return ISO-2022-JP as text; where makers' own characters stand in it, as windows-31j has them."""
    try:
        return octets.decode("iso2022_jp_ext")
    except UnicodeDecodeError:
        if not octets.isascii():
            return _other_japanese(octets)
        return _KANJI.sub(_as_euc, octets).decode("euc_jis_2004", "replace")


def _other_japanese(octets: bytes) -> str:
    """Return what is said to be ISO-2022-JP and is none: in the others that Japan writes, where it is one."""
    if b"\x1b" not in octets:
        for codec in ("utf-8", "euc_jp", "cp932"):
            with suppress(UnicodeDecodeError):
                return octets.decode(codec)
    return octets.decode("iso2022_jp_ext", "replace")


# A stretch of characters of two octets, or of half-width kana, with what shifts into it and, where that
# follows, back to ASCII.
_KANJI = re.compile(rb"\x1b(?:\$[@B]((?:[!-~]{2}|[\r\n])*)|\(I([!-_\r\n]*+))(?:\x1b\([BJ])?")


def _as_euc(found: re.Match[bytes]) -> bytes:
    """Return a stretch of ISO-2022-JP as EUC, which sets the high bit instead of shifting."""
    if found[2] is not None:
        return b"".join(b"\x8e%c" % (octet | 0x80) if octet > 32 else b"%c" % octet for octet in found[2])
    return bytes(octet | 0x80 if octet > 32 else octet for octet in found[1])


def _cleaned(octets: bytes, codec: str) -> str:
    """Return ASCII or UTF-8 as clean text: looking for its controls is several times faster in octets."""
    text = octets.decode(codec)
    fit = len(octets.translate(None, _CONTROLS)) == len(octets) and b"\xef\xbf" not in octets
    return text if fit else clean(text)


def _utf_16(octets: bytes) -> str:
    """Return how UTF-16 without a mark of its order is written: big end first (RFC 2781 section 4.3).

    Some write it otherwise; the noughts of their blanks and line ends tell.
    """
    return "utf-16-le" if octets[1::2].count(0) > octets[::2].count(0) else "utf-16-be"


def _as_far_as_true(octets: bytes, codec: str) -> str:
    """Return octets that are no good `codec` as UTF-8, or else with marks for what cannot be read."""
    text = None if octets.isascii() else _utf_8(octets)
    if text is not None:
        return text
    try:
        return clean(octets.decode(codec, "restante.c1" if codec.startswith("cp125") else "replace"))
    except (UnicodeError, LookupError, ValueError):
        return _guess(octets, "")


def _utf_8(octets: bytes) -> str | None:
    """Return UTF-8 as clean text, None where it is none.

    What was cut within its last character is UTF-8 all the same, if there is more of it before.
    """
    try:
        return _cleaned(octets, "utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and not octets[: error.start].isascii():
            return _cleaned(octets[: error.start], "utf-8")
    return None


def _guess(octets: bytes, codec: str) -> str:
    """Return `octets` as UTF-8, or when they are not: with marks where UTF-8 was declared, else as cp1252."""
    text = _utf_8(octets)
    if text is not None:
        return text
    return clean(octets.decode("utf-8", "replace") if codec else octets.decode("cp1252", "restante.c1"))


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
        for pattern, name in _NUMBERED:
            match = pattern.fullmatch(label)
            if match and name.format(match[1]) != label:
                return _codec(name.format(match[1]))
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
