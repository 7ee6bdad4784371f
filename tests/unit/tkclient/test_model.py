"""What the client knows of the mail stays what the server holds."""

import random

import pytest

from tests.ui.fakemail import make_mail
from tests.ui.fakestate import FakeState
from tkclient.model import LETTERS_KEPT, LISTINGS_KEPT, WINDOW, Listing, Mailbox, attachments_of


def page(state, folder, position=0, limit=WINDOW):
    return state.message_page(folder, position, limit)


def rows(listing):
    return {
        position: listing.row(position)["id"] for position in range(listing.total) if listing.row(position)
    }


def truth(state, folder):
    return dict(enumerate(message["id"] for message in state.inside(folder)))


@pytest.fixture
def state():
    return FakeState(count=120)


@pytest.fixture
def mailbox(state):
    box = Mailbox()
    box.put_folders(state.folder_list()["folders"])
    box.state = state.state()
    box.listing("inbox").put(page(state, "inbox"))
    return box


def test_missing_asks_for_whole_windows(state):
    listing = Listing("inbox")
    listing.put(page(state, "inbox"))
    assert listing.missing(0, 10) is None
    assert listing.missing(45, 10) == (50, 50)
    assert listing.missing(60, 10) == (50, 50)
    assert listing.missing(95, 40) == (95, 50)
    assert listing.missing(119, 5) == (100, 50)
    assert listing.missing(300, 5) is None


def test_windows_anywhere(state):
    listing = Listing("inbox")
    listing.put(page(state, "inbox", 100, 20))
    assert rows(listing) == {at: id_ for at, id_ in truth(state, "inbox").items() if at >= 100}


def test_another_total_means_another_list(state):
    listing = Listing("inbox")
    listing.put(page(state, "inbox", 50))
    state.message_delete([state.inside("inbox")[0]["id"]])
    listing.put(page(state, "inbox", 0))
    assert listing.row(60) is None


def test_arrivals_above_shift_what_is_known(state, mailbox):
    new = make_mail(3)[0]
    new["id"] = "m900"
    state.arrive(new)
    assert mailbox.apply(state.message_changes(mailbox.state))
    known = rows(mailbox.listing("inbox"))
    assert known[0] == "m900" and len(known) == WINDOW + 1
    assert all(truth(state, "inbox")[at] == id_ for at, id_ in known.items())


def test_an_arrival_where_nothing_is_known_forgets(state, mailbox):
    old = make_mail(1)[0]
    old.update(id="m901", received_at="2001-01-01T00:00:00Z")
    state.arrive(old)
    mailbox.apply(state.message_changes(mailbox.state))
    assert rows(mailbox.listing("inbox")) == {} and mailbox.listing("inbox").total == 121


def test_start_again_forgets(mailbox):
    assert mailbox.apply({"state": "9", "start_again": True})
    assert rows(mailbox.listing("inbox")) == {} and mailbox.state == "9"


def test_nothing_new_changes_nothing(state, mailbox):
    assert not mailbox.apply(state.message_changes(mailbox.state))


def test_moves_take_a_row_from_one_list_to_the_other(state, mailbox):
    mailbox.listing("f1").put(page(state, "f1"))
    moved = state.inside("inbox")[3]["id"]
    state.message_set([moved], {"folder": "f1"})
    mailbox.apply(state.message_changes(mailbox.state))
    assert mailbox.listing("inbox").find(moved) is None
    assert rows(mailbox.listing("f1")) == {0: moved}


def test_counts_that_disagree_forget(state, mailbox):
    folders = state.folder_list()["folders"]
    folders[0]["total"] += 5
    mailbox.put_folders(folders)
    assert mailbox.listing("inbox").total == 125 and rows(mailbox.listing("inbox")) == {}


def test_folders_are_in_their_usual_order(state):
    state.folder_set(create=[{"name": "Álbumes"}])
    mailbox = Mailbox()
    mailbox.put_folders(state.folder_list()["folders"])
    assert [folder["id"] for folder in mailbox.folders[:3]] == ["inbox", "drafts", "sent"]
    assert [folder["role"] for folder in mailbox.folders[-2:]] == ["junk", "trash"]


def test_only_so_much_is_held():
    mailbox = Mailbox()
    for number in range(200):
        mailbox.put_letter({"id": str(number)})
        mailbox.listing(f"f{number}")
    assert len(mailbox.letters) == LETTERS_KEPT and len(mailbox.listings) == LISTINGS_KEPT


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_what_is_known_is_true(seed):
    """Random arrivals, moves, flags and deletions: every known row stands where the server has it."""
    chance, state, mailbox = random.Random(seed), FakeState(count=70), Mailbox()
    mailbox.state = state.state()
    for turn in range(60):
        happen(chance, state, turn)
        mailbox.apply(state.message_changes(mailbox.state))
        mailbox.put_folders(state.folder_list()["folders"])
        for folder in ("inbox", "f1", "trash"):
            listing = mailbox.listing(folder)
            real = truth(state, folder)
            if listing.known:
                assert listing.total == len(real)
                assert all(real[at] == id_ for at, id_ in rows(listing).items())
                for at in rows(listing):
                    assert (listing.row(at) or {})["flags"] == state.mail[real[at]]["flags"]
            if chance.random() < 0.3:
                listing.put(page(state, folder, chance.randrange(0, 60, 10), 20))


def happen(chance, state, turn):
    ids = list(state.mail)
    what = chance.choice(["arrive", "move", "flag", "delete", "nothing"])
    if what == "arrive":
        new = make_mail(1)[0]
        stamp = f"2026-11-23T20:{turn:02}:00Z" if chance.random() < 0.7 else f"2019-05-05T05:05:{turn:02}Z"
        new.update(id=f"n{turn}", received_at=stamp, folder="inbox")
        state.arrive(new)
    elif what == "move":
        state.message_set([chance.choice(ids)], {"folder": chance.choice(["inbox", "f1", "trash"])})
    elif what == "flag":
        state.message_set([chance.choice(ids)], {"seen": chance.random() < 0.5})
    elif what == "delete":
        state.message_delete([chance.choice(ids)])


@pytest.mark.parametrize(
    ("type_", "name", "inline", "offered"),
    [
        ("message/delivery-status", "", False, False),
        ("text/rfc822-headers", "", False, False),
        ("message/rfc822-headers", "", False, False),
        ("message/delivery-status", "informe.txt", False, True),
        ("message/rfc822", "", False, True),
        ("image/png", "", False, True),
        ("image/png", "logo.png", True, False),
    ],
)
def test_the_parts_of_a_report_that_are_for_programs_are_not_offered(type_, name, inline, offered):
    part = {"blob": "m1-2", "name": name, "type": type_, "octets": "12", "inline": inline}
    assert attachments_of({"parts": [part]}) == [part] * offered
