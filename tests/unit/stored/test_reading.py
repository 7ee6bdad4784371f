"""Messages opened from the store, and pictures from blobs."""

import io

import pytest
from PIL import Image

from restante.errors import NotFound, TooComplex
from restante.wire import loads
from stored import messages, mime, reading
from stored.blobs import Blobs
from stored.parsing import Parsers, tasks
from stored.reading import Reader, is_cheap
from stored.store import Store
from tests.unit.stored.keeping import keep, letter, on_wire, prepared

PAGE = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def parsers():
    made = Parsers(1, deadline_seconds=20)
    yield made
    made.stop()


@pytest.fixture
def reader(parsers, tmp_path):
    return Reader(parsers, tmp_path)


def test_a_page_comes_as_runs_beside_its_text(mail, reader):
    keep(mail, prepared(letter(1, '<p>Hello <b>Ana</b>, <a href="http://x.example">look</a></p>', **PAGE)))
    (opened,) = on_wire(reader.get(mail, ["m1"]))["messages"]
    assert opened["text"] == "Hello Ana, look"
    assert opened["runs"] == [
        {"text": "Hello "},
        {"text": "Ana", "bold": True},
        {"text": ", "},
        {"text": "look", "link": "http://x.example"},
    ]
    assert (opened["notices"], opened["warnings"], opened["runs_truncated"]) == ([], [], False)
    assert (opened["id"], opened["folder"], opened["raw"]) == ("m1", "inbox", "m1")


def test_what_a_letter_is_and_what_may_deceive_is_told(mail, reader):
    keep(
        mail,
        prepared(letter(1, **{"Reply-To": "x@other.test", "Disposition-Notification-To": "w@uno.example"})),
    )
    (opened,) = on_wire(reader.get(mail, ["m1"]))["messages"]
    assert [notice["kind"] for notice in opened["notices"]] == ["receipt_wanted"]
    assert [warning["kind"] for warning in opened["warnings"]] == ["reply_elsewhere"]


@pytest.mark.parametrize(
    ("how", "keys"), [({"text": False}, set()), ({"runs": False}, {"text", "text_truncated"})]
)
def test_only_what_is_asked_for_is_told(mail, reader, how, keys):
    keep(mail, prepared(letter(1, "<p>x", **PAGE)))
    (opened,) = on_wire(reader.get(mail, ["m1"], **how))["messages"]
    assert {"text", "text_truncated", "runs", "runs_truncated"} & opened.keys() == keys


@pytest.mark.parametrize(
    ("raw", "cheap"),
    [
        (b"Subject: x\r\n\r\nhello", True),
        (b"Content-Type: Text/HTML\r\n\r\nhello", False),
        (b"Subject: x\r\n\r\n" + b"x" * reading.CHEAP_OCTETS, False),
    ],
)
def test_only_short_letters_without_html_are_read_in_the_daemon(raw, cheap):
    assert is_cheap(raw) is cheap


def test_a_bomb_is_too_complex_with_its_row_and_raw(mail, reader, monkeypatch):
    """F52: what cannot be read in time is told as such; the raw octets are there."""
    raw = letter(1, "<p>x", **PAGE)
    keep(mail, prepared(raw), prepared(letter(2)))

    def killed(self, task, raw, **how):
        raise TooComplex("too intricate")

    monkeypatch.setattr(Parsers, "do", killed)
    bomb, other = on_wire(reader.get(mail, ["m1", "m2"]))["messages"]
    assert (bomb["too_complex"], bomb["text"], bomb["text_truncated"]) == (True, "", True)
    assert (bomb["runs"], bomb["parts"], bomb["subject"], bomb["raw"]) == ([], [], "Letter 1", "m1")
    assert other["text"].strip() == "Hello."
    assert "too_complex" not in other
    assert mail.read(lambda account: account.bodies[1].raw()) == raw


def test_of_what_only_its_text_is_too_much_the_rest_is_told(mail, reader, monkeypatch):
    keep(mail, prepared(letter(1, "<p>x", **PAGE)))
    do = Parsers.do

    def killed_by_text(self, task, raw, **how):
        if how["text"]:
            raise TooComplex("too intricate")
        return do(self, task, raw, **how)

    monkeypatch.setattr(Parsers, "do", killed_by_text)
    (bomb,) = on_wire(reader.get(mail, ["m1"]))["messages"]
    assert (bomb["too_complex"], bomb["text"], len(bomb["parts"])) == (True, "", 1)


