"""Files of other programs are brought in with their folders and flags, and what is left out is counted."""

import zipfile
import zlib
from collections import Counter
from random import Random

import pytest

from restante.errors import InvalidArgument, TooLarge
from stored.model.word import FLAG_NAMES, flags_of
from stored.transfer import folders
from stored.transfer.names import root_of, told, utf7
from stored.transfer.read import letters
from stored.transfer.zips import note, noted
from tests.unit.stored.keeping import keep, letter, listing, prepared
from tests.unit.stored.transfer.test_formats import file_of
from tests.unit.stored.transfer.test_transfer import World, tar_of, zip_of


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.jobs.stop()
    made.store.close()


def tree(world):
    """Return the path of each folder that has letters, with how many."""

    def work(account):
        def path(folder):
            above = account.folders.get(folder.parent)
            return f"{path(above)}/{folder.name}" if above is not None else folder.name

        return {path(one): one.total() for one in account.folders if one.total()}

    return world.mail.read(work)


def everything(world):
    """Return the octets and flags of every letter."""

    def work(account):
        return sorted((account.bodies[uid].raw(), flags_of(word)) for uid, word in account.state.items())

    return world.mail.read(work)


def flags(world, folder="inbox"):
    return sorted(found for _, found in listing(world.mail)[folder][2])


def emlx(raw, state):
    plist = f"<plist><dict><key>flags</key>\n\t<integer>{state}</integer></dict></plist>"
    lines = raw.replace(b"\r\n", b"\n")
    return b"%d\n" % len(lines) + lines + plist.encode()


# Kinds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar.gz"])
def test_thunderbirds_files_without_an_ending(world, pack):
    files = [
        ("Mail/Local Folders/Inbox", file_of(letter(1))),
        ("Mail/Local Folders/Inbox.msf", b"index"),
        ("Mail/Local Folders/Trash", b""),
        ("Mail/Local Folders/Work", file_of(letter(2), letter(3))),
        ("Mail/Local Folders/Work.sbd/Old", file_of(letter(4))),
    ]
    assert world.bring(pack(files))["counts"] == {"kept": 4, "known": 0, "left": 0}
    assert tree(world) == {"Inbox": 1, "Work": 2, "Work/Old": 1}


def test_apple_mails_boxes_and_letters(world):
    files = [
        ("Export/Facturas.mbox/mbox", file_of(letter(1))),
        ("Export/Facturas.mbox/table_of_contents", b"\0\1\2"),
        ("Export/Viajes.mbox/8F/Data/1/2/Messages/77.emlx", emlx(letter(2), 1 << 0 | 1 << 4)),
        ("Export/Viajes.mbox/8F/Data/1/2/Messages/78.emlx", emlx(letter(3), 1 << 1)),
    ]
    counts = world.bring(zip_of(files))["counts"]
    assert counts == {"kept": 2, "known": 0, "left": 0, "expunged": 1, "other": 1}
    assert tree(world) == {"Facturas": 1, "Viajes": 1}
    assert world.raws("f1") + world.raws("f2") == [letter(1), letter(2)]
    assert flags(world, "f2") == [("seen", "flagged")]


def test_mh_folders(world):
    files = [("Mail/work/1", letter(1)), ("Mail/work/.mh_sequences", b"cur: 1"), ("Mail/home/2", letter(2))]
    assert world.bring(zip_of(files))["counts"] == {"kept": 2, "known": 0, "left": 0}
    assert tree(world) == {"work": 1, "home": 1}


def test_what_is_no_mail_is_counted(world):
    files = [
        ("a.eml", letter(1)),
        ("inner.zip", zip_of([("b.eml", letter(2))])),
        ("noise.eml", Random(1).randbytes(5_000)),
        ("readme.txt", b"Nothing: to be read"),
    ]
    assert world.bring(zip_of(files))["counts"] == {"kept": 1, "known": 0, "left": 0, "other": 3}


