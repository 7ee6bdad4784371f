"""From nobody to mail: a profile, an account by address and password, and what is asked on the way."""

import pytest

from tests.ui.conftest import Client
from tests.ui.fakeserver import FakeServer

# From the password of the long form to its way back: server, three radio buttons, port, user, two buttons.
AFTER_PASSWORD = ["Tab"] * 8


@pytest.fixture
def newcomer(display, tmp_path):
    """The client of a person who has no profile, and the service."""
    with FakeServer(accounts=False) as server:
        client = Client(display, server, tmp_path)
        yield client, server
        server.resume()
        assert client.stop() == ""


def create(client, server):
    client.click(610, 447)
    client.type("valeria")
    client.keys("Tab")
    client.type("Valeria Paz")
    client.keys("Tab")
    client.type("corta")
    client.keys("Return")
    assert "profile.create" not in server.names(), "eight characters at least"
    client.type("una clave larga")
    client.keys("Tab")
    client.type("una clave larga")
    client.keys("Return")
    client.wait_title("Cuentas")


def add(client, address, password):
    client.type(address)
    client.keys("Tab")
    client.type(password)
    client.keys("Return")


def test_a_profile_and_an_account(newcomer):
    client, server = newcomer
    create(client, server)
    made = server.wait_for("profile.create")
    assert made == {
        "name": "valeria",
        "password": "una clave larga",
        "full_name": "Valeria Paz",
        "language": "es",
    }
    add(client, "vale@uno.example", "su-clave")
    account = server.wait_for("account.set")["create"][0]
    assert (
        account["host"] == "pop.uno.example" and account["test"] is True and account["secret"] == "su-clave"
    )
    server.wait_for("collect.start", times=2)
    # Progress is asked for until the collecting is over, and then no more.
    server.wait_for("collect.status", times=3)
    client.keys("Escape")
    client.wait_title("Entrada")


def test_a_taken_name_is_said_and_another_works(newcomer):
    client, server = newcomer
    server.state.people["valeria"] = ("x", "x", "es")
    client.click(610, 447)
    client.type("valeria")
    client.keys("Tab", "Tab")
    client.type("una clave larga")
    client.keys("Tab")
    client.type("una clave larga")
    client.keys("Return")
    server.wait_for("profile.create")
    client.wait_still()
    # The focus is on the name again, selected.
    client.type("vale2")
    client.keys("Return")
    client.wait_title("Cuentas")


def test_a_wrong_password_is_asked_again(newcomer):
    client, server = newcomer
    create(client, server)
    before = client.shot()
    add(client, "vale@uno.example", "mala")
    server.wait_for("account.set")
    client.wait_change(before)
    client.wait_still()
    client.type("buena")
    client.keys("Return")
    client.wait(lambda: server.state.accounts, "the account")


def test_a_stranger_is_shown_no_password_before_the_person_agrees(newcomer):
    client, server = newcomer
    create(client, server)
    before = client.shot()
    add(client, "vale@afuera.example", "su-clave")
    server.wait_for("account.discover")
    client.wait_change(before)
    assert "account.set" not in server.names()
    # The focus is on "no"; the one before is "yes".
    client.keys("shift+Tab", "Return")
    assert server.wait_for("account.set")["create"][0]["host"] == "pop.desconocido.example"


def test_what_was_not_found_can_be_typed_by_hand(newcomer):
    client, server = newcomer
    create(client, server)
    add(client, "vale@nadie.example", "su-clave")
    server.wait_for("account.set")
    client.wait_still()
    # The long form stands ready on the server's name.
    client.type("correo.uno.example")
    client.keys("Return")
    client.wait(lambda: server.state.accounts, "the account")
    assert server.wait_for("account.set")["create"][0]["host"] == "correo.uno.example"


def test_back_from_the_long_form_keeps_what_was_typed(newcomer):
    client, server = newcomer
    create(client, server)
    client.type("vale@uno.example")
    # To the password, past the button that adds, to the one that opens the long form and back.
    client.keys("Tab", "Tab", "Tab", "Return")
    client.wait_still()
    # The address is filled, the password is empty: the long form begins at the address.
    client.keys("Tab")
    client.type("su-clave")
    client.keys(*AFTER_PASSWORD, "Return")
    client.wait_still()
    # Nothing is missing any more: the focus is on the button.
    client.keys("Return")
    account = server.wait_for("account.set")["create"][0]
    assert account["address"] == "vale@uno.example" and account["secret"] == "su-clave"


def test_back_from_the_long_form_goes_on_where_something_is_missing(newcomer):
    client, server = newcomer
    create(client, server)
    client.type("vale@uno.example")
    client.keys("Tab", "Tab", "Tab", "Return")
    client.wait_still()
    client.keys("Tab", *AFTER_PASSWORD, "Return")
    client.wait_still()
    client.type("su-clave")
    client.keys("Return")
    assert server.wait_for("account.set")["create"][0]["secret"] == "su-clave"
