"""Letters that are whole, and what breaks them: the same for the same dice."""

import base64
import random
from collections.abc import Callable

_HEAD = (
    b"Received: from a by b; Mon, 23 Nov 2026 12:00:00 -0300 (ART)\r\n"
    b'From: "Ana, la de =?utf-8?q?Le=C3=B3n?=" <ana@uno.example>\r\nTo: eva@dos.example, Leo (mi hermano) <leo@tres.example>,\r\n'
    b"\tlist: a@b.c, d@e.f;\r\nReply-To: otra@cuatro.example\r\nDate: Mon, 23 Nov 2026 12:00:00 -0300\r\n"
    b"Subject: =?iso-8859-1?Q?Ma=F1ana?= =?utf-8?B?w6Egw6k=?=\r\nMessage-ID: <1@uno.example>\r\n"
    b"References: <a@b> <c@d>\r\nMIME-Version: 1.0\r\n"
)
_HTML = (
    '<html><head><style>p{color:red}</style></head><body bgcolor="#fff"><div style="display:none">antes</div>'
    '<h1>T&iacute;tulo</h1><p>Hola <b>Ana <i>María</b></i>, <a href="https://x.example/?a=1&amp;b=2">www.y.example</a>'
    '<br><span style="font-weight:bold">negrita</span></p><blockquote>dijo<blockquote>antes</blockquote></blockquote>'
    "<table border=1><tr><th>A<th>B</tr><tr><td>1<td>2</table><ol><li>uno<ul><li>dos</ul></ol><pre>a\n  b</pre>"
    '<img src="cid:foto@x" alt="foto"><img src="http://t.example/1.gif"><hr><!-- nada --><script>x("<b>")</script>'
).encode()
_CALENDAR = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:T\xc3\xa9 y\r\n  torta\\, a las 5\r\n"
    b'DTSTART;TZID=America/New_York:20261123T170000\r\nDURATION:PT1H\r\nORGANIZER;CN="Ana":mailto:ana@uno.example\r\n'
    b"RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_REPORT = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822;eva@dos.example\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no\r\n"
)
_RECEIPT = (
    b"Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;eva@dos.example\r\n"
    b"Original-Message-ID: <1@uno.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n"
)


def _part(kind: bytes, octets: bytes, *more: bytes) -> bytes:
    return b"\r\n".join((b"Content-Type: " + kind, *more, b"", octets))


def _multipart(kind: bytes, *parts: bytes, boundary: bytes = b"=_frontera") -> bytes:
    body = b"".join(b"\r\n--" + boundary + b"\r\n" + part for part in parts)
    return _part(
        b"multipart/" + kind + b'; boundary="' + boundary + b'"',
        b"Hola." + body + b"\r\n--" + boundary + b"--\r\n",
    )


_PLAIN = b"Hola:\r\n> dijo \r\n>> antes http://x.example/a(b).\r\n-- \r\nAna ana@uno.example\r\n"
_PICTURE = base64.encodebytes(bytes(range(256)) * 3).replace(b"\n", b"\r\n")
_BASE64 = b"Content-Transfer-Encoding: base64"
_QUOTED = b"Content-Transfer-Encoding: quoted-printable"
_INNER = _multipart(
    b"alternative",
    _part(b"text/plain; charset=utf-8; format=flowed; delsp=yes", _PLAIN),
    _multipart(
        b'related; type="text/html"',
        _part(b"text/html; charset=windows-1252", _HTML.replace(b"=", b"=3D"), _QUOTED),
        _part(
            b"image/png; name*0*=utf-8''fo%C3%B1; name*1*=to.png", _PICTURE, _BASE64, b"Content-ID: <foto@x>"
        ),
        boundary=b"b2",
    ),
    boundary=b"b1",
)

#: Whole letters of every kind that the reader knows.
SEEDS = [
    _HEAD + _part(b"text/plain; charset=iso-8859-1", _PLAIN + b"\xe1\xe9\xed\x93\x94"),
    _HEAD + _part(b"text/plain; charset=iso-2022-jp", b"\x1b$B%F%9%H\x1b(B"),
    _HEAD + _part(b"text/html; charset=utf-8", _HTML),
    _HEAD + _multipart(b"mixed", _INNER, _part(b"application/pdf; name=a.pdf", _PICTURE, _BASE64)),
    _HEAD
    + _multipart(
        b"mixed", _part(b"text/calendar; method=REQUEST", _CALENDAR), _part(b"message/rfc822", _HEAD)
    ),
    _HEAD + _multipart(b"report; report-type=delivery-status", _part(b"text/plain", b"No."), _REPORT, _HEAD),
    _HEAD + _multipart(b"report; report-type=disposition-notification", _RECEIPT),
    _HEAD
    + _multipart(
        b'signed; protocol="application/pgp-signature"', _INNER, _part(b"application/pgp-signature", b"x")
    ),
    _HEAD + _multipart(b"digest", b"\r\nSubject: uno\r\n\r\nx", b"\r\nSubject: dos\r\n\r\ny"),
    _HEAD + _part(b"application/pkcs7-mime; smime-type=enveloped-data", _PICTURE, _BASE64),
    _HEAD
    + _part(
        b"text/plain", b"begin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n", b"Content-Transfer-Encoding: x-uuencode"
    ),
    b"",
]

