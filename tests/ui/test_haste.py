"""Keys and clicks in haste, and answers that arrive meanwhile: nothing acts on what nobody saw chosen."""

import pytest

from tests.ui.fakemail import make_mail
from tests.ui.turning import button, press, spin
from tkclient.ui import sight
from tkclient.ui import theme as look
from tkclient.words import Words

WORDS = Words("es")


@pytest.fixture
def page(root, window):
    """The page of mail, the keyboard in its list, the second letter being read."""
    page = window.page
    page.list.canvas.focus_force()
    spin(root, lambda: root.focus_get() is page.list.canvas, "the focus")
    press(root, "Down", "Down")
    spin(root, lambda: page.reader.letter, "the letter")
    return page


def inbox(window):
    return [message["id"] for message in window.server.state.inside("inbox")]


def at_rest(root, window):
    """Wait until whatever was asked has been answered."""
    spin(root, lambda: not window.desk.tasks.waiting_seconds(), "every answer")


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
