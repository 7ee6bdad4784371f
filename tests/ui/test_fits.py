"""Whatever the window's size, the size of the text and the language: nothing is cut, nothing overlaps."""

import tkinter as tk

import pytest

from tests.ui.turning import everything, spin
from tkclient.trouble import Trouble
from tkclient.words import Words

WINDOWS = [(1180, 560), (1024, 600), (800, 600), (800, 500)]
PERCENTS = [100, 130, 200]


def box(widget):
    x, y = widget.winfo_rootx(), widget.winfo_rooty()
    return x, y, x + widget.winfo_width(), y + widget.winfo_height()


def room_of(widget):
    """Return the part of the screen in which `widget` can be seen, or scrolled to."""
    left, top, right, bottom = box(widget.winfo_toplevel())
    scrolled, above = False, widget.master
    while above is not None and above is not widget.winfo_toplevel():
        x, y, x2, y2 = box(above)
        left, right = max(left, x), min(right, x2)
        # What lies in a canvas is scrolled to, up and down.
        scrolled = scrolled or isinstance(above, tk.Canvas)
        if not scrolled:
            top, bottom = max(top, y), min(bottom, y2)
        above = above.master
    return (left, -9999, right, 9999) if scrolled else (left, top, right, bottom)


def cut(widget):
    """Return what is not wholly to be seen: too small for its words, or outside of what it lies in."""
    found = []
    for one in everything(widget):
        if one.winfo_class() == "Text" and one.winfo_viewable() and one.winfo_height() < 60:
            found.append(("the text", "small"))
        if one.winfo_class() not in ("Label", "TButton", "TEntry", "TCombobox"):
            continue
        if not one.winfo_manager() or not one.master.winfo_viewable():
            continue
        text = str(one["text"]) if "text" in one.configure() else one.winfo_class()
        # What is typed scrolls in its field.
        field = one.winfo_class() in ("TEntry", "TCombobox")
        wide, high = 100 if field else one.winfo_reqwidth(), one.winfo_reqheight()
        small = one.winfo_width() < wide or one.winfo_height() < high or not one.winfo_viewable()
        left, top, right, bottom = room_of(one)
        x, y, x2, y2 = box(one)
        if text and (small or x < left or y < top or x2 > right or y2 > bottom):
            found.append((text, "small" if small else "outside"))
    return found


def overlapping(widget):
    """Return pairs of neighbours that lie on one another."""
    found = []
    for one in everything(widget):
        children = [child for child in one.winfo_children() if child.winfo_viewable()]
        children = [child for child in children if child.winfo_manager() != "place"]
        for number, first in enumerate(children):
            x, y, x2, y2 = box(first)
            for second in children[number + 1 :]:
                a, b, a2, b2 = box(second)
                if x < a2 and a < x2 and y < b2 and b < y2:
                    found.append((str(first), str(second)))
    return found


def settle(root):
    """Let everything find its place."""
    for _ in range(4):
        root.update()


def assert_whole(root, what):
    settle(root)
    assert (what, cut(root), overlapping(root)) == (what, [], [])


def letter(root, window, language):
    page = window.page
    page.list.select_first()
    spin(root, lambda: page.list.selected, "a row")
    page._entered(page.list.selected)
    spin(root, lambda: page.reader.letter, "the letter")


def warned(root, window, language):
    window.page.notice.trouble(Trouble("storage_away"), [(Words(language)("notice.again"), root.update)])


def writer(root, window, language):
    window.page.writing.write()


def question(root, window, language):
    window.page.writing.write()
    writer = window.page.cover
    writer.to.insert(0, "ana@uno.example")
    writer.text.insert("1.0", "Hola")
    writer.fields.show_copies()
    writer.post()


def accounts(root, window, language):
    window.page.show_accounts()


def by_hand(root, window, language):
    window.page.show_accounts()
    window.page.cover.form.show_long_form({}, "", "")


def keys(root, window, language):
    window.page.show_keys()


PAGES = [letter, warned, writer, question, accounts, by_hand, keys]


def put_away(window):
    window.page.uncover()
    window.page.notice.clear()
    window.page.reader.show_nothing()
    window.page.back()


def enlarge(window, percent):
    while window.theme.percent < percent:
        window.theme.change_size(1)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("size", WINDOWS, ids=str)
def test_every_page_of_mail_is_whole(root, signed_in, size, language):
    window = signed_in(language, size)
    for percent in PERCENTS:
        enlarge(window, percent)
        assert_whole(root, f"the list at {percent} %")
        for show in PAGES:
            show(root, window, language)
            assert_whole(root, f"{show.__name__} at {percent} %")
            put_away(window)


@pytest.mark.parametrize("show", [letter, question, by_hand, keys], ids=lambda show: show.__name__)
def test_a_page_that_is_shown_follows_the_size_of_the_text(root, signed_in, show):
    window = signed_in("es", WINDOWS[-1])
    show(root, window, "es")
    for percent in PERCENTS:
        enlarge(window, percent)
        assert_whole(root, f"at {percent} %")


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("size", WINDOWS, ids=str)
def test_the_first_page_is_whole(root, door, size, language):
    window = door(language, size)
    for creating in (False, True):
        window.theme.change_size(0)
        window.page.show_form(creating)
        for percent in PERCENTS:
            enlarge(window, percent)
            assert_whole(root, f"creating {creating} at {percent} %")
