"""Letters in and out: files of every kind, each letter once whatever is killed, and out as they came in."""

import io
import mailbox
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from random import Random
from typing import cast

import pytest

from restante.errors import NotFound, OverQuota, TooLarge
from restante.wire import dumps
from stored.blobs import Blobs
from stored.intents import Intents
from stored.job_status import shown
from stored.jobs import Jobs
from stored.people import known
from stored.settings import QuotaSettings
from stored.space import told
from stored.store import Store
from stored.transfer import exporting, importing, read
from stored.transfer.exporting import Exporter
from stored.transfer.importing import Importer
from stored.transfer.read import letters
from stored.types import MessageFilter
from stored.uploads import Uploads
from tests.unit.stored.keeping import keep, keep_many, letter, listing, prepared, upload
from tests.unit.stored.transfer.test_formats import file_of


class World:
    """A store with its jobs; `bring` imports a file and waits, `give` exports."""

    def __init__(self, directory, quota=None):
        self.store = Store(directory, quota=quota or QuotaSettings())
        self.mail = self.store.open_account("ana")
        self.blobs = Blobs(self.store, directory / "spool")
        self.uploads = Uploads(self.store)
        self.importer = Importer(directory / "spool")
        self.exporter = Exporter(directory / "exports", self.blobs)
        self.blobs.exported = self.exporter.opened
        self.jobs = Jobs(
            self.store,
            Intents(directory / "jobs"),
            {importing.KIND: self.importer.run, exporting.KIND: self.exporter.run},
            forgotten=self.exporter.forget,
            ending=importing.ending,
        )

    def close(self):
        self.jobs.stop()
        self.store.close()

    def upload(self, octets):
        return upload(self.uploads, octets, name="letters", to_import=True)

    def bring(self, octets, folder="inbox", *, unread=False, folders=True):
        blob = self.upload(octets)
        number = self.importer.begin(self.jobs, self.mail, blob, folder, unread=unread, folders=folders)
        assert self.jobs.wait("ana", 60)
        return shown(self.mail, number)

    def give(self, format, **filter):
        number = self.exporter.begin(self.jobs, self.mail, format, cast(MessageFilter, filter))
        assert self.jobs.wait("ana", 60)
        job = shown(self.mail, number)
        assert job["stage"] == "done", job
        blob, file = self.blobs.spooled("ana", job["blob"])
        with file:
            return job, blob, file.read()

    def raws(self, folder="inbox"):
        """Return the octets of a folder's letters in the order they came."""
        ids = sorted(int(id[1:]) for id, _ in listing(self.mail)[folder][2])
        return self.mail.read(lambda account: [account.bodies[uid].raw() for uid in ids])


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def zip_of(files, packed=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, octets in files:
            archive.writestr(name, octets)
    return out.getvalue()


def tar_of(files, mode="w:gz"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, octets in files:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return out.getvalue()


# In -------------------------------------------------------------------------------------------------


def test_an_mbox_comes_in_whole_and_a_second_time_brings_nothing(world):
    raws = [letter(n, "From the start\r\n\r\nthe end") for n in range(250)]
    octets = file_of(*raws)
    first = world.bring(octets)
    assert (first["stage"], first["counts"]) == ("done", {"kept": 250, "known": 0, "left": 0})
    assert first["done"] == first["total"] == len(octets) // 1024 + 1 and first["about"] == "letters"
    assert world.raws() == raws
    second = world.bring(file_of(*raws, letter(999)))
    assert second["counts"] == {"kept": 1, "known": 250, "left": 0}
    assert world.mail.read(lambda account: len(account.uploads)) == 0


def test_letters_collected_before_are_known(world):
    keep(world.mail, prepared(letter(1)))
    assert world.bring(file_of(letter(1), letter(2)))["counts"] == {"kept": 1, "known": 1, "left": 0}


def test_a_letter_with_the_message_id_of_another_is_another(world):
    other = letter(1, "Something else.")
    assert world.bring(file_of(letter(1), other, letter(1)))["counts"]["kept"] == 2


def test_a_single_letter(world):
    assert world.bring(letter(1))["counts"]["kept"] == 1
    assert world.bring(letter(2).replace(b"\r\n", b"\n"))["counts"]["kept"] == 1
    assert world.raws() == [letter(1), letter(2)]


@pytest.mark.parametrize(
    "pack", [zip_of, tar_of, lambda files: tar_of(files, "w")], ids=["zip", "tar.gz", "tar"]
)
def test_a_maildir_keeps_its_folders_and_flags(world, pack):
    files = [
        ("Maildir/cur/1:2,S", letter(1)),
        ("Maildir/cur/2:2,FRS", letter(2)),
        ("Maildir/new/3", letter(3).replace(b"\r\n", b"\n")),
        ("Maildir/cur/4:2,ST", letter(4)),
        ("Maildir/.Sent/cur/5!2,S", letter(5, To="Juan <juan@tres.example>")),
        ("Maildir/.Old friends/cur/6:2,", letter(6)),
        ("Maildir/tmp/7", letter(7)),
        ("Maildir/dovecot-uidlist", b"x"),
        ("Maildir/../../../etc/passwd", b"x"),
    ]
    assert world.bring(pack(files))["counts"] == {"kept": 6, "known": 0, "left": 0, "other": 2}
    found = listing(world.mail)
    assert sorted(flags for _, flags in found["inbox"][2]) == [(), ("seen",), ("seen", "answered", "flagged")]
    assert (found["trash"][0], found["sent"][0], found["f1"][0]) == (1, 1, 1)
    assert found["f1"][2][0][1] == ()
    assert world.mail.read(lambda account: account.folders.find("f1").name) == "Old friends"
    assert world.mail.read(lambda account: known(account, "juan@tres.example"))


def test_eml_and_mbox_in_an_archive(world):
    files = [
        ("Box/Work/a.eml", letter(1)),
        ("__MACOSX/Box/._a.eml", b"junk: x"),
        ("Takeout/Receipts.mbox", file_of(letter(2), letter(3))),
        ("readme.txt", b"nothing"),
    ]
    assert world.bring(zip_of(files), "archive")["counts"]["kept"] == 3
    found = {
        world.mail.read(lambda a, id=id: a.folders.find(id).name): n
        for id, (n, _, _) in listing(world.mail).items()
    }
    assert (found["Work"], found["Receipts"], found["Archive"]) == (1, 2, 0)
    assert world.bring(zip_of(files), "archive", folders=False)["counts"]["known"] == 3


def test_read_or_unread_where_nothing_is_said(world):
    world.bring(file_of(letter(1), letter(2, Status="O")))
    world.bring(file_of(letter(3)), unread=True)
    assert sorted(listing(world.mail)["inbox"][2]) == [("m1", ("seen",)), ("m2", ()), ("m3", ())]


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (b"\x00\x01nothing of the kind", "invalid_params"),
        (zip_of([("a.eml", letter(1))])[:-30], "invalid_params"),
        (tar_of([("a.eml", letter(1) * 500)])[:-200], "invalid_params"),
    ],
)
def test_what_cannot_be_read_is_told(world, octets, kind):
    job = world.bring(octets)
    assert (job["stage"], job["error"]["kind"]) == ("failed", kind)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        zip_of([]),
        zip_of([("inner.zip", zip_of([("a.eml", letter(1))]))]),
        Random(4).randbytes(100_000),
        b"x:" + Random(4).randbytes(100_000),
    ],
    ids=["nothing", "an empty zip", "a zip in a zip", "noise", "noise with a colon"],
)
def test_a_file_without_letters_is_refused_with_a_sentence(world, octets):
    job = world.bring(octets)
    assert job["stage"] == "failed" and "no letters" in job["error"]["message"]


