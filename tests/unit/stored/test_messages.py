"""Windows, opened messages, flags, moving and deleting."""

import pytest

from restante.errors import NotFound
from stored import reading
from stored.collecting.arrivals import Kept
from stored.messages import change, delete, page, uid_of_id
from tests.unit.stored.keeping import arriving, keep, keep_many, letter, listing, on_wire, prepared
from tests.unit.stored.opening import get


def window(mail, *args, **options):
    return on_wire(mail.read(lambda account: page(account, *args, **options)))


def ids_of(answer):
    return [row["id"] for row in answer["rows"]]


@pytest.mark.parametrize(
    ("id", "uid"),
    [
        *[("m1", 1), ("m12", 12), ("m268435455", 268435455)],
        *[(id, 0) for id in ("", "m", "m0", "m01", "x1", "1", "m1 ", "m-1", "m١", "m9999999999", "m1-2")],
    ],
)
def test_only_well_made_ids_name_a_message(id, uid):
    assert uid_of_id(id) == uid


# Windows ------------------------------------------------------------------------------------------


def test_a_window_is_newest_first_by_time_of_arrival(mail):
    keep(mail, *(prepared(letter(n), minutes=minute) for n, minute in enumerate([5, 9, 1, 9], 1)))
    answer = window(mail, "inbox", 0, 50)
    assert ids_of(answer) == ["m4", "m2", "m1", "m3"]
    assert (answer["position"], answer["total"], answer["unread"]) == (0, 4, 4)


def test_windows_anywhere_put_together_are_the_list(mail):
    ids = keep_many(mail, 137)
    pages = [ids_of(window(mail, "inbox", position, 10)) for position in range(0, 150, 10)]
    assert [id for one in pages for id in one] == ids[::-1]
    assert pages[-1] == []


@pytest.mark.parametrize(("position", "first"), [(0, 20), (-3, 17), (5, 25), (-100, 0)])
def test_an_anchor_is_where_positions_count_from(mail, position, first):
    newest_first = keep_many(mail, 40)[::-1]
    answer = window(mail, "inbox", position, 4, anchor=newest_first[20])
    assert (answer["position"], ids_of(answer)) == (first, newest_first[first : first + 4])


def test_an_anchor_that_was_moved_keeps_its_place_in_time(mail):
    newest_first = keep_many(mail, 10)[::-1]
    mail.write(lambda account: change(account, [newest_first[4]], {"folder": "junk"}))
    answer = window(mail, "inbox", 0, 2, anchor=newest_first[4])
    assert ids_of(answer) == newest_first[5:7]


@pytest.mark.parametrize(("folder", "anchor"), [("f9", ""), ("inbox", "m99"), ("inbox", "nonsense")])
def test_what_is_not_there_is_told(mail, folder, anchor):
    keep_many(mail, 1)
    with pytest.raises(NotFound) as refused:
        window(mail, folder, 0, 10, anchor=anchor)
    assert refused.value.about == (anchor or folder)


def test_a_damaged_row_is_told_and_the_list_goes_on(mail):
    keep_many(mail, 3)
    mail.write(lambda account: account.rows.discard(2))
    damaged = window(mail, "inbox", 0, 10)["rows"][1]
    assert ids_of(window(mail, "inbox", 0, 10)) == ["m3", "m2", "m1"]
    assert (damaged["damaged"], damaged["received_at"]) == (True, "2026-01-01T00:02:00Z")
    opened = on_wire(get(mail, ["m2"]))["messages"][0]
    assert (opened["damaged"], opened["text"].strip()) == (True, "Hello.")


# Opened -------------------------------------------------------------------------------------------


def test_a_message_opened_tells_what_its_row_does_not(mail):
    raw = letter(
        3,
        "How are you?",
        Cc="Eva <eva@tres.example>",
        **{"Reply-To": "<reply@uno.example>", "In-Reply-To": "<2@dos.example>"},
        References="<1@dos.example> <2@dos.example>",
    )
    keep(mail, prepared(raw))
    answer = on_wire(get(mail, ["m1", "m7", "x"]))
    assert answer["missing"] == ["m7", "x"]
    (opened,) = answer["messages"]
    assert opened["subject"] == "Letter 3"
    assert opened["cc"] == [{"name": "Eva", "address": "eva@tres.example"}]
    assert opened["reply_to"] == [{"name": "", "address": "reply@uno.example"}]
    assert opened["message_id"].strip("<>") == "3@uno.example"
    assert [one.strip("<>") for one in opened["references"]] == ["1@dos.example", "2@dos.example"]
    assert (opened["text"].strip(), opened["text_truncated"], opened["raw"]) == ("How are you?", False, "m1")
    assert [part["blob"] for part in opened["parts"]] == [f"m1-{part['part']}" for part in opened["parts"]]
    assert "damaged" not in opened


