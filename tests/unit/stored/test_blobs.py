"""Reading messages, parts and uploads, by the noun and by the route."""

import base64
import io

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import Damaged, InvalidArgument, NotFound
from restante.rpc import Principal
from restante.serve import Request
from stored.blobs import Blobs
from stored.service.blobs import _RANGE, BlobRoute, _bounds, _file_name
from stored.spool import MEMORY_OCTETS
from stored.uploads import Uploads
from tests.unit.stored.keeping import keep, letter, prepared, upload


@pytest.fixture
def blobs(store, tmp_path):
    return Blobs(store, tmp_path / "spool")


@pytest.fixture
def uploads(store):
    return Uploads(store)


OCTETS = bytes(range(256)) * 8192  # 2 MB
ATTACHED = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
    b'Content-Type: image/png\r\nContent-Disposition: attachment; filename="p.png"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"\x89PNG" * 1000) + b"\r\n--b--\r\n"
)


# Messages and their parts -----------------------------------------------------------------------------


def test_a_message_and_its_parts_are_blobs(blobs, mail):
    (id,) = keep(mail, prepared(ATTACHED))
    whole, octets = blobs.octets("ana", id)
    assert octets == ATTACHED
    assert (whole.type, whole.name) == ("message/rfc822", f"{id}.eml")
    part, octets = blobs.octets("ana", f"{id}-2")
    assert octets == b"\x89PNG" * 1000
    assert (part.type, part.name, part.octets) == ("image/png", "p.png", 4000)
    assert part.etag != whole.etag


def test_a_large_message_is_read_through_a_file(blobs, mail):
    raw = letter(body="línea larga\r\n" * (MEMORY_OCTETS // 10))
    (id,) = keep(mail, prepared(raw))
    with blobs.raw("ana", 1) as (octets, _):
        assert not isinstance(octets, bytes)
        assert octets[:] == raw
    blob, file = blobs.spooled("ana", f"{id}-1")
    with file:
        assert file.fileno()
        assert len(file.read()) == blob.octets


IDS = [
    "",
    "x",
    "m",
    "m0",
    "m999",
    "m1-9",
    "m1-1.1.1",
    "m-1",
    "u1",
    "u" + "0" * 24,
    "m1/../m2",
    "m" + "9" * 30,
    "M1",
]


@pytest.mark.parametrize("id", IDS)
def test_what_is_not_there_is_not_found(blobs, mail, id):
    keep(mail, prepared())
    with pytest.raises(NotFound):
        blobs.octets("ana", id)


def test_nobody_reads_anothers_blobs(blobs, uploads, mail):
    (id,) = keep(mail, prepared())
    other = upload(uploads, b"mine")
    sentences = set()
    for name in (id, other, "m777", "u" + "1" * 24):
        with pytest.raises(NotFound) as caught:
            blobs.octets("eva", name)
        sentences.add(caught.value.message)
    assert len(sentences) == 1


def test_damage_is_told(blobs, mail):
    keep(mail, prepared())

    def damage(account):
        account.bodies[1].sha256 = bytes(32)

    mail.write(damage)
    with pytest.raises(Damaged):
        blobs.octets("ana", "m1")


# The route --------------------------------------------------------------------------------------------


@pytest.fixture
def ask(blobs, uploads):
    route = BlobRoute(blobs, uploads, "/storage/1/blobs/")

    def ask(verb, path, body=b"", user="ana", **headers):
        lowered = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        principal = Principal("user", user, "s1")
        response = route.answer(Request(verb, path, lowered, principal, io.BytesIO(body), len(body)))
        kept = response.body
        if not isinstance(kept, bytes):
            with kept as file:
                kept = file.read(int(response.headers["Content-Length"]))
        return response.status, response.headers, kept

    return ask


def test_an_upload_by_tus_and_a_download(ask):
    status, headers, body = ask(
        "POST", "", Upload_Length="11", Upload_Metadata="filename YcOxby50eHQ=,filetype dGV4dC9wbGFpbg=="
    )
    blob = orjson.loads(body)["blob"]
    assert (status, headers["Location"]) == (201, f"/storage/1/blobs/{blob}")
    assert ask("HEAD", blob)[1]["Upload-Offset"] == "0"
    octet_stream = {"Content_Type": "application/offset+octet-stream"}
    status, headers, body = ask("PATCH", blob, b"hello ", Upload_Offset="0", **octet_stream)
    assert (status, headers["Upload-Offset"], body) == (204, "6", b"")
    ask("PATCH", blob, b"world", Upload_Offset="6", **octet_stream)
    status, headers, body = ask("GET", f"{blob}/año.txt")
    assert (status, body) == (200, b"hello world")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%C3%B1o.txt"
    assert headers["Content-Type"] == "text/plain"
    assert ask("DELETE", blob)[0] == 204
    with pytest.raises(NotFound):
        ask("GET", f"{blob}/x")


@pytest.mark.parametrize(
    ("verb", "path", "headers", "error"),
    [
        ("POST", "", {}, InvalidArgument),
        ("POST", "", {"Upload_Length": "-1"}, InvalidArgument),
        ("POST", "", {"Upload_Length": "1e9"}, InvalidArgument),
        ("PATCH", "u" + "0" * 24, {"Upload_Offset": "0"}, InvalidArgument),
        ("PATCH", "m1", {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}, NotFound),
        ("GET", "", {}, NotFound),
    ],
)
def test_requests_that_make_no_sense_are_refused(ask, verb, path, headers, error):
    with pytest.raises(error):
        ask(verb, path, **headers)


@pytest.fixture
def kept(uploads):
    return upload(uploads, OCTETS)


@pytest.mark.parametrize(
    ("wanted", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=10-19", 206, 10, 20),
        ("bytes=1000000-", 206, 1_000_000, len(OCTETS)),
        ("bytes=-5", 206, len(OCTETS) - 5, len(OCTETS)),
        ("bytes=0-99999999", 206, 0, len(OCTETS)),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=5-2", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=0-1,4-5", 200, 0, len(OCTETS)),
        ("lines=1-2", 200, 0, len(OCTETS)),
    ],
)
def test_ranges(ask, kept, wanted, status, start, stop):
    got, headers, body = ask("GET", f"{kept}/x", Range=wanted)
    assert (got, body) == (status, OCTETS[start:stop])
    if status == 206:
        assert headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(OCTETS)}"
    if status == 416:
        assert headers["Content-Range"] == f"bytes */{len(OCTETS)}"


