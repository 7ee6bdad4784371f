"""What the index reads of a letter is the letter but for its attachments, and says the same."""

import base64
import random

import pytest

from restante.errors import Damaged
from stored.search.extract import document
from stored.search.stripped import stripped
from tests.unit.stored.keeping import keep, prepared

PICTURE = random.Random(5).randbytes(50_000)
LONG = "Estimada señora: la máquina está lista.\n" * 200

HEAD = b'From: Ana <ana@dos.example>\r\nSubject: Piezas\r\nContent-Type: multipart/mixed; boundary="b"\r\n'


def part(header, octets):
    coded = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return header.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded


def letter(*parts):
    return HEAD + b"\r\n" + b"".join(b"--b\r\n" + one + b"\r\n" for one in parts) + b"--b--\r\n"


ATTACHED = part('Content-Type: image/png; name="foto.png"', PICTURE)
TEXT = part("Content-Type: text/plain; charset=utf-8", LONG.encode())
LETTERS = {
    "plain": (b"From: ana@dos.example\r\n\r\nHola.\r\n", b"Hola"),
    "attached": (letter(b"Content-Type: text/plain\r\n\r\nHola.", ATTACHED, ATTACHED), b"foto.png"),
    "a text in base64": (letter(TEXT, ATTACHED), base64.b64encode(LONG.encode())[:57]),
    "a page in base64": (letter(part("content-type:\r\n Text/HTML", LONG.encode()), ATTACHED), b"Text/HTML"),
    "a short text in base64": (letter(part("Content-Type: text/plain", b"hola " * 60)), b"aG9sY"),
    "a part that does not say what it is": (letter(part("X-None: 1", LONG.encode())), b"X-None"),
    "nothing but a text in base64": (part("Subject: x", LONG.encode()), b"Subject"),
    "a table": (letter(TEXT, part('Content-Type: text/csv; name="t.csv"', PICTURE)), b"t.csv"),
    "a letter within": (
        letter(part("Content-Type: message/rfc822", b"Subject: x\r\n\r\n" + PICTURE)),
        b"822",
    ),
}


def read(mail, uid):
    return mail.read(lambda account: stripped(account.bodies[uid]))


@pytest.mark.parametrize("name", LETTERS)
def test_the_reader_of_words_misses_nothing(mail, name):
    raw, kept = LETTERS[name]
    keep(mail, prepared(raw))
    left = read(mail, 1)
    assert kept in left
    assert document(1, 0, b"}", left) == document(1, 0, b"}", raw)


def test_attachments_are_not_read(mail):
    keep(mail, prepared(letter(TEXT, ATTACHED, ATTACHED)))
    assert len(read(mail, 1)) < 2 * len(LONG)


def test_what_is_whole_is_checked_by_its_hash(mail):
    def spoil(account):
        account.bodies[1].sha256 = b"x" * 32

    keep(mail, prepared())
    mail.write(spoil)
    with pytest.raises(Damaged):
        read(mail, 1)


def test_texts_that_are_parts_are_read_so_far(mail, monkeypatch):
    monkeypatch.setattr("stored.search.stripped.TEXTS_OCTETS", 3000)
    keep(mail, prepared(letter(TEXT, TEXT)))
    assert len(read(mail, 1)) < 4000
