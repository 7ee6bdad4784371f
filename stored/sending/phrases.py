"""The few words that are put into a letter for its writer: attributions and subjects. Pure."""

import re
from datetime import datetime

from restante.address import Address, format_address

_MONTHS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "en": "January February March April May June July August September October November December",
}
_REPLIED = re.compile(
    r"(?:\s*(?:re|aw|sv|antw|rif|vs|resp|respuesta|rta|rpta)(?:\[\d{1,3}\])?\s*:)+\s*", re.I
)
_FORWARDED = re.compile(r"(?:\s*(?:fwd?|rv|enc|wg|tr|reenv|reenvío|reenviado)\s*:)+\s*", re.I)


def reply_subject(subject: str) -> str:
    """Return the subject of an answer: "Re: " in front, once."""
    return f"Re: {_without(_REPLIED, subject)}"[:998]


def forward_subject(subject: str) -> str:
    """Return the subject of a forwarded letter: "Fwd: " in front, once."""
    return f"Fwd: {_without(_FORWARDED, subject)}"[:998]


def _without(mark: re.Pattern[str], subject: str) -> str:
    found = mark.match(subject)
    return subject[found.end() :] if found else subject


def attribution(language: str, sent_at: datetime | None, author: Address | None) -> str:
    """Return the line above a quoted letter: who wrote it, and when."""
    who = (author.name or author.address) if author else ""
    if language == "en":
        who = who or "somebody"
        return f"On {_moment('en', sent_at)}, {who} wrote:" if sent_at else f"{who} wrote:"
    who = who or "alguien"
    return f"El {_moment('es', sent_at)}, {who} escribió:" if sent_at else f"{who} escribió:"


def forwarded_head(
    language: str, author: Address | None, sent_at: datetime | None, subject: str, to: list[Address]
) -> str:
    """Return the lines above a forwarded letter: what its own header said."""
    titles = {
        "en": ("Forwarded message", "From", "Date", "Subject", "To"),
        "es": ("Mensaje reenviado", "De", "Fecha", "Asunto", "Para"),
    }["en" if language == "en" else "es"]
    shown_to = ", ".join(map(format_address, to[:10])) + (", …" if len(to) > 10 else "")
    values = (
        format_address(author) if author else "",
        _moment(language, sent_at) if sent_at else "",
        subject,
        shown_to,
    )
    lines = [f"---------- {titles[0]} ----------"]
    lines += [f"{title}: {value}" for title, value in zip(titles[1:], values, strict=True) if value]
    return "\n".join(lines)


def _moment(language: str, at: datetime) -> str:
    """Return a moment as people write it, in UTC: the writer's own clock is not known here."""
    if language == "en":
        return f"{at.day} {_MONTHS['en'].split()[at.month - 1]} {at.year} at {at:%H:%M} UTC"
    return f"{at.day} de {_MONTHS['es'].split()[at.month - 1]} de {at.year} a las {at:%H:%M} UTC"


def quoted(text: str, limit: int) -> str:
    """Return `text` with "> " before each line, cut at the end of a line within `limit` characters."""
    lines: list[str] = []
    left = limit
    for line in text.strip("\n").split("\n"):
        marked = (f">{line}" if line.startswith(">") else f"> {line}").rstrip()
        left -= len(marked) + 1
        if left < 0:
            break
        lines.append(marked)
    return "\n".join(lines)
