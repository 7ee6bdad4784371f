"""From nobody to mail: a profile, an account by address and password, and what is asked on the way."""

import pytest

from tests.ui.turning import press, spin, write
from tkclient.words import Words

WORDS = Words("es")


@pytest.fixture
def state():
    """Nobody has an account."""
    return {"accounts": False}


@pytest.fixture
def newcomer(root, door):
    """The window of a person who has no profile, on the form to make one."""
    window = door()
    window.page.show_form(creating=True)
    window.page.name.entry.focus_force()
    spin(root, lambda: root.focus_get() is window.page.name.entry, "the focus")
    return window


def create(root, window, name="valeria"):
    for text in (name, "Valeria Paz", "una clave larga", "una clave larga"):
        write(root, text)
        press(root, "Tab")
    window.page.submit()
    window.server.wait_for("profile.create", name=name)


def at_accounts(root, window):
    """Make a profile; return the form for the first account."""
    create(root, window)
    spin(root, lambda: hasattr(window.page, "cover"), "the mail")
    assert root.title() == "restante \u00b7 Cuentas"
    return window.page.cover.form


def add(root, form, address, password):
    write(root, address)
    press(root, "Tab")
    write(root, password)
    press(root, "Return")


def is_answered(root, form):
    spin(root, lambda: not form.busy, "an answer")


def test_a_profile_and_an_account(root, newcomer):
    server = newcomer.server
    form = at_accounts(root, newcomer)
    assert server.wait_for("profile.create") == {
        "name": "valeria",
        "password": "una clave larga",
        "full_name": "Valeria Paz",
        "language": "es",
    }
    add(root, form, "vale@uno.example", "su-clave")
    spin(root, lambda: server.state.accounts, "the account")
    account = server.wait_for("account.set")["create"][0]
    assert (
        account["host"] == "pop.uno.example" and account["test"] is True and account["secret"] == "su-clave"
    )
    # Progress is asked for until the collecting is over, and then no more.
    spin(root, lambda: server.names().count("collect.status") >= 3, "progress")
    assert server.names().count("collect.start") >= 2
    press(root, "Escape")
    assert root.title().startswith("restante \u00b7 Entrada")


def test_a_password_that_is_too_short_is_not_sent(root, newcomer):
    for text in ("valeria", "Valeria Paz", "corta"):
        write(root, text)
        press(root, "Tab")
    press(root, "Return")
    assert root.focus_get() is newcomer.page.password.entry and not newcomer.page.busy
    assert newcomer.server.names() == []


def test_a_taken_name_is_said_and_another_works(root, newcomer):
    newcomer.server.state.people["valeria"] = ("x", "x", "es")
    create(root, newcomer)
    is_answered(root, newcomer.page)
    # The focus is on the name again, selected.
    write(root, "vale2")
    press(root, "Return")
    spin(root, lambda: root.title() == "restante \u00b7 Cuentas", "the accounts")


def test_a_wrong_password_is_asked_again(root, newcomer):
    form = at_accounts(root, newcomer)
    add(root, form, "vale@uno.example", "mala")
    is_answered(root, form)
    write(root, "buena")
    press(root, "Return")
    spin(root, lambda: newcomer.server.state.accounts, "the account")


def test_a_stranger_is_shown_no_password_before_the_person_agrees(root, newcomer):
    server = newcomer.server
    form = at_accounts(root, newcomer)
    add(root, form, "vale@afuera.example", "su-clave")
    spin(root, lambda: form.said.said, "the question")
    assert "account.set" not in server.names()
    # The focus is on "no"; the one before is "yes".
    press(root, "Shift-Tab", "Return")
    spin(root, lambda: "account.set" in server.names(), "the account to be tried")
    assert server.wait_for("account.set")["create"][0]["host"] == "pop.desconocido.example"


def test_what_was_not_found_can_be_typed_by_hand(root, newcomer):
    server = newcomer.server
    form = at_accounts(root, newcomer)
    add(root, form, "vale@nadie.example", "su-clave")
    is_answered(root, form)
    # The long form stands ready on the server's name.
    write(root, "correo.uno.example")
    press(root, "Return")
    spin(root, lambda: server.state.accounts, "the account")
    assert server.wait_for("account.set")["create"][0]["host"] == "correo.uno.example"


# From the password of the long form to its way back: server, three radio buttons, port, user, two buttons.
AFTER_PASSWORD = ["Tab"] * 8


def test_back_from_the_long_form_keeps_what_was_typed(root, newcomer):
    server = newcomer.server
    form = at_accounts(root, newcomer)
    write(root, "vale@uno.example")
    # To the password, past the button that adds, to the one that opens the long form and back.
    press(root, "Tab", "Tab", "Tab", "Return")
    # The address is filled, the password is empty: the long form begins at the address.
    root.update()
    press(root, "Tab")
    write(root, "su-clave")
    press(root, *AFTER_PASSWORD, "Return")
    # Nothing is missing any more: the focus is on the button.
    root.update()
    assert root.focus_get() is form.go
    press(root, "Return")
    spin(root, lambda: server.state.accounts, "the account")
    account = server.wait_for("account.set")["create"][0]
    assert account["address"] == "vale@uno.example" and account["secret"] == "su-clave"


def test_back_from_the_long_form_goes_on_where_something_is_missing(root, newcomer):
    form = at_accounts(root, newcomer)
    write(root, "vale@uno.example")
    press(root, "Tab", "Tab", "Tab", "Return")
    root.update()
    press(root, "Tab", *AFTER_PASSWORD, "Return")
    root.update()
    assert root.focus_get() is form.password.entry
    write(root, "su-clave")
    press(root, "Return")
    spin(root, lambda: newcomer.server.state.accounts, "the account")
