"""Attachments up and down, cut, refused and stopped."""

import errno

import pytest

from tests.ui.fakeserver import FakeServer, content_of
from tests.unit.tkclient.peers import Peer, http
from tkclient import blobs
from tkclient.line import Meter
from tkclient.rpc import Wire
from tkclient.trouble import Cancelled, FileTrouble, ServerTrouble, TransportError


@pytest.fixture
def server():
    with FakeServer(count=1) as server:
        yield server


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def wire(meter):
    return Wire(meter, seconds=2)


def no(*_):
    return False


def test_save_brings_every_octet_and_tells_progress(server, wire, meter, tmp_path):
    part = server.state.inside("inbox")[0]["parts"][0]
    url = server.url.replace("/profile/", "/storage/1/") + "blobs/{}/x".format(part["blob"])
    told = []
    blobs.save(wire, meter, url, "t", tmp_path / "x", lambda *moved: told.append(moved), no)
    octets = int(part["octets"])
    assert (tmp_path / "x").read_bytes() == content_of(octets)
    assert told[-1] == (octets, octets) and meter.octets_per_second > 0
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_lost_download_goes_on_where_it_stopped(wire, meter, tmp_path):
    whole = bytes(range(200))
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 200\r\nETag: "e"\r\n\r\n'
    peer = Peer([head + whole[:120]], [http(whole[120:], "206 Partial Content", b'ETag: "e"\r\n')])
    blobs.save(wire, meter, peer.url, "t", tmp_path / "x", no, no)
    assert (tmp_path / "x").read_bytes() == whole
    assert b"Range: bytes=120-" in peer.requests[1][0] and b'If-Range: "e"' in peer.requests[1][0]
    peer.close()


def test_when_it_changed_meanwhile_it_begins_again(wire, meter, tmp_path):
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 200\r\nETag: "e"\r\n\r\n'
    peer = Peer([head + b"old"], [http(b"another")])
    blobs.save(wire, meter, peer.url, "t", tmp_path / "x", no, no)
    assert (tmp_path / "x").read_bytes() == b"another"
    peer.close()


def test_a_download_that_keeps_breaking_leaves_nothing(wire, meter, tmp_path):
    head = b'HTTP/1.1 200 OK\r\nContent-Length: 200\r\nETag: "e"\r\n\r\n'
    peer = Peer(*[[head + b"abc"]] * (blobs.RESUMES + 1))
    (tmp_path / "x").write_text("as before")
    with pytest.raises(TransportError) as caught:
        blobs.save(wire, meter, peer.url, "t", tmp_path / "x", no, no)
    assert caught.value.kind == "connection_lost"
    assert (tmp_path / "x").read_text() == "as before" and len(list(tmp_path.iterdir())) == 1
    peer.close()


def test_stopping_leaves_nothing(server, wire, meter, tmp_path):
    part = server.state.inside("inbox")[0]["parts"][0]
    url = server.url.replace("/profile/", "/storage/1/") + "blobs/{}/x".format(part["blob"])
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        blobs.save(wire, meter, url, "t", tmp_path / "x", no, cancelled)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(b'{"error": {"data": {"kind": "damaged"}}}', "500 Error"), "damaged"),
        (http(b"gone", "404 Not Found"), "not_found"),
        (http(b"", "401 Unauthorized"), "session_ended"),
        (http(b"<html>", "502 Bad Gateway"), "bad_answer"),
    ],
)
def test_refusals(wire, meter, tmp_path, answer, kind):
    peer = Peer(*[[answer]] * 5)
    with pytest.raises((ServerTrouble, TransportError)) as caught:
        blobs.save(wire, meter, peer.url, "t", tmp_path / "x", no, no)
    assert caught.value.kind == kind
    peer.close()


def test_a_folder_that_is_not_there(wire, meter, tmp_path):
    with pytest.raises(FileTrouble) as caught:
        blobs.save(wire, meter, "http://localhost:1/", "t", tmp_path / "no" / "x", no, no)
    assert caught.value.kind == "file_unwritable"


def test_a_full_disk_says_so(tmp_path):
    problem = OSError(errno.ENOSPC, "full")
    assert blobs._write_trouble(problem, tmp_path).kind == "disk_full"


def test_upload_brings_every_octet(server, wire, meter, tmp_path):
    source = tmp_path / "grande.bin"
    source.write_bytes(content_of(700_000))
    told = []
    url = server.url.replace("/profile/", "/storage/1/") + "blobs/"
    blob = blobs.upload(wire, meter, url, "t", source, lambda *moved: told.append(moved), no)
    assert server.state.uploads[blob] == content_of(700_000)
    assert told[-1] == (700_000, 700_000) and len(told) > 2


def test_an_interrupted_upload_asks_how_far_it_came(wire, meter, tmp_path):
    source = tmp_path / "x"
    source.write_bytes(b"0123456789")
    created = http(b'{"blob": "u1"}', "201 Created")
    peer = Peer(
        [created, b""],
        [http(b"", "200 OK", b"Upload-Offset: 4\r\n"), http(b"", "204 No Content", b"Upload-Offset: 10\r\n")],
    )
    assert blobs.upload(wire, meter, peer.url, "t", source, no, no) == "u1"
    assert peer.requests[2][0].startswith(b"HEAD /profile/u1 ")
    assert peer.requests[3][1] == b"456789"
    peer.close()


def test_what_cannot_be_read_or_is_too_large(wire, meter, tmp_path):
    with pytest.raises(FileTrouble) as caught:
        blobs.upload(wire, meter, "http://localhost:1/", "t", tmp_path / "gone", no, no)
    assert caught.value.kind == "file_unreadable"
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(blobs.UPLOAD_LIMIT_OCTETS + 1)
    with pytest.raises(FileTrouble) as caught:
        blobs.upload(wire, meter, "http://localhost:1/", "t", tmp_path / "huge", no, no)
    assert caught.value.kind == "file_too_large"
