"""Letters as rules compare them: small and without the marks on them; `search.folding` goes further. Pure."""

import unicodedata


def _plain_letters() -> dict[int, str]:
    """Return letters with marks on them → the letter alone."""
    found = {}
    for code in (*range(0xC0, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x2000)):
        plain = "".join(
            one for one in unicodedata.normalize("NFD", chr(code)) if not unicodedata.combining(one)
        ).lower()
        if len(plain) == 1:
            found[code] = plain
    found[ord("İ")] = "i"
    return found


_PLAIN = _plain_letters()


def fold(text: str) -> str:
    """Return `text` as it is compared, every character in its place."""
    return text.translate(_PLAIN).lower()
