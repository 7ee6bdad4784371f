"""Everything by keyboard, the focus always in sight, any text size, two sizes of screen."""

import pytest


def walk(client, key, steps):
    """Press `key` so often; return the pictures, each of which must differ from the one before."""
    shots = [client.shot()]
    for _ in range(steps):
        client.keys(key)
        client.wait_change(shots[-1])
        shots.append(client.shot())
    return shots


def test_tab_goes_round_the_first_page_visibly(client):
    shots = walk(client, "Tab", 6)
    assert len(set(shots)) >= 5


def test_tab_goes_through_the_mail_visibly(client, server):
    client.log_in()
    walk(client, "Tab", 14)


def test_f6_goes_from_pane_to_pane(client, server):
    client.log_in()
    client.keys("Down")
    client.wait_title("(10)")
    walk(client, "F6", 4)


@pytest.mark.parametrize("steps", [3, 5])
def test_large_text_still_shows_a_letter_and_the_way_back(small_client, server, steps):
    client = small_client
    client.log_in("mary", "long-password", "Inbox")
    client.keys(*["ctrl+plus"] * steps)
    client.keys("Down")
    client.keys("Return")
    server.wait_for("message.get")
    client.wait_title("(10)")
    reading = client.shot()
    client.keys("Escape")
    client.wait_change(reading)


def test_languages_can_be_changed_at_the_door(client, server):
    client.keys("shift+Tab", "shift+Tab")
    client.wait(lambda: client.keys("Return") or client.title() == "restante · open", "English")
    client.log_in(title="Inbox")


def test_every_key_of_the_window_is_on_the_page_of_keys(root, window):
    from tkclient.ui.keys import KEYS

    shown = " ".join(key for key, _ in KEYS).replace(",", "").replace(" 0", "-0").split()
    spelt = {"Delete": "Del", "Escape": "Esc", "Control": "Ctrl", "Return": "Enter"}
    # Ctrl with plus and minus is shown by its signs, and stands here in several spellings.
    sizes = ("plus", "equal", "minus", "KP_Add", "KP_Subtract")
    bound = [sequence.strip("<>").replace("Key-", "") for sequence in root.bind() if "<<" not in sequence]
    keys = ["-".join(spelt.get(part, part) for part in one.split("-")) for one in bound]
    missing = [
        key for key in keys if not key.endswith(sizes) and key.title() not in [one.title() for one in shown]
    ]
    assert missing == [] and "F1" in keys
