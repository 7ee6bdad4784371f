"""Drafts kept and taken up, answers and forwarded letters prepared."""

import pytest

from restante.errors import NotFound, OverQuota, TooLarge, Unavailable
from restante.wire import check
from stored.blobs import Blobs
from stored.mime import decode_part, parts_of, summarize, text_of
from stored.sending import types
from stored.sending.drafts import Drafts
from stored.sending.identities import Writer
from stored.sending.phrases import attribution, forward_subject, quoted, reply_subject
from stored.uploads import Uploads
from tests.unit.stored.keeping import keep, letter, listing, prepared, upload
from tests.unit.stored.writing import ANA, NOW

IS_DRAFT = check(types.Draft)


@pytest.fixture
def blobs(store, tmp_path):
    return Blobs(store, tmp_path / "spool")


@pytest.fixture
def uploads(store):
    return Uploads(store)


@pytest.fixture
def drafts(store, blobs):
    return Drafts(store, blobs, lambda user: ANA, lambda: NOW)


def attach(uploads, octets, name="a.bin", type="application/x-thing"):
    id = upload(uploads, octets, name=name, type=type)
    return {"blob": id, "name": name, "type": type, "octets": str(len(octets))}


FULL = {
    "from": "i1",
    "to": ["Eva <eva@dos.example>", "not yet an addr"],
    "cc": ["x@y.example"],
    "bcc": ["secreto@tres.example"],
    "subject": "Borrador: año",
    "text": "Línea uno\n\n  dos \n-- \nAna",
    "answers": "m7",
    "forwards": "m8",
}


def test_a_draft_comes_back_as_it_was(drafts):
    saved = drafts.save("ana", FULL)
    assert drafts.get("ana", saved["id"]) == FULL


def test_saving_again_replaces_the_draft(drafts, mail):
    first = drafts.save("ana", FULL)
    second = drafts.save("ana", FULL | {"subject": "otra"}, first["id"])
    total, unread, lines = listing(mail)["drafts"]
    assert (total, unread) == (1, 0)
    assert lines == [(second["id"], ("seen", "draft"))]
    assert second["state"] != first["state"]


def test_a_draft_never_replaces_a_letter(drafts, mail):
    (id,) = keep(mail, prepared())
    drafts.save("ana", FULL, id)
    assert listing(mail)["inbox"][0] == 1


def test_attachments_stay_with_a_draft_over_many_savings(drafts, blobs, uploads):
    octets = bytes(range(256))
    draft = FULL | {"attachments": [attach(uploads, octets, "año.bin")]}
    saved = drafts.save("ana", draft)
    assert blobs.octets("ana", saved["attachments"][0]["blob"])[1] == octets
    again = drafts.get("ana", saved["id"])
    assert again["attachments"] == saved["attachments"]
    # A client that goes on naming the part of the copy it opened means the same file.
    second = drafts.save("ana", again, saved["id"])
    third = drafts.save("ana", again, second["id"])
    assert blobs.octets("ana", third["attachments"][0]["blob"])[1] == octets
    assert third["attachments"][0]["name"] == "año.bin"


def test_an_empty_file_stays_and_keeps_the_others_in_their_places(drafts, blobs, uploads):
    files = {"empty.txt": b"", "note.txt": b"five\n", "picture.jpg": bytes(3_000)}
    draft = FULL | {"attachments": [attach(uploads, octets, name) for name, octets in files.items()]}
    for _ in range(2):
        saved = drafts.save("ana", draft)
        draft = drafts.get("ana", saved["id"])
        assert draft["attachments"] == saved["attachments"]
        kept = {one["name"]: blobs.octets("ana", one["blob"])[1] for one in saved["attachments"]}
        assert kept == files


def test_an_attachment_that_is_gone_is_said(drafts, mail):
    gone = {"blob": "u" + "0" * 24, "name": "x", "type": "a/b", "octets": "1"}
    for blob in (gone["blob"], "m9-2"):
        with pytest.raises(NotFound, match="There is no such file here"):
            drafts.save("ana", FULL | {"attachments": [gone | {"blob": blob}]})
    assert listing(mail)["drafts"][0] == 0


