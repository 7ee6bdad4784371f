"""The demonstration's letters: enough of them, varied, and with a letter to answer."""

import datetime
import email
from collections import Counter

from demo import letters, texts

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
LETTERS = letters.letters(NOW)


def test_at_least_200_letters_oldest_first_split_between_two_maildrops():
    dates = [moment for _, moment, _ in LETTERS]
    shares = Counter(address for address, _, _ in LETTERS)
    assert len(LETTERS) >= 200
    assert dates == sorted(dates)
    assert set(shares) == {texts.UNIVERSITY, texts.POST}
    assert min(shares.values()) > 50


def test_html_attachments_threads_and_awkward_charsets_are_among_them():
    parsed = [email.message_from_bytes(octets) for _, _, octets in LETTERS]
    kinds = Counter(part.get_content_type() for message in parsed for part in message.walk())
    charsets = {part.get_content_charset() for message in parsed for part in message.walk()}
    assert kinds["text/html"] > 10
    assert kinds["image/png"] > 10
    assert sum("References" in message for message in parsed) > 10
    assert {"iso-8859-1", "koi8-r", "iso-2022-jp", "us-ascii", "no-such-charset"} <= charsets


def test_every_letter_has_its_own_message_id():
    ids = [email.message_from_bytes(octets)["Message-ID"] for _, _, octets in LETTERS]
    assert len(set(ids)) == len(ids)


def test_the_reminder_comes_from_the_owners_other_address():
    (reminder,) = [octets for _, _, octets in LETTERS if b"turno del dentista" in octets]
    assert texts.POST.encode() in reminder.partition(b"\r\n\r\n")[0]
