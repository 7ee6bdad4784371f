"""Folders: what may be made, renamed, moved and removed, and what becomes of the mail."""

from typing import cast

import pytest
import time_machine

from restante.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound, OverQuota
from stored import folders, removal
from stored.changes import changes
from stored.folder_types import FolderNew, FolderPatch, FolderUpdate
from stored.folders import list_folders, set_folders
from stored.messages import change
from stored.model.folder import DEEPEST
from stored.model.undo import UNDO_SECONDS
from stored.undoing import undo
from tests.unit.stored.keeping import BEGINNING, keep_many, listing, on_wire


def make(mail, *names, parent=""):
    new: list[FolderNew] = [{"name": name, "parent": parent} for name in names]
    created = mail.write(lambda account: set_folders(account, new, [], []))["created"]
    return [folder["id"] for folder in created]


def update(mail, id, **patch):
    wanted: list[FolderUpdate] = [{"id": id, "set": cast(FolderPatch, patch)}]
    return mail.write(lambda account: set_folders(account, [], wanted, []))


def destroy(mail, *ids):
    return mail.write(lambda account: set_folders(account, [], [], list(ids)))


def names(mail):
    return {folder["id"]: folder["name"] for folder in mail.read(list_folders)["folders"]}


def test_everybody_has_the_folders_of_a_role(mail):
    shown = on_wire(mail.read(list_folders))["folders"]
    assert [folder["id"] for folder in shown] == ["inbox", "drafts", "sent", "junk", "trash", "archive"]
    assert all(folder["role"] == folder["id"] and folder["parent"] == "" for folder in shown)
    assert all(folder["total"] == folder["unread"] == 0 for folder in shown)


def test_ones_own_come_after_by_name_and_ids_are_not_used_again(mail):
    assert make(mail, "Trips", "bills") == ["f1", "f2"]
    destroy(mail, "f2")
    assert make(mail, "Bills", parent="f1") == ["f3"]
    shown = mail.read(list_folders)["folders"]
    assert [(folder["id"], folder["parent"]) for folder in shown[6:]] == [("f3", "f1"), ("f1", "")]


@pytest.mark.parametrize(
    ("name", "kept"), [("  Two   words ", "Two words"), ("Cafe\u0301", "Café"), ("x" * 100, "x" * 100)]
)
def test_names_are_kept_tidy(mail, name, kept):
    (id,) = make(mail, name)
    assert names(mail)[id] == kept


@pytest.mark.parametrize("name", ["", "   ", "a\x85b", "x" * 101, "\x00"])
def test_names_that_cannot_be_are_refused(mail, name):
    with pytest.raises(InvalidArgument):
        make(mail, name)


def test_neighbours_have_different_names(mail):
    make(mail, "Bills")
    with pytest.raises(AlreadyExists):
        make(mail, "BILLS")
    with pytest.raises(AlreadyExists):
        make(mail, "inbox")
    (inner,) = make(mail, "Bills", parent="f1")
    with pytest.raises(AlreadyExists):
        update(mail, inner, parent="")
    assert update(mail, "f1", name="bills")["updated"] == ["f1"]


def test_the_whole_call_is_done_or_nothing(mail):
    with pytest.raises(NotFound):
        mail.write(lambda account: set_folders(account, [{"name": "New"}], [], ["f77"]))
    assert "New" not in names(mail).values()


@pytest.mark.parametrize(
    "attempt", [lambda mail: update(mail, "inbox", name="Mine"), lambda mail: destroy(mail, "trash")]
)
def test_folders_with_a_role_stay(mail, attempt):
    with pytest.raises(Forbidden) as refused:
        attempt(mail)
    assert refused.value.about in refused.value.message.lower()


def test_folders_are_not_put_where_they_cannot_be(mail):
    make(mail, "Outer")
    make(mail, "Inner", parent="f1")
    for id, parent, error in [
        ("f1", "f1", InvalidArgument),
        ("f1", "f2", InvalidArgument),
        ("f1", "trash", InvalidArgument),
        ("f1", "f9", NotFound),
    ]:
        with pytest.raises(error):
            update(mail, id, parent=parent)
    update(mail, "f2", parent="inbox")
    assert mail.read(list_folders)["folders"][6]["parent"] == "inbox"


def test_nesting_is_bounded_when_making_and_when_moving(mail):
    parent = ""
    for number in range(DEEPEST):
        (parent,) = make(mail, f"Level {number}", parent=parent)
    with pytest.raises(InvalidArgument):
        make(mail, "Deeper", parent=parent)
    (other,) = make(mail, "Other")
    with pytest.raises(InvalidArgument):
        update(mail, "f1", parent=other)
    update(mail, "f2", parent=other)


