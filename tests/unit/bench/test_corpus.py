import email
import hashlib
from email.policy import default
from statistics import mean

import pytest

from bench.corpus import PLANTED, letters
from bench.kept import corpus

COUNT = 200

#: Of the first two hundred letters. Should it have to change, every figure is to be measured anew.
SHA256 = "f5872caf59b09e35d9e06552090e55bef0cb6d80eb27918707b90d5f61f4a2ae"


@pytest.fixture(scope="module")
def some():
    return list(letters(COUNT))


def test_the_corpus_is_the_one_that_the_figures_were_measured_on(some):
    assert hashlib.sha256(b"".join(letter.raw for letter in some)).hexdigest() == SHA256


def test_a_smaller_corpus_is_the_beginning_of_a_larger_one(some):
    assert list(letters(20)) == some[:20]


def test_another_seed_or_kind_is_other_mail(some):
    assert next(letters(1, seed=1)).raw != some[0].raw != next(letters(1, kind="small")).raw


def test_letters_are_mail(some):
    for letter in some:
        message = email.message_from_bytes(letter.raw, policy=default)
        assert not message.defects
        assert all(not part.defects for part in message.walk())
        assert message["from"].addresses and message["message-id"] and message["date"].datetime
        assert b"\r" not in letter.raw and letter.raw.endswith(b"\n")
    assert [letter.sent_at for letter in some] == sorted(letter.sent_at for letter in some)


def test_there_is_some_of_everything(some):
    messages = [email.message_from_bytes(letter.raw, policy=default) for letter in some]
    types = {part.get_content_type() for message in messages for part in message.walk()}
    assert types >= {"text/plain", "text/html", "multipart/mixed", "multipart/alternative", "text/csv"}
    encodings = {part.get("content-transfer-encoding") for message in messages for part in message.walk()}
    assert encodings >= {"7bit", "8bit", "quoted-printable", "base64"}
    assert any(message["references"] for message in messages)
    assert 0.1 < mean(message.get_content_type() == "multipart/mixed" for message in messages) < 0.3


def test_planted_words_stand_where_they_should(some):
    for word, every in PLANTED.items():
        holding = [number for number, letter in enumerate(some) if word in body(letter.raw)]
        assert holding == list(range(every // 2, COUNT, every))


def body(raw):
    part = email.message_from_bytes(raw, policy=default).get_body(("plain",))
    assert part
    return part.get_content()


def test_small_mail_is_small():
    assert mean(len(letter.raw) for letter in letters(COUNT, kind="small")) < 10_000


def test_a_corpus_is_written_once_and_known_by_its_hash(tmp_path, some):
    kept = corpus(tmp_path, 20)
    assert [file.read_bytes() for file in kept.files] == [letter.raw for letter in some[:20]]
    assert kept.octets == sum(len(letter.raw) for letter in some[:20])
    whole = b"".join(hashlib.sha256(letter.raw).digest() for letter in some[:20])
    assert kept.sha256 == hashlib.sha256(whole).hexdigest()
    kept.files[0].write_bytes(b"as it was left")
    again = corpus(tmp_path, 20)
    assert again == kept
    assert again.files[0].read_bytes() == b"as it was left"
    assert kept.sha256[:16] in kept.told()


def test_sizes_in_the_names_are_those_that_a_server_tells(tmp_path):
    for file in corpus(tmp_path, 20).files:
        raw = file.read_bytes()
        served = raw.replace(b"\n", b"\r\n")
        assert f",S={len(raw)},W={len(served)}:2," in file.name
