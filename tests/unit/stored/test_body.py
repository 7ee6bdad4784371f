"""What went in comes out, however it was taken apart; and what is equal is kept once."""

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.errors import Damaged
from stored import dictionary
from stored.messages import delete, raw_of
from stored.model import packing
from stored.model.body import CHUNK_OCTETS, Words, pack
from stored.model.coding import NotCanonical, Run, decoded, encoded
from stored.model.octets import Dictionaries
from stored.store import Store
from tests.unit.stored.keeping import keep, letter, prepared

CHANCE = random.Random(7)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    yield store
    store.close()


def base64_lines(octets, width=76, end=b"\r\n"):
    coded = base64.b64encode(octets)
    return end.join(coded[at : at + width] for at in range(0, len(coded), width))


def with_files(*files, end=b"\r\n", width=76, after=b""):
    """Return a letter with attachments."""
    parts = [b"--b\r\nContent-Type: text/plain\r\n\r\nHello.".replace(b"\r\n", end)]
    for octets in files:
        head = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        parts.append(head.replace(b"\r\n", end) + base64_lines(octets, width, end) + after)
    head = b'From: ana@dos.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'.replace(
        b"\r\n", end
    )
    return head + end.join(parts) + end + b"--b--" + end


def kept(mail, raw, words=None):
    (id,) = keep(mail, prepared(raw, words=words))
    return int(id[1:])


def out(mail, uid):
    return mail.read(lambda account: raw_of(account, uid))


def parts(mail):
    return mail.read(lambda account: len(account.parts.members))


SIZES = [192, 193, 2047, 2048, 2049, 57 * 50, CHUNK_OCTETS - 1, CHUNK_OCTETS, 3 * CHUNK_OCTETS + 7]


@pytest.mark.parametrize("octets", SIZES)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_an_attachment_is_taken_out_and_comes_back_as_it_was(mail, octets, end):
    raw = with_files(CHANCE.randbytes(octets), end=end)
    packed = pack(raw)
    assert len(packed.segments) == 1
    assert len(packed.parts) == (octets >= packing.SHARED_OCTETS)
    assert out(mail, kept(mail, raw)) == raw


@pytest.mark.parametrize("width", [4, 60, 64, 72, 76, 996])
def test_lines_of_any_width_are_written_again(mail, width):
    raw = with_files(CHANCE.randbytes(30_000), CHANCE.randbytes(4_000), width=width)
    assert len(pack(raw).parts) == 2
    assert out(mail, kept(mail, raw)) == raw


def spoiled_ways():
    good = with_files(CHANCE.randbytes(5_000))
    line = good.index(b"base64\r\n\r\n") + len(b"base64\r\n\r\n")
    yield "a shorter line", good[: line + 78] + good[line + 82 :]
    yield "a blank within", good[: line + 90] + b" " + good[line + 90 :]
    yield "another line end", good[: line + 76] + b"\n" + good[line + 78 :]
    yield "a letter of another alphabet", good[: line + 90] + b"-" + good[line + 91 :]
    yield "padding in the middle", good[: line + 74] + b"==" + good[line + 76 :]
    tail = base64.b64encode(CHANCE.randbytes(301))
    bits = tail[:-3] + bytes([tail[-3] + (1 if tail[-3:-2] in b"AQgw" else 0)]) + tail[-2:]
    yield "bits behind the end", good[:line] + bits + b"\r\n--b--\r\n"
    yield "no padding", good[:line] + tail.rstrip(b"=") + b"\r\n--b--\r\n"


@pytest.mark.parametrize(("how", "raw"), list(spoiled_ways()))
def test_what_is_not_the_one_way_to_write_it_stays_as_it_came(mail, how, raw):
    assert not pack(raw).segments
    assert out(mail, kept(mail, raw)) == raw


@pytest.mark.parametrize(
    "after", [b"\r\n", b"\r\n\r\n", b"\r\n\r\nNot base64 at all.\r\n", b"\r\n-- \r\nAna"]
)
def test_what_follows_a_run_stays_behind_it(mail, after):
    raw = with_files(CHANCE.randbytes(5_000), after=after)
    assert len(pack(raw).parts) == 1
    assert out(mail, kept(mail, raw)) == raw


PIECES = st.sampled_from(
    [b"base64", b"\r\n\r\n", b"\n\n", b"\n-", b"=", b"\r", b"\n", base64_lines(b"x" * 400)[:300], b"text "]
    + [base64_lines(bytes(range(256)) * 4, end=end) for end in (b"\r\n", b"\n")]
)


@given(
    pieces=st.lists(PIECES | st.binary(max_size=50), max_size=20),
    bounds=st.tuples(*[st.integers(0, 9000)] * 2),
)
def test_octets_that_look_like_base64_come_out_whole_and_in_part(one_store, pieces, bounds):
    raw = b"".join(pieces)
    mail = one_store.open_account("hypothesis")
    uid = kept(mail, raw)
    assert out(mail, uid) == raw
    start, stop = sorted(bounds)
    assert (
        b"".join(mail.read(lambda account: list(account.bodies[uid].pieces(start, stop)))) == raw[start:stop]
    )


