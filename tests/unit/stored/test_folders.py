"""Folders: what may be made, renamed, moved and removed, and what becomes of the mail."""

from typing import cast

import pytest

from restante.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound, OverQuota
from stored import folders
from stored.folders import DEEPEST, list_folders, set_folders
from stored.messages import change
from stored.types import FolderNew, FolderPatch, FolderUpdate
from tests.unit.stored.keeping import keep_many, listing, on_wire


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
    monkeypatch.setattr(folders, "_AT_ONCE", 2)
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
