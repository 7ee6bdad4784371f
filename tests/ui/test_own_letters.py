"""Letters of one's own, in the list and beside it: for whom they are is what tells them apart."""

import pytest

from tests.ui.turning import spin, texts
from tkclient.words import Words

WORDS = Words("es")
DRAFT = {"to": ["Ana <ana@uno.example>"], "subject": "Asado", "text": "Traé la ensalada"}


@pytest.fixture
def draft(window):
    """A draft to Ana as the server keeps it."""
    return window.server.state.mail[window.server.state.draft_save(DRAFT)["id"]]


def show(root, window, folder, id_):
    """Turn to a folder and open a letter of it."""
    window.page.choose_folder(folder)
    listing = window.desk.mailbox.listing(folder)
    spin(root, lambda: listing.find(id_), "the letter in the list")
    window.page.letters.open_letter(listing.find(id_))
    spin(root, lambda: window.page.reader.letter, "the letter")
    root.update()


@pytest.mark.parametrize("folder", ["drafts", "trash"])
def test_a_draft_says_for_whom_it_is_wherever_it_lies(root, window, draft, folder):
    draft["folder"] = folder
    show(root, window, folder, draft["id"])
    assert "para Ana" in texts(window.page.list)
    assert "para Ana" in texts(window.page.reader)
    assert WORDS("letter.nobody") not in texts(window.page)


def test_a_draft_for_nobody_yet_says_so(root, window, draft):
    draft["to"] = []
    show(root, window, "drafts", draft["id"])
    assert WORDS("list.for_nobody") in texts(window.page.list)
    assert WORDS("list.for_nobody") in texts(window.page.reader)


def test_a_sent_letter_says_for_whom_it_was(root, window):
    sent = window.server.state.outbox_submit("k", DRAFT)["message"]
    show(root, window, "sent", sent)
    assert "para Ana" in texts(window.page.list)
    assert "para Ana" in texts(window.page.reader)
