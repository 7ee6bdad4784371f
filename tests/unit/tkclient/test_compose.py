"""A letter being written."""

import pytest

from tkclient.compose import Letter, domain_of, is_address, split_addresses


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("ana@uno.example", ["ana@uno.example"]),
        (
            "Ana <ana@uno.example>, b@dos.example; c@tres.example\nd@x.example",
            ["Ana <ana@uno.example>", "b@dos.example", "c@tres.example", "d@x.example"],
        ),
        (
            '"Ledesma, Ana" <ana@uno.example>, b@dos.example',
            ['"Ledesma, Ana" <ana@uno.example>', "b@dos.example"],
        ),
        (" , ;; ", []),
        ('"unclosed, b@dos.example', ['"unclosed', "b@dos.example"]),
    ],
)
def test_split_addresses(text, parts):
    assert split_addresses(text) == parts


@pytest.mark.parametrize(
    "text",
    ["a@b.example", "Ana Ledesma <ana.l+x@sub.b.example>", '"L, A" <a@b.example>', "señas@año.example"],
)
def test_addresses(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ana",
        "ana@",
        "@b.example",
        "ana@localhost",
        "a b@c.example",
        "a@b@c.example",
        "Ana <ana>",
        "ana@b..example ",
        "a@b.e",
        "<a@b.example",
        "a@b_c.example",
    ],
)
def test_not_addresses(text):
    assert not is_address(text)


def test_a_draft_comes_back_as_it_went():
    draft = {
        "from": "i1",
        "to": ["Ana <a@b.example>"],
        "cc": ["c@d.example"],
        "subject": "Re: x",
        "text": "hola",
        "answers": "m1",
        "attachments": [{"blob": "u1", "name": "n", "type": "t/t", "octets": "3"}],
    }
    assert Letter(draft, "m9").draft() == draft


def test_unsent_attachments_and_empty_copies_are_left_out():
    letter = Letter({})
    assert letter.draft() == {"to": [], "subject": "", "text": ""}
    assert letter.is_empty and not letter.changed


def test_changed_until_saved_whatever_the_blobs_are_called():
    letter = Letter(
        {
            "to": [],
            "subject": "",
            "text": "",
            "attachments": [{"blob": "u1", "name": "n", "type": "t/t", "octets": "3"}],
        }
    )
    letter.attachments[0].blob = "m5-1"
    assert not letter.changed
    letter.text = "algo"
    assert letter.changed


def test_the_key_stays_while_the_letter_does():
    letter = Letter({})
    letter.text = "uno"
    key = letter.key()
    assert letter.key() == key
    letter.text = "dos"
    assert letter.key() != key


def test_recipients_tells_the_bad_ones():
    letter = Letter({"to": ["a@b.example"], "cc": ["nadie"]})
    assert letter.recipients() == (["a@b.example", "nadie"], ["nadie"])


def test_domain_of():
    assert domain_of("Ana <ana@UNO.example>") == "uno.example"