def test_one_damaged_member_of_ten_is_counted_and_the_others_kept(world):
    files = [(f"{number}.eml", letter(number)) for number in range(10)]
    octets = zip_of(files)
    crc = zlib.crc32(letter(5)).to_bytes(4, "little")
    assert octets.count(crc) == 2
    job = world.bring(octets.replace(crc, b"\1\2\3\4"))
    assert (job["stage"], job["counts"]) == ("done", {"kept": 9, "known": 0, "left": 0, "damaged": 1})
    assert world.raws() == [letter(number) for number in range(10) if number != 5]


def test_an_archive_cut_off_keeps_what_came_before(world):
    octets = tar_of([(f"{n}.eml", letter(n, Random(n).randbytes(40_000).hex())) for n in range(10)])
    job = world.bring(octets[: len(octets) // 2])
    assert (job["stage"], job["error"]["kind"]) == ("failed", "invalid_params")
    assert 0 < job["counts"]["kept"] == len(world.raws()) < 10


def test_whatever_is_broken_in_an_archive_is_told(tmp_path):
    """Reading ends with what is refused or left out, never with an error of the library's."""
    chance = Random(2)
    files = [("A/Inbox", file_of(letter(1), letter(2))), ("A/b.eml", letter(3)), ("A/7", letter(4))]
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)
    seeds = [*(zip_of(files, kind) for kind in kinds), *(tar_of(files, f"w:{kind}") for kind in ("gz", "xz"))]
    ends: Counter[str] = Counter()
    for turn in range(1_500):
        octets = bytearray(seeds[turn % len(seeds)])
        for _ in range(chance.randint(1, 6)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        (tmp_path / "file").write_bytes(octets)
        with (tmp_path / "file").open("rb") as file:
            try:
                ends.update(one.left or "kept" for one in letters(file, {}, tmp_path))
            except (InvalidArgument, TooLarge):
                ends["refused"] += 1
    assert ends["kept"] and ends["damaged"] and ends["refused"]


def test_letters_that_were_deleted_where_they_come_from(world):
    expunged = letter(2, **{"X-Mozilla-Status": "0009"})
    flagged = letter(3, **{"X-Mozilla-Status": "0007", "X-Mozilla-Status2": "00000000"})
    counts = world.bring(file_of(letter(1), expunged, flagged))["counts"]
    assert counts == {"kept": 2, "known": 0, "left": 0, "expunged": 1}
    assert flags(world) == [("seen",), ("seen", "answered", "flagged")]


def test_labels_of_gmail(world):
    labels = ["Inbox,Unread", "Inbox,Opened", "Opened,Starred,\r\n Category Updates"]
    labels.append("=?UTF-8?Q?Recibidos,Destacados,No_le=C3=ADdos?=")
    world.bring(file_of(*(letter(n, **{"X-Gmail-Labels": one}) for n, one in enumerate(labels))))
    assert flags(world) == [(), ("flagged",), ("seen",), ("seen", "flagged")]


def test_labels_of_gmail_say_where_a_letter_lies(world):
    labels = ["Spam,Unread", "Papelera,Abierto", "Trash", "Enviados,Work", "Sent,Opened", "Borradores"]
    labels += ["Drafts", "=?UTF-8?Q?Archivado,No_le=C3=ADdos?=", "Inbox,Sent", "Important,Opened"]
    mail = [letter(n, **{"X-Gmail-Labels": one}) for n, one in enumerate(labels, 1)]
    world.bring(file_of(*mail))
    assert tree(world) == {"Inbox": 2, "Junk": 1, "Trash": 2, "Sent": 2, "Drafts": 2, "Archive": 1}
    assert world.raws("inbox") == mail[8:]


def test_a_file_of_one_label_stays_a_folder(world):
    mail = [letter(n, **{"X-Gmail-Labels": one}) for n, one in enumerate(("Work,Archived", "Work,Sent"))]
    world.bring(zip_of([("Mail/Work.mbox", file_of(*mail)), ("Mail/Other.mbox", file_of(letter(3)))]))
    assert tree(world) == {"Work": 1, "Sent": 1, "Other": 1}


@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tgz"])
@pytest.mark.parametrize(
    "box",
    [
        "Mail/All mail Including Spam and Trash",
        "Mail/All mail Including Spam and Trash-002",
        "Correo/Todo el correo, incluido Spam y Papelera",
        "Mail/Opened",
        "Correo/Destacados",
    ],
)
def test_all_mail_of_a_takeout_lies_where_its_labels_say(world, pack, box):
    labels = [
        "Inbox,Opened",
        "Recibidos",
        "Archived,Unread",
        "Archivados,Trabajo",
        "Spam",
        "Sent",
        "Trash,Inbox",
    ]
    mail = [letter(n, **{"X-Gmail-Labels": one}) for n, one in enumerate(labels)]
    files = [("Takeout/archive_browser.html", b"<html>"), (f"Takeout/{box}.mbox", file_of(*mail))]
    world.bring(pack(files))
    assert tree(world) == {"Inbox": 3, "Archive": 2, "Junk": 1, "Sent": 1}


@pytest.mark.parametrize(
    ("box", "label"),
    [
        ("Work", "Work"),
        ("Work-Old friends-001", "Work/Old friends"),
        ("Facturación", "=?UTF-8?Q?Facturaci=C3=B3n?="),
        ("Facturacio\u0301n", "=?UTF-8?Q?Facturaci=C3=B3n?="),
        ("a, b", '"a, b"'),
        ("2019", "2019"),
    ],
)
def test_an_mbox_of_one_label_stays_a_folder_whatever_its_name_became(world, box, label):
    mail = [
        letter(n, **{"X-Gmail-Labels": f"{label},\r\n {one}"}) for n, one in enumerate(("Inbox", "Archived"))
    ]
    world.bring(zip_of([(f"Takeout/Mail/{box}.mbox", file_of(*mail))]))
    assert list(tree(world).values()) == [2] and "Inbox" not in tree(world)


def test_what_has_labels_that_say_no_place_stays_where_it_lies(world):
    mail = [letter(n, **{"X-Gmail-Labels": "Posteingang"}) for n in range(2)]
    world.bring(zip_of([("Takeout/Mail/Alle E-Mails.mbox", file_of(*mail))]))
    assert tree(world) == {"Alle E-Mails": 2}


def test_labels_are_no_folders_where_none_are_wanted(world):
    mail = [letter(n, **{"X-Gmail-Labels": one}) for n, one in enumerate(("Sent", "Spam", "Trash"))]
    world.bring(file_of(*mail), "archive", folders=False)
    assert tree(world) == {"Archive": 2, "Trash": 1}


@pytest.mark.parametrize("trash", ["Trash", "[Gmail]/Papelera", "INBOX/Deleted Items/Old"])
def test_what_was_in_the_trash_goes_there_where_no_folders_are_wanted(world, trash):
    files = [("Work/x.eml", letter(1)), (f"{trash}/y.eml", letter(2)), ("Junk/z.eml", letter(3))]
    world.bring(zip_of(files), folders=False)
    assert tree(world) == {"Inbox": 2, "Trash": 1}


# Folders ----------------------------------------------------------------------------------------------


def test_maildir_folders_within_folders_and_their_names(world):
    files = [
        ("Maildir/cur/1:2,S", letter(1)),
        ("Maildir/.A&APE-o/cur/2:2,S", letter(2)),
        ("Maildir/.Work.Sub/cur/3:2,S", letter(3)),
        ("Maildir/.INBOX.Sent/cur/4:2,S", letter(4)),
        ("Maildir/.Junk E-mail/cur/5:2,S", letter(5)),
    ]
    world.bring(tar_of(files))
    assert tree(world) == {"Inbox": 1, "Año": 1, "Work/Sub": 1, "Sent": 1, "Junk": 1}


def test_more_folders_than_there_can_be(world, monkeypatch):
    monkeypatch.setattr(folders, "MOST_FOLDERS", 9)
    files = [(f"Mail/f{number}/a.eml", letter(number)) for number in range(5)]
    assert world.bring(zip_of(files))["counts"] == {"kept": 5, "known": 0, "left": 0, "unfiled": 2}
    assert tree(world) == {"f0": 1, "f1": 1, "f2": 1, "Inbox": 2}


def test_deeper_than_folders_can_be(world):
    deep = "/".join(f"d{number}" for number in range(12))
    world.bring(zip_of([(f"{deep}/a.eml", letter(1)), ("b.eml", letter(2))]))
    assert tree(world) == {"Inbox": 1, "d0/d1/d2/d3/d4/d5/d6/d7 - d8 - d9 - d10 - d11": 1}


@pytest.mark.parametrize(
    ("name", "plain"),
    [("A&APE-o", "Año"), ("R&-D", "R&D"), ("&Jjo-!", "☺!"), ("&broken", "&broken"), ("&A-", "&A-")],
)
def test_modified_utf7(name, plain):
    assert utf7(name) == plain


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["T/Mail/A.mbox", "T/Mail/B.mbox", "T/readme.txt"], [("A",), ("B",)]),
        (["T/Mail/A.mbox"], [("A",)]),
        (["T/work/a.eml", "T/b.eml"], [("T", "work"), ("T",)]),
        (["home/Maildir/cur/1:2,S", "home/Maildir/Old/cur/2:2,S"], [(), ("Old",)]),
    ],
)
def test_what_stands_before_all_folders_is_none(names, paths):
    root = root_of(names)
    every = [one for one in map(told, names) if one is not None]
    assert [root.within(one, one.likely) for one in every if one.form] == paths


