"""What becomes of a message: new, known, under another name, in another account."""

from datetime import UTC, datetime, timedelta

import pytest

from stored.collecting.arrivals import Kept, arrived_at, fingerprint
from stored.messages import delete, raw_of
from stored.mime import summarize
from tests.unit.stored.keeping import arriving, keep, letter, listing, on_wire, prepared
from tests.unit.stored.opening import READER

NEW, KNOWN, ALTERED, RENAMED, AGAIN, LEFT = Kept
DATE = "Thu, 01 Jan 2026 09:30:00 -0300"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def dated(number=1, body="Hello.", **fields):
    return letter(number, body, **{"Date": DATE} | fields)


def total(mail):
    return sum(folder[0] for folder in listing(mail).values())


def test_a_name_is_known_again(mail):
    assert arriving(mail, prepared(letter(1), uidl="u1")) == [NEW]
    assert arriving(mail, prepared(letter(1), uidl="u1")) == [KNOWN]
    # What a server adds to what it keeps does not make it another message.
    assert arriving(mail, prepared(letter(1, Status="RO"), uidl="u1")) == [KNOWN]
    assert total(mail) == 1


def test_what_is_new_and_has_no_room_is_left_as_if_it_had_not_come(mail):
    first, second = prepared(letter(1), uidl="u1"), prepared(letter(2), uidl="u2")
    assert arriving(mail, first) == [NEW]
    assert arriving(mail, second, room=second.packed.octets - 1) == [LEFT]
    assert arriving(mail, first, room=0) == [KNOWN]
    assert arriving(mail, second, room=second.packed.octets) == [NEW]
    assert total(mail) == 2


def test_a_name_given_to_another_message_brings_a_new_one(mail):
    for number in range(1, 12):
        assert arriving(mail, prepared(letter(number), uidl="u1")) == [NEW]
        assert arriving(mail, prepared(letter(number), uidl="u1")) == [KNOWN]
    assert total(mail) == 11


def test_another_header_block_under_the_same_name_and_body_is_no_other_message(mail):
    stamps = [dated(**{"X-Antivirus-Status": f"clean {n}"}) for n in range(4)]
    assert [arriving(mail, prepared(raw, uidl="u1"))[0] for raw in stamps] == [NEW, ALTERED, ALTERED, ALTERED]
    # It is known by the last header block.
    assert arriving(mail, prepared(stamps[3], uidl="u1")) == [KNOWN]
    assert mail.read(lambda root: raw_of(root, 1)) == stamps[0]
    # Under another name, or one that several have, it may be a second copy.
    assert arriving(mail, prepared(dated(Received="by a list"), uidl="u2")) == [NEW]
    assert arriving(mail, prepared(dated(Received="by dos"), uidl="u1"), shared=True) == [NEW]
    assert total(mail) == 3


@pytest.mark.parametrize(
    "other",
    [
        dated(body="Another."),
        dated(Date="Thu, 01 Jan 2026 09:30:01 -0300"),
        dated(From="Writer 2 <writer2@uno.example>"),
        dated(**{"Message-ID": "<other@uno.example>"}),
        letter(1, To="Eva <eva@dos.example>"),
    ],
)
def test_what_differs_in_more_than_its_header_block_is_another_message(mail, other):
    assert arriving(mail, prepared(dated(), uidl="u1"), prepared(other, uidl="u1")) == [NEW, NEW]


def test_what_was_let_go_here_does_not_come_again_with_another_header_block(mail):
    stamps = [dated(**{"X-Antivirus-Status": f"clean {n}"}) for n in range(3)]
    arriving(mail, prepared(stamps[0], uidl="u1"), octets=200)
    mail.write(lambda account: delete(account, ["m1"], for_good=True))
    assert arriving(mail, prepared(stamps[1], uidl="u1"), octets=200) == [ALTERED]
    # Of another size, it may be another.
    assert arriving(mail, prepared(stamps[2], uidl="u1"), octets=201) == [NEW]


def test_all_names_changed_bring_nothing_new(mail):
    letters = [letter(n) for n in range(1, 30)] + [dated(n) for n in range(30, 40)] + [b"", b"no header\r\n"]
    letters += [letter(0, f"Text {n}") for n in range(20)]
    for names, expected in (("old", NEW), ("new", RENAMED), ("other", RENAMED)):
        for number, raw in enumerate(letters):
            assert arriving(mail, prepared(raw, uidl=f"{names}{number}")) == [expected], (names, raw)
    assert total(mail) == len(letters)


def test_what_was_let_go_here_does_not_come_again_under_another_name(mail):
    arriving(mail, prepared(letter(1), uidl="u1"))
    mail.write(lambda account: delete(account, ["m1"], for_good=True))
    assert arriving(mail, prepared(letter(1), uidl="new")) == [RENAMED]
    assert arriving(mail, prepared(letter(1), uidl="new")) == [KNOWN]
    assert total(mail) == 0


def test_shared_names_lose_nothing_and_double_nothing(mail):
    pair = [prepared(letter(n), uidl="same") for n in (1, 2)]
    assert arriving(mail, *pair, shared=True) == [NEW, NEW]
    assert arriving(mail, *pair, shared=True) == [KNOWN, KNOWN]
    # One goes, and the other has the name for itself.
    assert arriving(mail, pair[1]) == [KNOWN]
    assert arriving(mail, pair[0], shared=True) == [KNOWN]
    assert total(mail) == 2


