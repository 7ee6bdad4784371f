"""A large message is kept, opened, indexed and read in little memory: promise 10."""

import subprocess
import sys
import textwrap

import pytest

COMMON = """
import base64, hashlib, os, random, sys
from datetime import UTC, datetime
from pathlib import Path
from stored.append import Incoming, append, prepare
from stored.blobs import Blobs
from stored.mime import summarize
from stored.parsing import Parsers
from stored.reading import Reader
from stored.settings import StorageSettings
from stored.spool import gathered
from stored.store import Store

def memory(name, pid="self"):
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status[name].split()[0]) // 1024

def forget(pid="self"):
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return memory("VmRSS", pid)

def arriving(megabytes):
    yield b'From: a@b.example\\r\\nContent-Type: multipart/mixed; boundary="b"\\r\\n\\r\\n--b\\r\\n'
    yield b"Content-Type: application/zip\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n"
    chance = random.Random(1)
    for _ in range(megabytes):
        coded = base64.b64encode(chance.randbytes(57 * 13797))
        yield b"".join(coded[at : at + 76] + b"\\r\\n" for at in range(0, len(coded), 76))
    yield b"--b--\\r\\n"

def kept(megabytes):
    raw = gathered(arriving(megabytes), spool)
    prepared = prepare(Incoming(raw, summarize(raw), "a1", "u1", b"", datetime.now(UTC)), spool)
    mail.write(lambda account: append(account, prepared))
    return prepared.packed.sha256

top = Path(sys.argv[1])
spool = top / "spool"
spool.mkdir()
store = Store(top, StorageSettings(free_space_octets=0))
mail = store.open_account("ana")
mail.read(lambda account: None)
"""

KEPT = """
idle = forget()
digest = kept(95)
running = hashlib.sha256()
with Blobs(store, spool).opened("ana", "m1") as (blob, pieces):
    assert blob.octets > 100_000_000
    for piece in pieces:
        running.update(piece)
assert running.digest() == digest
print(memory("VmHWM") - idle)
"""

OPENED = """
parsers = Parsers(1)
parsers.start()
pid = parsers._all[0]._process.pid
reader = Reader(parsers, spool)
reader.text_of(b"Content-Type: text/html\\r\\n\\r\\n<p>small")
kept(40)
idle, idle_there = forget(), forget(pid)
(opened,) = reader.get(mail, ["m1"])["messages"]
assert b"application/zip" in bytes(opened)
print(memory("VmHWM") - idle + memory("VmHWM", pid) - idle_there)
parsers.stop()
"""

INDEXED = """
from stored.search import source
from stored.search.index import Mark
from stored.search.worker import _documents
kept(40)
batch = mail.read(lambda account: source.next_batch(account, Mark(), spool))
idle = forget()
(document,) = _documents(batch.items, memoryview(b"".join(batch.octets)))
assert document.octets > 40_000_000
print(memory("VmHWM") - idle)
source.discard(batch)
"""


@pytest.mark.parametrize(
    ("program", "most_megabytes"),
    [(KEPT, 64), (OPENED, 30), (INDEXED, 20)],
    ids=["100 MB kept and read", "40 MB opened", "40 MB indexed"],
)
def test_a_large_message_takes_little_memory(program, most_megabytes, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(COMMON + program + "\nstore.close()\n"), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) <= most_megabytes


@pytest.mark.parametrize("process", ["stored.parsing.worker", "stored.search.worker"])
def test_a_process_that_reads_letters_loads_no_database(process):
    code = f"import sys, {process}; print({{'ZODB', 'BTrees', 'requests', 'waitress'}} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout == "set()\n", ran.stderr
