"""The words of the query language, in English and in Spanish, with the accents or without. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from stored.model.word import ANSWERED, DRAFT, FLAGGED, FORWARDED, SEEN

#: The fields whose words are indexed, in the order of the index's columns.
FIELDS = ("subject", "from", "to", "filename", "body")

#: Operator → what people call it. `without` turns a property round: `sin:adjunto`.
OPERATORS = {
    "from": "from de remitente sender",
    "to": "to para destinatario recipient cc copia bcc cco",
    "subject": "subject asunto titulo title",
    "filename": "filename adjunto archivo fichero file attachment nombre",
    "body": "body text texto cuerpo",
    "folder": "folder in carpeta en label etiqueta",
    "account": "account cuenta deliveredto",
    "before": "before antes antesde hasta until older",
    "after": "after despues despuesde desde since newer",
    "on": "on date fecha dia day el received recibido sent enviado",
    "newer_than": "newerthan ultimos ultimas menosde recientes",
    "older_than": "olderthan masde anteriores",
    "larger": "larger largerthan bigger size tamano mayor mayorque masgrande",
    "smaller": "smaller smallerthan menor menorque maschico maspequeno",
    "is": "is es esta",
    "has": "has tiene con with",
    "without": "without sin",
}

_PROPERTIES = {
    SEEN: "read seen leido leidos leida leidas leer",
    -SEEN: "unread unseen new nuevo nuevos noleido noleidos noleida noleidas sinleer",
    FLAGGED: "starred flagged star destacado destacados destacada favorito marcado importante important",
    -FLAGGED: "unstarred unflagged nodestacado sindestacar",
    ANSWERED: "answered replied respondido contestado respondidos contestados",
    -ANSWERED: "unanswered unreplied sinresponder sincontestar norespondido nocontestado",
    FORWARDED: "forwarded reenviado reenviados",
    DRAFT: "draft borrador",
    0: "attachment attachments attached file files adjunto adjuntos archivo archivos fichero ficheros",
}

_ANYWHERE = "anywhere all everywhere todas todo todos cualquiera"

#: Role of a folder → what people call it. A word may be that of two: "basura" is either, by who says it.
ROLES = {
    "inbox": "inbox entrada bandeja bandejadeentrada recibidos",
    "drafts": "drafts draft borradores borrador",
    "sent": "sent enviados enviado salida",
    "junk": "junk spam basura nodeseado correonodeseado",
    "trash": "trash deleted bin papelera basura eliminados borrados",
}

#: Pairs of words people type without a colon, and what they mean by them.
_PAIRS = {
    r"sin leer": "is:unread",
    r"no le[ií]d[oa]s?": "is:unread",
    r"(?:con|with) (?:adjuntos?|attachments?)": "has:attachment",
    r"(?:sin|without) (?:adjuntos?|attachments?)": "-has:attachment",
    r"sin (?:responder|contestar)": "is:unanswered",
}
_QUOTED = re.compile(r'("[^"]*"?|“[^”]*”?)')


@dataclass(frozen=True)
class Property:
    """What `is:` and `has:` speak of: a flag's bit, or 0 for attachments; `negated` when it is to be off."""

    flag: int
    negated: bool


def folded(word: str) -> str:
    """Return `word` in small letters without accents, blanks, hyphens and underscores."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in plain if one not in " -_" and not unicodedata.combining(one))


def _table(named: dict[str, str]) -> dict[str, str]:
    return {synonym: name for name, synonyms in named.items() for synonym in synonyms.split()}


_OPERATORS = _table(OPERATORS)
_PROPERTY = {
    word: Property(abs(flag), flag < 0) for flag, words in _PROPERTIES.items() for word in words.split()
}
_BARE = [(re.compile(rf"(?<![\w:\"-]){pair}(?![\w:*-])", re.I), meant) for pair, meant in _PAIRS.items()]


def operator(name: str) -> str:
    """Return the operator somebody calls `name`, "" when it is none."""
    return _OPERATORS.get(folded(name), "")


def property_of(value: str) -> Property | None:
    return _PROPERTY.get(folded(value))


def roles(name: str) -> list[str]:
    """Return the roles of the folders somebody calls `name`, none when it is none that everybody has."""
    wanted = folded(name)
    return [role for role, synonyms in ROLES.items() if wanted in synonyms.split()]


def anywhere(value: str) -> bool:
    return folded(value) in _ANYWHERE.split()


def joined(typed: str) -> str:
    """Return what was typed with pairs such as "sin leer" as operators; quotes are left as they are."""
    pieces = _QUOTED.split(typed)
    for at in range(0, len(pieces), 2):
        for pair, meant in _BARE:
            pieces[at] = pair.sub(meant, pieces[at])
    return "".join(pieces)


_OCTETS = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?\s*([kmg]?)(?:i?b|o|octets|bytes)?", re.I)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def octets(value: str) -> int | None:
    """Return how many octets "5M", "200 kB" or "1.5m" are, None when it is no number of octets."""
    match = _OCTETS.fullmatch(value.strip())
    if match is None:
        return None
    whole, part, unit = match[1], match[2] or "", match[3].lower()
    times = _TIMES[unit]
    return int(whole) * times + int(part or 0) * times // int("1" + "0" * len(part))