def test_a_bomb_is_refused_with_what_came_before_kept(world, monkeypatch):
    monkeypatch.setattr(read, "UNPACKED_OCTETS", 100_000)
    monkeypatch.setattr(read, "UNPACKED_TIMES", 1)
    job = world.bring(zip_of([("a.eml", letter(1)), ("b.eml", b"A: " + b"x" * 10_000_000)]))
    assert (job["stage"], job["error"]["kind"]) == ("failed", "too_large")
    assert job["counts"]["kept"] == 1 and world.raws() == [letter(1)]


def test_a_letter_too_large_is_left_out(world, monkeypatch):
    monkeypatch.setattr(read, "LETTER_OCTETS", 2_000)
    large = letter(2, "x" * 3_000)
    for file in (file_of(letter(1), large), zip_of([("a.eml", letter(3)), ("b.eml", large)])):
        assert world.bring(file)["counts"] == {"kept": 1, "known": 0, "left": 1}


def test_what_is_not_there_to_be_imported(world):
    with pytest.raises(NotFound):
        world.importer.begin(world.jobs, world.mail, "u" + "0" * 24, "inbox", unread=False, folders=True)
    half = world.uploads.begin("ana", 100, to_import=True)
    with pytest.raises(NotFound):
        world.importer.begin(world.jobs, world.mail, half, "inbox", unread=False, folders=True)
    whole = world.upload(letter(1))
    with pytest.raises(NotFound):
        world.importer.begin(world.jobs, world.mail, whole, "f99", unread=False, folders=True)
    with pytest.raises(NotFound):
        world.blobs.spooled("ana", whole)
    with pytest.raises(TooLarge):
        world.uploads.begin("ana", 3_000_000_000, to_import=True)


