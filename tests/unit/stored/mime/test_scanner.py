"""Parts by their offsets."""

import base64
import binascii
import mmap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stored.mime import decode_part, parts_of, slices_of, summarize, text_of
from stored.mime.parts import SLICE_OCTETS
from stored.mime.scanner import DEPTH_LIMIT, PART_LIMIT, Scan


def batches(octets, each):
    return [octets[at : at + each] for at in range(0, len(octets), each)]


def lines(*texts):
    return "\r\n".join(texts).encode()


MIXED = lines(
    "From: a@b.c",
    'Content-Type: multipart/mixed; boundary="x"',
    "",
    "preamble --x",
    "--x",
    "Content-Type: multipart/alternative; boundary=xx",
    "",
    "--xx",
    "",
    "plain",
    "--xx",
    "Content-Type: text/html",
    "",
    "<p>html</p>",
    "--xx--",
    "--x  ",
    "Content-Type: image/png; name=p.png",
    "Content-Transfer-Encoding: base64",
    "",
    base64.b64encode(b"\x89PNG" * 5).decode(),
    "",
    "--x--",
    "epilogue",
    "--x",
    "",
    "not a part",
)


def shape(raw):
    return [(part.part, part.type, part.inline) for part in parts_of(raw)]


def test_parts_have_numbers_types_and_octets():
    assert shape(MIXED) == [
        ("1.1", "text/plain", True),
        ("1.2", "text/html", True),
        ("2", "image/png", False),
    ]
    plain, html, png = parts_of(MIXED)
    assert MIXED[plain.start : plain.end] == b"plain"
    assert decode_part(MIXED, html) == b"<p>html</p>"
    assert decode_part(MIXED, png) == b"\x89PNG" * 5
    assert (png.octets, png.name) == (20, "p.png")


def test_bare_line_ends_are_line_ends():
    assert shape(MIXED.replace(b"\r\n", b"\n")) == shape(MIXED)


def test_a_mapped_file_is_as_good(tmp_path):
    (tmp_path / "raw").write_bytes(MIXED)
    with (tmp_path / "raw").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        assert parts_of(raw) == parts_of(MIXED)
        assert summarize(raw) == summarize(MIXED)
        assert [decode_part(raw, part) for part in parts_of(raw)] == [
            decode_part(MIXED, part) for part in parts_of(MIXED)
        ]


