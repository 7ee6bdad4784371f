"""What a reply means to a person: why it did not arrive and what to do, in Spanish and in English. Pure.

The Spanish says usted, unlike the client's: a report is a letter, and may be read and passed on anywhere.
"""

from typing import NamedTuple

from relayd.courier.reply import Reply


class Reason(NamedTuple):
    why: str
    what_to_do: str


# (Spanish, English) by enhanced status code (RFC 3463), the longest beginning that fits wins. The first
# digit is left out: 4.2.2 that was waited for too long and 5.2.2 mean the same to a person.
_REASONS: dict[str, tuple[Reason, Reason]] = {
    "1.1": (
        Reason(
            "esa dirección no existe en su servidor.",
            "compruebe letra por letra cómo está escrita y envíelo de nuevo.",
        ),
        Reason(
            "that address does not exist on its server.",
            "check how it is written, letter by letter, and send it again.",
        ),
    ),
    "1.2": (
        Reason(
            "el dominio (lo que sigue a la @) no existe.",
            "compruebe cómo está escrito después de la @ y envíelo de nuevo.",
        ),
        Reason(
            "the domain (what follows the @) does not exist.",
            "check how it is written after the @ and send it again.",
        ),
    ),
    "1.10": (
        Reason(
            "ese dominio anuncia que no recibe correo.",
            "busque otra dirección de esa persona y envíelo a ella.",
        ),
        Reason(
            "that domain announces that it receives no mail.",
            "find another address of that person and use it.",
        ),
    ),
    "2.1": (
        Reason("esa casilla está cerrada.", "busque otra dirección de esa persona."),
        Reason("that account is closed.", "find another address of that person."),
    ),
    "2.2": (
        Reason(
            "la casilla del destinatario está llena.",
            "avísele por otro medio y envíelo de nuevo más tarde.",
        ),
        Reason("the recipient's account is full.", "tell them some other way and send it again later."),
    ),
    "3.4": (
        Reason(
            "el mensaje es demasiado grande para su servidor.",
            "envíelo sin los adjuntos grandes, o repártalos en varios mensajes.",
        ),
        Reason(
            "the message is too large for its server.",
            "send it without the large attachments, or share them out over several messages.",
        ),
    ),
    "3.0": (
        Reason(
            "nuestro servidor ya no pudo leer el mensaje.",
            "envíelo de nuevo desde la carpeta de enviados; el operador ya está avisado.",
        ),
        Reason(
            "our server could not read the message any more.",
            "send it again from the sent folder; the operator has been told.",
        ),
    ),
    "4.4": (
        Reason(
            "no se encontró ningún servidor de correo para ese dominio.",
            "compruebe cómo está escrito después de la @; si está bien, pruebe más tarde.",
        ),
        Reason(
            "no mail server was found for that domain.",
            "check how it is written after the @; if it is right, try later.",
        ),
    ),
    "4.6": (
        Reason("el correo de esa dirección da vueltas en círculo.", "avise al operador de ese dominio."),
        Reason("mail for that address goes round in circles.", "tell the operator of that domain."),
    ),
    "4.7": (
        Reason(
            "lo intentamos durante varios días y su servidor no lo aceptó.",
            "pruebe otra vez más tarde o avise a la persona por otro medio.",
        ),
        Reason(
            "we tried for several days and its server did not take it.",
            "try again later, or tell the person some other way.",
        ),
    ),
    "6.7": (
        Reason(
            "su servidor no admite direcciones con letras fuera del inglés.",
            "pida a esa persona una dirección sin acentos ni otras letras especiales.",
        ),
        Reason(
            "its server does not take addresses with letters beyond English.",
            "ask that person for an address without accents or other special letters.",
        ),
    ),
    "7": (
        Reason(
            "su servidor lo rechazó por sus normas (suele ser el filtro de correo no deseado).",
            "escríbalo con otras palabras o sin adjuntos, o avise a la persona por otro medio.",
        ),
        Reason(
            "its server refused it by its rules (usually the filter for unwanted mail).",
            "write it in other words or without attachments, or tell the person some other way.",
        ),
    ),
    "": (
        Reason(
            "su servidor lo rechazó; sus palabras están debajo.",
            "lea la respuesta del servidor y, si no la entiende, muéstrela a quien le ayuda con el correo.",
        ),
        Reason(
            "its server refused it; its words are below.",
            "read the server's answer and, if it is unclear, show it to whoever helps you with mail.",
        ),
    ),
}


def reason_of(reply: Reply) -> tuple[Reason, Reason]:
    """Return the (Spanish, English) reason of a reply. Pure; there is always one."""
    _, _, detail = reply.enhanced.partition(".")
    if detail in _REASONS:
        return _REASONS[detail]
    subject = detail.partition(".")[0]
    if subject in _REASONS:
        return _REASONS[subject]
    return _REASONS[""]