def test_there_is_an_end_to_folders(mail, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FOLDERS", 7)
    make(mail, "One")
    with pytest.raises(OverQuota):
        make(mail, "Two")


def test_the_mail_of_a_removed_folder_and_those_inside_goes_to_the_trash(mail, monkeypatch):
    monkeypatch.setattr(removal, "_AT_ONCE", 2)
    make(mail, "Outer")
    make(mail, "Inner", parent="f1")
    ids = keep_many(mail, 9)
    mail.write(lambda account: change(account, ids[:5], {"folder": "f1"}))
    mail.write(lambda account: change(account, ids[5:8], {"folder": "f2"}))
    assert destroy(mail, "f1")["destroyed"] == ["f2", "f1"]
    found = listing(mail)
    assert sorted(found) == ["archive", "drafts", "inbox", "junk", "sent", "trash"]
    assert found["trash"][:2] == (8, 8)
    assert [id for id, _ in found["trash"][2]] == ids[7::-1]


# Taken back -------------------------------------------------------------------------------------------


def places(mail):
    return {folder["id"]: (folder["name"], folder["parent"]) for folder in mail.read(list_folders)["folders"]}


def test_a_removed_folder_comes_back_with_those_inside_and_its_mail(mail, monkeypatch):
    monkeypatch.setattr(removal, "_AT_ONCE", 2)
    make(mail, "Outer")
    make(mail, "Inner", "Empty", parent="f1")
    ids = keep_many(mail, 9)
    mail.write(lambda account: change(account, ids[:5], {"folder": "f1", "seen": True}))
    mail.write(lambda account: change(account, ids[5:8], {"folder": "f2"}))
    before, mails = mail.read(list_folders)["folders"], listing(mail)
    done = destroy(mail, "f1")
    assert done["destroyed"] == ["f3", "f2", "f1"]
    back = undo(mail, done["undo"])
    assert back["updated"] == 8
    assert (mail.read(list_folders)["folders"], listing(mail)) == (before, mails)
    told = mail.read(lambda account: changes(account, done["state"]))
    assert (told["folders"], len(told["updated"])) == (True, 8)
    with pytest.raises(NotFound):
        undo(mail, done["undo"])
    # Taken back once more, the mail goes, and the folders stay.
    undo(mail, back["undo"])
    assert (places(mail)["f1"], listing(mail)["trash"][0]) == (("Outer", ""), 8)


def test_several_removed_at_once_come_back_at_once(mail):
    make(mail, "One", "Two")
    before = places(mail)
    done = destroy(mail, "f2", "f1")
    state = mail.read(lambda account: account.state_text())
    assert undo(mail, done["undo"])["updated"] == 0
    assert places(mail) == before
    assert mail.read(lambda account: changes(account, state))["folders"]
    assert make(mail, "Three") == ["f3"]


def test_only_removing_folders_is_taken_back(mail):
    created = mail.write(lambda account: set_folders(account, [{"name": "One"}], [], []))
    assert "undo" not in created
    assert "undo" not in update(mail, "f1", name="Two")


def test_a_folder_whose_name_or_place_is_gone_comes_back_all_the_same(mail):
    make(mail, "Outer", "Bills")
    make(mail, "Inner", parent="f1")
    inner, bills = destroy(mail, "f3"), destroy(mail, "f2")
    destroy(mail, "f1")
    make(mail, "BILLS", "inner")
    undo(mail, bills["undo"])
    undo(mail, inner["undo"])
    assert (places(mail)["f2"], places(mail)["f3"]) == (("Bills (2)", ""), ("Inner (2)", ""))


def test_a_folder_whose_place_is_too_deep_by_now_comes_to_the_top(mail):
    make(mail, "Outer")
    make(mail, "Inner", parent="f1")
    done = destroy(mail, "f2")
    parent = ""
    for number in range(DEEPEST - 1):
        (parent,) = make(mail, f"Level {number}", parent=parent)
    update(mail, "f1", parent=parent)
    undo(mail, done["undo"])
    assert places(mail)["f2"] == ("Inner", "")


def test_too_many_folders_are_told_and_can_be_taken_back_later(mail, monkeypatch):
    make(mail, "One")
    (id,) = keep_many(mail, 1)
    mail.write(lambda account: change(account, [id], {"folder": "f1"}))
    done = destroy(mail, "f1")
    make(mail, "Two")
    monkeypatch.setattr(removal, "MOST_FOLDERS", 7)
    with pytest.raises(OverQuota):
        undo(mail, done["undo"])
    assert listing(mail)["trash"][0] == 1
    destroy(mail, "f2")
    undo(mail, done["undo"])
    assert listing(mail)["f1"][0] == 1


def test_what_folders_were_is_forgotten_with_their_undo(mail):
    make(mail, "One", "Two")
    with time_machine.travel(BEGINNING, tick=False) as clock:
        done = destroy(mail, "f1")
        clock.shift(UNDO_SECONDS + 1)
        now = int(BEGINNING.timestamp()) + UNDO_SECONDS + 1
        assert mail.write(lambda account: account.undos.expire(now)) == 1
        destroy(mail, "f2")
        assert mail.read(lambda account: [one.name for one in account.folders.removed]) == ["Two"]
        with pytest.raises(NotFound):
            undo(mail, done["undo"])
