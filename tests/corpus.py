"""Letters by the hundred, the same for the same seed: what real mail is made of, and what breaks readers.

Every line ends with CRLF and no octet is NUL, so that any server serves them as they are.
"""

import base64
import random
from collections.abc import Callable

TEXT = (
    "the letter came late and nobody had asked for it la carta llegó tarde y nadie la había pedido "
    "señora niño mañana corazón año über straße naïve 日本語 привет"
)
WORDS = TEXT.split()

Line = Callable[[random.Random], bytes]


def _text(dice: random.Random) -> bytes:
    return " ".join(dice.choices(WORDS, k=dice.randint(1, 12))).encode()


def _latin(dice: random.Random) -> bytes:
    return " ".join(dice.choices(WORDS[:24], k=dice.randint(1, 12))).encode("latin-1", "replace")


def _dots(dice: random.Random) -> bytes:
    return b"." * dice.randint(1, 5) + dice.choice([b"", b" ", b"\t", _text(dice)])


def _long(dice: random.Random) -> bytes:
    return b"x" * dice.randint(990, 6000)


def _binary(dice: random.Random) -> bytes:
    """Return octets of every value but NUL, CR and LF."""
    return bytes(dice.choice(_EIGHT_BIT) for _ in range(dice.randint(1, 80)))


def _encoded(dice: random.Random) -> bytes:
    return base64.b64encode(dice.randbytes(57))


def _empty(_: random.Random) -> bytes:
    return b""


_EIGHT_BIT = bytes(octet for octet in range(1, 256) if octet not in b"\r\n")
_KINDS: list[Line] = [_text, _text, _latin, _dots, _long, _binary, _encoded, _empty]


def letter(dice: random.Random, number: int) -> bytes:
    """Return one letter: most are short, a few have hundreds of kilobytes."""
    head = [
        f"From: Sender {number} <sender{number % 17}@uno.example>".encode(),
        b"To: =?utf-8?q?Mar=C3=ADa?= <maria@dos.example>",
        f"Subject: Letter {number}".encode() + dice.choice([b"", b" =?iso-8859-1?q?se=F1or?=", b" \xff\xfe"]),
        f"Message-ID: <{number}.{dice.getrandbits(40)}@uno.example>".encode(),
        f"Date: Mon, {1 + number % 28} Nov 2026 10:{number % 60:02}:00 +0000".encode(),
    ]
    wanted = int(min(dice.paretovariate(0.7) * 300, 400_000))
    body: list[bytes] = []
    octets = 0
    while octets < wanted:
        kind = dice.choice(_KINDS)
        lines = [kind(dice) for _ in range(dice.randint(1, 40))]
        octets += sum(map(len, lines)) + len(lines)
        body += lines
    return b"\r\n".join([*head, b"", *body, b""])


def letters(count: int, seed: int) -> list[bytes]:
    """Return so many letters, all different."""
    dice = random.Random(seed)
    return [letter(dice, number) for number in range(1, count + 1)]
