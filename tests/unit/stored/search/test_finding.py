"""What is found, in which order, and what is not: through a real index of a real store."""

import re
from base64 import b64encode

import pytest

from restante.errors import InvalidArgument, NotFound
from stored.folders import set_folders
from stored.messages import change, delete
from stored.model.word import FLAGGED, SEEN
from stored.search import finder
from stored.search.query import Not, Text
from stored.search.where import tree_of
from tests.unit.stored.keeping import keep, keep_many, letter, prepared
from tests.unit.stored.search.conftest import CLOCK


def attachment(name, octets=100):
    """Return the raw octets of a letter with a file of this name."""
    head = "From: Eva <eva@tres.example>\r\nTo: ana@dos.example\r\nSubject: Papers\r\nMIME-Version: 1.0\r\n"
    return (
        f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHere they are.\r\n--b\r\n'
        f'Content-Type: application/pdf; name="{name}"\r\nContent-Disposition: attachment\r\n\r\n'
        f"{'x' * octets}\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def mail(mail):
    """Seven letters: m1 to m7, a day apart, oldest first."""

    def dated(day):
        return {"Date": f"{day:02} Jan 2026 12:00:00 +0000"}

    day = 24 * 60
    keep(
        mail,
        prepared(letter(1, "El camión llegó mañana por la tarde", **dated(1)), minutes=0),
        prepared(letter(2, "The lorry, e.g. the camion, came.", **dated(2)), minutes=day, flags=SEEN),
        prepared(
            letter(3, "Nothing here", **dated(3), Subject="Pingüino =?utf-8?q?a=C3=B1o?= 2026"),
            minutes=2 * day,
            flags=FLAGGED,
        ),
        prepared(letter(4, "mañana llegó", **dated(4), Cc="Luis <luis@seis.example>"), minutes=3 * day),
        prepared(attachment("Informe final.pdf", 5000), minutes=4 * day, account="a2"),
        prepared(letter(6, "camion in the bin", **dated(6)), minutes=5 * day, folder="trash"),
        prepared(letter(7, "camion in the junk", **dated(7)), minutes=6 * day, folder="junk"),
    )
    return mail


FOUND = [
    ("camion", "m2 m1"),
    ("CAMIÓN", "m2 m1"),
    ("cami*", "m2 m1"),
    ("cami", ""),
    ('"llego manana"', "m1"),
    ('"mañana llegó"', "m4"),
    ("llegó mañana", "m4 m1"),
    ("pinguino", "m3"),
    ("año", "m3"),
    ("camion -lorry", "m1"),
    ("-camion", "m5 m4 m3"),
    ("lorry OR pingüino", "m3 m2"),
    ("from:writer2", "m2"),
    ("de:writer2@uno.example", "m2"),
    ("from:writ*", "m4 m3 m2 m1"),
    ("from:camion", ""),
    ("to:luis", "m4"),
    ("para:seis.example", "m4"),
    ("subject:letter", "m4 m2 m1"),
    ("asunto:camion", ""),
    ("filename:informe", "m5"),
    ('adjunto:"informe final.pdf"', "m5"),
    ("has:attachment", "m5"),
    ("con adjuntos", "m5"),
    ("camion con adjunto", ""),
    ("larger:5k", "m5"),
    ("smaller:5k camion", "m2 m1"),
    ("account:a2", "m5"),
    ("account:work camion", "m2 m1"),
    ("cuenta:ana@uno.example subject:letter", "m4 m2 m1"),
    ("account:nobody", ""),
    ("is:read", "m2"),
    ("is:unread camion", "m1"),
    ("sin leer camion", "m1"),
    ("is:starred", "m3"),
    ("is:starred OR lorry", "m3 m2"),
    ("-is:starred -lorry", "m5 m4 m1"),
    ("in:trash", "m6"),
    ("in:papelera camion", "m6"),
    ("in:spam", "m7"),
    ("camion in:anywhere", "m7 m6 m2 m1"),
    ("in:inbox camion", "m2 m1"),
    ("in:trash OR lorry", "m6 m2"),
    ("before:2026-01-03", "m2 m1"),
    ("after:2026-01-04", "m5 m4"),
    ("on:2026-01-02", "m2"),
    ("antes:02/01/2026", "m1"),
    ("newer_than:324d", "m5 m4"),
    ("masde:324d", "m3 m2 m1"),
    ("is:answered", ""),
    ("in:nowhere camion", ""),
    ("!!!", ""),
    ("", "m5 m4 m3 m2 m1"),
]


@pytest.mark.parametrize(("typed", "found"), FOUND, ids=[typed or "nothing" for typed, _ in FOUND])
def test_is_found(searching, mail, typed, found):
    assert " ".join(searching.find(typed)) == found


def test_own_folders_go_by_name_and_by_id(searching, mail):
    mail.write(lambda account: set_folders(account, [{"name": "Los Viajes"}], [], []))
    mail.write(lambda account: change(account, ["m1"], {"folder": "f1"}))
    for typed in ('in:"los viajes"', "carpeta:f1", "in:los-viajes camion"):
        assert searching.find(typed) == ["m1"], typed


@pytest.mark.parametrize(
    "where", [{"folder": "f9"}, {"none": [{"folder": "f9"}]}, {"any": [{"folder": "f9"}, {"words": "x"}]}]
)
def test_a_folder_that_is_not_there_is_told_where_nobody_typed_it(searching, mail, where):
    """A script that names a folder which is gone does not mean letters in which its id is a word."""
    assert searching.find(tree_of({"folder": "trash"}, CLOCK)) == ["m6"]
    with pytest.raises(NotFound, match="There is no folder f9"):
        searching.find(tree_of(where, CLOCK))


def test_a_letter_that_came_by_two_accounts_is_found_by_either(searching, mail):
    mail.write(lambda account: account.arrived_again(1, "a2", 5))
    assert searching.find("account:a2") == ["m5", "m1"]
    assert searching.find("camion -account:a2") == ["m2"]
    assert searching.find("account:a1 camion") == ["m2", "m1"]


def test_flags_and_folders_count_as_they_are_when_the_question_is_asked(searching, mail):
    assert searching.find("is:unread lorry") == []
    searching.indexer.stop()
    mail.write(lambda account: change(account, ["m2"], {"seen": False, "folder": "sent"}))
    assert [row["id"] for row in searching.ask("is:unread lorry in:sent")["rows"]] == ["m2"]


@pytest.mark.parametrize("typed", ["lorry", "", "subject:letter", "in:inbox", "is:read"])
def test_what_is_deleted_is_not_found_from_that_moment(searching, mail, typed):
    assert "m2" in searching.find(typed)
    searching.indexer.stop()
    mail.write(lambda account: delete(account, ["m2"], for_good=True))
    assert "m2" not in [row["id"] for row in searching.ask(typed)["rows"]]
    assert "m2" not in [row["id"] for row in searching.ask(typed, rank=True)["rows"]]


def test_what_just_came_is_found_within_moments(searching, mail):
    searching.caught_up()
    keep(mail, prepared(letter(8, "zarzaparrilla"), minutes=9 * 1440))
    assert searching.find("zarzaparrilla") == ["m8"]


def test_an_answer_says_what_is_not_in_the_index_yet(searching, mail):
    searching.caught_up()
    searching.indexer.stop()
    keep_many(mail, 3)
    answer = searching.ask("camion")
    assert (answer["indexed"], answer["behind"]) == (False, 3)


def test_a_user_without_an_index_is_answered(store, searching):
    keep(store.open_account("eva"), prepared())
    searching.indexer.stop()
    answer = searching.ask("hello", "eva")
    assert (answer["rows"], answer["indexed"]) == ([], False)


def test_rare_flags_are_those_of_the_moment(searching, store):
    mail = store.open_account("eva")
    ids = keep_many(mail, 30, flags=SEEN)
    assert searching.find("is:unread", "eva") == searching.find("is:starred letter", "eva") == []
    mail.write(lambda account: change(account, ids[3:5], {"seen": False, "flagged": True}))
    assert searching.find("is:unread", "eva") == ids[4:2:-1]
    mail.write(lambda account: change(account, ids[3:4], {"seen": True}))
    mail.write(lambda account: delete(account, ids[4:5], for_good=True))
    assert searching.find("is:unread", "eva") == []
    assert searching.find("is:starred letter", "eva") == [ids[3]]
    assert searching.find("is:starred -is:unread in:inbox subject:letter", "eva") == [ids[3]]
    assert searching.find("is:starred", "eva", rank=True) == [ids[3]]


def test_an_address_is_one_word_and_its_parts_are_words(searching, mail):
    for typed in (
        "from:writer2@uno.example",
        "from:WRITER2@UNO.example",
        "from:writer2",
        "writer2@uno.example",
    ):
        assert searching.find(typed) == ["m2"], typed
    assert searching.find("from:uno.example") == ["m4", "m3", "m2", "m1"]
    assert searching.find("from:riter2@uno.example") == []


def test_users_are_apart(searching, mail, store):
    eva = store.open_account("eva")
    keep(eva, prepared(letter(1, "solo de eva")))
    assert searching.find("eva", user="eva") == ["m1"]
    assert "m1" not in searching.find("solo")


# Pages --------------------------------------------------------------------------------------------


def test_fifty_and_that_there_are_more_but_never_how_many(searching, store):
    ids = keep_many(store.open_account("eva"), 51)
    searching.caught_up("eva")
    answer = searching.ask("letter", "eva")
    assert [row["id"] for row in answer["rows"]] == ids[:0:-1]
    assert set(answer) == {"state", "rows", "more", "indexed", "behind"}


@pytest.mark.parametrize("options", [{}, {"rank": True}])
def test_pages_put_together_are_everything_once(searching, store, options):
    mail = store.open_account("eva")
    ids = keep_many(mail, 60)
    searching.caught_up("eva")
    found, cursor = [], ""
    while True:
        answer = searching.ask("letter", "eva", limit=7, cursor=cursor, **options)
        found += [row["id"] for row in answer["rows"]]
        if not (cursor := answer.get("more", "")):
            break
    assert found == ids[::-1]


def test_pages_stay_true_while_mail_comes_and_goes(searching, store):
    mail = store.open_account("eva")
    ids = keep_many(mail, 20)
    searching.caught_up("eva")
    first = searching.ask("letter", "eva", limit=5)
    keep(mail, prepared(letter(99), minutes=10_000))
    mail.write(lambda account: delete(account, [ids[15], ids[10]], for_good=True))
    searching.caught_up("eva")
    second = searching.ask("letter", "eva", limit=5, cursor=first["more"])
    assert [row["id"] for row in second["rows"]] == [ids[n] for n in (14, 13, 12, 11, 9)]


def test_a_page_with_more_candidates_than_are_looked_at_says_where_to_go_on(searching, store, monkeypatch):
    monkeypatch.setattr(finder, "CANDIDATES", 10)
    monkeypatch.setattr(finder, "FEW", 0)
    mail = store.open_account("eva")
    ids = keep_many(mail, 25)
    mail.write(lambda account: change(account, [ids[0]], {"flagged": True}))
    searching.caught_up("eva")
    cursors, found, cursor = 0, [], ""
    while True:
        answer = searching.ask("is:starred letter", "eva", cursor=cursor)
        found += [row["id"] for row in answer["rows"]]
        if not (cursor := answer.get("more", "")):
            break
        cursors += 1
    assert (found, cursors) == ([ids[0]], 2)


def test_old_mail_that_comes_late_takes_its_place(searching, store):
    mail = store.open_account("eva")
    keep(mail, *(prepared(letter(n), minutes=n * 600) for n in (10, 30, 20, 5)))
    assert searching.find("letter", "eva") == ["m2", "m3", "m1", "m4"]


@pytest.mark.parametrize("cursor", ["x", "n", "nx.1", "r", "r-1", "n1", "r5"])
def test_a_cursor_that_is_none_is_refused(searching, mail, cursor):
    searching.caught_up()
    with pytest.raises(InvalidArgument):
        searching.ask("camion", cursor=cursor)


def test_by_rank_a_word_in_the_subject_comes_first(searching, store):
    mail = store.open_account("eva")
    keep(
        mail,
        prepared(letter(1, "x", Subject="Girasol")),
        prepared(letter(2, "un girasol " + "y mucho más " * 50), minutes=60),
    )
    assert searching.find("girasol", "eva") == ["m2", "m1"]
    assert searching.find("girasol", "eva", rank=True) == ["m1", "m2"]


# Snippets -----------------------------------------------------------------------------------------


def marked(runs):
    return "".join(f"[{run['text']}]" if run["hit"] else run["text"] for run in runs)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("camion", "… words before the [camión], twice: [CAMION]. "),
        ("cam*", "… words before the [camión], twice: [CAMION]. "),
        ('"camion twice"', "… words before the [camión, twice]: CAMION. "),
        ("subject:nothing OR camion", "… words before the [camión], twice: [CAMION]. "),
    ],
)
def test_a_snippet_shows_the_words_around_the_hit(searching, store, typed, text):
    mail = store.open_account("eva")
    keep(mail, prepared(letter(1, "Some words. " * 30 + "words before the camión, twice: CAMION.")))
    searching.caught_up("eva")
    (snippet,) = searching.ask(typed, "eva", snippets=True)["snippets"]
    shown = marked(snippet["text"])
    assert shown.endswith(text.removeprefix("… ")) and shown.startswith("… "), shown
    assert len(shown) < 230


