"""What a subject is about, without the marks that programs put in front of it. Pure."""

import re

# Answers and forwarded letters as programs mark them in the languages people write in here: "Re[2]:", "RV:",
# "Rif.:", with a colon of either width. A list's "[tag]" stays: it is part of what the letter is about.
_WORDS = (
    "re|aw|antw|sv|vs|rif|resp|respuesta|rta|rpta|odp|ynt|回复|答复"
    "|fw|fwd|rv|wg|tr|enc|vb|reenv|reenvío|reenviado|转发"
)
_MARK = re.compile(rf"\s*(?:{_WORDS})(?:\s?[\[(]\d{{1,3}}[\])]|\^\d{{1,2}})?\.?\s?[:：]\s*", re.I)
_TAG = re.compile(r"\s*\[[^\[\]]{1,40}\]\s*")
_END = re.compile(r"\s*\((?:fwd?|rv|reenviado)\)\s*$", re.I)

#: A subject that says nothing joins nothing.
SHORTEST_CHARACTERS = 5
_GENERIC = frozenset(
    " ".join(subject.split())
    for subject in """
    hello|hello there|hi there|greetings|good morning|good afternoon|good evening|good night|question
    a question|quick question|questions|help|please help|urgent|important|information|info|thanks|thank you
    many thanks|test|testing|test mail|meeting|invoice|bill|photo|photos|picture|pictures|document|documents
    file|files|attachment|attached|update|news|newsletter|reminder|notification|message|new message|letter
    order|your order|payment|report|no subject|(no subject)|none|untitled|today|tomorrow|follow up|contact
    hola|hola a todos|buenos días|buenos dias|buen día|buen dia|buenas|buenas tardes|buenas noches|saludos
    pregunta|una pregunta|preguntas|consulta|una consulta|consultas|ayuda|urgente|importante|información
    informacion|gracias|muchas gracias|prueba|mensaje de prueba|reunión|reunion|factura|foto|fotos|imagen
    imágenes|imagenes|documento|documentos|archivo|archivos|adjunto|adjuntos|adjunta|novedades|noticias
    boletín|boletin|recordatorio|notificación|notificacion|aviso|mensaje|nuevo mensaje|carta|pedido
    su pedido|tu pedido|pago|informe|sin asunto|(sin asunto)|ninguno|hoy|mañana|contacto|presupuesto
    respuesta automática|respuesta automatica|automatic reply|auto reply|out of office|fuera de la oficina
    undeliverable|delivery status notification|returned mail|read|leído|leido
    """.replace("\n", "|").split("|")
)


def base_subject(subject: str) -> tuple[str, bool]:
    """Return the subject folded and without marks, and whether it had any: ("lunch on friday", True)."""
    said = subject
    marked = False
    tag = _TAG.match(said)
    kept = tag[0] if tag else ""
    said = said[len(kept) :]
    while mark := _MARK.match(said):
        said, marked = said[mark.end() :], True
    if not kept and (tag := _TAG.match(said)):
        # "Re: [tag] Re: …"
        kept, said = tag[0], said[tag.end() :]
        while mark := _MARK.match(said):
            said = said[mark.end() :]
    if said.endswith(")") and (end := _END.search(said)):
        said, marked = said[: end.start()], True
    return " ".join(f"{kept.strip()} {said}".casefold().split()), marked


def says_something(base: str) -> bool:
    """Tell whether a base subject is about something: strangers' "hello" is not."""
    bare = base.strip(" .,;:!?¡¿-_*#()[]")
    if bare in _GENERIC or not any(map(str.isalpha, bare)):
        return False
    return sum(map(str.isalnum, bare)) >= SHORTEST_CHARACTERS