def test_a_message_put_into_drafts_by_other_means_can_be_taken_up(drafts, mail):
    (id,) = keep(mail, prepared(letter(1, "text"), folder="drafts"))
    draft = drafts.get("ana", id)
    assert (draft["to"], draft["subject"], draft["text"]) == (["Ana <ana@dos.example>"], "Letter 1", "text\n")
    lie = letter(2, **{"Restante-Draft": "bm90IGpzb24="})
    (id,) = keep(mail, prepared(lie, folder="drafts"))
    assert drafts.get("ana", id)["subject"] == "Letter 2"


def test_a_draft_with_too_many_recipients_is_refused(drafts):
    with pytest.raises(OverQuota):
        drafts.save("ana", FULL | {"to": ["a@b.example"] * 101})


# Answers ----------------------------------------------------------------------------------------------

DATE = "Mon, 23 Nov 2026 11:50:00 -0300"


def test_an_answer_is_addressed_quoted_and_signed(drafts, mail):
    raw = letter(1, "Hola\r\n> antes", To="Ana <ANA@uno.example>", Date=DATE)
    (id,) = keep(mail, prepared(raw))
    draft = IS_DRAFT(drafts.reply("ana", id), "draft")
    assert draft["to"] == ["Writer 1 <writer1@uno.example>"]
    assert (draft["from"], draft["answers"], draft["subject"]) == ("i1", id, "Re: Letter 1")
    assert draft["text"] == (
        "\n\nEl 23 de noviembre de 2026 a las 14:50 UTC, Writer 1 escribió:\n> Hola\n>> antes\n"
        "\n-- \nAna\nUNLP\n"
    )
    assert "cc" not in draft


def test_an_answer_to_all_leaves_oneself_out(drafts, mail):
    raw = letter(
        1,
        To="ana@uno.example, Eva <eva@x.example>, writer1@uno.example",
        Cc="AP@tres.example, Leo <leo@x.example>, eva@x.example, broken@",
    )
    (id,) = keep(mail, prepared(raw))
    draft = drafts.reply("ana", id, all=True)
    assert draft["to"] == ["Writer 1 <writer1@uno.example>"]
    assert draft["cc"] == ["Eva <eva@x.example>", "Leo <leo@x.example>"]


def test_an_answer_goes_where_the_letter_wants_it(drafts, mail):
    (id,) = keep(mail, prepared(letter(1, **{"Reply-To": "List <list@x.example>"})))
    assert drafts.reply("ana", id)["to"] == ["List <list@x.example>"]


def test_an_answer_goes_to_the_writer_where_what_the_letter_wants_is_no_address(drafts, mail):
    (id,) = keep(mail, prepared(letter(1, **{"Reply-To": "the list"})))
    assert drafts.reply("ana", id)["to"] == ["Writer 1 <writer1@uno.example>"]


def test_answering_ones_own_letter_goes_on_to_its_recipients(drafts, mail):
    mine = letter(1, From="ap@tres.example", To="eva@x.example")
    sent, collected = keep(mail, prepared(mine, folder="sent", account=""), prepared(mine))
    draft = drafts.reply("ana", sent)
    assert (draft["to"], draft["from"]) == (["eva@x.example"], "i3")
    assert drafts.reply("ana", collected)["to"] == ["ap@tres.example"]


def test_an_answer_is_written_as_whom_the_letter_was_for(drafts, mail):
    a3, unknown = keep(
        mail,
        prepared(letter(1, To="list@x.example"), account="a3"),
        prepared(letter(2, To="list@x.example"), account="a9"),
    )
    assert drafts.reply("ana", a3)["from"] == "i3"
    assert drafts.reply("ana", unknown)["from"] == "i1"


def test_an_answer_can_be_begun_while_profiled_is_away(store, blobs, mail):
    def away(user):
        raise Unavailable("away")

    (id,) = keep(mail, prepared(letter(1)))
    draft = Drafts(store, blobs, away).reply("ana", id)
    assert draft["to"] == ["Writer 1 <writer1@uno.example>"]
    assert "from" not in draft


