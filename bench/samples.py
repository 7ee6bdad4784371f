"""Letters as people's programs write them, one of each kind: short ones, long quotes, pages of HTML.

The same for the same seed. Modelled on what Thunderbird, Outlook (Word's HTML) and senders of newsletters
send: a newsletter's styles stand at each tag and differ, its links are long and each different.
"""

import binascii
import random
from collections.abc import Callable
from textwrap import fill

# ruff: noqa: SIM905
_WORDS = """
    la de que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o
    este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos
    reunión informe mañana gracias saludos adjunto presupuesto cliente semana proyecto entrega
    biblioteca universidad facultad alumnos apuntes mesa examen parcial inscripción oferta
""".split()


def letters(kind: str, count: int, seed: int = 1) -> list[bytes]:
    """Return so many different letters of one of the `KINDS`."""
    return [KINDS[kind](random.Random(f"{seed} {kind} {number}")) for number in range(count)]


def _sentence(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words)).capitalize() + "."


def _paragraph(dice: random.Random, octets: int) -> str:
    said = ""
    while len(said) < octets:
        said += " " + _sentence(dice, dice.randint(4, 18))
    return said.strip()


def _head(dice: random.Random, kind: str, *more: str) -> bytes:
    hops = [
        f"Received: from out{hop}.corp.example (out{hop}.corp.example [192.0.2.{dice.randint(1, 254)}])\r\n"
        f"\tby mx{hop}.restante.example (Postfix) with ESMTPS id {dice.getrandbits(44):011X};\r\n"
        "\tMon, 23 Nov 2026 12:00:00 -0300 (ART)"
        for hop in range(3)
    ]
    lines = [
        "Return-Path: <ana.lopez@corp.example>",
        *hops,
        "From: =?utf-8?q?Ana_L=C3=B3pez?= <ana.lopez@corp.example>",
        "To: maria@restante.example, Luis Vidal <luis@corp.example>",
        "Subject: =?utf-8?q?Re=3A_La_reuni=C3=B3n?=",
        "Date: Mon, 23 Nov 2026 12:00:00 -0300",
        f"Message-ID: <{dice.getrandbits(96):x}@corp.example>",
        "MIME-Version: 1.0",
        *more,
        f"Content-Type: {kind}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def _part(kind: str, text: str) -> bytes:
    octets = binascii.b2a_qp(text.replace("\n", "\r\n").encode(), istext=True)
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + octets


def _both(dice: random.Random, text: str, page: str, *more: str) -> bytes:
    """Return a letter that says the same as text and as a page."""
    between = f"=_{dice.getrandbits(96):x}"
    parts = [f"\r\n--{between}\r\n".encode() + part for part in (_part("plain", text), _part("html", page))]
    head = _head(dice, f'multipart/alternative; boundary="{between}"', *more)
    return head + b"".join(parts) + f"\r\n--{between}--\r\n".encode()


def _only(dice: random.Random, text: str) -> bytes:
    """Return a letter of text alone."""
    head = _head(dice, "text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
    return head + b"\r\n" + text.replace("\n", "\r\n").encode()


def _plain(dice: random.Random) -> bytes:
    return _only(dice, fill(_paragraph(dice, 500), 72) + "\n\nSaludos,\nAna\n")


def _quotes(dice: random.Random) -> bytes:
    text = ""
    for depth in range(12):
        mark = ">" * depth + " " * bool(depth)
        said = fill(_paragraph(dice, 900), 70) + "\n\nVer https://corp.example/acta\n"
        text += "".join(f"{mark}{line}\n" for line in said.split("\n"))
        text += f"{mark}El lunes {dice.randint(1, 28)}, Luis Vidal <luis@corp.example> escribió:\n"
        text += "".join(f"{mark}> {line}\n" for line in fill(_paragraph(dice, 350), 60).split("\n"))
    return _only(dice, text)


def _page(dice: random.Random) -> bytes:
    said = [_paragraph(dice, 180) for _ in range(8)]
    rows = "".join(
        f'<div dir="ltr">{one} <b>{_sentence(dice, 3)}</b> <a href="https://corp.example/{place}">Ver más</a>'
        f"</div><div><br></div>"
        for place, one in enumerate(said)
    )
    quote = (
        '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">El lun, 23 nov 2026, Luis escribió:'
        '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid '
        f'rgb(204,204,204);padding-left:1ex"><div dir="ltr">{_paragraph(dice, 500)}</div></blockquote></div>'
    )
    text = "\n\n".join(fill(one, 72) for one in said)
    return _both(dice, text, f'<div dir="ltr">{rows}{quote}</div>')


_WORD_STYLE = """<style><!--
@font-face {font-family:"Cambria Math"; panose-1:2 4 5 3 5 4 6 3 2 4;}
@font-face {font-family:Calibri; panose-1:2 15 5 2 2 2 4 3 2 4;}
p.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}
a:link, span.MsoHyperlink {mso-style-priority:99; color:#0563C1; text-decoration:underline;}
span.EstiloCorreo17 {mso-style-type:personal-reply; font-family:"Calibri",sans-serif; color:windowtext;}
.MsoChpDefault {mso-style-type:export-only; font-family:"Calibri",sans-serif;}
@page WordSection1 {size:612.0pt 792.0pt; margin:70.85pt 3.0cm 70.85pt 3.0cm;}
div.WordSection1 {page:WordSection1;}
--></style><!--[if gte mso 9]><xml><o:shapedefaults v:ext="edit" spidmax="1026" /></xml><![endif]-->"""


def _outlook(dice: random.Random) -> bytes:
    said, plain = "", ""
    for answer in range(5):
        for _ in range(6):
            one = _paragraph(dice, 160)
            plain += fill(one, 76) + "\n\n"
            bold = f"<b><span style='color:black'>{_sentence(dice, 2)}</span></b>" * (dice.random() < 0.3)
            said += (
                '<p class="MsoNormal"><span lang="ES" style="font-size:11.0pt;font-family:&quot;Calibri&quot;'
                f',sans-serif;color:#1F497D;mso-fareast-language:EN-US">{one}{bold}<o:p></o:p></span></p>\n'
                '<p class="MsoNormal"><span lang="ES" style="mso-fareast-language:EN-US"><o:p>&nbsp;</o:p>'
                "</span></p>\n"
            )
        said += _word_table(dice, answer) + _word_head(answer)
    page = (
        '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40"><head>'
        f'<meta http-equiv="Content-Type" content="text/html; charset=utf-8">{_WORD_STYLE}</head><body '
        f'lang="ES" link="#0563C1" vlink="#954F72"><div class="WordSection1">{said}</div></body></html>'
    )
    return _both(dice, plain, page, "X-Mailer: Microsoft Outlook 16.0")


def _word_table(dice: random.Random, answer: int) -> str:
    rows = "".join(
        f'<tr><td width="{90 + row}" valign="top" style="width:{67 + row}.5pt;padding:0cm 5.4pt 0cm 5.4pt">'
        f'<p class="MsoNormal"><b><span style="font-size:{8 + row}.0pt;color:#{dice.getrandbits(24):06X}">'
        f"{_sentence(dice, 2)}</span></b><o:p></o:p></p></td></tr>"
        for row in range(3)
    )
    table = '<table class="MsoNormalTable" border="0" cellspacing="0" cellpadding="0"'
    return f'{table} width="{400 + answer}">{rows}</table>'


def _word_head(answer: int) -> str:
    """Return what Outlook puts over the letter that is answered."""
    return (
        '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        '<p class="MsoNormal"><b><span lang="ES">De:</span></b><span lang="ES"> Luis Vidal &lt;'
        '<a href="mailto:luis@corp.example">luis@corp.example</a>&gt;<br><b>Enviado el:</b> lunes, 23 de '
        f"noviembre de 2026 1{answer}:00<br><b>Para:</b> Ana López<br><b>Asunto:</b> La reunión<o:p></o:p>"
        "</span></p></div></div>\n"
    )


def _newsletter(dice: random.Random) -> bytes:
    rows, plain = "", ""
    for place in range(38):
        title, said = _sentence(dice, 4), _paragraph(dice, 60)
        link = f"https://click.noticias.example/ls/click?upn={dice.getrandbits(240):060x}"
        plain += f"{title}\n{fill(said, 72)}\n{link}\n\n"
        rows += _article(dice, place, title, said, link)
    page = (
        '<!DOCTYPE html><html lang="es"><head><meta charset="utf-8"><style>@media only screen and '
        "(max-width:600px){.w100{width:100%!important}.hide{display:none!important}}</style></head>"
        '<body style="margin:0;padding:0"><div style="display:none;max-height:0;overflow:hidden">Lo que no '
        'hay que perderse</div><table role="presentation" width="100%" cellpadding="0" cellspacing="0">'
        f'{rows}</table><img src="https://t.noticias.example/1.gif" width="1" height="1" alt=""></body>'
        "</html>"
    )
    return _both(dice, plain, page, "List-Id: <noticias.example>", "Precedence: bulk")


def _article(dice: random.Random, place: int, title: str, said: str, link: str) -> str:
    """Return one row of a newsletter: a picture from elsewhere, a title, some words and a button."""
    behind, before = (f"#{dice.getrandbits(24):06x}" for _ in range(2))
    return (
        f'<tr><td align="center" style="padding:{8 + place % 9}px {20 + place % 7}px 0;font-size:0;'
        f'background-color:{behind}"><table role="presentation" width="{560 + place}" cellpadding="0" '
        f'cellspacing="0" border="0"><tr><td style="width:{200 + place}px"><a href="{link}1" target="_blank">'
        f'<img src="https://img.noticias.example/{place}.jpg" width="{180 + place}" alt="{title}"></a></td>'
        f'<td style="font-family:Arial,Helvetica,sans-serif;font-size:{14 + place % 4}px;line-height:1.5;'
        f'color:{before}"><h3 style="margin:0 0 {place % 8}px">{title}</h3><p style="margin:0 0 {place}px;'
        f'mso-line-height-rule:exactly"><span style="color:{before}">{said}</span></p><a href="{link}2" '
        f'style="color:#ffffff;text-decoration:none;padding:{place}px"><strong>Leer más</strong></a></td>'
        "</tr></table></td></tr>\n"
    )


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "plain text": _plain,
    "twelve quotes": _quotes,
    "a page from Gmail": _page,
    "a reply from Outlook": _outlook,
    "a newsletter": _newsletter,
}
