"""Invented mail for the client's tests: about 300 varied letters in Spanish and English, always the same."""

import random
from datetime import UTC, datetime, timedelta

PEOPLE = [
    ("Ana Ledesma", "ana.ledesma@info.unlp.example"),
    ("Cátedra de Redes", "redes@info.unlp.example"),
    ("Jorge P.", "jorgep@correo.example"),
    ("Biblioteca", "avisos@biblioteca.example"),
    ("Aerolíneas", "no-responder@aerolineas.example"),
    ("Papá", "ruben.quiroga@correo.example"),
    ("Mary O’Neill", "mary@library.example"),
    ("Zoë Björk", "zoe@norden.example"),
    ("", "facturas@luz.example"),
    ("李小龍", "li@taipei.example"),
    ("The Very Long Name Of A Committee For The Naming Of Committees", "committee@long.example"),
]
SUBJECTS = [
    "Las fotos del viaje",
    "Fecha del parcial",
    "Re: departamento en La Plata",
    "Vence tu préstamo",
    "Tu tarjeta de embarque",
    "el asado",
    "Minutes of Tuesday’s meeting",
    "Your library books are due",
    "Re: Re: Fwd: mudanza",
    "Factura de marzo",
    "Invitación a la defensa de tesis de Lucía",
    "",
    "A subject that goes on and on, past the edge of any list, to see whether it is cut with an ellipsis",
    "Horarios de mesa de diciembre",
    "Receta de las empanadas",
    "Photos from the lake",
    "¿Llegaste bien?",
]
TEXTS = [
    "Hola María:\n\nTe mando las que salieron mejor; las demás quedan en el álbum compartido para cuando "
    "tengas una línea más rápida. ¿Llegaste bien?\n\nUn abrazo,\nAna\n\n"
    "> Llego a Retiro a las siete, no sé si habrá\n"
    "> alguien despierto…\n",
    "Estimados: el parcial pasa al jueves 28 a las 18 hs en el aula 4. "
    "Traigan calculadora y DNI.\n\nSaludos,\nLa cátedra",
    "Hablé con el dueño y dice que puede esperar hasta el viernes. "
    "Si querés lo vemos juntos el sábado a la mañana.",
    "El libro «Sistemas distribuidos» vence el viernes. Podés renovarlo una vez más desde la página.",
    "Dear Maria,\n\nthe minutes are attached. Two points are still open:\n\n  1. who brings the projector\n"
    "  2. whether we meet in March\n\nBest wishes,\nMary",
    "Traé la ensalada que de la carne me ocupo yo.\n\nPapá",
    "A rather long letter. "
    + "It has many sentences that all say about the same thing, to fill a screen. " * 60,
]
FILES = [
    ("fotos-bariloche.zip", "application/zip", 1_400_000),
    ("acta.pdf", "application/pdf", 48_000),
    ("../../nombre raro\u202efdp.exe", "application/octet-stream", 900),
    ("apunte.txt", "text/plain", 2_300),
]


def make_mail(count, now=None):
    """Return `count` Messages of the inbox, newest first, the first with attachments and unread."""
    chance = random.Random(1640)
    when = now or datetime.now(UTC)
    mail = []
    for number in range(count):
        mail.append(make_message(f"m{count - number}", number, when, chance))
        when -= timedelta(minutes=chance.choice([7, 90, 400, 1100, 2600]))
    return mail


def make_message(id_, number, when, chance):
    """Return one Message; `number` 0 is the one the tests read."""
    name, address = PEOPLE[number % len(PEOPLE)] if number < 6 else chance.choice(PEOPLE)
    subject = SUBJECTS[number] if number < 6 else chance.choice(SUBJECTS)
    text = TEXTS[number] if number < 4 else chance.choice(TEXTS)
    files = FILES if number == 0 else (chance.sample(FILES, 1) if chance.random() < 0.2 else [])
    flags = [] if number in (0, 1, 3) or chance.random() < 0.03 else ["seen"]
    if "seen" in flags and chance.random() < 0.15:
        flags.append("answered")
    to = [{"name": "María Quiroga", "address": "maria@info.unlp.example"}]
    if number % 3 == 0:
        to.append({"name": "Jorge P.", "address": "jorgep@correo.example"})
    return {
        "id": id_,
        "folder": "inbox",
        "flags": flags,
        "from": {"name": name, "address": address},
        "to": to,
        "subject": subject,
        "snippet": " ".join(text.split())[:120],
        "sent_at": stamp(when),
        "received_at": stamp(when),
        "octets": str(len(text) + sum(size for _, _, size in files)),
        "account": "a1",
        "attachments": len(files),
        "cc": [],
        "reply_to": [],
        "message_id": f"<{id_}@fake.example>",
        "in_reply_to": "",
        "references": [],
        "text": text,
        "text_truncated": False,
        "raw": id_,
        "parts": [
            {
                "blob": f"{id_}-{part}",
                "part": str(part),
                "name": file,
                "type": type_,
                "octets": str(size),
                "inline": False,
            }
            for part, (file, type_, size) in enumerate(files, 1)
        ],
    }


def stamp(when):
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
