"""What became of a letter that was sent, beside it: each recipient, and whom else a report speaks of."""

import pytest

tk = pytest.importorskip("tkinter")

from tkclient.ui.parts import Prose  # noqa: E402 - only where there is a tkinter
from tkclient.ui.reader import Reader  # noqa: E402
from tkclient.ui.theme import Theme  # noqa: E402
from tkclient.words import Words  # noqa: E402


def one(address, outcome, **more):
    return {"address": address, "outcome": outcome, "detail": "", "at": "2026-11-23T10:00:00Z", **more}


@pytest.mark.parametrize("language", ["es", "en"])
def test_whom_a_report_speaks_of_is_told(root, language):
    words = Words(language)
    reader = Reader(root, Theme(root), words, *[lambda *_: None] * 3)
    submission = {
        "recipients": [
            one("eva@dos.example", "failed", detail="552 full", final="x9@cuatro.example"),
            one("club@dos.example", "delivered"),
            one("leo@tres.example", "deferred", detail="later"),
        ],
        "elsewhere": [one("max@seis.example", "failed", detail="550 unknown")],
    }
    reader.show_fate(submission)
    shown = [str(child["text"]) for child in proses(reader) if "example" in str(child["text"])]
    assert len(shown) == 4
    assert words("fate.final", who="x9@cuatro.example") in shown[0] and "552 full" in shown[0]
    assert shown[3].startswith(words("fate.elsewhere", who="max@seis.example")) and "550 unknown" in shown[3]


def proses(widget):
    for child in widget.winfo_children():
        if isinstance(child, Prose):
            yield child
        yield from proses(child)
