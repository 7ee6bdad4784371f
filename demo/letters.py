"""Make the demonstration's letters: varied, the same each time but for dates and MIME boundaries.

There are threads, HTML, attachments, Spanish and English, and charsets as people really send them.
"""

import datetime
import random
import struct
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from demo import texts

SEED = 1729
COUNT = 240
DAYS = 90

Letter = tuple[str, datetime.datetime, bytes]


def letters(now: datetime.datetime) -> list[Letter]:
    """Return `COUNT` letters as (address of the maildrop, date, octets), oldest first. Pure but for `now`.

    Among the newest in the university's maildrop is a reminder that the owner sent from her other
    address: the letter that the visit answers.
    """
    chance = random.Random(SEED)
    made: list[Letter] = [_reminder(now - datetime.timedelta(minutes=20)), *_awkward(now)]
    made.extend(letter for talk in texts.TALKS * 3 for letter in _talk(chance, now, *talk))
    while len(made) < COUNT:
        number = len(made)
        kind = chance.choice([_alone, _alone, _page, _with_picture, _with_document])
        made.append(kind(chance, _moment(chance, now), number))
    return sorted(made, key=lambda letter: letter[1])


def _moment(chance: random.Random, now: datetime.datetime) -> datetime.datetime:
    return now - datetime.timedelta(minutes=chance.randint(30, DAYS * 24 * 60))