@given(
    places=st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 255)), min_size=1, max_size=4),
    end=st.sampled_from([b"\r\n", b"\n"]),
)
def test_what_is_proved_can_be_written_in_one_way_only(places, end):
    raw = bytearray(base64_lines(bytes(range(256)) * 4, end=end))
    for place, octet in places:
        raw[place % len(raw)] = octet
    run = Run(0, len(raw.rstrip(b"\r\n")), 76, end == b"\r\n")
    try:
        octets = b"".join(decoded(bytes(raw), run))
    except NotCanonical:
        return
    written = encoded(
        lambda start, stop: octets[start:stop], len(octets), run.width, run.crlf, 0, run.end - run.start
    )
    assert b"".join(written) == bytes(raw[: run.end])


def test_any_range_of_a_large_woven_message_can_be_read(mail):
    raw = with_files(CHANCE.randbytes(700_000), b"small " * 99, CHANCE.randbytes(300_000), width=72)
    uid = kept(mail, raw)
    for _ in range(200):
        start = CHANCE.randrange(len(raw))
        stop = min(start + CHANCE.choice([0, 1, 80, 5_000, 400_000]), len(raw))
        found = mail.read(lambda account, a=start, b=stop: b"".join(account.bodies[uid].pieces(a, b)))
        assert found == raw[start:stop]


def test_what_waits_in_a_file_is_what_waits_in_memory(mail, monkeypatch, tmp_path):
    raw = with_files(CHANCE.randbytes(900_000), CHANCE.randbytes(3_000))
    plain = pack(raw)
    monkeypatch.setattr(packing, "IN_MEMORY_OCTETS", 1)
    spooled = pack(raw, spool=tmp_path / "spool")
    assert [list(part.chunks) for part in spooled.parts] == [list(part.chunks) for part in plain.parts]
    assert list(spooled.chunks) == list(plain.chunks)
    assert list((tmp_path / "spool").iterdir()) == []
    assert out(mail, kept(mail, raw)) == raw


@pytest.mark.parametrize("octets", [5_000, 2 * CHUNK_OCTETS])
def test_equal_attachments_are_kept_once_until_the_last_goes(mail, octets):
    one, other = CHANCE.randbytes(octets), CHANCE.randbytes(octets)
    first = kept(mail, with_files(one, other))
    second = kept(mail, with_files(one, width=64))
    third = kept(mail, with_files(one, one))
    assert parts(mail) == 2
    mail.write(lambda account: delete(account, [f"m{first}", f"m{second}"], for_good=True))
    assert parts(mail) == 1
    assert out(mail, third) == with_files(one, one)
    mail.write(lambda account: delete(account, [f"m{third}"], for_good=True))
    assert mail.read(lambda account: (len(account.parts.members), len(account.parts.repeats))) == (0, 0)


def test_attachments_whose_place_is_taken_are_kept_for_themselves(mail, monkeypatch):
    monkeypatch.setattr("stored.model.body._key", lambda sha256: 1)
    letters = [with_files(CHANCE.randbytes(5_000)) for _ in range(3)]
    uids = [kept(mail, raw) for raw in letters]
    assert [out(mail, uid) for uid in uids] == letters
    mail.write(lambda account: delete(account, [f"m{uids[1]}"], for_good=True))
    assert [out(mail, uids[0]), out(mail, uids[2])] == [letters[0], letters[2]]


def test_a_damaged_attachment_is_kept_anew_by_the_next_letter_that_brings_it(mail):
    raw = with_files(CHANCE.randbytes(5_000))
    first = kept(mail, raw)

    def spoil(account):
        (part,) = account.parts.members.values()
        part.packed = b"spoiled"

    mail.write(spoil)
    second = kept(mail, raw)
    assert out(mail, second) == raw
    with pytest.raises(Damaged):
        out(mail, first)


def letters(count, first=1):
    said = "It was agreed that the meeting of Tuesday is moved to the room on the second floor. "
    return [
        letter(n, said * (n % 7 + 1), Received=f"from mx{n}.uno.example by mx.dos.example")
        for n in range(first, first + count)
    ]


def test_small_mail_takes_less_with_the_dictionary_trained_on_it(mail):
    assert mail.words() is None
    keep(mail, *(prepared(raw) for raw in letters(dictionary.ENOUGH_MESSAGES)))
    words = mail.words()
    assert words is not None
    assert words.number == 1
    assert mail.words() == words
    plain, smaller = (
        sum(len(pack(raw, with_).chunks[0]) for raw in letters(50, 900)) for with_ in (None, words)
    )
    assert smaller < plain * 0.6
    raw = letters(1, 5_000)[0]
    assert out(mail, kept(mail, raw, words)) == raw


def test_a_dictionary_in_use_never_changes(mail):
    keep(mail, *(prepared(raw) for raw in letters(dictionary.ENOUGH_MESSAGES)))
    before = mail.words()
    mail.write(lambda account: dictionary.keep(account, b"another"))
    assert mail.read(dictionary.current) == before


def test_mail_that_teaches_nothing_has_no_dictionary(mail):
    keep(mail, *(prepared(b"") for _ in range(dictionary.ENOUGH_MESSAGES)))
    assert mail.words() is None


def test_large_mail_is_kept_without_the_dictionary(mail):
    words = Words(1, b"whatever")
    assert pack(letter(1, "x" * 2 * CHUNK_OCTETS), words).dictionary == 0


def test_a_reference_to_dictionaries_takes_few_octets():
    assert hasattr(Dictionaries(), "__getnewargs__")