# Out and in again -------------------------------------------------------------------------------------

HARD = [
    b"Subject: bare\r\nMessage-ID: <1@x>\r\n\r\none\ntwo\r\n",
    b"Subject: unix\nMessage-ID: <2@x>\n\none\ntwo\n",
    b"From x@y Mon Nov 23 14:50:00 2026\r\nSubject: from\r\nMessage-ID: <3@x>\r\n\r\n\r\n"
    b"From z 12:30 2026\r\n\r\n",
    b"Subject: no end\r\nMessage-ID: <4@x>\r\n\r\nlast",
    b"\x00\xff\nno letter at all\r",
    b"",
    letter(7, **{"X-Mozilla-Status": "0009"}),
]


def test_a_zip_gives_any_octets_back_with_folders_and_flags(world, tmp_path):
    def make(account):
        first = account.folders.create("Casa", 0)
        second = account.folders.create("Trabajo", 0)
        return [account.folders.create("Facturas", one.number).id for one in (first, second)]

    folders = [*world.mail.write(make), "sent"]
    for number, raw in enumerate(HARD):
        keep(world.mail, prepared(raw, folder=folders[number % 3], flags=number))
    _, _, octets = world.give("zip")
    assert world.bring(octets)["counts"] == {"kept": 0, "known": 7, "left": 0}
    other = World(tmp_path / "other")
    assert other.bring(octets)["counts"] == {"kept": 7, "known": 0, "left": 0}
    assert tree(other) == tree(world) == {"Casa/Facturas": 3, "Trabajo/Facturas": 2, "Sent": 2}
    assert everything(other) == everything(world)
    other.store.close()


