"""A whole visit by keys and clicks: open, read, answer, write, attach, save, file away, leave."""

from tests.ui.conftest import Client
from tests.ui.fakemail import make_mail
from tests.ui.fakeserver import content_of


def first(server, folder="inbox"):
    return server.state.inside(folder)[0]


def test_the_first_screen_takes_two_requests(client, server):
    client.log_in()
    assert server.requests == 2
    assert server.names() == ["session.open", "folder.list", "message.page", "collect.start"]
    assert client.title() == "restante · Entrada (11)"


def test_a_name_and_a_password_from_the_environment_open_the_window_signed_in(display, server, tmp_path):
    client = Client(display, server, tmp_path, "--user", "maria", RESTANTE_PASSWORD="clave-larga")
    client.wait_title("Entrada")
    assert client.stop() == ""


def test_reading_marks_as_read_in_the_same_request(client, server):
    client.log_in()
    requests = server.requests
    client.keys("Down")
    wanted = first(server)["id"]
    server.wait_for("message.get", ids=[wanted])
    server.wait_for("message.set", ids=[wanted], set={"seen": True})
    client.wait_title("Entrada (10)")
    assert server.requests == requests + 1


def test_the_end_of_the_list_is_one_request_away(client, server):
    client.log_in()
    client.keys("End")
    asked = server.wait_for("message.page", position=250)
    assert asked["limit"] == 50
    last = server.state.inside("inbox")[-1]["id"]
    server.wait_for("message.get", ids=[last])


def test_a_click_opens_a_letter(client, server):
    client.log_in()
    client.click(400, 210)
    server.wait_for("message.get", ids=[server.state.inside("inbox")[1]["id"]])


