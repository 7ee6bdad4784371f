"""The page where a letter is written: what is asked before it goes, and what may not be lost of it."""

import pytest

from tests.ui.turning import press, spin

pytest.importorskip("tkinter")

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
