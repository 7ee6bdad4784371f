"""A message of 100 MB is made ready, kept and read in little memory (promise 10), in a process of its own."""

import subprocess
import sys
import textwrap

PROGRAM = """
    import base64, hashlib, random, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from stored.append import Incoming, append, prepare
    from stored.blobs import Blobs
    from stored.mime import summarize
    from stored.settings import StorageSettings
    from stored.spool import gathered
    from stored.store import Store

    def memory(name):
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        return int(status[name].split()[0]) // 1024

    def arriving():
        yield b'From: a@b.example\\r\\nContent-Type: multipart/mixed; boundary="b"\\r\\n\\r\\n--b\\r\\n'
        yield b"Content-Type: application/zip\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n"
        chance = random.Random(1)
        for _ in range(95):
            coded = base64.b64encode(chance.randbytes(57 * 13797))
            yield b"".join(coded[at : at + 76] + b"\\r\\n" for at in range(0, len(coded), 76))
        yield b"--b--\\r\\n"

    top = Path(sys.argv[1])
    spool = top / "spool"
    spool.mkdir()
    store = Store(top, StorageSettings(free_space_octets=0))
    mail = store.open_account("ana")
    mail.read(lambda account: None)
    Path("/proc/self/clear_refs").write_text("5")
    idle = memory("VmRSS")
    raw = gathered(arriving(), spool)
    assert len(raw) > 100_000_000
    prepared = prepare(Incoming(raw, summarize(raw), "a1", "u1", b"", datetime.now(UTC)), spool)
    digest = prepared.packed.sha256
    del raw
    mail.write(lambda account: append(account, prepared))
    del prepared
    running = hashlib.sha256()
    with Blobs(store, spool).opened("ana", "m1") as (blob, pieces):
        for piece in pieces:
            running.update(piece)
    assert running.digest() == digest
    print(memory("VmHWM") - idle)
    store.close()
"""
MOST_MEGABYTES = 64


def test_a_hundred_megabytes_take_little_memory(tmp_path):
    program = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path)]
    ran = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) <= MOST_MEGABYTES