def _blank(
    sender: tuple[str, str], address: str, subject: str, moment: datetime.datetime, message_id: str
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Date"] = format_datetime(moment)
    name, sender_address = sender
    message["From"] = f'"{name}" <{sender_address}>'
    message["To"] = f'"{texts.OWNER}" <{address}>'
    message["Subject"] = subject
    message["Message-ID"] = f"<{message_id}@{sender_address.partition('@')[2]}>"
    return message


def _drop(chance: random.Random) -> str:
    return chance.choice([texts.UNIVERSITY, texts.POST])


def _alone(chance: random.Random, moment: datetime.datetime, number: int) -> Letter:
    address = _drop(chance)
    subject, body = chance.choice(texts.ALONE)
    message = _blank(chance.choice(texts.PEOPLE), address, subject, moment, f"alone-{number}")
    message.set_content(body)
    return address, moment, message.as_bytes()


def _page(chance: random.Random, moment: datetime.datetime, number: int) -> Letter:
    address = _drop(chance)
    title, first = chance.choice(texts.NEWS)
    message = _blank(("Novedades", "novedades@universidad.example"), address, title, moment, f"page-{number}")
    message["List-Id"] = "<novedades.universidad.example>"
    page = texts.PAGE.format(title=title, first=first, number=number)
    if chance.random() < 0.5:
        message.set_content(f"{title}\n\n{first}\n")
        message.add_alternative(page, subtype="html")
    else:
        message.set_content(page, subtype="html")
    return address, moment, message.as_bytes()


def _with_picture(chance: random.Random, moment: datetime.datetime, number: int) -> Letter:
    address = _drop(chance)
    sender = chance.choice(texts.PEOPLE)
    message = _blank(sender, address, "Foto: el lago", moment, f"picture-{number}")
    message.set_content("Mirá cómo estaba el lago esta mañana.\n")
    message.add_attachment(
        _picture(chance), maintype="image", subtype="png", filename=f"lago año {number}.png"
    )
    return address, moment, message.as_bytes()


def _with_document(chance: random.Random, moment: datetime.datetime, number: int) -> Letter:
    address = _drop(chance)
    sender = chance.choice(texts.PEOPLE)
    message = _blank(sender, address, "Planilla de gastos", moment, f"document-{number}")
    message.set_content("Va la planilla del mes. Revisá la columna de luz, por favor.\n")
    rows = ["concepto;importe"] + [f"gasto {n};{chance.randint(100, 9999)}" for n in range(200)]
    table = "\r\n".join(rows).encode()
    message.add_attachment(table, maintype="text", subtype="csv", filename="gastos del mes.csv")
    return address, moment, message.as_bytes()


def _picture(chance: random.Random, width: int = 160, height: int = 100) -> bytes:
    """Return a small PNG: sky, hills and water in colours of the hour."""
    top, bottom = chance.randint(120, 200), chance.randint(60, 120)
    lines = [bytes([0]) + bytes([bottom, top - y // 2, 255 - y]) * width for y in range(height)]

    def chunk(kind: bytes, octets: bytes) -> bytes:
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(lines))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _talk(chance: random.Random, now: datetime.datetime, subject: str, turns: list[str]) -> Iterator[Letter]:
    """Make one conversation: each letter answers the one before it and quotes it."""
    address = _drop(chance)
    sides = chance.sample(texts.PEOPLE, 2)
    moment = now - datetime.timedelta(days=chance.randint(2, DAYS))
    known: list[str] = []
    for turn, body in enumerate(turns):
        name = f"talk-{chance.getrandbits(48):x}"
        message = _blank(sides[turn % 2], address, subject if turn == 0 else f"Re: {subject}", moment, name)
        if known:
            message["In-Reply-To"] = known[-1]
            message["References"] = " ".join(known)
        quoted = f"\n\n> {turns[turn - 1]}\n" if turn else "\n"
        message.set_content(body + quoted)
        known.append(str(message["Message-ID"]))
        yield address, moment, message.as_bytes()
        moment += datetime.timedelta(minutes=chance.randint(20, 400))


def _reminder(moment: datetime.datetime) -> Letter:
    sender = (texts.OWNER, texts.POST)
    message = _blank(sender, texts.UNIVERSITY, texts.REMINDER_SUBJECT, moment, "reminder-1")
    message.set_content(texts.REMINDER)
    return texts.UNIVERSITY, moment, message.as_bytes()


# Sender, charset as declared, charset as used, subject as written, body: what real programs send.
_AWKWARD = [
    (
        "Marta Oviedo",
        "iso-8859-1",
        "cp1252",
        "=?iso-8859-1?Q?Comillas_=93tipogr=E1ficas=94?=",
        "Cuesta 10 € – o “menos”.",
    ),
    (
        "=?koi8-r?B?7snOwQ==?=",
        "koi8-r",
        "koi8-r",
        "=?koi8-r?B?8NLJ18XU?=",
        "Привет, Мария! До встречи в октябре.",
    ),
    (
        "Haruki Sato",
        "iso-2022-jp",
        "iso-2022-jp",
        "=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=",
        "こんにちは、マリアさん。",
    ),
    (
        "Inmobiliaria Sur",
        "us-ascii",
        "utf-8",
        "Señas nuevas, en bruto",
        "Las señas nuevas: calle 50 nº 120, La Plata.",
    ),
    ("Diego Luna", "utf-8", "latin-1", "Paso por la facultad", "Mañana paso por la facultad, ¿estás?"),
    (
        "Panadería Colón",
        "",
        "utf-8",
        "=?utf-8?B?Y2Fmw?= =?utf-8?B?6kgY29uIGxlY2hl?=",
        "El asunto de esta carta se partió en la mitad de una letra.",
    ),
    (
        "Old Mailer",
        "no-such-charset",
        "utf-8",
        "Charset nobody knows",
        "Still readable: naïve café, ñandú. The next line is a single dot:\r\n.\r\n..and this has two.",
    ),
]


def _awkward(now: datetime.datetime) -> Iterator[Letter]:
    for number, (sender, declared, used, subject, body) in enumerate(_AWKWARD):
        moment = now - datetime.timedelta(hours=5 * number + 2)
        content_type = f"Content-Type: text/plain; charset={declared}\r\n" if declared else ""
        head = (
            f"Date: {format_datetime(moment)}\r\nFrom: {sender} <awkward{number}@posta.example>\r\n"
            f"To: {texts.POST}\r\nSubject: {subject}\r\nMessage-ID: <awkward-{number}@posta.example>\r\n"
            f"MIME-Version: 1.0\r\n{content_type}Content-Transfer-Encoding: 8bit\r\n\r\n"
        )
        yield texts.POST, moment, head.encode() + body.encode(used) + b"\r\n"
