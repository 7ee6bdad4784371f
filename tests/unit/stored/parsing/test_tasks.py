"""What can be asked of a reading process, without the process."""

import hashlib
import io

import orjson
import pytest
from PIL import Image

from stored.parsing.tasks import TASKS, TooMuch, inspected, opened, thumbnail

RELATED = (
    b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b'<p>see <img src="cid:p@x" alt=photo> <img src="cid:gone"></p>\r\n--b\r\n'
    b"Content-Type: image/png; name=p.png\r\nContent-ID: <p@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"aGVsbG8=\r\n--b--\r\n"
)


def told(raw, **how):
    return orjson.loads(opened(raw, **{"id": "m7", "text": True, "runs": True, "limit": 100_000, **how}))


def test_a_picture_stands_where_the_letter_shows_it():
    said = told(RELATED)
    assert said["runs"] == [{"text": "see "}, {"text": "photo", "image": "m7-2"}]
    assert [(part["blob"], part["name"], part["octets"], part["inline"]) for part in said["parts"]] == [
        ("m7-1", "", "61", True),
        ("m7-2", "p.png", "5", True),
    ]


def test_a_picture_is_shown_though_nothing_is_said_in_its_place():
    said = told(RELATED.replace(b" alt=photo", b""))
    assert said["runs"] == [{"text": "see "}, {"text": "", "image": "m7-2"}]


@pytest.mark.parametrize("limit", [0, -5, 10, 1000])
def test_texts_stay_within_their_limit(limit):
    said = told(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "ñ".encode() * 5000, limit=limit)
    assert len(said["text"].encode()) <= max(limit, 0)
    assert said["text_truncated"] and said["runs_truncated"]


def test_without_text_there_is_none():
    said = told(RELATED, text=False, runs=False)
    assert not {"text", "runs", "text_truncated"} & said.keys()


def test_what_is_beyond_the_limits_is_told_and_the_rest_is_read():
    bomb = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1500
    said = told(bomb)
    assert said["too_complex"] is True
    assert 900 < len(said["parts"]) <= 1000


# Pictures -------------------------------------------------------------------------------------------------


def picture(kind="PNG", size=(400, 200), mode="RGB", **how):
    out = io.BytesIO()
    Image.new(mode, size, (200, 30, 30) if mode == "RGB" else None).save(out, kind, **how)
    return out.getvalue()


def small(raw, width=100, height=100):
    made = Image.open(io.BytesIO(thumbnail(raw, width=width, height=height)))
    return made.format, made.size, made.mode


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_pictures_of_the_usual_kinds_become_small_png(kind):
    assert small(picture(kind))[:2] == ("PNG", (100, 50))


@pytest.mark.parametrize(
    ("mode", "said"), [("RGBA", "RGBA"), ("LA", "RGBA"), ("L", "RGB"), ("1", "RGB"), ("I;16", "RGB")]
)
def test_every_mode_becomes_one_that_tk_shows(mode, said):
    assert small(picture(mode=mode))[2] == said


def test_a_small_picture_is_not_made_larger():
    assert small(picture(size=(20, 10)))[1] == (20, 10)


def test_a_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert small(picture("JPEG", exif=exif))[1] == (50, 100)


def test_a_noisy_picture_still_fits_into_an_answer():
    noise = Image.effect_noise((900, 900), 100).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    assert len(thumbnail(out.getvalue(), width=800, height=800)) <= 400_000


def test_a_picture_of_too_many_pixels_is_not_even_begun():
    header = picture(size=(1, 1))
    huge = bytearray(header)
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    # The checksum of the header is wrong now, or the pixels are too many: refused either way.
    with pytest.raises((TooMuch, OSError, SyntaxError)):
        thumbnail(bytes(huge), width=100, height=100)
    with pytest.raises(TooMuch):
        thumbnail(picture("GIF", size=(8000, 6000), mode="L"), width=100, height=100)


@pytest.mark.parametrize(
    "raw", [b"", b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", picture()[:60], b"II*\0" + b"\0" * 50]
)
def test_what_is_no_picture_is_refused(raw):
    with pytest.raises((OSError, SyntaxError, ValueError)):
        thumbnail(raw, width=100, height=100)


# Inspected ------------------------------------------------------------------------------------------------


def test_an_inspected_message_says_everything():
    raw = (
        b"From: =?utf-8?q?Jos=C3=A9?= <jose@uno.example>\r\nTo: a@b.c, d@e.f\r\nSubject: x\r\n"
        b"Date: Mon, 23 Nov 2026 12:00:00 -0300\r\nMessage-ID: <1@uno.example>\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
        b"Content-Type: application/pdf; name=a.pdf\r\n\r\none\r\ntwo\r\n\r\n--b--\r\n"
    )
    said = orjson.loads(inspected(raw, file="x.eml"))
    assert (said["file"], said["subject"], said["message_id"]) == ("x.eml", "x", "1@uno.example")
    assert said["from"] == [{"name": "José", "address": "jose@uno.example"}]
    assert [one["address"] for one in said["to"]] == ["a@b.c", "d@e.f"]
    assert said["date"] == "2026-11-23T15:00:00+00:00"
    assert (said["text"], said["structure"]) == ("hello", "multipart/mixed(text/plain,application/pdf)")
    (attachment,) = said["attachments"]
    assert attachment["sha256"] == hashlib.sha256(b"one\r\ntwo\r\n").hexdigest()
    assert attachment["sha256_lf"] == hashlib.sha256(b"one\ntwo").hexdigest()
    assert (attachment["filename"], attachment["content_type"], attachment["size"]) == (
        "a.pdf",
        "application/pdf",
        10,
    )


@pytest.mark.parametrize(
    "octets", [b"", b"\n", b"a\r", b"\r\n\r\n", b"a\n\nb\r\n", b"\r", b"a" * 3_000_000 + b"\r\n"]
)
def test_line_ends_of_attachments_count_once_and_not_at_the_end(octets):
    said = orjson.loads(inspected(b"Content-Type: application/x\r\n\r\n" + octets, file="x"))
    expected = octets.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert said["attachments"][0]["sha256_lf"] == hashlib.sha256(expected).hexdigest()


def test_a_message_that_says_nothing_is_inspected_too():
    said = orjson.loads(inspected(b"", file="x"))
    assert (said["subject"], said["from"], said["date"], said["text"]) == ("", [], None, "")


def test_every_task_is_known_by_name():
    assert set(TASKS) == {"opened", "summarized", "thumbnail", "inspected"}
