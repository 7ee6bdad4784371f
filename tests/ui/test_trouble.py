"""Everything that can go wrong is a sentence on a window that goes on."""


def test_a_stalled_server_freezes_nothing_and_is_told(small_client, server):
    client = small_client
    client.log_in("mary", "long-password", "Inbox")
    server.stalled.add("message.get")
    client.keys("Down")
    server.wait_for("message.get")
    waiting = client.shot()
    client.keys("ctrl+plus")
    client.wait_change(waiting)
    client.keys("ctrl+0", "F1")
    client.wait_title("Keys")
    client.keys("Escape")
    client.wait_title("Inbox")
    # After the patience (2 s) the sentence comes, with "Try again".
    before = client.shot()
    client.wait_change(before)
    server.resume()


def test_a_dropped_connection_leaves_the_list(client, server):
    client.log_in()
    server.dropping.add("message.get")
    before = client.shot()
    client.keys("Down")
    server.wait_for("message.get")
    client.wait_change(before)
    server.dropping.clear()
    client.keys("Down")
    server.wait_for("message.get", ids=[server.state.inside("inbox")[1]["id"]])
    client.wait_title("(10)")


def test_when_the_first_screen_fails_it_can_be_fetched_again(client, server):
    server.failing["message.page"] = ("busy", "", True)
    client.log_in(title="Entrada")
    server.failing.clear()
    client.click(1060, 65)
    server.wait_for("message.page", times=2)


def test_mail_that_is_away_at_sign_in_comes_by_itself(client, server):
    server.dropping.add("folder.list")
    client.log_in(title="Entrada")
    # Asked again and again, though nobody touches anything.
    server.wait_for("folder.list", times=3)
    server.dropping.clear()
    client.wait_title("Entrada (11)")
    client.keys("Down")
    server.wait_for("message.get")


def test_a_change_that_is_refused_is_taken_back(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    server.failing["message.delete"] = ("no_space", "", True)
    client.keys("Delete")
    server.wait_for("message.delete")
    server.wait_for("message.page", times=2)
    assert server.state.inside("inbox")[0]["folder"] == "inbox"


def test_a_session_that_ended_elsewhere_leads_back_to_the_door(client, server):
    client.log_in()
    server.state.tokens.clear()
    client.keys("Down")
    client.wait_title("abrir")
    client.log_in()


def test_a_server_that_is_not_restante(client, server):
    """Whatever answers, the address can be changed at the foot of the first page."""
    before = client.shot()
    client.click(330, 698)
    client.wait_change(before)
    client.keys("ctrl+a")
    client.type("http://correo.example/profile/")
    client.keys("Return")
    client.type("maria")
    client.keys("Tab")
    client.type("clave-larga")
    before = client.shot()
    client.keys("Return")
    client.wait_change(before)
    assert server.requests == 0, "a password never travels in the clear"


def test_the_session_ends_by_itself(display, tmp_path):
    """Nobody touches anything: after the last second the letters are gone from the screen."""
    from tests.ui.conftest import Client
    from tests.ui.fakeserver import FakeServer

    with FakeServer(idle_seconds=3) as server:
        client = Client(display, server, tmp_path)
        client.log_in()
        client.wait_title("abrir")
        assert client.stop() == ""
