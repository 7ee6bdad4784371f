"""Answering and passing on are for the letter that is being read: what is not shown is not answered."""

from tests.ui.turning import at_rest, button, press, spin
from tkclient.words import Words

WORDS = Words("es")
VERBS = ["answer", "answer_all", "forward"]
KEYS = ["Control-r", "Control-Shift-R", "Control-Shift-F"]


def possible(page):
    return [name for name in (*VERBS, "delete") if not page.top.buttons[name].instate(["disabled"])]


def assert_nothing_is_answered(root, window):
    """A row is chosen and can be deleted, and nothing else."""
    at_rest(root, window)
    page = window.page
    assert page.chosen() is not None and page.reader.letter is None
    assert possible(page) == ["delete"]
    press(root, *KEYS)
    at_rest(root, window)
    assert not {"draft.reply", "draft.forward"} & set(window.server.names())
    assert page.cover is None


def test_the_letter_that_is_read_can_be_answered(root, window, page):
    assert possible(page) == [*VERBS, "delete"]


def test_after_deleting_the_next_letter_is_not_answered_before_it_is_read(root, window, page):
    press(root, "Delete")
    assert_nothing_is_answered(root, window)
    press(root, "Down")
    spin(root, lambda: page.reader.letter, "the letter")
    assert possible(page) == [*VERBS, "delete"]


def test_after_moving_the_next_letter_is_not_answered(root, window, page):
    press(root, "Control-m", "Return")
    assert_nothing_is_answered(root, window)


def test_a_letter_that_was_brought_back_is_not_answered_before_it_is_read(root, window, page):
    press(root, "Delete")
    spin(root, lambda: page.notice.said, "the way back")
    id_ = window.server.state.inside("trash")[0]["id"]
    button(page.notice, WORDS("notice.undo")).invoke()
    spin(root, lambda: page.chosen() and page.chosen()["id"] == id_, "the letter")
    assert_nothing_is_answered(root, window)


def test_a_draft_that_was_put_aside_is_not_answered(root, window, page):
    window.server.state.draft_save({"to": ["ana@uno.example"], "subject": "Asado", "text": "a"})
    page.choose_folder("drafts")
    spin(root, lambda: window.desk.mailbox.listing("drafts").total, "the draft")
    press(root, "Down", "Return")
    spin(root, lambda: page.cover, "the draft")
    press(root, "Escape")
    spin(root, lambda: page.cover is None, "the mail")
    assert_nothing_is_answered(root, window)


def test_between_two_letters_neither_is_answered(root, window, page):
    window.server.stalled.add("message.get")
    press(root, "Down", *KEYS)
    spin(root, lambda: window.server.names().count("message.get") > 1, "the next letter to be asked for")
    assert possible(page) == ["delete"]
    window.server.resume()
    at_rest(root, window)
    assert not {"draft.reply", "draft.forward"} & set(window.server.names())


def test_in_a_narrow_window_the_letter_is_answered_only_where_it_is_seen(root, signed_in):
    page = signed_in("es", (800, 600)).page
    page.list.canvas.focus_force()
    spin(root, lambda: root.focus_get() is page.list.canvas, "the focus")
    press(root, "Down", "Return")
    spin(root, lambda: page.reader.letter, "the letter")
    assert possible(page) == [*VERBS, "delete"]
    press(root, "Escape")
    assert possible(page) == ["delete"]
    assert not {*VERBS} & {*page.top._possible_folded()}