def test_its_recipients_are_told_once_though_the_row_tells_some(mail, reader, monkeypatch):
    do = Parsers.do

    def killed_by_text(self, task, raw, **how):
        if how["text"]:
            raise TooComplex("too intricate")
        return do(self, task, raw, **how)

    monkeypatch.setattr(Parsers, "do", killed_by_text)
    to = ", ".join(f"p{number}@dos.example" for number in range(5))
    keep(mail, prepared(letter(1, "<p>x", **PAGE, To=to)))
    (bomb,) = reader.get(mail, ["m1"])["messages"]
    assert len(loads(bomb)["to"]) == 5  # where a key stands twice nothing is read


def test_a_fault_of_the_reader_in_the_daemon_is_too_complex(mail, reader, monkeypatch):
    keep(mail, prepared(letter(1)))

    def fail(raw, **how):
        raise ValueError("text of a letter")

    monkeypatch.setattr(tasks, "opened", fail)
    (bomb,) = on_wire(reader.get(mail, ["m1"]))["messages"]
    assert (bomb["too_complex"], bomb["parts"]) == (True, [])


def test_a_large_letter_is_read_through_a_file(mail, reader):
    body = (
        "--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/x; name=f\r\n\r\n"
        + "z" * 6_000_000
        + "\r\n--b--"
    )
    keep(mail, prepared(letter(1, body, **{"Content-Type": "multipart/mixed; boundary=b"})))
    (opened,) = on_wire(reader.get(mail, ["m1"]))["messages"]
    assert (opened["text"], opened["parts"][1]["octets"]) == ("hello", "6000000")


@pytest.mark.parametrize("fields", [{}, PAGE])
def test_the_text_of_a_letter_is_the_same_wherever_it_is_read(reader, fields):
    assert reader.text_of(letter(1, "Hello", **fields)) == mime.text_of(letter(1, "Hello", **fields))


def test_a_letter_that_cannot_be_read_is_answered_without_its_text(reader, monkeypatch):
    def killed(self, task, raw, **how):
        raise TooComplex("too intricate")

    monkeypatch.setattr(Parsers, "do", killed)
    assert reader.text_of(letter(1, "<p>x", **PAGE)) == ("", True)


def test_a_part_beyond_the_limits_is_too_complex_and_the_whole_is_there(store, mail, tmp_path):
    raw = letter(1, "--b\r\n\r\nx\r\n" * 1100, **{"Content-Type": "multipart/mixed; boundary=b"})
    keep(mail, prepared(raw))
    blobs = Blobs(store, tmp_path)
    assert blobs.octets("ana", "m1-5")[1] == b"x"
    with pytest.raises(TooComplex):
        blobs.octets("ana", "m1-1050")
    assert blobs.octets("ana", "m1")[1] == raw


# Opened again -----------------------------------------------------------------------------------------------


@pytest.fixture
def read_only_once(monkeypatch):
    """Have any letter that is read a second time fail."""
    seen, read = set(), Reader._read

    def once(self, raw, **how):
        asked = (raw, *how.values())
        assert asked not in seen, "a letter was read again"
        seen.add(asked)
        return read(self, raw, **how)

    monkeypatch.setattr(Reader, "_read", once)


@pytest.mark.parametrize("how", [{}, {"runs": False}, {"text": False}])
def test_a_letter_opened_again_is_not_read_again_and_its_row_is_as_it_is_now(
    mail, reader, read_only_once, how
):
    keep(mail, prepared(letter(1, "<p>x", **PAGE)))
    (first,) = on_wire(reader.get(mail, ["m1"], **how))["messages"]
    mail.write(lambda account: messages.change(account, ["m1"], {"seen": True, "folder": "trash"}))
    (again,) = on_wire(reader.get(mail, ["m1"], **how))["messages"]
    assert (again["flags"], again["folder"]) == (["seen"], "trash")
    assert again | {"flags": [], "folder": "inbox"} == first


def test_a_letter_that_is_gone_is_not_told_from_memory(mail, reader):
    keep(mail, prepared(letter(1)))
    reader.get(mail, ["m1"])
    mail.write(lambda account: messages.delete(account, ["m1"], True))
    assert reader.get(mail, ["m1"]) == {"messages": [], "missing": ["m1"]}


