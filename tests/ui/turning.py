"""Turning Tk over by hand, where a test drives the window in its own process."""

import time

SECONDS = 15


def spin(root, done, what):
    """Let Tk work until `done()`."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        root.update()


def at_rest(root, window):
    """Let Tk work until whatever was asked of the server has been answered."""
    spin(root, lambda: not window.desk.tasks.waiting_seconds(), "every answer")


def press(root, *keys):
    """Press keys on whatever has the focus when each is pressed; nothing is waited for between them."""
    for key in keys:
        focus = root.focus_get()
        assert focus is not None, f"{key} is pressed on nothing"
        focus.event_generate(f"<{key}>")


def write(root, text):
    """Type `text` where the focus is; what is selected there is replaced, as by typing."""
    entry = root.focus_get()
    if entry.selection_present():
        entry.delete("sel.first", "sel.last")
    entry.insert("insert", text)


def everything(widget):
    """Give `widget` and all that is inside it."""
    yield widget
    for child in widget.winfo_children():
        yield from everything(child)


def texts(widget):
    """Return every text that stands in `widget` and in what is inside it, as a person would find them."""
    found = []
    for one in everything(widget):
        if one.winfo_class() == "Canvas":
            found += [one.itemcget(item, "text") for item in one.find_all() if one.type(item) == "text"]
        elif "text" in one.configure():
            found.append(str(one["text"]))
    return found


def button(widget, text):
    """Return the one button in `widget` that says `text`."""
    (found,) = [one for one in everything(widget) if one.winfo_class() == "TButton" and one["text"] == text]
    return found
