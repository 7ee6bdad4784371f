"""Text as the index compares it: letters without case and accents, scripts without blanks in pieces. Pure.

What SQLite's own tokenizer does to Latin letters with marks is left to it, so that most mail passes here
untouched. The rest becomes plain here, and of it nothing is left that is no part of a word: signs become
blanks. Scripts that put no blanks between words become single characters, which a question looks for one
after another; so do Korean syllables, whose words carry endings, and emoji. What is kept and what is asked go
the same way, so they always meet.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import accumulate

#: What the tokenizer of SQLite does not make plain. Dashes, quotes, arrows and frames are no words to it.
_FOREIGN = (
    "\u00aa\u00ad\u00b2\u00b3\u00b9\u00ba\u00bc-\u00beßæøÆØÐðÞþđĐħĦıĳĲĸłŁŀĿŉŋŊœŒſŧŦ\u0180-\u1fff\u200b-\u200f"
    "\u202a-\u202e\u2060-\u209f\u20b0-\u218f\u2300-\u23ff\u2460-\u24ff\u2600-\u27bf\u2b00-\U0010ffff"
)
_TO_FOLD = re.compile(f"[{_FOREIGN}]+")
#: What makes one Korean or Japanese character with those before it.
_JOINING = "\u1160-\u11ff\u3099\u309a\uff9e\uff9f"
_JOINED = re.compile(f"[{_JOINING}]")
_CHARACTER = re.compile(f".[{_JOINING}]*+", re.DOTALL)
_ASCII = bytes(range(128))

#: One character of a word in text that was folded, and one that is none, for regular expressions: whatever is
#: not ASCII has become a blank where it is no part of a word. A class of few characters is compiled quickly.
OF_WORD = "[^\\x00-/:-`{-\\x7f]"
BETWEEN_WORDS = "[\\x00-/:-`{-\\x7f]"
_WORD = re.compile(f"{OF_WORD}+")

# Letters that people who cannot type them write in another way, and that Unicode does not take apart.
_LETTERS = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ĸ": "k",
        "ŋ": "ng",
        **dict(zip("øłđðħıŧ", "olddhit", strict=True)),
        # Arabic: alef with a wasla, teh marbuta, and the yeh and kaf of different keyboards.
        "\u0671": "\u0627",
        "\u0629": "\u0647",
        "\u0649": "\u064a",
        "\u06cc": "\u064a",
        "\u06a9": "\u0643",
        "\u0640": "",  # what stretches an Arabic word
        "\u034f": "",
    }
)
_PIECE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3031-\u3035\u3041-\u30ff\u3105-\u312f"
    "\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_EMOJI = re.compile("[\u231a\u231b\u23e9-\u23fa\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")
#: Emoji are no letters to the tokenizer; characters for private use are.
_EMOJI_AT = 0xF0000


def indexed(text: str) -> str:
    """Return `text` as it is given to the index, whether to be kept or to be looked for."""
    if text.isascii():
        return text
    # Nearly all mail ends here: what is not ASCII is quickly found in octets, and is little.
    rest = text.encode("utf-8", "replace").translate(None, _ASCII).decode("utf-8")
    return _TO_FOLD.sub(_plain_run, text) if _TO_FOLD.search(rest) else text


def words_of(text: str) -> list[str]:
    """Return the words that a question for `text` looks for, one after another; signs alone are none."""
    return _WORD.findall(Folded(text).text)


class Folded:
    """`text` as the index has it after its tokenizer, and where each of its characters came from."""

    def __init__(self, original: str) -> None:
        self._characters: str | list[str] = original
        if not original.isascii() and _JOINED.search(original):
            self._characters = _CHARACTER.findall(original)
        self.text = _plain_text(self._characters)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where `text[start:end]`, which is not empty, stands in the original."""
        if self._even:
            return start, end
        first, last = bisect_right(self._ends, start), bisect_left(self._ends, end)
        return self._origins[first], self._origins[last + 1]

    @cached_property
    def _even(self) -> bool:
        """Whether every character stands for one, as in nearly all Latin text: then nothing has moved."""
        ascii_alone = isinstance(self._characters, str) and self._characters.isascii()
        return ascii_alone or all(len(one) == len(_plain(one)) == 1 for one in set(self._characters))

    @cached_property
    def _ends(self) -> list[int]:
        """Where in `text` each character ends."""
        return list(accumulate(len(_plain(one)) for one in self._characters))

    @cached_property
    def _origins(self) -> list[int]:
        """Where in the original each character begins."""
        return list(accumulate(map(len, self._characters), initial=0))


def _plain_run(run: re.Match[str]) -> str:
    said = run[0]
    return _plain_text(_CHARACTER.findall(said) if _JOINED.search(said) else said)


def _plain_text(characters: str | list[str]) -> str:
    if isinstance(characters, str):
        return characters.lower() if characters.isascii() else characters.translate(_TABLE)
    return "".join(map(_plain, characters))


def _plain(character: str) -> str:
    return _TABLE[ord(character)] if len(character) == 1 else _made_plain(character)


def _made_plain(character: str) -> str:
    """Return one character as it is compared: nothing, letters, or pieces between blanks."""
    if _EMOJI.match(character):
        return f" {chr(_EMOJI_AT + ord(character[0]))} "
    if unicodedata.category(character[0])[0] in "SPZ":
        return " "  # even where it stands for letters: a name with a trade mark is the name
    taken = unicodedata.normalize("NFKD", character).casefold().translate(_LETTERS)
    kept = "".join(one for one in unicodedata.normalize("NFKD", taken) if not _left_out(one))
    folded = unicodedata.normalize("NFC", kept)
    said = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in folded)
    return _PIECE.sub(r" \g<0> ", said)


class _Table(dict[int, str]):
    """Character → the same as it is compared; filled with what is met."""

    def __missing__(self, code: int) -> str:
        self[code] = made = _made_plain(chr(code))
        return made


_TABLE = _Table()


def _left_out(character: str) -> bool:
    """Tell whether it is an accent or a character nobody sees.

    Accents are what stands above, below or through letters (combining classes from 200 on), the points of
    Hebrew and Arabic (to 36). Those of other scripts are vowels, tones and other consonants.
    """
    accent = unicodedata.combining(character)
    return (
        10 <= accent <= 36
        or accent >= 200
        or unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
    )
