"""Letters by the ten thousand, the same for the same seed: the mail that the figures are measured on.

    for letter in letters(10_000): letter.raw, letter.sent_at

The first hundred of ten thousand are the hundred of `letters(100)`. Modelled: sizes with a long tail (half
below 8 KB, a mean near 49 KB), a fifth with attachments, most of those incompressible and few of them equal,
text alone and text beside HTML, bulk mail with tracking links, five charsets and encodings, two languages
with words as frequent as words are, threads, two hundred correspondents, signatures of DKIM. Lines end with
LF, as mail servers keep them. The kind "small" has fewer and smaller attachments: for very many letters.
"""

import base64
import binascii
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.utils import formatdate
from typing import Literal

SEED = 20261123
Kind = Literal["normal", "small"]

FIRST_SENT_AT = 1_600_000_000
SECONDS_APART = 6_000
OWNER = "María Ibáñez", "maria@restante.example"
WORDS = 24_000
CORRESPONDENTS = 200

#: Words that stand in every so manieth letter's text, for searching: rare, seldom, often.
PLANTED = {"quetzalcoatlus": 1000, "bandoneon": 100, "correspondencia": 10}

_SYLLABLES = {
    "es": (
        ["", "b", "c", "d", "f", "g", "l", "m", "n", "p", "qu", "r", "s", "t", "v", "bl", "tr", "pr", "ll"],
        ["a", "e", "i", "o", "u", "a", "e", "o", "á", "é", "ó", "ia", "ie", "ue", "ción"],
        ["", "", "", "", "s", "n", "r", "l", "ñ", "d"],
    ),
    "en": (
        ["", "b", "c", "d", "f", "h", "l", "m", "n", "p", "r", "s", "t", "w", "th", "st", "sh", "gr", "cl"],
        ["a", "e", "i", "o", "u", "e", "a", "ea", "ou", "ee", "ai", "ing", "er"],
        ["", "", "", "t", "n", "s", "d", "ck", "ll", "ly", "rd"],
    ),
}
_FIRST = [
    "Ana",
    "Luis",
    "María",
    "José",
    "Lucía",
    "Pablo",
    "Íñigo",
    "Sofía",
    "Tom",
    "Alice",
    "Begoña",
    "Emma",
]
_LAST = ["García", "López", "Muñoz", "Ibáñez", "Smith", "Brown", "Peña", "Ruiz", "Taylor", "Vidal", "Núñez"]
_PLAIN_LETTERS = str.maketrans("áéíóúñÍú", "aeiounIu")
_ENCODINGS = [("us-ascii", "7bit"), ("utf-8", "quoted-printable"), ("iso-8859-1", "quoted-printable")]
_ENCODINGS += [("utf-8", "base64"), ("utf-8", "8bit")]


@dataclass(frozen=True)
class Letter:
    """One letter; `sent_at` in seconds since 1970, `repeated_octets` of it are an attachment seen before."""

    raw: bytes
    sent_at: int
    repeated_octets: int


@dataclass(frozen=True)
class _Sizes:
    """Parameters of log-normal distributions, in octets, and which share of letters carries attachments."""

    text: tuple[float, float]
    attached: tuple[float, float]
    attached_most: int
    attaching: float


_SIZES: dict[Kind, _Sizes] = {
    "normal": _Sizes((7.3, 1.0), (10.7, 1.45), 5_000_000, 0.20),
    "small": _Sizes((6.5, 1.0), (8.8, 1.0), 300_000, 0.06),
}


def letters(count: int, *, seed: int = SEED, kind: Kind = "normal") -> Iterator[Letter]:
    """Yield so many letters, oldest first; each call with the same arguments yields the same octets."""
    writer = _Writer(seed, kind)
    for number in range(count):
        yield writer.letter(number)