def test_a_snippet_without_a_hit_in_the_text_is_its_beginning(searching, store):
    mail = store.open_account("eva")
    keep(mail, prepared(letter(1, "The beginning.", Subject="Un año")))
    searching.caught_up("eva")
    (snippet,) = searching.ask("ano", "eva", snippets=True)["snippets"]
    assert (marked(snippet["subject"]), marked(snippet["text"])) == ("Un [año]", "The beginning.")


def test_a_question_given_as_a_tree_is_answered_as_well(searching, mail):
    assert searching.find(Not(Text("letter", "subject"))) == ["m5", "m3"]


# Scripts and accents ------------------------------------------------------------------------------

SAID = [
    ("会議は明日東京で行います", '東京 会議 明日 東京* "明日東京" 東 東京で'),
    ("我们明天在北京开会讨论预算", "北京 开会 北京开会"),
    ("การประชุมพรุ่งนี้", "ประชุม พรุ่งนี้"),
    ("내일 서울에서 만나요", "서울 서울에서"),
    ("Αθήνα και ёжик", "αθηνα ежик ΑΘΗΝΑ"),
    ("مُحَمَّد أحمد", "محمد احمد"),
    ("Łódź, đẹp, Straße, Ærøskøbing, ＡＢＣ", "lodz dep strasse aeroskobing abc STRASSE strass*"),
    ("a party 🎉👍🏽 today", '🎉 👍 "party 🎉"'),
    ("fac\u00adtu\u200bra", "factura"),
]


