"""The page where a letter is written: what is asked before it goes, and what may not be lost of it."""

import pytest

from tests.ui.turning import at_rest, button, press, spin, texts

pytest.importorskip("tkinter")

from tkclient.trouble import TransportError, Trouble
from tkclient.ui import sight
from tkclient.words import Words

WORDS = Words("es")


@pytest.fixture
def writer(root, window):
    """A letter to Ana with a text and no subject, the cursor in its text."""
    window.page.writing.write()
    writer = window.page.cover
    writer.to.insert(0, "ana@uno.example")
    writer.text.insert("1.0", "Llego el jueves.")
    root.update()
    writer.text.focus_force()
    spin(root, lambda: root.focus_get() is writer.text, "the focus")
    return writer


def times_sent(window):
    return window.server.names().count("outbox.submit")


@pytest.mark.parametrize("key", ["Return", "Control-Return"])
def test_a_letter_without_subject_is_asked_about_once(root, window, writer, monkeypatch, key):
    monkeypatch.setattr(sight, "SEEN_SECONDS", 0.0)
    press(root, "Control-Return")
    assert writer.notice.said == WORDS("writer.no_subject_ask")
    assert not writer.sending
    press(root, key)
    assert writer.sending
    window.server.wait_for("outbox.submit")
    spin(root, lambda: window.page.cover is None, "the mail")


def test_a_key_pressed_twice_does_not_answer_the_question_it_brings_up(root, window, writer, monkeypatch):
    monkeypatch.setattr(sight, "SEEN_SECONDS", 60.0)
    press(root, "Control-Return", "Control-Return", "Return")
    assert writer.notice.said == WORDS("writer.no_subject_ask")
    assert not writer.sending


def test_who_is_asked_for_a_subject_can_write_it(root, window, writer):
    press(root, "Control-Return")
    # The other answer.
    press(root, "Tab", "Return")
    assert root.focus_get() is writer.subject
    press(root, "a", "Control-Return")
    assert window.server.wait_for("outbox.submit")["draft"]["subject"] == "a"


def test_what_is_typed_while_the_draft_is_being_kept_is_kept_too(root, window, writer):
    window.server.stalled.add("draft.save")
    press(root, "Escape")
    window.server.wait_for("draft.save")
    writer.text.insert("end", " A las seis.")
    window.server.resume()
    spin(root, lambda: window.page.cover is None, "the mail")
    (draft,) = window.server.state.inside("drafts")
    assert draft["text"] == "Llego el jueves. A las seis."


def test_leaving_twice_closes_nothing_that_was_opened_since(root, window, writer):
    window.server.stalled.add("draft.save")
    press(root, "Escape", "Escape")
    window.server.wait_for("draft.save")
    window.server.resume()
    spin(root, lambda: window.page.cover is None, "the mail")
    window.page.show_keys()
    shown = window.page.cover
    at_rest(root, window)
    assert window.page.cover is shown


@pytest.mark.parametrize("do", ["discard", "_discard_now", "attach"])
def test_a_letter_that_is_going_is_neither_thrown_away_nor_changed(root, window, writer, monkeypatch, do):
    asked = list[object]()
    monkeypatch.setattr("tkclient.ui.enclosures.filedialog.askopenfilename", asked.append)
    window.server.stalled.add("outbox.submit")
    writer.subject.insert(0, "El jueves")
    press(root, "Control-Return")
    window.server.wait_for("outbox.submit")
    getattr(writer, do)()
    press(root, "Escape", "Control-Return")
    assert window.page.cover is writer and not asked
    assert writer.notice.said == WORDS("writer.sending_wait")
    window.server.resume()
    spin(root, lambda: window.page.cover is None, "the mail")
    assert times_sent(window) == 1 and len(window.server.state.inside("sent")) == 1


def test_an_answer_to_a_question_sends_what_stands_there_then(root, window, writer):
    writer.text.delete("1.0", "end")
    press(root, "Control-Return")
    assert writer.notice.said == WORDS("writer.empty_ask")
    writer.to.delete(0, "end")
    writer.to.insert(0, "beto@uno")
    button(writer.notice, WORDS("writer.send")).invoke()
    assert not writer.sending
    writer.to.insert("end", ".example")
    writer.subject.insert(0, "Hola")
    press(root, "Control-Return")
    assert window.server.wait_for("outbox.submit")["draft"]["to"] == ["beto@uno.example"]