def test_an_mbox_taken_back_brings_nothing_twice(world):
    keep(world.mail, *map(prepared, HARD[:4]))
    _, _, octets = world.give("mbox")
    assert world.bring(octets)["counts"] == {"kept": 0, "known": 4, "left": 0}


def test_a_letter_that_is_damaged_here_comes_in_again(world):
    keep(world.mail, prepared(HARD[0]))
    _, _, octets = world.give("mbox")
    world.mail.write(lambda account: setattr(account.bodies[1], "packed", b"broken"))
    assert world.bring(octets)["counts"] == {"kept": 1, "known": 0, "left": 0}


def test_a_letter_in_an_archive_is_as_it_is_where_it_has_any_line_end_of_mail(world):
    files = [(f"{number}.eml", raw) for number, raw in enumerate(HARD[:4])]
    world.bring(zip_of(files))
    assert world.raws() == [HARD[0], HARD[1].replace(b"\n", b"\r\n"), HARD[2], HARD[3]]
    assert world.bring(zip_of(files))["counts"] == {"kept": 0, "known": 4, "left": 0}


def test_flags_are_noted_and_read():
    for every in range(1 << len(FLAG_NAMES)):
        assert noted(note(every)) == every
    assert noted(b"") is None and noted(b"a comment") is None