def test_answering(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    letter = first(server)
    client.keys("ctrl+r")
    client.wait_title("escribir")
    client.type("Gracias, Ana.")
    client.keys("ctrl+Return")
    sent = server.wait_for("outbox.submit")
    assert sent["draft"]["text"].startswith("Gracias, Ana.\n")
    assert sent["draft"]["answers"] == letter["id"]
    assert sent["draft"]["subject"] == "Re: Las fotos del viaje"
    client.wait_title("Entrada")
    assert first(server, "sent")["subject"] == "Re: Las fotos del viaje"


def test_answering_everyone_and_forwarding(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    client.keys("ctrl+shift+r")
    server.wait_for("draft.reply", all=True)
    client.wait_title("escribir")
    client.keys("Escape")
    client.wait_title("Entrada")
    client.keys("ctrl+shift+f")
    server.wait_for("draft.forward")
    client.wait_title("escribir")
    client.type("ana@uno.example")
    client.keys("ctrl+Return")
    sent = server.wait_for("outbox.submit")["draft"]
    assert len(sent["attachments"]) == 4 and sent["forwards"]


def test_a_bad_address_is_not_sent_and_can_be_put_right(client, server):
    client.log_in()
    client.keys("ctrl+n")
    client.wait_title("escribir")
    client.type("ana@uno")
    client.keys("Tab")
    client.type("Asado")
    client.keys("ctrl+Return")
    # The focus is on the address again.
    client.keys("ctrl+a")
    client.type("ana@uno.example; papa@dos.example")
    client.keys("ctrl+Return")
    assert server.wait_for("outbox.submit")["draft"]["to"] == ["ana@uno.example", "papa@dos.example"]
    assert server.names().count("outbox.submit") == 1


def test_a_lost_answer_does_not_send_twice(client, server):
    client.log_in()
    client.keys("ctrl+n")
    client.wait_title("escribir")
    client.type("ana@uno.example")
    client.keys("Tab")
    client.type("Asado")
    server.dropping.add("outbox.submit")
    client.keys("ctrl+Return")
    key = server.wait_for("outbox.submit")["key"]
    server.dropping.clear()
    # It cannot be sent again before the client has heard that the answer is lost.
    client.until(
        lambda: client.keys("ctrl+Return"), lambda: server.names().count("outbox.submit") > 1, "another try"
    )
    assert server.wait_for("outbox.submit", times=2)["key"] == key
    client.wait_title("Entrada")
    assert len(server.state.inside("sent")) == 1


def test_what_is_written_is_kept_and_taken_up_again(client, server):
    client.log_in()
    client.keys("ctrl+n")
    client.wait_title("escribir")
    client.type("ana@uno.example")
    client.keys("Tab", "Tab", "Tab")
    client.type("Hola, Ana, te cuento que")
    client.keys("Escape")
    assert server.wait_for("draft.save")["draft"]["text"] == "Hola, Ana, te cuento que"
    client.wait_title("Entrada")
    client.click(90, 146)
    client.wait_title("Borradores")
    client.keys("F6", "Down", "Return")
    server.wait_for("draft.get")
    client.wait_title("escribir")
    # The subject is still missing, so the focus is there; the text is next.
    client.type("El viaje")
    client.keys("Return", "ctrl+End")
    client.type(" llegué bien.")
    client.keys("ctrl+Return")
    sent = server.wait_for("outbox.submit")
    assert sent["draft"]["text"] == "Hola, Ana, te cuento que llegué bien." and sent["id"]


def test_attaching_a_file(client, server, tmp_path):
    folder = tmp_path / "mis cosas"
    folder.mkdir()
    (folder / "el informe.bin").write_bytes(content_of(200_000))
    client.log_in()
    client.keys("ctrl+n")
    client.wait_title("escribir")
    client.type("ana@uno.example")
    client.keys("Tab")
    client.type("El informe")
    client.click(380, 78)
    client.wait_dialogue("Elegir un archivo")
    client.type(str(folder / "el informe.bin"))
    client.keys("Return")
    server.wait_for("upload", octets="200000")
    client.wait(lambda: content_of(200_000) in server.state.uploads.values(), "the upload to be whole")
    client.wait(
        lambda: not client.do("search", "--onlyvisible", "--name", "Elegir un archivo"), "the dialogue to go"
    )
    # The window may hear of the upload's end a moment later; sending says so until then.
    client.until(
        lambda: client.keys("ctrl+Return"), lambda: "outbox.submit" in server.names(), "the letter to go"
    )
    (attached,) = server.wait_for("outbox.submit")["draft"]["attachments"]
    assert attached["name"] == "el informe.bin" and server.state.uploads[attached["blob"]] == content_of(
        200_000
    )


def test_saving_an_attachment_by_keys(client, server, tmp_path):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    client.keys("Return")
    client.keys("Tab", "Return")
    client.wait_dialogue("Guardar el adjunto")
    client.keys("ctrl+a")
    client.type(str(tmp_path / "mio.zip"))
    client.keys("Return")
    client.wait((tmp_path / "mio.zip").exists, "the file")
    assert (tmp_path / "mio.zip").read_bytes() == content_of(1_400_000)
    assert not list(tmp_path.glob(".restante-*"))


def test_deleting_can_be_undone(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    letter = first(server)
    client.keys("Delete")
    server.wait_for("message.delete", ids=[letter["id"]])
    # Where the way back is offered, once it is; there is nothing else to be pressed.
    client.until(lambda: client.click(1060, 65), lambda: letter["folder"] == "inbox", "the letter to be back")


def test_deleting_for_good_is_asked(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    letter = first(server)
    # Unread, so that its being read in the trash is seen.
    client.keys("ctrl+u", "Delete")
    server.wait_for("message.delete", ids=[letter["id"]])
    client.click(90, 316)
    client.wait_title("Papelera (1)")
    client.until(lambda: client.click(400, 130), lambda: "seen" in letter["flags"], "the letter to be read")
    client.keys("Delete", "Escape", "Delete", "shift+Tab", "Return")
    client.wait(lambda: letter["id"] not in server.state.mail, "the end")
    assert server.names().count("message.delete") == 2, "what was not wished for was not done"


def test_moving_and_marking_unread_by_keys(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    letter = first(server)
    client.keys("ctrl+u")
    server.wait_for("message.set", ids=[letter["id"]], set={"seen": False})
    client.wait_title("(11)")
    client.keys("ctrl+m", "Down", "Return")
    server.wait_for("message.set", ids=[letter["id"]], set={"folder": "f2"})
    client.wait_title("(10)")


def test_a_new_folder(client, server):
    client.log_in()
    client.click(68, 352)
    client.type("Viajes")
    client.keys("Return")
    server.wait_for("folder.set", create=[{"name": "Viajes"}])
    server.wait_for("folder.list", times=2)


def test_getting_mail_brings_what_has_arrived(client, server):
    client.log_in()
    for item in server.state.collecting:
        item["stage"] = "waiting"
    new = make_mail(1)[0]
    new.update(id="m9000", flags=[])
    server.state.arrive(new)
    client.keys("F5")
    client.wait_title("(12)")


def test_leaving_keeps_the_letter_closes_the_session_and_clears_the_clipboard(client, server):
    client.log_in()
    client.keys("ctrl+n")
    client.wait_title("escribir")
    client.keys("Tab", "Tab", "Tab")
    client.type("secreto")
    client.keys("ctrl+a", "ctrl+c")
    client.keys("ctrl+q")
    server.wait_for("session.close")
    client.wait_title("abrir")
    assert server.names().index("draft.save") < server.names().index("session.close")
    # What the next person could paste is nothing of this one's.
    client.keys("ctrl+v", "Tab")
    client.type("x")
    client.keys("Return")
    client.type("nadie")
    client.keys("Return")
    asked = [params for name, params in server.asked if name == "session.open"][1:]
    assert all("secreto" not in params["name"] for params in asked)


def test_closing_the_window_closes_the_session(client, server):
    client.log_in()
    client.process.terminate()
    server.wait_for("session.close")
    assert client.process.wait(10) == 0
