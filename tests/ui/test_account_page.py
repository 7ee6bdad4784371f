"""The page of accounts while answers arrive: no button goes under a hand, no password to another server."""

import pytest

from tests.ui.turning import at_rest, button, press, spin
from tkclient.words import Words

WORDS = Words("es")


@pytest.fixture
def page(root, window):
    window.page.show_accounts()
    root.update()
    return window.page.cover


def test_what_looks_the_same_is_not_drawn_anew(root, window, page):
    change = button(page._rows["a1"], WORDS("accounts.password"))
    window.desk.bells.ring("progress")
    assert change.winfo_exists()


def test_one_password_is_typed_at_a_time(root, window, page):
    accounts = window.desk.accounts.all
    page.ask_password(accounts[0])
    page.ask_password(accounts[0])
    press(root, "a")
    page.ask_password(accounts[1])
    press(root, "b")
    press(root, "Return")
    tested = window.server.wait_for("account.test")["account"]
    assert (tested["address"], tested["secret"]) == (accounts[1]["address"], "b")


@pytest.mark.parametrize("secret", ["a", "mala"])
def test_an_answer_that_finds_the_page_left_is_no_trouble(root, window, page, secret):
    page.ask_password(window.desk.accounts.all[0])
    root.focus_get().insert(0, secret)
    window.server.stalled.add("account.test")
    press(root, "Return")
    window.server.wait_for("account.test")
    window.page.uncover()
    window.server.resume()
    at_rest(root, window)


def test_the_password_goes_with_the_address_it_was_typed_for(root, window, page):
    form = page.form
    form.address.value.set("vale@afuera.example")
    form.password.value.set("su-clave")
    window.server.stalled.add("account.discover")
    form.go.invoke()
    window.server.wait_for("account.discover")
    form.address.focus()
    root.update()
    press(root, "x", "y")
    window.server.resume()
    spin(root, lambda: form.said.said, "the question")
    assert "vale@afuera.example" in form.said.said and form.address.get() == "vale@afuera.example"
    # Once it is asked, it can be put right.
    form.address.focus()
    press(root, "x")
    assert form.address.get() == "x"


def test_a_page_is_scrolled_no_further_than_the_focus_needs(root, window):
    root.geometry("1024x600")
    root.update()
    window.page.show_accounts()
    page = window.page.cover
    root.after(150, lambda: setattr(page, "settled", True))
    spin(root, lambda: hasattr(page, "settled"), "the page to settle")
    field, scrolled = page.form.address.entry, page._scrolled
    bottom = field.winfo_rooty() + field.winfo_height() - scrolled.winfo_rooty()
    assert scrolled._canvas.canvasy(0) == 0 or bottom > scrolled.winfo_height() - 60
    assert bottom <= scrolled.winfo_height()
