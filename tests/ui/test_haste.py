"""Keys and clicks in haste, and answers that arrive meanwhile: nothing acts on what nobody saw chosen."""

import pytest

from tests.ui.fakemail import make_mail
from tests.ui.turning import at_rest, button, press, spin
from tkclient.trouble import Trouble
from tkclient.ui import sight
from tkclient.ui import theme as look
from tkclient.ui.chooser import Chooser
from tkclient.words import Words

WORDS = Words("es")


def inbox(window):
    return [message["id"] for message in window.server.state.inside("inbox")]


def arrive(root, window, id_="m9000"):
    """Let a letter arrive at the top."""
    new = make_mail(1)[0]
    new.update(id=id_, flags=[])
    window.server.state.arrive(new)
    window.desk.browsing.look_for_changes()
    spin(root, lambda: window.desk.mailbox.find(id_), "the new letter")


def vanish(root, window, id_):
    """Let a letter be deleted for good from another terminal."""
    del window.server.state.mail[id_]
    window.server.state.step("destroyed", id_)
    window.desk.browsing.look_for_changes()
    spin(root, lambda: window.desk.mailbox.find(id_) is None, "the letter to go")


def drawn_as_chosen(page):
    """Return the ids of the rows that are drawn as chosen."""
    rows, canvas = page.list, page.list.canvas
    washed = [item for item in canvas.find_all() if canvas.type(item) == "rectangle"]
    tops = [canvas.coords(item)[1] for item in washed if canvas.itemcget(item, "fill") == look.WASH]
    return [rows._listing.row(int(top + rows._top) // rows._row_height())["id"] for top in tops]


@pytest.mark.parametrize(("seconds", "deleted"), [(60.0, 1), (0.0, 2)])
def test_delete_pressed_twice_deletes_what_was_seen(root, window, page, monkeypatch, seconds, deleted):
    monkeypatch.setattr(sight, "SEEN_SECONDS", seconds)
    before = inbox(window)
    press(root, "Delete", "Delete")
    at_rest(root, window)
    assert inbox(window) == [before[0], *before[1 + deleted :]]


def test_a_key_of_ones_own_makes_the_next_letter_seen(root, window, page, monkeypatch):
    monkeypatch.setattr(sight, "SEEN_SECONDS", 60.0)
    before = inbox(window)
    press(root, "Delete", "Down", "Delete")
    at_rest(root, window)
    assert inbox(window) == [before[0], before[2], *before[4:]]


def test_return_pressed_once_more_does_not_open_what_followed(root, window, page, monkeypatch):
    monkeypatch.setattr(sight, "SEEN_SECONDS", 60.0)
    press(root, "Delete", "Return")
    at_rest(root, window)
    assert page.reader.letter is None
    assert window.server.names().count("message.get") == 1


def test_the_second_click_of_two_means_what_is_under_the_pointer(root, window, page):
    rows, ids = page.list, inbox(window)
    rows.canvas.event_generate("<Button-1>", x=60, y=20)
    rows._scroll_by(3 * rows._row_height())
    rows.canvas.event_generate("<Button-1>", x=60, y=20)
    at_rest(root, window)
    assert page.reader.letter["id"] == ids[3] == page.chosen()["id"]


def test_a_letter_that_goes_by_itself_leaves_no_other_in_its_place(root, window, page):
    ids = inbox(window)
    assert drawn_as_chosen(page) == [ids[1]]
    vanish(root, window, ids[1])
    assert page.chosen() is None and drawn_as_chosen(page) == []
    press(root, "Delete", "Return")
    at_rest(root, window)
    assert inbox(window) == [ids[0], *ids[2:]]
    assert page.reader.letter["id"] == ids[1], "what was being read is not taken away"


def test_a_letter_that_goes_before_it_opens_is_not_replaced(root, window, page):
    ids = inbox(window)
    opened = window.server.names().count("message.get")
    press(root, "Down")
    vanish(root, window, ids[2])
    root.after(400, lambda: setattr(page, "later", True))
    spin(root, lambda: hasattr(page, "later"), "the time in which a letter opens")
    at_rest(root, window)
    assert window.server.names().count("message.get") == opened


def test_undoing_does_not_move_the_choice_from_under_a_hand(root, window, page, monkeypatch):
    monkeypatch.setattr(sight, "SEEN_SECONDS", 0.0)
    ids = inbox(window)
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the way back")
    window.server.stalled.add("message.set")
    button(page.notice, WORDS("notice.undo")).invoke()
    press(root, "Down", "Down")
    chosen = page.chosen()["id"]
    window.server.resume()
    spin(root, lambda: ids[1] in inbox(window), "the letter to be back")
    spin(root, lambda: window.desk.mailbox.find(ids[1]) and page.chosen(), "the list with it")
    assert page.chosen()["id"] == chosen != ids[1]


def test_undoing_brings_the_choice_back_when_nothing_else_was_done(root, window, page):
    ids = inbox(window)
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the way back")
    button(page.notice, WORDS("notice.undo")).invoke()
    spin(root, lambda: page.chosen() and page.chosen()["id"] == ids[1], "the letter")


def test_what_is_looked_at_stays_in_its_place_when_letters_arrive(root, window):
    page, rows = window.page, window.page.list
    rows._scroll_by(20 * rows._row_height() + 7)
    root.update()
    under = rows._listing.row((rows._top + 100) // rows._row_height())["id"]
    arrive(root, window)
    root.update()
    assert rows._listing.row((rows._top + 100) // rows._row_height())["id"] == under
    rows.canvas.event_generate("<Button-1>", x=60, y=100)
    assert page.chosen()["id"] == under


def test_the_choice_stays_on_its_letter_when_others_arrive(root, window, page):
    ids = inbox(window)
    arrive(root, window)
    assert page.chosen()["id"] == ids[1] and drawn_as_chosen(page) == [ids[1]]
    press(root, "Delete")
    at_rest(root, window)
    assert inbox(window) == ["m9000", ids[0], *ids[2:]]


# Questions, choices and folders


@pytest.fixture
def asked(root, window, page):
    """The question whether the second letter of the trash shall be deleted for good."""
    for id_ in inbox(window)[4:7]:
        window.server.state.message_set([id_], {"folder": "trash"})
    page.choose_folder("trash")
    spin(root, lambda: page.list._listing.known and page.list._listing.folder == "trash", "the trash")
    root.update()
    press(root, "Down", "Down")
    spin(root, lambda: page.reader.letter and page.reader.letter["folder"] == "trash", "the letter")
    press(root, "Delete")
    assert page.notice.said == WORDS("delete.ask")
    return page.chosen()["id"]


def test_a_question_about_another_letter_is_taken_back(root, window, page, asked):
    yes = button(page.notice, WORDS("delete.yes"))
    page.list.canvas.event_generate("<Button-1>", x=60, y=20)
    root.update()
    assert page.chosen()["id"] != asked and page.notice.said == ""
    assert not yes.winfo_exists()


def test_an_answer_that_comes_too_late_does_nothing(root, window, page, asked):
    yes = button(page.notice, WORDS("delete.yes"))
    page.list.canvas.focus_force()
    root.update()
    press(root, "Up")
    # Before the list tells where the person has stopped.
    yes.invoke()
    at_rest(root, window)
    assert "message.delete" not in window.server.names()


def test_the_same_question_stays_while_its_letter_opens(root, window, page, asked):
    page.letters.chosen(page.chosen())
    assert page.notice.said == WORDS("delete.ask")


def test_news_wait_until_a_question_is_answered(root, window, page, asked):
    focus = root.focus_get()
    page.trouble(Trouble("busy"))
    assert page.notice.said == WORDS("delete.ask") and root.focus_get() is focus
    press(root, "Return")
    assert page.notice.said == WORDS.error(Trouble("busy"))
    assert "message.delete" not in window.server.names()


def test_escape_at_a_question_is_the_answer_that_harms_nothing(root, window, page, asked):
    press(root, "Escape")
    assert page.notice.said == "" and root.focus_get() is page.list.canvas
    at_rest(root, window)
    assert "message.delete" not in window.server.names()


def test_a_list_of_choices_asked_for_twice_leads_back_where_one_was(root, window, page):
    press(root, "Control-m", "Control-m", "Escape")
    assert root.focus_get() is page.list.canvas
    root.update()
    assert not [child for child in root.winfo_children() if isinstance(child, Chooser)]


def test_a_letter_that_arrives_while_a_folder_is_chosen_is_not_the_one_moved(root, window, page):
    ids = inbox(window)
    press(root, "Control-m")
    arrive(root, window)
    press(root, "Return")
    at_rest(root, window)
    assert [message["id"] for message in window.server.state.inside("f1")] == [ids[1]]


def test_what_was_gone_already_is_not_said_to_be_moved(root, window, page, monkeypatch):
    ids = inbox(window)
    monkeypatch.setattr(
        window.server.state,
        "message_set",
        lambda ids, set: {"state": window.server.state.state(), "updated": 0, "missing": list(ids)},
    )
    press(root, "Control-m", "Return")
    spin(root, lambda: page.notice.said, "what became of it")
    assert page.notice.said == WORDS.error(Trouble("not_found"))
    assert ids == inbox(window)


def at_folders(root, page):
    page.left.folders.canvas.focus_force()
    spin(root, lambda: root.focus_get() is page.left.folders.canvas, "the focus")


def test_a_folder_gone_to_in_haste_does_not_close_what_is_opened_after(root, window, page):
    at_folders(root, page)
    press(root, "Down", "Control-n")
    writer = page.cover
    press(root, "a")
    spin(root, lambda: window.desk.mailbox.listing("drafts").known, "the folder")
    root.after(400, lambda: setattr(page, "later", True))
    spin(root, lambda: hasattr(page, "later"), "the time after which a folder is chosen")
    assert page.cover is writer and writer.to.get() == "a" and root.focus_get() is writer.to
    assert window.desk.browsing.folder == "drafts"


def test_a_folder_gone_to_in_haste_leaves_the_focus_alone(root, window, page):
    at_folders(root, page)
    press(root, "Down", "Tab")
    focus = root.focus_get()
    spin(root, lambda: window.desk.browsing.folder == "drafts", "the folder")
    at_rest(root, window)
    assert root.focus_get() is focus is page.left.make


def test_counts_that_arrive_do_not_take_back_a_step_through_the_folders(root, window, page):
    at_folders(root, page)
    press(root, "Down")
    page.left.show_folders()
    press(root, "Down", "Return")
    assert window.desk.browsing.folder == "sent"


def test_a_folder_that_was_made_takes_nothing_from_who_has_gone_on(root, window, page):
    window.server.stalled.add("folder.set")
    page.left.make.invoke()
    entry = root.focus_get()
    entry.insert(0, "Viajes")
    press(root, "Return", "Return")
    window.server.wait_for("folder.set")
    page.list.canvas.focus_force()
    root.update()
    window.server.resume()
    at_rest(root, window)
    assert window.server.names().count("folder.set") == 1
    assert root.focus_get() is page.list.canvas