def test_imports_that_fail_or_are_called_off_let_their_files_go(world):
    for _ in range(3):
        assert world.bring(b"\x00\x01nothing of the kind")["stage"] == "failed"
    world.jobs._stopping.set()
    for _ in range(3):
        number = world.importer.begin(
            world.jobs, world.mail, world.upload(letter(1)), "inbox", unread=False, folders=True
        )
        world.jobs.cancel("ana", number)
    assert world.mail.read(lambda account: len(account.uploads)) == 0


def test_an_upload_that_was_interrupted_gives_way(world):
    halves = [world.uploads.begin("ana", 100, to_import=True) for _ in range(3)]
    kept = world.mail.read(lambda account: list(account.uploads))
    assert len(kept) == 2 and halves[2] in kept
    first, second = world.upload(letter(1)), world.upload(letter(2))
    with pytest.raises(OverQuota, match="DELETE blobs/") as refused:
        world.upload(letter(3))
    assert first in str(refused.value) and second in str(refused.value)
    world.uploads.discard("ana", first)
    world.upload(letter(3))


def test_what_fits_into_the_quota_is_kept_and_the_rest_counted(tmp_path):
    world = World(tmp_path, QuotaSettings(octets=100_000))
    try:
        large = [letter(n, "x" * 9_000) for n in range(1, 31)]
        job = world.bring(file_of(*large, letter(31, "small")))
        fitting = 100_000 // len(large[0])
        assert job["stage"] == "failed" and job["done"] == job["total"]
        assert job["counts"] == {"kept": fitting + 1, "known": 0, "left": 0, "over_quota": 30 - fitting}
        assert world.raws() == [*large[:fitting], letter(31, "small")]
        free = told(100_000 - sum(map(len, world.raws())))
        assert job["error"]["kind"] == "over_quota"
        assert job["error"]["message"].startswith(
            f"{30 - fitting} letters were left out: "
            f"of the 100 kB that all of your mail may take, {free} are free."
        )
        job = world.bring(file_of(*large[:fitting]))
        assert (job["stage"], job["counts"]["known"]) == ("done", fitting)
    finally:
        world.close()