@pytest.mark.parametrize(
    ("raw", "types"),
    [
        (b"", ["text/plain"]),
        (b"\r\n", ["text/plain"]),
        (b"no header at all", ["text/plain"]),
        (b"Content-Type: multipart/mixed\r\n\r\nx", ["multipart/mixed"]),
        (b'Content-Type: multipart/mixed; boundary="z"\r\n\r\nnever', ["multipart/mixed"]),
        (b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\nunended", ["text/plain"]),
        (b"Content-Type: multipart/digest; boundary=z\r\n\r\n--z\r\n\r\nA: b\r\n--z--", ["message/rfc822"]),
        (b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n----', ["text/plain"]),
        (b"Content-Type: nonsense\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: text; charset=utf-8\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: text/plain text\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: text/\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: /pdf\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: application / pdf, x/y\r\n\r\nx", ["application/pdf"]),
        (b"Content-Type: image/png/x\r\n\r\nx", ["image/png"]),
        (b"Content-Type: image/\r\n\r\nx", ["application/octet-stream"]),
        (b"Content-Type: X-Sheet\r\n\r\nx", ["application/octet-stream"]),
        (b"Content-Type: multipart\r\n\r\nx", ["text/plain"]),
        (b"Content-Type: multipart; boundary=z\r\n\r\n--z\r\n\r\nx\r\n--z--", ["text/plain"]),
        (b"Content-Type: multipart/mixed; boundary=z (y)\r\n\r\n--z\r\n\r\nx\r\n--z--", ["text/plain"]),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx", ["message/rfc822"]),
    ],
)
def test_awkward_structures(raw, types):
    assert [part.type for part in parts_of(raw)] == types


def test_a_stray_line_before_a_field_of_any_form_is_passed_over():
    raw = b"To  : Eva\r\n__\r\n   <eva@dos.example>\r\nSubject  : one\r\n\r\nbody"
    summary = summarize(raw)
    assert (summary.subject, summary.snippet) == ("one", "body")


def test_empty_lines_and_a_stray_line_before_the_header_are_passed_over():
    summary = summarize(b"\r\n\r\nSubject: one\r\nstray\r\nTo: a@b.c\r\n\r\nbody")
    assert (summary.subject, summary.to[0].address, summary.snippet) == ("one", "a@b.c", "body")


def test_a_line_of_blanks_within_the_header_is_folding():
    blanks = (" ", "\t")
    html = ("Content-Type: text/html", "", "<b>body</b>")
    raw = lines("Subject: one", *blanks, " two", "\t", "To: a@b.c", *blanks, *html)
    summary = summarize(raw)
    assert (summary.subject, summary.to[0].address, summary.snippet) == ("one two", "a@b.c", "body")
    assert shape(raw) == [("1", "text/html", True)]


def test_a_line_of_blanks_within_a_header_without_a_body_is_folding():
    assert summarize(b"Subject: one\r\n \r\nTo: a@b.c\r\n").to[0].address == "a@b.c"


def test_a_line_of_blanks_before_the_fields_of_a_part_is_passed_over():
    assert shape(MIXED.replace(b"Content-Type: text/html", b" \r\nContent-Type: text/html")) == shape(MIXED)


@pytest.mark.parametrize(
    "body",
    [
        b"Dear Eva,\r\nnote: it rains\r\n\r\nAna",
        b"https://uno.example/\r\n\r\nAna",
        b"Eva:\r\n\r\nhow are you",
    ],
)
def test_a_line_of_blanks_before_text_parts_it_from_the_header(body):
    assert text_of(b"Subject: one\r\n \r\n" + body)[0] == body.decode().replace("\r", "")


def test_a_stray_line_in_the_header_of_a_part_is_passed_over():
    for html in (b"stray\r\nContent-Type: text/html", b"X-\xe9: y\r\n z\r\nContent-Type: text/html"):
        assert shape(MIXED.replace(b"Content-Type: text/html", html)) == shape(MIXED)


def test_a_stray_line_may_be_a_rule():
    assert (
        summarize(b"---\r\nContent-Type: text/plain\r\n-----\r\nTo: a@b.c\r\n\r\nbody").to[0].address
        == "a@b.c"
    )


def test_a_delimiter_straight_behind_the_header_is_no_stray_line_of_it():
    raw = MIXED.replace(b'"x"\r\n\r\npreamble --x\r\n', b'"x"\r\n')
    assert shape(raw) == shape(MIXED)


def test_line_ends_may_have_a_return_too_many():
    assert shape(MIXED.replace(b"\r\n", b"\r\r\n")) == shape(MIXED)


def test_blanks_before_the_first_field_are_passed_over():
    assert summarize(b" Subject: one\r\nTo: a@b.c\r\n\r\nbody").subject == "one"


def test_a_name_is_found_where_people_put_it():
    raw = b"Content-Type: application/pdf; filename=a.pdf\r\n\r\nx"
    assert [part.name for part in parts_of(raw)] == ["a.pdf"]


def test_a_header_too_long_is_cut_and_the_body_found_behind_it():
    raw = b"Subject: s\r\n" + b"X: y\r\n" * 100_000 + b"\r\nthe body"
    summary = summarize(raw)
    assert (summary.subject, summary.snippet) == ("s", "the body")
    assert len(summary.fields) <= 1000


def nested(depth):
    head = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    return head.encode() + b"\r\ndeep"


def test_depth_is_bounded():
    assert not Scan(nested(DEPTH_LIMIT - 1)).too_complex
    assert Scan(nested(DEPTH_LIMIT + 10)).too_complex


def test_parts_are_bounded():
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000
    scan = Scan(raw)
    assert scan.too_complex
    assert scan.parts <= PART_LIMIT + 1


BOMBS = {
    "delimiters that are none": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\n--bx" * 400_000,
    "dashes": b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 2_000_000,
    "header without end": b"X: " + b"y" * 3_000_000,
    "fields": b"X: y\n" * 400_000,
    "continuations": b"X: y\n" + b" z\n" * 600_000,
    "colons": b":\n" * 500_000,
    "blank": b"\n" * 2_000_000,
    "spaces": b" " * 2_000_000,
    "carriage returns": b"\r" * 2_000_000,
    "boundary of spaces": b'Content-Type: multipart/mixed; boundary="  "\r\n\r\n' + b"--\r\n" * 200_000,
    "nested and wide": nested(50) + b"x\r\n--b3\r\n" * 50_000,
    "one boundary for all": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 20_000,
    "base64 of padding": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 2_000_000,
    "quoted-printable of equals": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 2_000_000,
    "uuencode": b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n" + b"M\r\n" * 300_000,
    "stray lines": b"a: b\n" + b"stray\na: b\n" * 100_000,
    "quotes in type": b"Content-Type: " + b'"' * 60_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_two_seconds(name):
    raw = BOMBS[name]
    began = time.process_time()
    summarize(raw)
    text_of(raw)
    for part in parts_of(raw):
        decode_part(raw, part)
    assert time.process_time() - began < 2


OCTETS = bytes(range(256)) * 10_000


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("base64", base64.encodebytes(OCTETS)),
        ("base64", base64.b64encode(OCTETS)),
        ("quoted-printable", b"".join(b"=%02X" % octet for octet in OCTETS)),
        ("uuencode", b"begin 644 x\n" + b"".join(map(binascii.b2a_uu, batches(OCTETS, 45))) + b"`\nend\n"),
        ("uuencode", b"text\n begin \nbegin 644 x\n" + b"".join(map(binascii.b2a_uu, batches(OCTETS, 45)))),
    ],
    ids=["lines", "one line", "quoted in one line", "uuencode", "uuencode without end"],
)
def test_decoding_goes_in_slices(encoding, encoded):
    raw = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + encoded
    (part,) = parts_of(raw)
    slices = list(slices_of(raw, part))
    assert b"".join(slices) == OCTETS
    assert max(map(len, slices)) <= SLICE_OCTETS
    assert part.octets == len(OCTETS)


@pytest.mark.parametrize(
    ("encoding", "encoded", "octets"),
    [
        ("base64", b"aGVsbG8=\r\nfooter", b"hello"),
        ("base64", b"aGVsbG8", b"hello"),
        ("base64", b"a*G-V s@b#G8=", b"hello"),
        ("base64", b"a", b""),
        ("base64", b"=aGVs\r\nbG=8hb=Q==\r\nfooter", b"hello!m"),
        ("base64", b"aGVs\r\n======\r\nfooter", b"hel"),
        ("quoted-printable", b"caf=C3=A9=\r\n!=", "café!".encode()),
        ("quoted-printable", b"=zz=4", b"=zz=4"),
        ("quoted-printable", b"one=  \r\ntwo=\t\nthree= ", b"onetwothree"),
        ("7bit;", b"as it is", b"as it is"),
        ("no-such", b"as it is", b"as it is"),
        ("x-uuencode", b"begin 644 x\r\n%:&5L;&\\\r\n`\r\nend", b"hello"),
    ],
)
def test_encodings(encoding, encoded, octets):
    raw = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + encoded
    assert decode_part(raw, parts_of(raw)[0]) == octets


def test_padding_may_be_cut_between_slices():
    encoded = b" " + b"A" * (SLICE_OCTETS - 2)
    raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + encoded + b"==AAAA"
    assert len(decode_part(raw, parts_of(raw)[0])) == (SLICE_OCTETS - 2) * 6 // 8


PIECE = st.one_of(
    st.sampled_from(
        [
            b"\r\n",
            b"\n",
            b"\r",
            b"--b",
            b"--b--",
            b"--",
            b"--c\r\n",
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"Content-Type: multipart/alternative; boundary=c\r\n\r\n",
            b"Content-Type: text/html\r\n\r\n<p a=b",
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"Content-Disposition: attachment; filename*0*=utf-8''%",
            b"Subject: =?utf-8?B?",
            b"From: ",
            b"?=",
            b"\x00\xff",
        ]
    ),
    st.binary(max_size=12),
)


@settings(max_examples=300)
@given(st.lists(PIECE, max_size=40).map(b"".join))
def test_any_octets_are_a_message(raw):
    summary = summarize(raw)
    assert 0 <= summary.body <= len(raw)
    assert all(isinstance(summary.header(name), list) for name, _ in summary.fields)
    summary.subject.encode(), summary.snippet.encode()
    text_of(raw)[0].encode()
    end = 0
    for part in parts_of(raw):
        assert end <= part.start <= part.end <= len(raw)
        end = part.end
        decode_part(raw, part)
        assert part.octets >= 0


def test_more_header_than_is_read_is_told():
    long = b"X-Long: " + b"x" * 200 + b"\r\n"
    assert not Scan(long * 1_000 + b"Subject: seen\r\n\r\nhello").too_complex
    assert Scan(long * 2_000 + b"Subject: not seen\r\n\r\nhello").too_complex
