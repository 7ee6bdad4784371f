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