def test_without_text_there_is_no_text(mail):
    keep_many(mail, 1)
    (opened,) = on_wire(get(mail, ["m1"], text=False))["messages"]
    assert "text" not in opened


def test_a_damaged_message_spoils_no_other(mail):
    keep_many(mail, 2)
    mail.write(lambda account: setattr(account.bodies[1], "sha256", b""))
    broken, whole = on_wire(get(mail, ["m1", "m2"]))["messages"]
    assert (broken["damaged"], broken["subject"], "text" in broken) == (True, "Letter 1", False)
    assert whole["text"].strip() == "Hello."


def test_both_damaged_is_one_answer(mail):
    keep_many(mail, 1)
    mail.write(lambda account: account.rows.discard(1))
    mail.write(lambda account: bool(account.bodies.pop(1)))
    assert on_wire(get(mail, ["m1"]))["messages"][0]["damaged"] is True


def test_the_texts_of_many_stay_within_an_answer(mail, monkeypatch):
    monkeypatch.setattr(reading, "ANSWER_OCTETS", 25)
    keep(mail, *(prepared(letter(n, "0123456789" * 2)) for n in range(4)))
    texts = [
        (len(one["text"]), one["text_truncated"])
        for one in on_wire(get(mail, ["m1", "m2", "m3"]))["messages"]
    ]
    assert texts[0][0] >= 20 and not texts[0][1]
    assert sum(length for length, _ in texts) <= 25
    assert [truncated for _, truncated in texts] == [False, True, True]


# Changing -----------------------------------------------------------------------------------------


def test_flags_are_raised_and_lowered_and_counted(mail):
    ids = keep_many(mail, 3)
    answer = mail.write(
        lambda account: change(account, [*ids[:2], ids[0], "m9"], {"seen": True, "flagged": True})
    )
    assert (answer["updated"], answer["missing"]) == (2, ["m9"])
    assert listing(mail)["inbox"] == (
        3,
        1,
        [("m3", ()), ("m2", ("seen", "flagged")), ("m1", ("seen", "flagged"))],
    )
    again = mail.write(lambda account: change(account, ids, {"seen": True}))
    assert again["updated"] == 1
    mail.write(lambda account: change(account, ids, {"seen": False, "answered": True}))
    assert listing(mail)["inbox"][1:] == (
        3,
        [("m3", ("answered",)), ("m2", ("answered", "flagged")), ("m1", ("answered", "flagged"))],
    )


def test_moving_keeps_the_order_of_time(mail):
    keep_many(mail, 4)
    for id in ("m3", "m1", "m2"):
        mail.write(lambda account, id=id: change(account, [id], {"folder": "junk", "seen": True}))
    found = listing(mail)
    assert found["inbox"] == (1, 1, [("m4", ())])
    assert found["junk"] == (3, 0, [("m3", ("seen",)), ("m2", ("seen",)), ("m1", ("seen",))])


def test_moving_to_a_folder_that_is_not_there_changes_nothing(mail):
    ids = keep_many(mail, 1)
    with pytest.raises(NotFound):
        mail.write(lambda account: change(account, ids, {"folder": "f3", "seen": True}))
    assert listing(mail)["inbox"] == (1, 1, [("m1", ())])


def test_deleting_goes_to_the_trash_and_from_there_away(mail):
    keep(mail, *(prepared(letter(n), uidl=f"u{n}") for n in range(1, 4)))
    answer = mail.write(lambda account: delete(account, ["m1", "m2", "m8"]))
    assert (answer["deleted"], answer["missing"]) == (2, ["m8"])
    assert [listing(mail)[folder][0] for folder in ("inbox", "trash")] == [1, 2]
    mail.write(lambda account: delete(account, ["m1"]))
    mail.write(lambda account: delete(account, ["m3"], for_good=True))
    assert {id for _, _, lines in listing(mail).values() for id, _ in lines} == {"m2"}


def test_what_is_gone_left_nothing_but_that_it_was_collected(mail):
    assert arriving(mail, prepared(letter(1), uidl="u1")) == [Kept.NEW]
    mail.write(lambda account: delete(account, ["m1"], for_good=True))

    def look(account):
        return (
            account.rows.row(1),
            1 in account.bodies,
            1 in account.state,
            set(account.maildrop("a1").named(account.salt, ["u1", "u2"])),
        )

    assert mail.read(look) == (b"", False, False, {"u1"})
    assert arriving(mail, prepared(letter(1), uidl="u1")) == [Kept.KNOWN]
    assert listing(mail)["inbox"][0] == 0