class _Writer:
    """What the letters have in common: words, people, attachments sent around, threads under way."""

    def __init__(self, seed: int, kind: Kind) -> None:
        dice = random.Random(f"{seed} {kind}")
        self._seed, self._kind, self._sizes = seed, kind, _SIZES[kind]
        self._words = {language: _vocabulary(dice, language) for language in ("es", "en")}
        self._often = list(itertools.accumulate(1 / (rank + 2.5) for rank in range(WORDS)))
        self._people = [_person(dice, number) for number in range(CORRESPONDENTS)]
        self._known = list(itertools.accumulate(1 / (rank + 1) for rank in range(CORRESPONDENTS)))
        self._around = [dice.randbytes(int(dice.lognormvariate(10.2, 0.9))) for _ in range(60)]
        self._seen: set[int] = set()
        self._threads: list[tuple[str, list[str]]] = []

    def letter(self, number: int) -> Letter:
        self._dice = dice = random.Random(f"{self._seed} {self._kind} {number}")
        self._repeated = 0
        sent_at = FIRST_SENT_AT + number * SECONDS_APART + dice.randrange(SECONDS_APART)
        charset, encoding = dice.choices(_ENCODINGS, [30, 30, 20, 8, 12])[0]
        language = "en" if charset == "us-ascii" or dice.random() < 0.4 else "es"
        planted = [word for word, every in PLANTED.items() if number % every == every // 2]
        bulk = dice.random() < 0.2
        head = self._head(number, sent_at, language, bulk)
        body = self._body(language, charset, encoding, planted, bulk)
        return Letter(head + body, sent_at, self._repeated)

    # The head ---------------------------------------------------------------------------------

    def _head(self, number: int, sent_at: int, language: str, bulk: bool) -> bytes:
        dice = self._dice
        name, address = dice.choices(self._people, cum_weights=self._known)[0]
        domain, date = address.partition("@")[2], formatdate(sent_at)
        message_id = f"<{number:06x}.{dice.getrandbits(72):018x}@{domain}>"
        subject, references = self._thread(message_id, language)
        lines = [f"Return-Path: <{address}>", f"Delivered-To: {OWNER[1]}"]
        lines += [self._received(domain, hop, date) for hop in range(dice.randint(1, 3))]
        if dice.random() < 0.7:
            lines.append(self._signature(domain, sent_at))
        lines += [
            f"Date: {date}",
            f"From: {_field(name)} <{address}>",
            f"To: {_field(OWNER[0])} <{OWNER[1]}>",
        ]
        if dice.random() < 0.3:
            others = dice.sample(self._people, dice.randint(1, 4))
            lines.append("Cc: " + ",\n\t".join(f"{_field(name)} <{address}>" for name, address in others))
        lines += [f"Subject: {_field(subject)}", f"Message-ID: {message_id}"]
        if references:
            lines += [f"In-Reply-To: {references[-1]}", "References: " + "\n\t".join(references)]
        if bulk:
            lines += [f"List-Id: <noticias.{domain}>", f"List-Unsubscribe: <https://{domain}/baja>"]
        lines += ["MIME-Version: 1.0", "X-Mailer: Cartero 3.1", ""]
        return "\n".join(lines).encode()

    def _thread(self, message_id: str, language: str) -> tuple[str, list[str]]:
        """Return a subject and what it refers to: half of the letters answer a recent one."""
        dice = self._dice
        if self._threads and dice.random() < 0.5:
            back = min(int(dice.expovariate(1 / 12)), len(self._threads) - 1)
            subject, earlier = self._threads[-1 - back]
            references = earlier[-8:]
            earlier.append(message_id)
            return f"Re: {subject}", references
        subject = " ".join(self._said(language, dice.randint(2, 9))).capitalize()
        self._threads = [*self._threads[-300:], (subject, [message_id])]
        return subject, []

    def _received(self, domain: str, hop: int, date: str) -> str:
        dice = self._dice
        return (
            f"Received: from out{hop}.{domain} (out{hop}.{domain} [192.0.2.{dice.randint(1, 254)}])\n"
            f"\tby mx{hop}.restante.example (Postfix) with ESMTPS id {dice.getrandbits(44):011X}\n"
            f"\tfor <{OWNER[1]}>; {date}"
        )

    def _signature(self, domain: str, sent_at: int) -> str:
        own = [base64.b64encode(self._dice.randbytes(48)).decode() for _ in range(5)]
        return (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain};\n"
            f"\ts=k{sent_at % 3}; t={sent_at}; h=from:to:subject:date:message-id:mime-version:content-type;\n"
            f"\tbh={base64.b64encode(self._dice.randbytes(32)).decode()};\n\tb=" + "\n\t ".join(own)
        )

    # The body ---------------------------------------------------------------------------------

    def _body(self, language: str, charset: str, encoding: str, planted: list[str], bulk: bool) -> bytes:
        """Return the content with the header fields that describe it."""
        dice = self._dice
        text = self._text(language, min(dice.lognormvariate(*self._sizes.text), 60_000), planted)
        content = _text_part("plain", text, charset, encoding)
        if bulk or dice.random() < 0.35:
            page = self._page(text, bulk)
            content = self._multipart("alternative", [content, _text_part("html", page, charset, encoding)])
        if dice.random() < self._sizes.attaching:
            attached = [self._attachment(place) for place in range(1 + (dice.random() < 0.2))]
            content = self._multipart("mixed", [content, *attached])
        return content

    def _said(self, language: str, count: int) -> list[str]:
        return self._dice.choices(self._words[language], cum_weights=self._often, k=count)

    def _text(self, language: str, octets: float, planted: list[str]) -> str:
        dice = self._dice
        words = self._said(language, max(8, int(octets / 5.5)))
        for word in planted:
            words.insert(dice.randrange(len(words)), word)
        paragraphs, at = [], 0
        while at < len(words):
            some = words[at : at + dice.randint(15, 90)]
            at += len(some)
            some[0] = some[0].capitalize()
            lines = (" ".join(some[start : start + 11]) for start in range(0, len(some), 11))
            paragraphs.append("\n".join(lines) + ".")
        return "\n\n".join(paragraphs) + "\n"

    def _page(self, text: str, bulk: bool) -> str:
        """Return the text once more as HTML, as mail programs and as senders of bulk mail write it."""
        rows = []
        for paragraph in text.split("\n\n"):
            row = f'<p style="margin:0 0 1em;color:#222;font-size:14px"><span>{paragraph}</span></p>'
            if bulk:
                link = f"https://click.corp.example/r/{self._dice.getrandbits(160):040x}"
                row = f'<tr><td style="padding:8px 24px">{row}<a href="{link}">Más</a></td></tr>'
            rows.append(row)
        inner = "\n".join(rows)
        body = f'<table width="600" cellpadding="0" cellspacing="0">{inner}</table>' if bulk else inner
        style = "<style>p{font-family:Arial,sans-serif}</style>"
        return f"<html><head>{style}</head><body>\n{body}\n</body></html>\n"

    def _attachment(self, place: int) -> bytes:
        """Return a part that is mostly compressed already, sometimes a table, seldom one sent around."""
        dice = self._dice
        drawn, octets = (
            dice.random(),
            min(dice.lognormvariate(*self._sizes.attached), self._sizes.attached_most),
        )
        if drawn < 0.10:
            which = dice.randrange(len(self._around))
            data, type, name = self._around[which], "application/pdf", f"circular-{which}.pdf"
        elif drawn < 0.20:
            rows = (",".join(self._said("en", 6)) for _ in range(int(octets / 40)))
            data, type, name = "\n".join(rows).encode(), "text/csv", f"tabla-{place}.csv"
        else:
            type, ending = dice.choice(
                [("image/jpeg", "jpg"), ("application/pdf", "pdf"), ("application/zip", "zip")]
            )
            data, name = dice.randbytes(int(octets)), f"{dice.getrandbits(32):08x}.{ending}"
        coded = base64.b64encode(data)
        lines = b"\n".join(coded[start : start + 76] for start in range(0, len(coded), 76)) + b"\n"
        if drawn < 0.10:
            self._repeated += len(lines) if which in self._seen else 0
            self._seen.add(which)
        head = f'Content-Type: {type}; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n'
        return head.encode() + b"Content-Transfer-Encoding: base64\n\n" + lines

    def _multipart(self, subtype: str, parts: list[bytes]) -> bytes:
        boundary = f"=_{self._dice.getrandbits(96):024x}"
        head = f'Content-Type: multipart/{subtype};\n boundary="{boundary}"\n\n'.encode()
        between = b"--" + boundary.encode()
        return head + b"".join(between + b"\n" + part + b"\n" for part in parts) + between + b"--\n"


