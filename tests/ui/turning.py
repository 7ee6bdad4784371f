"""Turning Tk over by hand, where a test drives the window in its own process."""

import time

SECONDS = 15


def spin(root, done, what):
    """Let Tk work until `done()`."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        root.update()


def press(root, *keys):
    """Press keys on whatever has the focus when each is pressed; nothing is waited for between them."""
    for key in keys:
        focus = root.focus_get()
        assert focus is not None, f"{key} is pressed on nothing"
        focus.event_generate(f"<{key}>")


def texts(widget):
    """Return every text that stands in `widget` and in what is inside it, as a person would find them."""
    found = []
    if widget.winfo_class() == "Canvas":
        found += [widget.itemcget(item, "text") for item in widget.find_all() if widget.type(item) == "text"]
    elif "text" in widget.configure():
        found.append(str(widget["text"]))
    for child in widget.winfo_children():
        found += texts(child)
    return found
