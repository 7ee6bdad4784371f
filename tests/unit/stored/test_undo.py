"""What was done can be taken back for a day, once, and without undoing what others did since."""

from typing import cast

import pytest
import time_machine

from restante.errors import Damaged, InvalidArgument, NotFound, OverQuota
from stored import bulk
from stored.bulk import set_where
from stored.folders import set_folders
from stored.messages import change, copy, delete, page, raw_of
from stored.model import undo as undos
from stored.types import MessagePatch
from stored.undoing import undo
from tests.unit.stored.keeping import BEGINNING, keep, keep_many, letter, listing, on_wire, prepared


def set_(mail, ids, **patch):
    wanted = cast(MessagePatch, patch)
    return mail.write(lambda account: change(account, ids, wanted))


def everything(mail):
    return {folder: lines for folder, (_, _, lines) in listing(mail).items() if lines}


def test_flags_and_moves_are_taken_back(mail):
    ids = keep_many(mail, 4)
    set_(mail, ids[:1], flagged=True)
    before = listing(mail)
    done = set_(mail, ids, flagged=True, seen=True, folder="archive")
    assert undo(mail, done["undo"])["updated"] == 4
    assert listing(mail) == before


def test_an_undo_can_be_undone(mail):
    ids = keep_many(mail, 2)
    done = set_(mail, ids, folder="junk", seen=True)
    after = listing(mail)
    again = undo(mail, done["undo"])
    assert undo(mail, again["undo"])["updated"] == 2
    assert listing(mail) == after


def test_what_was_changed_since_stays(mail):
    ids = keep_many(mail, 3)
    done = set_(mail, ids, seen=True, folder="archive")
    set_(mail, ids[:1], folder="sent")
    set_(mail, ids[1:2], seen=False, flagged=True)
    mail.write(lambda account: delete(account, ids[2:], for_good=True))
    undo(mail, done["undo"])
    assert everything(mail) == {"sent": [(ids[0], ())], "inbox": [(ids[1], ("flagged",))]}


def test_a_deletion_is_taken_back_but_not_one_for_good(mail):
    ids = keep_many(mail, 3)
    done = mail.write(lambda account: delete(account, ids))
    undo(mail, done["undo"])
    assert listing(mail)["inbox"][0] == 3
    assert "undo" not in mail.write(lambda account: delete(account, ids, for_good=True))


def test_a_folder_that_is_gone_takes_nothing_back(mail):
    (id,) = keep_many(mail, 1)
    mail.write(lambda account: set_folders(account, [{"name": "Trips"}], [], []))
    set_(mail, [id], folder="f1")
    done = set_(mail, [id], folder="archive", seen=True)
    mail.write(lambda account: set_folders(account, [], [], ["f1"]))
    undo(mail, done["undo"])
    assert everything(mail) == {"archive": [(id, ())]}


@pytest.mark.parametrize("id", ["n1", "n2", "", "x", "n", "n-1", "n" + "9" * 19])
def test_what_is_not_known_cannot_be_taken_back(mail, id):
    with pytest.raises(NotFound):
        undo(mail, id)


def test_an_undo_works_once(mail):
    ids = keep_many(mail, 1)
    done = set_(mail, ids, seen=True)
    undo(mail, done["undo"])
    with pytest.raises(NotFound):
        undo(mail, done["undo"])


def test_what_changed_nothing_has_no_undo(mail):
    ids = keep_many(mail, 1)
    assert "undo" not in set_(mail, ids, seen=False)


def test_a_day_later_it_is_too_late(mail):
    ids = keep_many(mail, 1)
    with time_machine.travel(BEGINNING, tick=False) as clock:
        done = set_(mail, ids, seen=True)
        clock.shift(undos.UNDO_SECONDS + 1)
        with pytest.raises(NotFound) as refused:
            undo(mail, done["undo"])
        assert "a day has passed" in refused.value.message
        assert [flags for _, flags in listing(mail)["inbox"][2]] == [("seen",)]


def test_no_day_passes_while_the_clock_is_not_believed(mail):
    ids = keep_many(mail, 1)
    with time_machine.travel(BEGINNING, tick=False) as clock:
        done = set_(mail, ids, seen=True)
        clock.shift(3650 * undos.UNDO_SECONDS)
        assert undo(mail, done["undo"], days_count=False)["updated"] == 1