def test_no_name_at_all_goes_by_the_octets(mail):
    assert arriving(mail, prepared(letter(1)), prepared(letter(2))) == [NEW, NEW]
    assert arriving(mail, prepared(letter(1)), prepared(letter(2))) == [KNOWN, KNOWN]


def test_a_letter_in_two_accounts_is_one_with_both_arrivals(mail):
    one = prepared(dated(Received="by uno"), uidl="u1", account="a1")
    two = prepared(dated(Received="by dos"), uidl="x7", account="a2", minutes=5)
    three = prepared(dated(Received="by tres"), uidl="y9", account="a3", minutes=9)
    assert arriving(mail, one, two, three) == [NEW, AGAIN, AGAIN]
    assert arriving(mail, one, two, three) == [KNOWN, KNOWN, KNOWN]
    assert arriving(mail, prepared(dated(Received="by dos"), uidl="x8", account="a2")) == [RENAMED]
    again = mail.read(lambda account: account.arrivals[1])
    assert again == (("a2", two.time), ("a3", three.time))
    assert mail.read(lambda account: raw_of(account, 1)) == dated(Received="by uno")
    (opened,) = on_wire(READER.get(mail, ["m1"]))["messages"]
    assert (opened["id"], opened["account"]) == ("m1", "a1")
    assert opened["arrivals"] == [
        {"account": "a1", "received_at": "2026-01-01T00:00:00Z"},
        {"account": "a2", "received_at": "2026-01-01T00:05:00Z"},
        {"account": "a3", "received_at": "2026-01-01T00:09:00Z"},
    ]
    mail.write(lambda account: account.destroy(1))
    assert mail.read(lambda account: len(account.arrivals)) == 0


def test_a_letter_that_came_once_has_no_list_of_arrivals(mail):
    arriving(mail, prepared(dated(), uidl="u1"))
    (opened,) = on_wire(READER.get(mail, ["m1"]))["messages"]
    assert "arrivals" not in opened


@pytest.mark.parametrize(
    "forged",
    [
        dated(body="Send the money elsewhere."),
        dated(Date="Thu, 01 Jan 2026 09:30:01 -0300"),
        dated(From="Writer 1 <writer1@evil.example>"),
        letter(1),
    ],
)
def test_a_forged_message_id_keeps_no_letter_away(mail, forged):
    assert arriving(mail, prepared(forged, uidl="u1", account="a1")) == [NEW]
    assert arriving(mail, prepared(dated(), uidl="u1", account="a2")) == [NEW]
    assert total(mail) == 2


def test_many_forged_message_ids_keep_no_letter_away(mail):
    for number in range(12):
        forged = prepared(dated(body=f"Forged {number}"), uidl=f"u{number}", account="a1")
        assert arriving(mail, forged) == [NEW]
    assert arriving(mail, prepared(dated(), uidl="u1", account="a2")) == [NEW]
    # And it is still known as one letter.
    assert arriving(mail, prepared(dated(), uidl="u1", account="a3")) == [AGAIN]


def test_what_says_no_date_is_never_taken_for_a_letter_of_another_account(mail):
    assert arriving(mail, prepared(letter(1), uidl="u1", account="a1")) == [NEW]
    assert arriving(mail, prepared(letter(1), uidl="u1", account="a2")) == [NEW]


def test_a_letter_to_oneself_arrives_beside_the_one_sent(mail):
    keep(mail, prepared(dated(), account="", folder="sent"))
    assert arriving(mail, prepared(dated(Received="by uno"), uidl="u1")) == [NEW]
    found = listing(mail)
    assert [found[folder][0] for folder in ("sent", "inbox")] == [1, 1]


def test_the_fingerprint_of_a_head_is_that_of_the_whole():
    whole = letter(1, "Body.\r\n\r\nMore.")
    head = whole[: whole.index(b"\r\n\r\n") + 4]
    assert fingerprint(whole) == fingerprint(head) == fingerprint(head[:-2])
    assert fingerprint(whole) == fingerprint(letter(1, "Other", **{"X-UIDL": "abc", "Status": "R\r\n O"}))
    assert fingerprint(whole) != fingerprint(letter(2))
    assert fingerprint(b"") == fingerprint(b"\r\n\r\n")


def at(days):
    return NOW - timedelta(days=days)


def stamped(days):
    return f"from a by b with ESMTP; {at(days).strftime('%a, %d %b %Y %H:%M:%S +0000')}"


@pytest.mark.parametrize(
    ("fields", "bulk", "expected"),
    [
        ({"Received": stamped(1)}, False, at(1)),
        ({"Received": stamped(1)}, True, at(1)),
        ({"Received": stamped(400)}, True, at(400)),
        # A regular visit brings nothing that came long ago.
        ({"Received": stamped(400)}, False, NOW),
        ({"Received": stamped(-5)}, False, NOW),
        ({"Received": stamped(-5)}, True, NOW),
        ({"Date": DATE}, False, NOW),
        ({"Date": DATE}, True, datetime(2026, 1, 1, 12, 30, tzinfo=UTC)),
        ({"Date": "Thu, 01 Jan 2037 09:30:00 -0300"}, True, NOW),
        ({"Received": "from a by b; yesterday", "Date": "soon"}, True, NOW),
        ({}, True, NOW),
    ],
)
def test_when_a_message_arrived(fields, bulk, expected):
    assert arrived_at(summarize(letter(1, **fields)), NOW, bulk=bulk) == expected
