"""No space where large things pass through: small ones are served from memory, of the rest that is told."""

import errno
import io
import os
import random
import subprocess
import tempfile
from typing import cast

import pytest

from restante.errors import NoSpace
from restante.rpc import Principal
from restante.serve import Request
from restante.serve.messages import route_status
from stored import jobs
from stored.blobs import Blobs
from stored.intents import Intents
from stored.job_status import shown
from stored.jobs import Jobs
from stored.model.packing import pack
from stored.service.blobs import BlobRoute
from stored.spool import MEMORY_OCTETS, gathered
from stored.transfer import exporting, importing
from stored.transfer.exporting import Exporter
from stored.transfer.importing import Importer
from stored.uploads import Uploads
from tests.pop3server import PopServer
from tests.unit.stored.keeping import keep, letter, prepared, upload
from tests.unit.stored.visiting import Bench, account

CHANCE = random.Random(7)
#: Some letters that pass through a file, and one that is too large for memory.
SMALL = letter(1, CHANCE.randbytes(1_000_000).hex())
LARGE = letter(2, CHANCE.randbytes(MEMORY_OCTETS // 2 + 1000).hex())


@pytest.fixture(params=["mounted", "refused"])
def full(request, tmp_path, monkeypatch):
    """A directory in which there is no space: a file system of its own, or files that are refused."""
    place = tmp_path / "full"
    place.mkdir()
    if request.param == "refused":

        def refuse(*args, **options):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
        yield place
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def ids(mail):
    """The ids of a small and a large letter that are kept already."""
    return keep(mail, prepared(SMALL), prepared(LARGE))


def get(store, blobs, id):
    request = Request("GET", f"{id}/letter.eml", {}, Principal("user", "ana"), io.BytesIO(), 0)
    response = BlobRoute(blobs, Uploads(store), "/").answer(request)
    if isinstance(response.body, bytes):
        return response.body
    with cast(io.BufferedIOBase, response.body) as file:
        return file.read()


def test_what_fits_into_memory_is_served_and_more_is_no_space(store, ids, full):
    blobs = Blobs(store, full)
    assert get(store, blobs, ids[0]) == SMALL
    with pytest.raises(NoSpace, match="disk is full") as refused:
        get(store, blobs, ids[1])
    assert route_status(refused.value) == 503
    with pytest.raises(NoSpace):
        blobs.octets("ana", ids[1])


def test_what_passes_through_is_told_as_no_space_too(full):
    assert gathered([SMALL], full) == SMALL
    with pytest.raises(NoSpace):
        gathered([LARGE, LARGE], full)
    with pytest.raises(NoSpace):
        pack(LARGE, spool=full)


def test_a_large_letter_that_cannot_pass_through_is_no_fault_of_ours(store, full):
    with PopServer([LARGE]) as server:
        bench = Bench(store)
        bench.accounts["ana"] = [account(server)]
        bench.spool = full
        state = bench.run()["a1"]
        bench.collector.stop(10)
        assert (state.stage, type(state.error)) == ("failed", NoSpace)


@pytest.mark.parametrize("kind", [importing.KIND, exporting.KIND])
def test_jobs_that_find_no_space_say_so(store, mail, ids, full, tmp_path, monkeypatch, kind):
    monkeypatch.setattr(jobs, "TRIES", 1)
    blobs = Blobs(store, full)
    importer, exporter = Importer(full), Exporter(full, blobs)
    work = Jobs(
        store,
        Intents(tmp_path / "jobs"),
        {importing.KIND: importer.run, exporting.KIND: exporter.run},
    )
    if kind == importing.KIND:
        blob = upload(Uploads(store), LARGE, to_import=True)
        number = importer.begin(work, mail, blob, "inbox", unread=False, folders=True)
    else:
        number = exporter.begin(work, mail, "zip", {})
    assert work.wait("ana", 30)
    job = shown(mail, number)
    assert (job["stage"], job["error"]["kind"]) == ("failed", "no_space")
