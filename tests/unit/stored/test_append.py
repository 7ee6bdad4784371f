"""What went in comes out, once, in its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restante.errors import Damaged
from stored.messages import page, raw_of
from stored.model import body
from stored.model.body import Body, pack
from stored.store import Store
from tests.unit.stored.keeping import keep, letter, listing, on_wire, prepared

CHUNK = body.CHUNK_OCTETS


def raw(mail, id):
    return mail.read(lambda account: raw_of(account, int(id[1:])))


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    kept = Store(tmp_path_factory.mktemp("one"))
    yield kept
    kept.close()


@settings(max_examples=60)
@given(octets=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode())))
def test_every_octet_comes_out_as_it_went_in(one_store, octets):
    mail = one_store.open_account("hypothesis")
    (id,) = keep(mail, prepared(octets))
    assert raw(mail, id) == octets


@pytest.mark.parametrize("octets", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 40 * CHUNK + 17])
def test_octets_of_any_number_come_out_whole_and_in_part(mail, octets):
    whole = (letter(1) + bytes(range(256)) * (octets // 256 + 1))[:octets]
    (id,) = keep(mail, prepared(whole))
    assert raw(mail, id) == whole
    for start, stop in [(0, 10), (CHUNK - 5, CHUNK + 5), (octets - 3, None), (5, octets + 100), (9, 9)]:
        start = max(start, 0)
        part = mail.read(
            lambda account, start=start, stop=stop: b"".join(account.bodies[1].pieces(start, stop))
        )
        assert part == whole[start:stop]


def test_a_large_body_commits_with_its_row_or_not_at_all(mail):
    large = prepared(letter(1, "x" * 20 * CHUNK))

    def fail(account):
        body.Bodies.put(account.bodies, 1, Body(large.packed), large.packed)
        raise RuntimeError("killed here")

    with pytest.raises(RuntimeError):
        mail.write(fail)
    assert mail.read(lambda account: len(account.bodies)) == 0
    (id,) = keep(mail, large)
    assert listing(mail)["inbox"] == (1, 1, [(id, ())])


@pytest.mark.parametrize("spoil", ["sha256", "packed", "octets", "form"])
def test_octets_that_are_not_those_appended_are_not_served(mail, spoil):
    (id,) = keep(mail, prepared())
    wrong = {
        "sha256": b"0" * 32,
        "packed": pack(letter(2)).chunks[0],
        "octets": 17,
        "form": 99,
    }
    mail.write(lambda account: setattr(account.bodies[1], spoil, wrong[spoil]))
    with pytest.raises(Damaged):
        raw(mail, id)


def test_a_missing_body_is_damage_and_not_absence(mail):
    (id,) = keep(mail, prepared())
    mail.write(lambda account: bool(account.bodies.pop(1)))
    with pytest.raises(Damaged):
        raw(mail, id)


def test_the_row_tells_what_a_list_shows(mail):
    sent = letter(7, Date="Thu, 01 Jan 2026 09:30:00 -0300")
    keep(mail, prepared(sent, minutes=5, flags=5))
    (row,) = mail.read(lambda account: on_wire(page(account, "inbox", 0, 50)["rows"]))
    assert row == {
        "id": "m1",
        "thread": "t1",
        "folder": "inbox",
        "flags": ["seen", "flagged"],
        "from": {"name": "Writer 7", "address": "writer7@uno.example"},
        "to": [{"name": "Ana", "address": "ana@dos.example"}],
        "subject": "Letter 7",
        "snippet": "Hello.",
        "sent_at": "2026-01-01T12:30:00Z",
        "received_at": "2026-01-01T00:05:00Z",
        "octets": str(len(sent)),
        "account": "a1",
        "attachments": 0,
    }


def test_mail_for_a_folder_that_is_gone_lands_in_the_inbox(mail):
    keep(mail, prepared(folder="f77"), prepared(folder="junk"))
    found = listing(mail)
    assert [found[folder][0] for folder in ("inbox", "junk")] == [1, 1]


def test_letters_are_found_by_message_id_while_they_are_here(mail):
    keep(mail, prepared(letter(1)), prepared(letter(1)), prepared(letter(2)))
    found = mail.read(lambda account: [list(account.letters(f"{n}@uno.example")) for n in (1, 2, 3)])
    assert found == [[1, 2], [3], []]
    mail.write(lambda account: account.destroy(1))
    assert mail.read(lambda account: list(account.letters("1@uno.example"))) == [2]


def test_what_two_arrivals_of_a_letter_have_in_common_is_kept(mail):
    date = "Thu, 01 Jan 2026 09:30:00 -0300"
    keep(
        mail,
        prepared(letter(1, Received="by uno", Date=date)),
        prepared(letter(1, Received="by dos", Date=date)),
    )
    first, second = mail.read(lambda account: [account.bodies[uid].letter for uid in (1, 2)])
    assert first == second != b""
