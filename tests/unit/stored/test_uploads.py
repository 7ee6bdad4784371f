"""Uploads: pieces that stay, bounds, and how long they wait."""

import io
from types import SimpleNamespace

import pytest

from restante.errors import InvalidArgument, NotFound, OverQuota, StateMismatch, TooLarge
from stored.blobs import Blobs
from stored.uploads import STEP_OCTETS, UPLOAD_OCTETS, UPLOAD_SECONDS, UPLOADS, Uploads
from tests.unit.stored.keeping import upload

OCTETS = bytes(range(256)) * 8192  # 2 MB


@pytest.fixture
def clock():
    return SimpleNamespace(now=1_800_000_000.0)


@pytest.fixture
def blobs(store, tmp_path):
    return Blobs(store, tmp_path / "spool")


@pytest.fixture
def uploads(store, clock):
    return Uploads(store, now=lambda: clock.now)


def test_an_upload_arrives_in_pieces_and_is_read_whole(blobs, uploads):
    id = uploads.begin("ana", len(OCTETS), name="a.bin", type="Application/X-Thing")
    half = len(OCTETS) // 2 + 7
    assert uploads.extend("ana", id, 0, io.BytesIO(OCTETS[:half])).offset == half
    assert uploads.progress("ana", id).offset == half
    with pytest.raises(NotFound, match="to its end"):
        blobs.octets("ana", id)
    uploads.extend("ana", id, half, io.BytesIO(OCTETS[half:]))
    blob, octets = blobs.octets("ana", id)
    assert octets == OCTETS
    assert (blob.name, blob.type, blob.octets) == ("a.bin", "application/x-thing", len(OCTETS))


def test_what_came_before_a_loss_stays(uploads):
    class Lost(io.BytesIO):
        def read(self, size=-1):
            piece = super().read(size)
            if not piece:
                raise ConnectionError
            return piece

    id = uploads.begin("ana", 3 * STEP_OCTETS)
    with pytest.raises(ConnectionError):
        uploads.extend("ana", id, 0, Lost(bytes(STEP_OCTETS + 5)))
    assert uploads.progress("ana", id).offset == STEP_OCTETS


def test_an_offset_that_is_not_where_the_upload_stands_is_refused(uploads):
    id = uploads.begin("ana", 10)
    uploads.extend("ana", id, 0, io.BytesIO(b"12345"))
    with pytest.raises(StateMismatch, match="octet 5"):
        uploads.extend("ana", id, 3, io.BytesIO(b"45"))


def test_more_than_promised_is_refused(uploads):
    id = uploads.begin("ana", 3)
    with pytest.raises(TooLarge):
        uploads.extend("ana", id, 0, io.BytesIO(b"1234"))
    assert uploads.progress("ana", id).offset == 0


def test_uploads_are_bounded(uploads):
    with pytest.raises(TooLarge):
        uploads.begin("ana", UPLOAD_OCTETS + 1)
    with pytest.raises(InvalidArgument):
        uploads.begin("ana", -1)
    for _ in range(10):
        uploads.begin("ana", UPLOAD_OCTETS)
    with pytest.raises(OverQuota):
        uploads.begin("ana", 1)
    for _ in range(UPLOADS):
        uploads.begin("eva", 0)
    with pytest.raises(OverQuota):
        uploads.begin("eva", 0)


def test_uploads_go_after_a_day(blobs, uploads, clock):
    old = upload(uploads, b"old")
    clock.now += UPLOAD_SECONDS - 1
    young = upload(uploads, b"young")
    assert blobs.octets("ana", old)[1] == b"old"
    clock.now += 2
    uploads.begin("ana", 1)
    with pytest.raises(NotFound):
        blobs.octets("ana", old)
    assert blobs.octets("ana", young)[1] == b"young"


def test_a_clock_set_back_takes_no_upload_away(blobs, uploads, clock):
    id = upload(uploads, b"x")
    clock.now -= 10 * UPLOAD_SECONDS
    uploads.begin("ana", 1)
    assert blobs.octets("ana", id)[1] == b"x"


def test_an_upload_can_be_discarded(uploads):
    id = upload(uploads, b"x")
    uploads.discard("ana", id)
    with pytest.raises(NotFound):
        uploads.discard("ana", id)