def test_letters_of_every_script_are_found(searching, store):
    mail = store.open_account("eva")
    form = {"Content-Type": "text/plain; charset=utf-8"}
    ids = keep(mail, *(prepared(letter(at, said, **form), minutes=at) for at, (said, _) in enumerate(SAID)))
    searching.caught_up("eva")
    for id, (said, asked) in zip(ids, SAID, strict=True):
        for typed in re.findall(r'"[^"]*"|\S+', asked):
            assert [row["id"] for row in searching.ask(typed, "eva")["rows"]] == [id], (said, typed)
    for typed in ("京東", "京都", "🎊", "🎉🎊"):
        assert searching.ask(typed, "eva")["rows"] == [], typed


@pytest.mark.parametrize(
    ("said", "typed", "text"),
    [
        ("会議は明日東京で行います", "東京", "会議は明日[東京]で行います "),
        ("Die Straße 🎉 nach Łódź", "strasse 🎉 lodz", "Die [Straße] [🎉] nach [Łódź] "),
        ("ﬁn… ½ Αθήνα", "αθηνα", "ﬁn… ½ [Αθήνα] "),
        ("مُحَمَّد هنا", "محمد", "[مُحَمَّد] هنا "),
        ("see exe.\u202egpj \u2066here", "here", "see exe.gpj [here] "),
    ],
)
def test_a_snippet_marks_what_was_found_in_the_letters_own_writing(searching, store, said, typed, text):
    mail = store.open_account("eva")
    form = {"Content-Type": "text/plain; charset=utf-8"}
    keep(mail, prepared(letter(1, said, Subject=f"=?utf-8?B?{b64encode(said.encode()).decode()}?=", **form)))
    searching.caught_up("eva")
    (snippet,) = searching.ask(typed, "eva", snippets=True)["snippets"]
    assert (marked(snippet["text"]), marked(snippet["subject"])) == (text, text.rstrip())


