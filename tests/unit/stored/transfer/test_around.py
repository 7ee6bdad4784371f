"""What stands around letters in a file: a mark, an exporter's line, and what packs one file alone."""

import bz2
import gzip
import lzma
from random import Random

import pytest

from stored.transfer import read
from stored.transfer.read import letters
from tests.unit.stored.keeping import keep, letter, prepared
from tests.unit.stored.transfer.test_formats import file_of
from tests.unit.stored.transfer.test_transfer import World, zip_of


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_a_mark_before_the_header_is_the_files_and_not_the_letters(world, line_end):
    file = MARK + letter(1).replace(b"\r\n", line_end)
    assert world.bring(file)["counts"]["kept"] == 1
    assert world.bring(zip_of([("a.eml", file), ("b/a", file)]))["counts"]["known"] == 2
    assert world.raws() == [letter(1)]


def test_a_mark_that_came_with_a_letter_stays_in_it(world, tmp_path):
    keep(world.mail, prepared(MARK + letter(1)))
    _, _, octets = world.give("zip")
    other = World(tmp_path / "other")
    other.bring(octets)
    assert other.raws() == [MARK + letter(1)]
    other.close()
    world.bring(file_of(letter(2), MARK + letter(3)))
    assert world.raws()[1:] == [letter(2), MARK + letter(3)]


@pytest.mark.parametrize(
    ("before", "others"),
    [
        (b"\n\n", 0),
        (MARK, 0),
        (MARK + b"\r\n \r\n", 0),
        (b"Exported by Example 1.0: all\n", 1),
        (b"the end of a letter that was cut\n\n", 1),
    ],
)
@pytest.mark.parametrize("pack", [bytes, lambda file: zip_of([("a.mbox", file)])], ids=["bare", "zip"])
def test_what_stands_before_the_first_letter_of_an_mbox(world, before, others, pack):
    counts = world.bring(pack(before + file_of(letter(1), letter(2))))["counts"]
    assert counts == {"kept": 2, "known": 0, "left": 0} | ({"other": 1} if others else {})
    assert set(world.mail.read(lambda account: [body.raw() for body in account.bodies.values()])) == {
        letter(1),
        letter(2),
    }


def test_an_mbox_within_a_letter_or_a_text_is_none(world):
    inner = file_of(letter(1), letter(2)).replace(b"\n", b"\r\n")
    outer = letter(3, inner.decode())
    assert world.bring(outer)["counts"]["kept"] == 1
    assert world.bring(zip_of([("3.eml", outer), ("3", outer)]))["counts"]["known"] == 2
    assert world.raws() == [outer]
    minutes = b"Minutes\n\nFrom Ana, 10:30 on 3 May 2026 in Lima\nnothing was said.\n"
    assert world.bring(minutes)["stage"] == "failed"


PACKERS = [gzip.compress, bz2.compress, lzma.compress]


@pytest.mark.parametrize("pack", PACKERS)
def test_an_mbox_or_a_letter_packed_alone(world, pack):
    many = [letter(n, Random(n).randbytes(200).hex()) for n in range(250)]
    job = world.bring(pack(file_of(*many)))
    assert (job["stage"], job["counts"]) == ("done", {"kept": 250, "known": 0, "left": 0})
    assert world.bring(pack(MARK + many[0]))["counts"] == {"kept": 0, "known": 1, "left": 0}
    assert world.bring(pack(b"\n" + file_of(*many)))["counts"]["known"] == 250
    assert world.bring(pack(b"Nothing: at all"))["stage"] == "failed"
    assert world.raws() == many


@pytest.mark.parametrize("pack", PACKERS)
def test_of_an_mbox_packed_alone_and_cut_off_only_whole_letters_are_kept(world, pack):
    many = [letter(n, Random(n).randbytes(20_000).hex()) for n in range(60)]
    packed = pack(file_of(*many))
    job = world.bring(packed[: len(packed) // 2])
    assert (job["stage"], job["error"]["kind"]) == ("failed", "invalid_params")
    assert 0 < job["counts"]["kept"] < 60 and world.raws() == many[: job["counts"]["kept"]]


def test_an_mbox_that_unpacks_to_far_too_much_is_refused(world, monkeypatch):
    monkeypatch.setattr(read, "UNPACKED_OCTETS", 1_000_000)
    monkeypatch.setattr(read, "UNPACKED_TIMES", 1)
    job = world.bring(gzip.compress(file_of(letter(1), letter(2, "x" * 10_000_000))))
    assert (job["stage"], job["error"]["kind"], job["counts"]["kept"]) == ("failed", "too_large", 1)


def test_reading_what_is_packed_alone_goes_on_from_its_place(tmp_path):
    path = tmp_path / "a.mbox.gz"
    path.write_bytes(gzip.compress(b"Exporter\n" + file_of(*(letter(n) for n in range(9)))))

    def read(place):
        with path.open("rb") as file:
            return list(letters(file, place, tmp_path))

    whole = read({})
    assert [one.left for one in whole] == ["other", *[None] * 9]
    assert whole[-1].reached == path.stat().st_size
    for at, one in enumerate(whole, 1):
        assert read(one.place) == whole[at:]
