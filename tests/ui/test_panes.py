"""Panes in this very process, on a real display, by real events: what is too large or slow to be typed."""

import time
from typing import Any

import pytest

from tests.ui.turning import spin

tk = pytest.importorskip("tkinter")

from tkclient.model import Listing  # noqa: E402 - only where there is a tkinter
from tkclient.trouble import Trouble  # noqa: E402
from tkclient.ui import writer as writer_module  # noqa: E402
from tkclient.ui.chooser import Chooser  # noqa: E402
from tkclient.ui.dialogs import Notice  # noqa: E402
from tkclient.ui.list import MessageList  # noqa: E402
from tkclient.ui.theme import Theme  # noqa: E402
from tkclient.ui.writer import Writer  # noqa: E402
from tkclient.words import Words  # noqa: E402

MANY = 100_000


def row(at, total):
    return {
        "id": f"m{total - at}",
        "folder": "inbox",
        "flags": ["seen"] if at % 3 else [],
        "from": {"name": f"Person {at}", "address": "p@x.example"},
        "to": [],
        "subject": f"Letter {at}",
        "snippet": "…",
        "received_at": "2026-11-23T10:00:00Z",
        "octets": "1",
        "account": "a1",
        "attachments": at % 2,
    }


def page(position, limit, total=MANY):
    rows = [row(at, total) for at in range(position, min(position + limit, total))]
    return {"position": position, "total": total, "rows": rows}


@pytest.fixture
def long_list(root):
    """A list of a hundred thousand, and what it asked for."""
    listing, asked, opened = Listing("inbox"), list[tuple[int, int]](), list[Any]()
    listing.put(page(0, 50))
    pane = MessageList(
        root, Theme(root), Words("es"), lambda *hole: asked.append(hole), opened.append, opened.append
    )
    pane.pack(fill="both", expand=True)
    pane.show(listing, "Entrada", 5, "", "")
    root.update()
    pane.canvas.focus_force()
    root.update()
    return pane, listing, asked, opened


def test_anywhere_in_a_hundred_thousand_is_one_request(root, long_list):
    pane, listing, asked, opened = long_list
    pane.canvas.event_generate("<End>")
    spin(root, lambda: asked, "a request")
    assert asked == [(MANY - 50, 50)]
    listing.put(page(*asked[0]))
    pane.redraw()
    spin(root, lambda: opened, "the last letter")
    assert opened[0]["id"] == "m1" and len(asked) == 1


def test_a_drag_through_the_list_asks_once_it_rests(root, long_list):
    pane, _, asked, _ = long_list
    for share in range(1, 50):
        pane._scrolled("moveto", str(share / 50))
        root.update_idletasks()
    spin(root, lambda: asked, "a request")
    assert len(asked) == 1


def test_only_rows_in_sight_are_drawn(root, long_list):
    pane, _, _, _ = long_list
    assert len(pane.canvas.find_all()) < 200
    began = time.perf_counter()
    for _ in range(10):
        pane.redraw()
    root.update()
    assert (time.perf_counter() - began) / 10 < 0.1, "a turn of drawing is far from being felt"


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "a\x00b\ud83d c", "😀" * 3000, "> " * 5000, "\n" * 20_000, "", "\u202eabc\u2067"],
    ids=[
        "one line",
        "nul and surrogate",
        "beyond the plane",
        "quotes",
        "empty lines",
        "nothing",
        "turned round",
    ],
)
def test_any_text_is_shown_soon(root, window, text):
    reader = window.page.reader
    letter = dict(window.server.state.inside("inbox")[1], text=text, subject=text[:3000])
    began = time.monotonic()
    reader.show(letter)
    root.update()
    assert time.monotonic() - began < 2


def test_the_draft_is_kept_by_itself(root, window, monkeypatch):
    monkeypatch.setattr(writer_module, "KEEP_MS", 60)
    window.page.writing.write()
    writer = window.page.cover
    assert isinstance(writer, Writer)
    root.update()
    writer.to.focus_force()
    for key in "ana":
        writer.to.event_generate("<Key>", keysym=key)
    spin(root, lambda: writer.letter.id, "the draft to be kept")
    assert window.server.wait_for("draft.save")["draft"]["to"] == ["ana"]
    saves = window.server.names().count("draft.save")
    spin(root, lambda: not writer.letter.changed, "the draft to be as it is on the server")
    deadline = time.monotonic() + 0.3
    spin(root, lambda: time.monotonic() > deadline, "some turns of nothing")
    assert window.server.names().count("draft.save") == saves, "what has not changed is not sent again"