def test_of_letters_larger_than_the_quota_it_is_not_said_that_deleting_helps(tmp_path):
    world = World(tmp_path, QuotaSettings(octets=20_000))
    try:
        huge, large = letter(1, "x" * 30_000), letter(2, "x" * 15_000)
        job = world.bring(file_of(huge, large))
        assert job["counts"] == {"kept": 1, "known": 0, "left": 0, "too_large": 1}
        assert job["error"]["kind"] == "too_large"
        assert "Delete" not in job["error"]["message"]
        assert job["error"]["message"].endswith(
            "It is larger than all of your mail may be together, so no deleting makes room for that: "
            "ask whoever runs the service for more."
        )
        job = world.bring(file_of(huge, large, letter(3, "x" * 15_000)))
        assert job["counts"] == {"kept": 0, "known": 1, "left": 0, "over_quota": 1, "too_large": 1}
        assert job["error"]["kind"] == "over_quota"
        assert "Delete for good" in job["error"]["message"]
        assert "1 of them is larger than all of your mail may be" in job["error"]["message"]
    finally:
        world.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from stored.transfer import importing
from tests.unit.stored.transfer.test_transfer import World

world = World(Path(sys.argv[1]))
importing.BATCH = 7
left = [int(sys.argv[2])]
whole = importing._write
def dying(account, working, *rest):
    whole(account, working, *rest)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
importing._write = dying
if sys.argv[3] == "begin":
    blob = world.upload(Path(sys.argv[4]).read_bytes())
    world.importer.begin(world.jobs, world.mail, blob, "inbox", unread=False, folders=True)
else:
    world.jobs.start()