def test_who_types_elsewhere_when_the_letter_has_gone_goes_on_there(root, window, writer):
    window.server.stalled.add("outbox.submit")
    writer.subject.insert(0, "El jueves")
    press(root, "Control-Return")
    window.server.wait_for("outbox.submit")
    window.page.left.make.invoke()
    entry = root.focus_get()
    press(root, "v", "i")
    window.server.resume()
    spin(root, lambda: window.page.cover is None, "the mail")
    assert root.focus_get() is entry and entry.get() == "vi"


@pytest.fixture
def answering(root, window):
    """An answer that the server is preparing, and takes its time."""
    page = window.page
    page.list.canvas.focus_force()
    spin(root, lambda: root.focus_get() is page.list.canvas, "the focus")
    press(root, "Down")
    spin(root, lambda: page.reader.letter, "the letter")
    window.server.stalled.add("draft.reply")
    press(root, "Control-r")
    window.server.wait_for("draft.reply")
    return page


def is_answered(root, window):
    window.server.resume()
    at_rest(root, window)


def test_an_answer_opens_when_it_is_ready(root, window, answering):
    is_answered(root, window)
    assert answering.writing.writer is not None


@pytest.mark.parametrize("key", ["Escape", "Down", "F1"])
def test_an_answer_does_not_open_over_what_was_done_since(root, window, answering, key):
    press(root, key)
    is_answered(root, window)
    assert answering.writing.writer is None


def test_who_has_no_account_keeps_what_is_written_when_getting_mail(root, window, writer):
    window.desk.accounts.all = []
    press(root, "F5")
    assert window.server.wait_for("draft.save")["draft"]["text"] == "Llego el jueves."


def test_the_window_closes_though_a_file_is_on_its_way(root, window, writer, monkeypatch):
    gone = list[bool]()
    monkeypatch.setattr(window, "_destroy", lambda: gone.append(True))
    monkeypatch.setattr(type(writer.letter), "uploading", True)
    window.close()
    spin(root, lambda: gone, "the end")
    assert "session.close" in window.server.names() and "draft.save" in window.server.names()


def clicked_twice(root, widget):
    for _ in range(2):
        for event in ("<Enter>", "<ButtonPress-1>", "<ButtonRelease-1>"):
            widget.event_generate(event, x=5, y=5)
        root.update()


def test_a_double_click_begins_a_letter_and_leaves_the_cursor_in_it(root, window):
    root.focus_force()
    spin(root, root.focus_get, "the focus")
    clicked_twice(root, window.page.top.buttons["write"])
    assert root.focus_get() is window.page.cover.to


def test_who_writes_stays_where_they_are_when_beginning_a_letter_again(root, window, writer):
    press(root, "Control-n")
    assert root.focus_get() is writer.text


@pytest.mark.parametrize(
    ("key", "stops"), [("Tab", ["subject", "copies", "text"]), ("Return", ["subject", "text"])]
)
def test_what_it_is_about_comes_after_for_whom(root, window, writer, key, stops):
    places = {"copies": writer.fields._more, "subject": writer.subject, "text": writer.text}
    writer.to.focus_force()
    spin(root, lambda: root.focus_get() is writer.to, "the focus")
    for stop in stops:
        press(root, key)
        assert root.focus_get() is places[stop]


@pytest.fixture
def refused_file(root, window, writer, tmp_path):
    """The notice that a file is too large to go along."""
    with (tmp_path / "big").open("wb") as big:
        big.truncate(26_000_000 + 1_000_000)
    writer.enclosures.add(tmp_path / "big")
    spin(root, lambda: writer.notice.said, "the refusal")
    assert writer.notice.said == WORDS.error(Trouble("file_too_large", "big"))
    return writer.notice


def test_a_file_that_is_too_large_is_not_offered_to_be_tried_again(root, refused_file):
    assert WORDS("notice.again") not in texts(refused_file)


def test_a_file_that_was_too_large_is_not_spoken_of_once_another_goes_along(
    root, window, writer, refused_file, tmp_path
):
    (tmp_path / "small").write_bytes(b"x" * 1000)
    writer.enclosures.add(tmp_path / "small")
    at_rest(root, window)
    assert len(writer.letter.attachments) == 1 and refused_file.said == ""


def test_a_file_that_did_not_get_there_can_be_tried_again(root, window, writer, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tkclient.outgoing.blobs.upload", lambda *_: (_ for _ in ()).throw(TransportError("connection_lost"))
    )
    (tmp_path / "small").write_bytes(b"x" * 1000)
    writer.enclosures.add(tmp_path / "small")
    spin(root, lambda: writer.notice.said, "the refusal")
    monkeypatch.undo()
    button(writer.notice, WORDS("notice.again")).invoke()
    at_rest(root, window)
    assert len(writer.letter.attachments) == 1 and writer.notice.said == ""