@pytest.mark.parametrize("draft", [False, True])
def test_what_is_put_aside_leaves_the_letter_beside_the_list_to_be_read(root, window, draft):
    """Of a draft, which may be the one that was changed, nothing old is shown."""
    page = window.page
    shown = dict(window.server.state.inside("inbox")[1], text="Hola", flags=["draft"] if draft else [])
    page.reader.show(shown)
    page.writing.write()
    writer = page.cover
    root.update()
    writer.to.focus_force()
    writer.to.event_generate("<Key>", keysym="a")
    writer.leave()
    spin(root, lambda: page.cover is None, "the mail")
    assert writer.letter.id
    assert page.reader.letter == (None if draft else shown)


def test_a_broken_callback_is_a_sentence_not_the_end(root, window, capsys):
    window._broke(ZeroDivisionError, ZeroDivisionError("oops"), None)
    assert window.page.notice.said == Words("es")("error.client_broke")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_news_while_a_dialogue_of_tks_own_is_open_break_nothing(root, window):
    """Tkinter knows no widget that Tk made by itself, and raises when one has the focus."""
    root.tk.call("toplevel", ".chooser")
    spin(root, lambda: root.tk.call("winfo", "viewable", ".chooser"), "the dialogue")
    root.tk.call("focus", "-force", ".chooser")
    spin(root, lambda: str(root.tk.call("focus")) == ".chooser", "the focus")
    window.page.trouble(Trouble("busy"))
    assert window.page.notice.said == Words("es").error(Trouble("busy"))
    window.page.notice.clear()
    window.page.left.collecting.redraw()
    window.page.show_keys()
    window.page.uncover()


def test_what_a_person_does_keeps_the_session_and_polling_does_not(root, window):
    session = window.desk.session
    # As if the last word to the server had been a while ago.
    session._touched = session._used = session._touched - 100
    window.desk.browsing.look_for_changes()
    root.update()
    assert not session.touch_due()
    window.page.list.canvas.focus_force()
    root.update()
    window.page.list.canvas.event_generate("<Key>", keysym="Down")
    root.update()
    assert session.touch_due()


def test_nothing_of_the_visit_stays(root, window):
    left: list[bool] = []
    window.page.writing.keep()
    window.desk.leave(lambda: left.append(True))
    spin(root, lambda: left, "leaving")
    desk = window.desk
    assert (desk.session.token, desk.session.profile, desk.mailbox.folders, desk.accounts.all) == (
        "",
        {},
        [],
        [],
    )
    assert not desk.mailbox.letters and not desk.mailbox.listings


def test_leaving_waits_for_nobody(root, window, monkeypatch):
    monkeypatch.setattr("tkclient.desk.LEAVE_SECONDS", 0.2)
    window.server.stalled.add("session.close")
    left: list[bool] = []
    window.desk.leave(lambda: left.append(True))
    spin(root, lambda: left, "leaving a server that does not answer")
    window.server.resume()
    assert left == [True] and not window.desk.session.is_open


def entry_with_focus(root):
    entry = tk.Entry(root)
    entry.pack()
    entry.focus_force()
    spin(root, lambda: root.focus_get() is entry, "the focus")
    return entry


def test_keys_typed_as_a_list_of_choices_opens_go_to_it(root):
    theme, chosen = Theme(root), []
    entry = entry_with_focus(root)
    choices = [(name, lambda name=name: chosen.append(name)) for name in ("Facultad", "Familia", "Junk")]
    Chooser(root, theme, entry, choices)
    for key in ("<Down>", "<Return>"):
        root.focus_get().event_generate(key)
    assert chosen == ["Familia"]
    assert root.focus_get() is entry


def test_keys_typed_as_a_question_is_put_answer_it(root):
    answered = []
    entry_with_focus(root)
    notice = Notice(root, Theme(root), Words("en"))
    notice.pack()
    notice.ask(
        "Delete for good?", [("Yes", lambda: answered.append("yes")), ("No", lambda: answered.append("no"))]
    )
    root.focus_get().event_generate("<Return>")
    assert answered == ["no"]


def test_the_title_tells_of_what_has_its_place(root, door, monkeypatch):
    """Who waits for the title may click at once where things are."""
    window = door()
    places = list[tuple[str, int]]()
    title = root.title

    def told(text=None):
        if text is not None and hasattr(window.page, "left"):
            places.append((text, window.page.left.make.winfo_rooty()))
        return title(*([] if text is None else [text]))

    monkeypatch.setattr(root, "title", told)
    window.desk.open("maria", "clave-larga", window._opened, lambda trouble: pytest.fail(trouble.kind))
    spin(root, lambda: places and places[-1][0].endswith("(11)"), "the folder")
    root.update()
    assert places[-1][1] == window.page.left.make.winfo_rooty()
