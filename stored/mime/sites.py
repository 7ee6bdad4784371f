"""The sites that the text of a link names, as whoever reads it understands it.

A text that is a host and no more names it; among other words only a scheme or "www." tells one for certain.
"""

import re
import unicodedata

from stored.mime.links import may_link

SITES_LIMIT = 20
_TEXT_CHARACTERS = 2_000  # that are seen

UNSEEN = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LABELS = r"(?:[\w-]{1,63}\.){1,8}"
# What is all of a text, or begins it: "bank.example/login", but not "1.https://bank.example".
_WHOLE = re.compile(rf"({_LABELS}([^\W\d_]{{2,24}}))(?=[/?#\s]|:(?!//)|$)")
# What is a host for certain wherever it stands: "see https://bank.example/login first". Behind a name of a
# user, which is one only before "@"; what is behind the host is its own, and may hold other links.
_NAMED = re.compile(
    r"(?:(?:https?|ftp)://(?:([^\s/?#@]{1,100})@)?|(?<![\w.@/-])(?=www\.))"
    rf"({_LABELS}(?:[^\W\d_]{{2,24}}|xn--[\w-]{{1,59}})|\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?!\.?[\w@-])"
    r"(?::\d{1,5})?(?:[/?#]\S*)?",
    re.I,
)
# Looks like a host to whoever does not know that all before "@" is the name of a user.
_USER = re.compile(rf"({_LABELS}[^\W\d_]{{2,24}}):", re.I)
# Browsers take these for dots; at the end of a sentence, behind which no such letter follows, nobody does.
_DOTS = re.compile("[。｡．](?=[A-Za-z0-9])")
#: How files end that people send links to, and no site that people are sent to.
_FILES = frozenset(
    """
    pdf doc docx docm dot dotx xls xlsx xlsm ppt pptx pps ppsx odt ods odp odg rtf txt csv tsv log ics eml msg
    jpg jpeg png gif webp svg bmp tif tiff heic psd avi mkv mov wav ogg flac webm epub
    zip rar gz tar exe msi apk dmg iso bin htm html xml json yaml yml sql js jsx ts tsx css php asp aspx jsp
    """.split()  # noqa: SIM905
)


def sites_in(text: str) -> list[str]:
    """Return the hosts that the text of a link names, in lower case and order; twenty at most. Pure."""
    # Most texts have no dot but at the end of a sentence.
    if "." not in text.rstrip(".\n ") and (text.isascii() or not _DOTS.search(text)):
        return []
    said = text if text.isascii() else UNSEEN.sub("", text)
    said = " ".join(said.split())[:_TEXT_CHARACTERS]
    if not said.isascii():
        said = unicodedata.normalize("NFKC", said)
    first, at = _whole(said)
    found = [first] if first else []
    rest = said[at:] if said.isascii() else _DOTS.sub(".", said[at:])
    if may_link(rest):
        for user, host in _NAMED.findall(rest):
            if user and (seen := _USER.match(user)):
                found.append(seen[1].lower())
            found.append(host.lower())
    return found[:SITES_LIMIT]


def _whole(said: str) -> tuple[str, int]:
    """Return the host that a text is, or begins with and has a place at, and where other words begin."""
    if "@" in said:
        return (said.rpartition("@")[2].lower(), len(said)) if ADDRESS.fullmatch(said) else ("", 0)
    match = _WHOLE.match(said)
    # "Node.js is new" is no host, "bank.example" and "bank.example/login" are.
    if not match or match[2].lower() in _FILES or said[match.end() :][:1] == " ":
        return "", 0
    blank = said.find(" ", match.end())
    return match[1].lower(), len(said) if blank < 0 else blank