def test_the_same_id_of_somebody_else_or_after_all_mail_went_is_another_letter(store, tmp_path, reader):
    """What was kept is found by the octets, too: a name may be given to somebody else."""
    for user, said in (("ana", "for Ana"), ("eva", "for Eva")):
        keep(store.open_account(user), prepared(letter(1, said)))
    texts = [reader.get(store.open_account(user), ["m1"])["messages"][0] for user in ("ana", "eva", "ana")]
    assert [loads(text)["text"].strip() for text in texts] == ["for Ana", "for Eva", "for Ana"]
    other = Store(tmp_path / "other")
    try:
        keep(other.open_account("ana"), prepared(letter(1, "for another Ana")))
        (opened,) = reader.get(other.open_account("ana"), ["m1"])["messages"]
        assert loads(opened)["text"].strip() == "for another Ana"
    finally:
        other.close()


def test_what_was_cut_to_the_room_there_was_is_not_kept(mail, reader, monkeypatch):
    keep(mail, prepared(letter(1, "a" * 2_000)), prepared(letter(2, "b" * 2_000)))
    monkeypatch.setattr(reading, "ANSWER_OCTETS", 6_000)
    assert [one["text_truncated"] for one in _opened(mail, reader, "m1", "m2")] == [False, True]
    monkeypatch.undo()
    assert [one["text_truncated"] for one in _opened(mail, reader, "m2", "m1")] == [False, False]
    monkeypatch.setattr(reading, "ANSWER_OCTETS", 6_000)
    assert [one["text_truncated"] for one in _opened(mail, reader, "m2", "m1")] == [False, True]


def _opened(mail, reader, *ids):
    return on_wire(reader.get(mail, list(ids)))["messages"]


def test_a_letter_that_took_too_much_once_is_tried_again(mail, reader, monkeypatch):
    keep(mail, prepared(letter(1, "<p>x", **PAGE)))

    def killed(self, task, raw, **how):
        raise TooComplex("too intricate")

    monkeypatch.setattr(Parsers, "do", killed)
    assert _opened(mail, reader, "m1")[0]["too_complex"]
    monkeypatch.undo()
    assert _opened(mail, reader, "m1")[0]["text"] == "x"


# Pictures -------------------------------------------------------------------------------------------------


def attached(octets, kind="image/png"):
    import base64

    said = base64.encodebytes(octets).decode()
    fields = {"Content-Type": "multipart/mixed; boundary=b"}
    body = f"--b\r\nContent-Type: {kind}; name=p\r\nContent-Transfer-Encoding: base64\r\n\r\n{said}\r\n--b--"
    return prepared(letter(1, body, **fields))


def test_a_thumbnail_of_a_part_is_a_png(store, mail, reader, tmp_path):
    out = io.BytesIO()
    Image.new("RGB", (300, 150)).save(out, "JPEG")
    keep(mail, attached(out.getvalue()))
    blobs = Blobs(store, tmp_path)
    said = reader.thumbnail(blobs, "ana", "m1-1", 100, 100)
    assert (said["blob"], said["width"], said["height"]) == ("m1-1", 100, 50)
    assert Image.open(io.BytesIO(said["png"])).size == (100, 50)


def test_a_thumbnail_of_what_is_no_picture_is_too_complex(store, mail, reader, tmp_path, monkeypatch):
    keep(mail, attached(b"no picture"))
    blobs = Blobs(store, tmp_path)
    with pytest.raises(TooComplex):
        reader.thumbnail(blobs, "ana", "m1-1", 100, 100)
    monkeypatch.setattr(reading, "PICTURE_OCTETS", 5)
    with pytest.raises(TooComplex):
        reader.thumbnail(blobs, "ana", "m1-1", 100, 100)


@pytest.mark.parametrize(
    ("user", "id"), [("ana", "m9-1"), ("ana", "m1-9"), ("ana", "nonsense"), ("eva", "m1-1")]
)
def test_nobody_sees_a_picture_that_is_not_theirs(store, mail, reader, tmp_path, user, id):
    keep(mail, attached(b"x"))
    with pytest.raises(NotFound):
        reader.thumbnail(Blobs(store, tmp_path), user, id, 100, 100)