#: What means something to a reader, put where it should not be.
_WORDS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" \r\n", b"\0", b"\xff", b"\x1b$B", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"--=_frontera\r\n", b"--=_frontera--\r\n", b"--b1\r\n", b"--b2--", b"Content-Type: ", b"Content-Disposition: attachment",
    b"multipart/mixed; boundary=", b"message/rfc822", b"text/html", b"; charset=utf-7", b"; charset=idna", b"*0*=", b"''",
    b"=?utf-8?q?", b"=?x?b?", b"?=", b"=?utf-16?B?2D0=?=", b'"', b"<", b">", b"(", b")", b"\\", b";", b":", b",", b"@", b"=", b"%",
    b"<div>", b"</div>", b"<table><tr><td>", b"<a href=", b"<a href='javascript:x'>", b"<b><p>", b"<!--", b"-->", b"<![CDATA[",
    b"<select>", b"<svg>", b"<math>", b"<template>", b"<plaintext>", b"&#0;", b"&#xfdd0;", b"&#x110000;", b"&amp", b"\xef\xb7\x90",
    b"style='display:none'", b"http://", b"www.", b"mailto:", b"//", b"BEGIN:VEVENT\r\n", b"DTSTART:99991231T235959Z",
    b"TZID=../../x", b"-----BEGIN PGP MESSAGE-----\n", b"begin 644 x\n", b"From ", b">From ", b"X-A: b\r\n", b"> ", b"\t", b"99999999999",
]  # fmt: skip

Breaking = Callable[[random.Random, bytearray, list[bytes]], None]


def broken(dice: random.Random, seeds: list[bytes]) -> bytes:
    """Return a letter broken in one to twelve ways, at most a megabyte of it."""
    octets = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 2, 2, 3, 5, 12))):
        dice.choice(_BREAKINGS)(dice, octets, seeds)
        del octets[1_000_000:]
    return bytes(octets)


def _place(dice: random.Random, octets: bytearray) -> int:
    return dice.randrange(len(octets) + 1)


def _span(dice: random.Random, octets: bytearray) -> slice:
    start = _place(dice, octets)
    return slice(start, start + int(2 ** dice.uniform(0, 11)))


def _flip(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    if octets:
        octets[dice.randrange(len(octets))] = dice.randrange(256)


def _remove(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    del octets[_span(dice, octets)]


def _insert(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    at = _place(dice, octets)
    octets[at:at] = dice.choice(_WORDS)


def _noise(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    at = _place(dice, octets)
    octets[at:at] = dice.randbytes(int(2 ** dice.uniform(0, 8)))


def _again(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    at = _place(dice, octets)
    octets[at:at] = octets[_span(dice, octets)]


def _many(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    """Repeat a word or a piece of the letter up to some thousand times."""
    at = _place(dice, octets)
    what = dice.choice(_WORDS) if dice.random() < 0.7 else bytes(octets[_span(dice, octets)])[:200]
    times = int(2 ** dice.uniform(1, 13 if dice.random() < 0.05 else 7))
    octets[at:at] = what * times


def _cut(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    del octets[_place(dice, octets) :]


def _splice(dice: random.Random, octets: bytearray, seeds: list[bytes]) -> None:
    other = dice.choice(seeds)
    octets[_place(dice, octets) :] = other[dice.randrange(len(other) + 1) :]


def _lines(dice: random.Random, octets: bytearray, _: list[bytes]) -> None:
    """Put some lines in another order."""
    lines = bytes(octets).split(b"\n")
    start = dice.randrange(len(lines))
    some = lines[start : start + 8]
    dice.shuffle(some)
    lines[start : start + 8] = some
    octets[:] = b"\n".join(lines)


_BREAKINGS: list[Breaking] = [
    _flip,
    _flip,
    _remove,
    _insert,
    _insert,
    _insert,
    _noise,
    _again,
    _many,
    _cut,
    _splice,
    _lines,
]
