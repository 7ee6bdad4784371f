"""What a notice says is true while it says it, and what it offers is what it then does."""

import pytest

from tests.ui.fakestate import Refusal
from tests.ui.turning import at_rest, button, press, spin
from tkclient.trouble import ServerTrouble, Trouble
from tkclient.words import Words

WORDS = Words("es")


def inside(window, folder):
    return [message["id"] for message in window.server.state.inside(folder)]


def try_again(root, window):
    button(window.page.notice, WORDS("notice.again")).invoke()
    at_rest(root, window)


def fail_all(root, window, *keys):
    """Press keys while nobody answers, until the list has not come either."""
    pages = window.server.names().count("message.page")
    window.server.dropping.update({"message.delete", "message.set", "message.page", "folder.list"})
    press(root, *keys)
    spin(root, lambda: window.server.names().count("message.page") > pages, "the list to be asked for")
    at_rest(root, window)
    window.server.dropping.clear()


def test_trying_again_after_a_failed_deletion_deletes(root, window, page):
    id_ = page.chosen()["id"]
    fail_all(root, window, "Delete")
    assert id_ in inside(window, "inbox")
    try_again(root, window)
    assert inside(window, "trash")[0] == id_
    assert page.notice.said == WORDS("delete.done")


def test_trying_again_after_a_failed_move_moves(root, window, page):
    id_ = page.chosen()["id"]
    fail_all(root, window, "Control-m", "Return")
    try_again(root, window)
    assert id_ in inside(window, "f1")


def test_trying_again_to_mark_marks(root, window, page):
    fail_all(root, window, "Control-u")
    try_again(root, window)
    assert "seen" not in window.server.state.mail[page.reader.letter["id"]]["flags"]


def test_trying_again_to_bring_back_brings_back(root, window, page):
    id_ = page.chosen()["id"]
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the way back")
    window.server.failing["message.set"] = ("busy", "", True)
    button(page.notice, WORDS("notice.undo")).invoke()
    spin(root, lambda: page.notice.said == WORDS.error(Trouble("busy")), "the refusal")
    window.server.failing.clear()
    try_again(root, window)
    assert id_ in inside(window, "inbox")


def test_trying_again_after_the_counts_failed_too_deletes(root, window, page):
    id_ = page.chosen()["id"]
    window.server.failing.update(
        {"message.delete": ("busy", "", True), "folder.list": ("internal", "", True)}
    )
    press(root, "Delete")
    at_rest(root, window)
    assert page.notice.said == WORDS.error(Trouble("busy"))
    window.server.failing.clear()
    try_again(root, window)
    assert id_ in inside(window, "trash")


def test_what_was_done_though_its_answer_was_lost_is_not_done_for_good(root, window, page, monkeypatch):
    state, id_ = window.server.state, page.chosen()["id"]
    delete = state.message_delete

    def done_and_lost(ids):
        delete(ids)
        raise Refusal("busy", "", True)

    monkeypatch.setattr(state, "message_delete", done_and_lost)
    press(root, "Delete")
    at_rest(root, window)
    monkeypatch.undo()
    try_again(root, window)
    assert id_ in inside(window, "trash")


def test_what_cannot_help_is_not_offered(root, window, page):
    window.server.failing["message.delete"] = ("not_found", "", False)
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the refusal")
    with pytest.raises(ValueError, match="not enough values"):
        button(page.notice, WORDS("notice.again"))


def test_a_failed_deletion_stays_said_when_others_are_answered(root, window, page):
    window.server.dropping.add("message.delete")
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the refusal")
    window.desk.browsing.look_for_changes()
    at_rest(root, window)
    assert page.notice.topic == "deed"


# What is over


def name_folder(root, window, name):
    entry = window.page.left._name_entry
    if not entry.winfo_ismapped():
        window.page.left.make.invoke()
        root.update()
    entry.focus_force()
    spin(root, lambda: root.focus_get() is entry, "the focus")
    entry.delete(0, "end")
    entry.insert(0, name)
    press(root, "Return")
    at_rest(root, window)


@pytest.fixture
def name_taken(root, window, page):
    window.server.failing["folder.set"] = ("already_exists", "Viajes", False)
    name_folder(root, window, "Viajes")
    taken = {"data": {"kind": "already_exists", "about": "Viajes"}}
    assert page.notice.said == WORDS.error(ServerTrouble(taken))
    window.server.failing.clear()


def test_a_name_that_was_taken_is_not_spoken_of_once_another_was_given(root, window, page, name_taken):
    name_folder(root, window, "Viajes 2")
    assert page.notice.said == ""


def test_a_name_that_was_taken_is_not_spoken_of_once_it_is_given_up(root, window, page, name_taken):
    press(root, "Escape")
    assert page.notice.said == ""


def lose_contact(root, window):
    window.server.dropping.add("collect.start")
    press(root, "F5")
    spin(root, lambda: window.page.notice.topic == "contact", "the trouble")
    window.server.dropping.clear()


def test_that_nobody_answers_is_said_until_somebody_does(root, window, page):
    lose_contact(root, window)
    window.desk.browsing.look_for_changes()
    at_rest(root, window)
    assert page.notice.said == ""


def test_that_nobody_answered_is_not_said_after_a_question(root, window, page):
    page.notice.ask("?", [("sí", root.update), ("no", root.update)])
    lose_contact(root, window)
    window.desk.browsing.look_for_changes()
    at_rest(root, window)
    assert page.notice.said == "?"
    button(page.notice, "no").invoke()
    assert page.notice.said == ""


# What is said at the end


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(("saved", "removed"), [(0, 0), (1, 0), (2, 0), (3, 1), (1, 1)])
def test_files_that_were_saved_are_spoken_of_at_the_end(
    root, signed_in, tmp_path, monkeypatch, language, saved, removed
):
    window = signed_in(language)
    part = next(
        part
        for message in window.server.state.inside("inbox")
        for part in message["parts"]
        if part.get("name")
    )
    files = [tmp_path / f"file {number}" for number in range(saved)]
    for file in [*files, *files]:
        window.desk.mail.save_attachment(part, file, lambda *_: None, lambda _: None, pytest.fail)
    at_rest(root, window)
    for file in files[:removed]:
        file.unlink()
    window.leave()
    spin(root, lambda: not window.desk.session.is_open, "leaving")
    words, left = Words(language), saved - removed
    assert window.page.notice.said == (words("login.left_but", count=left) if left else words("login.left"))


def test_another_visit_begins_with_no_file_saved(root, window, tmp_path):
    window.desk.mail._saved.add(str(tmp_path))
    for said in (WORDS("login.left_but", count=1), WORDS("login.left")):
        window.leave()
        spin(root, lambda: not window.desk.session.is_open, "leaving")
        assert window.page.notice.said == said
        window.desk.open("maria", "clave-larga", window._opened, lambda trouble: pytest.fail(trouble.kind))
        spin(root, lambda: window.desk.mailbox.folders, "the mail")