def _vocabulary(dice: random.Random, language: str) -> list[str]:
    """Return made-up words, the most frequent first; the more frequent, the shorter."""
    begin, middle, end = _SYLLABLES[language]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        rank = len(words)
        syllables = 1 + (rank > 80) + (rank > 2000 and dice.random() < 0.7) + (rank > 12_000)
        spelled = (dice.choice(begin) + dice.choice(middle) + dice.choice(end) for _ in range(syllables))
        words["".join(spelled)] = None
        if len(words) == rank and syllables == 1:  # the short ones run out
            words[dice.choice(begin) + dice.choice(middle) + dice.choice(middle) + dice.choice(end)] = None
    return list(words)[:WORDS]


def _person(dice: random.Random, number: int) -> tuple[str, str]:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    local = f"{first}.{last}{number}".translate(_PLAIN_LETTERS).lower()
    return f"{first} {last}", f"{local}@corp{number % 23}.example"


def _field(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=70).encode()


def _text_part(subtype: str, text: str, charset: str, encoding: str) -> bytes:
    octets = text.encode(charset, "replace")
    if encoding == "quoted-printable":
        octets = binascii.b2a_qp(octets, istext=True)
    elif encoding == "base64":
        octets = base64.encodebytes(octets)
    head = f"Content-Type: text/{subtype}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + octets
