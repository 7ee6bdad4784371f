"""mbox and zip: what goes out comes in again, and other programs' files are read."""

import io
import mailbox
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stored.transfer import mbox, zips
from stored.transfer.zips import ZipWriter
from tests.unit.stored.keeping import letter

AT = datetime(2026, 11, 23, 14, 50, tzinfo=UTC)


def file_of(*letters):
    return b"".join(mbox.separator("a@b.example", AT) + b"".join(mbox.written(one)) for one in letters)


def letters_in(file):
    return [mbox.read(file[found.start : found.stop]) for found in mbox.letters(file)]


LINES = st.lists(
    st.sampled_from(
        [
            b"",
            b"From me",
            b">From you",
            b">>From x",
            b"From a@b Mon Nov 23 14:50:00 2026",
            b"x",
            b">",
            b"Fromage",
        ]
    ),
    max_size=8,
).map(lambda lines: b"".join(line + b"\r\n" for line in lines))


@given(st.lists(LINES.map(lambda body: b"Subject: x\r\n\r\n" + body), min_size=1, max_size=4))
@example([b"a: b\r\n\r\n", b"a: b\r\n\r\n\r\n"])
def test_what_is_written_is_read_again(letters):
    assert letters_in(file_of(*letters)) == letters


@pytest.mark.parametrize("piece", [7, 8, 16, 64])
def test_pieces_make_no_difference(piece, monkeypatch):
    raw = b"Subject: x\r\n\r\nFrom a\r\n>From b\r\nlong From line\r\n\r\nFrom c\r\nx"
    whole = file_of(raw)
    monkeypatch.setattr(mbox, "PIECE_OCTETS", piece)
    assert file_of(raw) == whole


def test_others_read_what_we_write(tmp_path):
    path = tmp_path / "x.mbox"
    path.write_bytes(file_of(letter(1, "From here\r\n\r\nFrom there\r\n"), letter(2)))
    with_python = mailbox.mbox(path)
    assert [one["Subject"] for one in with_python] == ["Letter 1", "Letter 2"]
    with_python.close()


def test_we_read_what_others_write(tmp_path):
    box = mailbox.mbox(tmp_path / "x.mbox")
    for number in range(1, 4):
        box.add(letter(number, "From here\r\n\r\nFrom there at 12:30 in 2026\r\n").replace(b"\r\n", b"\n"))
    box.close()
    found = letters_in((tmp_path / "x.mbox").read_bytes())
    assert found == [letter(n, "From here\r\n\r\nFrom there at 12:30 in 2026\r\n") for n in range(1, 4)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\n\n"])
def test_line_ends_and_the_end_of_the_file(end, last):
    file = (
        b"From a Mon Nov 23 14:50:00 2026\nA: 1\n\nx\n\nFrom b Tue Jan  1 00:00 2019 +0100\nB: 2\n\ny" + last
    )
    found = letters_in(file.replace(b"\n", end))
    assert found[0] == b"A: 1\r\n\r\nx\r\n"
    assert [found[1].rstrip(), len(found)] == [b"B: 2\r\n\r\ny", 2]


def test_a_line_that_is_no_separator_divides_nothing():
    file = b"From a Mon Nov 23 14:50:00 2026\nA: 1\n\nDear B\n\nFrom now on it rains\n\nFrom 12:30\n"
    assert len(letters_in(file)) == 1


def test_going_on_in_the_middle():
    file = file_of(letter(1), letter(2), letter(3))
    first = next(mbox.letters(file))
    rest = [mbox.read(file[found.start : found.stop]) for found in mbox.letters(file, first.following)]
    assert rest == [letter(2), letter(3)]


@pytest.mark.parametrize(
    ("fields", "flags"),
    [({}, None), ({"Status": "RO"}, 1), ({"Status": "O"}, 0), ({"Status": "RO", "X-Status": "AF"}, 7)],
)
def test_status(fields, flags):
    assert mbox.status_flags(letter(1, **fields)) == flags


@given(st.binary(max_size=400), st.integers(0, 400))
def test_any_octets_are_read_to_their_end(octets, at):
    ends = [found.following for found in mbox.letters(octets, at)]
    assert ends == sorted(ends)


def test_a_separator_names_nobody_strange():
    assert (
        mbox.separator("a b", AT)
        == mbox.separator("", AT)
        == b"From MAILER-DAEMON Mon Nov 23 14:50:00 2026\n"
    )


def zipped(files, **sizes):
    out = io.BytesIO()
    writer = ZipWriter(out)
    for name, octets in files:
        writer.add(name, [octets[:3], octets[3:]], AT)
    writer.close()
    out.seek(0)
    return out


def test_others_read_our_zip():
    files = [("Inbox/ñ 1.eml", letter(1)), ("x.eml", b""), ("y.eml", b"y" * 100_000)]
    with zipfile.ZipFile(zipped(files)) as found:
        assert found.testzip() is None
        assert [(one.filename, found.read(one)) for one in found.infolist()] == files
        assert found.infolist()[0].date_time == (2026, 11, 23, 14, 50, 0)


def test_more_files_than_an_old_zip_may_hold():
    with zipfile.ZipFile(zipped((f"{n}", b"") for n in range(65_540))) as found:
        assert len(found.infolist()) == 65_540


def test_files_beyond_four_gigabytes(monkeypatch):
    monkeypatch.setattr(zips, "_FULL", 1000)
    files = [(f"{n}.eml", letter(n)) for n in range(20)]
    octets = bytearray(zipped(files).getvalue())
    # As such a file would stand, with the marks of the true bound.
    short, full = (1000).to_bytes(4, "little"), b"\xff\xff\xff\xff"
    assert octets.count(short) > 2
    with zipfile.ZipFile(io.BytesIO(bytes(octets).replace(short, full))) as found:
        assert [(one.filename, found.read(one)) for one in found.infolist()] == files