world.jobs.wait("ana", 60)
"""


@pytest.mark.parametrize("kind", ["mbox", "zip", "tar.gz"])
def test_killed_in_the_middle_again_and_again_each_letter_is_here_once(tmp_path, kind):
    raws = [letter(n) for n in range(60)]
    named = [(f"{n}.eml", raw) for n, raw in enumerate(raws)]
    file = tmp_path / "file"
    file.write_bytes(
        {"mbox": lambda: file_of(*raws), "zip": lambda: zip_of(named), "tar.gz": lambda: tar_of(named)}[
            kind
        ]()
    )
    for turn, how in enumerate(["begin", "go on", "go on"]):
        command = [sys.executable, "-c", textwrap.dedent(KILLED), tmp_path / "d", str(turn + 1), how, file]
        assert subprocess.run(command, timeout=60).returncode == -9
    world = World(tmp_path / "d")
    assert 0 < listing(world.mail)["inbox"][0] < 60
    world.jobs.start()
    assert world.jobs.wait("ana", 60)
    assert world.raws() == raws
    assert shown(world.mail, 1)["counts"] == {"kept": 60, "known": 0, "left": 0}
    world.store.close()


# Out ------------------------------------------------------------------------------------------------


def test_an_mbox_goes_out_and_comes_in_as_it_was(world, tmp_path):
    raws = [letter(n, "From me\r\n>From you\r\n\r\nFrom x\r\n") for n in range(30)]
    keep(world.mail, *(prepared(raw, minutes=n) for n, raw in enumerate(raws)))
    job, blob, octets = world.give("mbox")
    assert (job["counts"], job["done"], job["total"]) == ({"exported": 30, "damaged": 0}, 30, 30)
    assert (blob.type, blob.octets, blob.name) == ("application/mbox", len(octets), "restante.mbox")
    (tmp_path / "x").write_bytes(octets)
    assert [one["Subject"] for one in mailbox.mbox(tmp_path / "x")] == [f"Letter {n}" for n in range(30)]
    other = World(tmp_path / "other")
    assert other.bring(octets)["counts"]["kept"] == 30
    assert other.raws() == raws
    other.store.close()


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("CON", "_CON"),
        ("con .a", "_con .a"),
        ("COM¹", "_COM¹"),
        ("conin$", "_conin$"),
        ("lpt1.txt", "_lpt1.txt"),
        ("Console", "Console"),
    ],
)
def test_a_zip_can_be_unpacked_where_some_names_are_devices(world, name, directory):
    folder = world.mail.write(lambda account: account.folders.create(name, 0).id)
    keep(world.mail, prepared(letter(1), folder=folder))
    _, _, octets = world.give("zip")
    with zipfile.ZipFile(io.BytesIO(octets)) as found:
        assert [one.partition("/")[0] for one in found.namelist()] == [directory]


def test_a_zip_holds_every_letter_exactly(world):
    strange = b"Subject: a/b: \xff\r\nbare\nline\rends\r\n\r\n\x00"
    own = world.mail.write(lambda account: account.folders.create("../Work", 0).id)
    keep(world.mail, prepared(strange, folder=own), prepared(letter(1)), prepared(letter(2), folder="sent"))
    _, blob, octets = world.give("zip")
    with zipfile.ZipFile(io.BytesIO(octets)) as found:
        assert found.testzip() is None
        files = {name: found.read(name) for name in found.namelist()}
    assert sorted(files.values()) == sorted([strange, letter(1), letter(2)])
    assert [name.partition("/")[0] for name in files] == ["_Work", "Inbox", "Sent"]
    assert "Inbox/2026-01-01 2 Letter 1.eml" in files
    assert blob.type == "application/zip"


def test_a_filter_chooses(world):
    keep_many(world.mail, 12)
    keep(world.mail, prepared(letter(50), account="a2", folder="archive", flags=5))
    assert world.give("mbox", folder="archive")[0]["counts"]["exported"] == 1
    assert world.give("mbox", account="a1", subject="letter 1")[0]["counts"]["exported"] == 4
    assert world.give("zip", flagged=True, seen=True)[0]["counts"]["exported"] == 1
    with pytest.raises(NotFound):
        world.give("zip", folder="f99")


def test_an_export_begun_by_a_former_process_is_made_anew(tmp_path):
    world = World(tmp_path)
    keep_many(world.mail, 20)
    world.jobs._stopping.set()
    number = world.exporter.begin(world.jobs, world.mail, "mbox", {})
    part = tmp_path / "exports" / "ana"
    part.mkdir(parents=True)
    (part / f"x{number}.part").write_bytes(b"half a letter" * 10_000)
    world.store.close()
    again = World(tmp_path)
    again.jobs.start()
    assert again.jobs.wait("ana", 60)
    blob, file = again.blobs.spooled("ana", shown(again.mail, number)["blob"])
    with file:
        assert len(file.read()) == blob.octets
    assert sorted(path.name for path in part.iterdir()) == [f"x{number}.mbox"]
    again.exporter.forget("ana", number)
    with pytest.raises(NotFound):
        again.blobs.spooled("ana", f"x{number}")
    again.store.close()


def test_nobody_gets_the_export_of_another(world):
    keep_many(world.mail, 1)
    job, _, _ = world.give("mbox")
    with pytest.raises(NotFound):
        world.blobs.spooled("bea", job["blob"])
    assert dumps(job)


def test_a_damaged_letter_is_counted_and_left(world, monkeypatch):
    keep_many(world.mail, 3)

    def breaking(account):
        del account.bodies[2]

    world.mail.write(breaking)
    assert world.give("zip")[0]["counts"] == {"exported": 2, "damaged": 1}


def test_reading_never_holds_more_than_a_letter(world, tmp_path):
    """The letters of a file come one by one, however many there are."""
    many = tmp_path / "many.mbox"
    with many.open("wb") as file:
        for number in range(3_000):
            file.write(file_of(letter(number, "x" * 1_000)))
    with many.open("rb") as file:
        places = [one.place["at"] for one in letters(file, {}, tmp_path)]
    assert len(places) == 3_000 and places[-1] == many.stat().st_size
