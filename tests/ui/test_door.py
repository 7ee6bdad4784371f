"""The first page: a refusal is said, and the same can be tried again at once."""

import pytest

from tests.ui.turning import button, press, spin, write
from tkclient.trouble import Trouble
from tkclient.words import Words

WORDS = Words("es")


@pytest.fixture
def page(root, door):
    window = door()
    window.page.name.entry.focus_force()
    spin(root, lambda: root.focus_get() is window.page.name.entry, "the focus")
    window.page.window = window
    return window.page


def log_in(root, password):
    write(root, "maria")
    press(root, "Tab")
    write(root, password)
    press(root, "Return")


def test_a_wrong_password_is_said_and_can_be_typed_again(root, page):
    log_in(root, "mala")
    assert page.busy
    spin(root, lambda: page.notice.said, "the refusal")
    assert page.notice.said == WORDS.error(Trouble("login_refused"))
    # The password that was refused is selected: typing replaces it.
    write(root, "clave-larga")
    press(root, "Return")
    spin(root, lambda: root.title().startswith("restante \u00b7 Entrada"), "the mail")


def test_a_login_that_nobody_answered_can_be_tried_again(root, page):
    server, desk = page.window.server, page.window.desk
    desk.link._seconds = 0.2
    server.stalled.add("session.open")
    log_in(root, "clave-larga")
    # Pressed once more, nothing is asked twice.
    press(root, "Return")
    spin(root, lambda: page.notice.said, "patience to end")
    assert server.names() == ["session.open"]
    server.resume()
    press(root, "Return")
    spin(root, lambda: root.title().startswith("restante \u00b7 Entrada"), "the mail")


def test_the_form_stays_while_it_is_answered(root, page):
    page.window.server.stalled.add("session.open")
    log_in(root, "clave-larga")
    button(page, WORDS("login.create")).invoke()
    assert not page.creating
    page.window.server.resume()
    spin(root, lambda: root.title().startswith("restante \u00b7 Entrada"), "the mail")