def test_the_language_is_the_profiles(store, blobs, mail):
    (id,) = keep(mail, prepared(letter(1, Date=DATE)))
    draft = Drafts(store, blobs, lambda user: Writer((), "en")).reply("ana", id)
    assert "On 23 November 2026 at 14:50 UTC, Writer 1 wrote:\n> Hello." in draft["text"]


ATTACHED = (
    b"From: Eva <eva@x.example>\r\nTo: ana@uno.example\r\nSubject: Fotos\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nMira\r\n--b\r\n"
    b'Content-Type: image/png; name="p.png"\r\n\r\nPNG\r\n--b--\r\n'
)


def test_a_forwarded_letter_takes_its_files_along(drafts, blobs, mail):
    (id,) = keep(mail, prepared(ATTACHED))
    draft = IS_DRAFT(drafts.forward("ana", id), "draft")
    assert (draft["to"], draft["subject"], draft["forwards"]) == ([], "Fwd: Fotos", id)
    assert "---------- Mensaje reenviado ----------\nDe: Eva <eva@x.example>\nAsunto: Fotos" in draft["text"]
    assert "Mira" in draft["text"]
    assert draft["attachments"] == [{"blob": f"{id}-2", "name": "p.png", "type": "image/png", "octets": "3"}]
    saved = drafts.save("ana", draft)
    raw = blobs.octets("ana", saved["id"])[1]
    assert decode_part(raw, parts_of(raw)[1]) == b"PNG"


def test_a_letter_can_go_along_whole(drafts, blobs, mail):
    (id,) = keep(mail, prepared(ATTACHED))
    whole = {"blob": id, "name": "fotos.eml", "type": "message/rfc822", "octets": str(len(ATTACHED))}
    saved = drafts.save("ana", FULL | {"attachments": [whole]})
    assert blobs.octets("ana", saved["attachments"][0]["blob"])[1] == ATTACHED


def test_what_is_not_there_cannot_be_answered(drafts, mail):
    for id in ("m9", "x", "u" + "0" * 24):
        for prepare in (drafts.reply, drafts.forward, drafts.get):
            with pytest.raises(NotFound, match="That message does not exist"):
                prepare("ana", id)


def test_a_draft_lists_like_any_message(drafts, blobs):
    saved = drafts.save("ana", FULL)
    raw = blobs.octets("ana", saved["id"])[1]
    assert summarize(raw).subject == FULL["subject"]
    assert summarize(raw).to[0].address == "eva@dos.example"
    assert text_of(raw)[0] == FULL["text"]


# Phrases ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("Hola", "Re: Hola", "Fwd: Hola"),
        ("Re: Hola", "Re: Hola", "Fwd: Re: Hola"),
        ("Rta: Hola", "Re: Hola", "Fwd: Rta: Hola"),
        ("Reenvío: Hola", "Re: Reenvío: Hola", "Fwd: Hola"),
        ("RE: re[2]: AW: Hola", "Re: Hola", "Fwd: RE: re[2]: AW: Hola"),
        ("RV: Fwd: Hola", "Re: RV: Fwd: Hola", "Fwd: Hola"),
        ("Regarding", "Re: Regarding", "Fwd: Regarding"),
        ("", "Re: ", "Fwd: "),
    ],
)
def test_subjects(subject, reply, forward):
    assert reply_subject(subject) == reply
    assert forward_subject(subject) == forward


def test_an_attribution_without_date_or_author():
    assert attribution("es", None, None) == "alguien escribió:"
    assert attribution("en", None, None) == "somebody wrote:"


def test_a_quote_is_cut_at_a_line():
    assert quoted("one\ntwo\n\nthree\n", 100) == "> one\n> two\n>\n> three"
    assert quoted("one\ntwo", 8) == "> one"


def test_files_too_large_to_be_sent_are_refused_before_they_are_read(drafts, uploads, monkeypatch):
    monkeypatch.setattr("stored.sending.drafts.LETTER_OCTETS", 3_000)
    files = [attach(uploads, bytes(2_000)), attach(uploads, bytes(1_001))]
    assert len(drafts.attachments("ana", {"attachments": files[:1]})) == 1
    with pytest.raises(TooLarge, match="MB"):
        drafts.attachments("ana", {"attachments": files})