def test_etags(ask, kept):
    etag = ask("HEAD", f"{kept}/x")[1]["ETag"]
    assert ask("GET", f"{kept}/x", If_None_Match=f'"other", W/{etag}')[0] == 304
    assert ask("GET", f"{kept}/x", If_None_Match='"other"')[0] == 200
    assert ask("GET", f"{kept}/x", Range="bytes=0-1", If_Range='"other"')[0] == 200
    assert ask("GET", f"{kept}/x", Range="bytes=0-1", If_Range=etag)[0] == 206


def test_many_octets_go_through_a_real_file_and_few_do_not(blobs, uploads, kept):
    route = BlobRoute(blobs, uploads, "/")
    principal = Principal("user", "ana", "s1")

    def get(**headers):
        return route.answer(Request("GET", f"{kept}/x", headers, principal, io.BytesIO(), 0)).body

    with get() as file:
        assert isinstance(file.fileno(), int)
    assert isinstance(get(range="bytes=0-99"), bytes)


@given(st.integers(0, 50), st.text("0123456789", max_size=3), st.text("0123456789", max_size=3))
def test_a_range_never_leaves_the_octets(octets, first, last):
    wanted = _RANGE.fullmatch(f"bytes={first}-{last}")
    if wanted:
        start, stop = _bounds(wanted, octets)
        assert 0 <= start <= stop <= octets


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\y.txt", "y.txt"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("", "file"),
        ("..", "file"),
        ("a\r\nb", "ab"),
        ("x" * 500, "x" * 200),
    ],
)
def test_file_names_lead_nowhere(name, shown):
    assert _file_name(name) == shown