def test_undos_past_their_day_are_forgotten_and_no_others(mail):
    ids = keep_many(mail, 1)
    with time_machine.travel(BEGINNING, tick=False) as clock:
        set_(mail, ids, seen=True)
        clock.shift(undos.UNDO_SECONDS + 1)
        kept = set_(mail, ids, seen=False)
        now = int(clock.time() if hasattr(clock, "time") else BEGINNING.timestamp() + undos.UNDO_SECONDS + 1)
        assert mail.write(lambda account: account.undos.expire(now)) == 1
        assert undo(mail, kept["undo"])["updated"] == 1


def test_undos_are_bounded(mail, monkeypatch):
    monkeypatch.setattr(undos, "MOST_ENTRIES", 100)
    ids = keep_many(mail, 1)
    for number in range(1100):
        mail.write(lambda account, seen=number % 2 == 0: change(account, ids, {"seen": seen}))
    assert mail.read(lambda account: len(account.undos)) < 300


# Copies -----------------------------------------------------------------------------------------------


def test_a_copy_is_a_message_of_its_own(mail):
    ids = keep_many(mail, 2)
    set_(mail, ids, flagged=True)
    done = mail.write(lambda account: copy(account, [*ids, "m99"], "archive"))
    assert done["missing"] == ["m99"]
    set_(mail, ids, flagged=False)
    mail.write(lambda account: delete(account, ids, for_good=True))
    assert everything(mail) == {"archive": [(id, ("flagged",)) for id in reversed(done["created"])]}
    rows = on_wire(mail.read(lambda account: page(account, "archive", 0, 9)))["rows"]
    assert [row["subject"] for row in rows] == ["Letter 2", "Letter 1"]
    assert mail.read(lambda account: raw_of(account, 3)) == letter(1)


def test_copies_are_taken_back_unless_somebody_used_them(mail):
    ids = keep_many(mail, 2)
    done = mail.write(lambda account: copy(account, ids, "archive"))
    set_(mail, done["created"][:1], seen=True)
    assert undo(mail, done["undo"])["updated"] == 1
    assert everything(mail)["archive"] == [(done["created"][0], ("seen",))]


def test_copies_that_were_taken_back_are_made_again_of_what_is_here(mail):
    ids = keep_many(mail, 3)
    set_(mail, ids, flagged=True)
    mail.write(lambda account: set_folders(account, [{"name": "Trips"}], [], []))
    done = mail.write(lambda account: copy(account, ids, "f1"))
    octets = mail.read(lambda account: account.octets())
    again = undo(mail, done["undo"])
    set_(mail, ids, flagged=False, folder="archive")
    mail.write(lambda account: delete(account, ids[:1], for_good=True))
    back = undo(mail, again["undo"])
    assert back["updated"] == 2
    made = everything(mail)["f1"]
    assert [flags for _, flags in made] == [("flagged",)] * 2
    rows = on_wire(mail.read(lambda account: page(account, "f1", 0, 9)))["rows"]
    assert [row["subject"] for row in rows] == ["Letter 3", "Letter 2"]
    assert octets - mail.read(lambda account: account.octets()) == 2 * len(letter(1))
    assert undo(mail, back["undo"])["updated"] == 2
    assert "f1" not in everything(mail)


def test_a_copy_whose_letter_or_folder_is_gone_is_not_made_again(mail):
    ids = keep_many(mail, 2)
    mail.write(lambda account: set_folders(account, [{"name": "Trips"}], [], []))
    done = mail.write(lambda account: copy(account, ids, "f1"))
    mail.write(lambda account: delete(account, ids[:1], for_good=True))
    again = undo(mail, done["undo"])
    mail.write(lambda account: set_folders(account, [], [], ["f1"]))
    assert undo(mail, again["undo"])["updated"] == 0
    assert everything(mail) == {"inbox": [(ids[1], ())]}