def test_the_letter_that_a_letter_forwards_is_found_and_shown(searching, store):
    inner = letter(7, "the zarzaparrilla itself", Subject="Girasol").decode()
    for _ in range(2):
        inner = (
            'Subject: Fwd\r\nContent-Type: multipart/mixed; boundary="{0}"\r\n\r\n--{0}\r\n\r\nLook.\r\n'
            "--{0}\r\nContent-Type: message/rfc822\r\n\r\n{1}\r\n--{0}--\r\n"
        ).format(f"b{len(inner)}", inner)
    keep(store.open_account("eva"), prepared(inner.encode()))
    for typed in ("zarzaparrilla", "body:girasol", "body:writer7"):
        assert searching.find(typed, "eva") == ["m1"], typed
    (snippet,) = searching.ask("zarzaparrilla", "eva", snippets=True)["snippets"]
    assert "the [zarzaparrilla] itself" in marked(snippet["text"])


def test_folders_go_by_their_path(searching, mail):
    made = mail.write(lambda account: set_folders(account, [{"name": "Viajes"}, {"name": "Trabajo"}], [], []))
    mail.write(
        lambda account: set_folders(
            account, [{"name": "Facturas", "parent": "f1"}, {"name": "Facturas", "parent": "f2"}], [], []
        )
    )
    assert made
    mail.write(lambda account: change(account, ["m1"], {"folder": "f3"}))
    mail.write(lambda account: change(account, ["m2"], {"folder": "f4"}))
    for typed, found in (
        ("in:Viajes/Facturas", ["m1"]),
        ("en:trabajo/facturas", ["m2"]),
        ("in:facturas", ["m2", "m1"]),
        ("in:ajes/facturas camion", []),
    ):
        assert searching.find(typed) == found, typed


def test_basura_is_the_junk_or_the_trash(searching, mail):
    assert searching.find("en:basura") == ["m7", "m6"]