def test_a_message_that_cannot_be_read_is_not_copied_nor_is_any_other(mail):
    ids = keep_many(mail, 2)
    mail.write(lambda account: bool(account.bodies.pop(2)))
    with pytest.raises(Damaged):
        mail.write(lambda account: copy(account, ids, "archive"))
    assert listing(mail)["archive"][0] == 0


# Many at once -----------------------------------------------------------------------------------------


@pytest.fixture
def many(mail, monkeypatch):
    monkeypatch.setattr(bulk, "LOOKED_AT", 4)
    monkeypatch.setattr(bulk, "CHANGED", 3)
    keep_many(mail, 12)
    keep(mail, *(prepared(letter(n), minutes=n, account="a2", folder="junk") for n in range(13, 17)))
    set_(mail, ["m1", "m5", "m13"], seen=True)
    set_(mail, ["m2", "m5"], flagged=True)
    return mail


def at(minutes):
    return BEGINNING.replace(minute=minutes)


@pytest.mark.parametrize(
    ("filter", "meant"),
    [
        ({"folder": "inbox"}, range(1, 13)),
        ({"seen": False}, {*range(1, 17)} - {1, 5, 13}),
        ({"seen": True, "flagged": True}, [5]),
        ({"account": "a2"}, range(13, 17)),
        ({"folder": "inbox", "account": "a2"}, []),
        ({"before": at(4)}, range(1, 4)),
        ({"folder": "inbox", "before": at(4)}, range(1, 4)),
        ({"folder": "inbox", "after": at(4), "before": at(7)}, range(4, 7)),
        ({"after": at(15)}, [15, 16]),
        ({"from": "WRITER 7"}, [7]),
        ({"from": "writer11@uno"}, [11]),
        ({"subject": "letter 1"}, [1, *range(10, 17)]),
        ({"subject": "nothing"}, []),
    ],
)
def test_all_that_fits_is_changed_and_taken_back(many, filter, meant):
    before = listing(many)
    done = set_where(many, filter, {"folder": "archive", "answered": True})
    assert (done["updated"], done["finished"]) == (len(list(meant)), True)
    after = dict(listing(many)["archive"][2])
    assert {int(id[1:]) for id in after} == set(meant)
    assert all("answered" in flags for flags in after.values())
    assert ("undo" in done) == bool(meant)
    if meant:
        assert undo(many, done["undo"])["updated"] == len(list(meant))
        assert listing(many) == before


def test_what_came_by_two_accounts_fits_either(many):
    many.write(lambda account: account.arrived_again(3, "a2", 9))
    assert set_where(many, {"account": "a2", "folder": "inbox"}, {"seen": True})["updated"] == 1
    assert set_where(many, {"account": "a1", "folder": "inbox"}, {"flagged": True})["updated"] == 10


def test_a_folder_is_gone_through_from_end_to_end_while_it_empties(many):
    assert set_where(many, {"folder": "inbox"}, {"folder": "junk"})["updated"] == 12
    assert listing(many)["inbox"] == (0, 0, [])


@pytest.mark.parametrize(
    ("filter", "patch", "error"),
    [
        ({}, {"seen": True}, InvalidArgument),
        ({"seen": True}, {}, InvalidArgument),
        ({"folder": "f9"}, {"seen": True}, NotFound),
        ({"seen": True}, {"folder": "f9"}, NotFound),
    ],
)
def test_what_cannot_be_meant_is_refused(many, filter, patch, error):
    with pytest.raises(error):
        set_where(many, filter, patch)


def test_what_takes_too_long_says_so_and_goes_on_when_called_again(many, monkeypatch):
    monkeypatch.setattr(bulk, "SECONDS", -1)
    done = set_where(many, {"folder": "inbox"}, {"seen": True})
    assert (done["updated"], done["finished"]) == (0, False)


def test_a_row_that_cannot_be_read_fits_nothing_said_of_it(many):
    many.write(lambda account: account.rows.discard(3))
    assert set_where(many, {"subject": "letter 3"}, {"seen": True})["updated"] == 0


def test_there_is_an_end_to_copies(mail, monkeypatch):
    ids = keep_many(mail, 1)
    monkeypatch.setattr("stored.messages.MAX_UID", 1)
    with pytest.raises(OverQuota):
        mail.write(lambda account: copy(account, ids, "archive"))
