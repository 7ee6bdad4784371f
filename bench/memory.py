"""memory: what each daemon holds at rest, and stored while a message of 100 MB is collected and read.

Ours: one person has collected and read a letter, then comes the large one: collected by POP3, listed, opened,
fetched whole as a blob, and everything exported. Dovecot: the same message is appended and fetched whole by
IMAP. All processes of either count together, what they share shared out (PSS), looked at every 20 ms; of
stored's own also the mark that the kernel keeps of the highest, if that is more. The last line tells the two
highest.
"""

import random
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import ExitStack

import requests

from bench.dovecot import Dovecot
from bench.house import DAEMONS, House
from bench.load import READ_OCTETS, Imap, Target
from bench.options import Options, need_dovecot
from bench.person import SECRET, Person, house
from bench.processes import (
    forget_peak,
    peak_octets,
    proportional_octets,
    resident_octets,
    tree,
    wait_quiet,
    wait_until,
)
from bench.report import Report, last_line, number

MESSAGE_OCTETS, QUICK_MESSAGE_OCTETS = 100_000_000, 5_000_000
REST_SECONDS = 60
EXPORT_SECONDS = 60
USER, PEER_USER = "cartas", "grandes"


def run(options: Options, report: Report) -> str:
    need_dovecot(imap=True)
    octets = QUICK_MESSAGE_OCTETS if options.quick else MESSAGE_OCTETS
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.add(USER, SECRET, [letter(1_000)])
        dovecot.add(PEER_USER, SECRET, [])
        running = stack.enter_context(house(options.core))
        person = Person(running, "paciente")
        person.add_account(dovecot.pop3_port, USER)
        _visit(person, 1)
        wait_quiet(running.pid("stored"))
        # Those that read letters end once there is nothing to read.
        wait_until(lambda: len(tree(running.pid("stored"))) == 1, "stored to be at rest", REST_SECONDS)
        resting = {name: proportional_octets(running.pid(name)) for name in DAEMONS}
        resident = {name: resident_octets(running.pid(name)) for name in DAEMONS}
        report.title(f"Memory at rest, and with a message of {octets / 1e6:.0f} MB")
        large = letter(octets)
        dovecot.add(USER, SECRET, [large])
        highest = _ours(running, person)
        peer_resting = proportional_octets(dovecot.pid)
        peer_highest = _highest(dovecot.pid, lambda: _append_and_read(dovecot, large))
    rows = [_row(name, resting[name], resident[name]) for name in DAEMONS if name != "stored"]
    rows.append(_row("stored", resting["stored"], resident["stored"], highest))
    rows.append(_row("Dovecot", peer_resting, None, peer_highest))
    report.table(["", "at rest, MB", "its main process, resident", "highest, MB", "above rest, MB"], rows)
    return last_line("memory", highest / 1e6, peer_highest / 1e6, less_is_better=True)


def _row(name: str, resting: int, resident: int | None, highest: int | None = None) -> list[str]:
    above = None if highest is None else highest - resting
    told = (
        None if octets is None else number(octets / 1e6) for octets in (resting, resident, highest, above)
    )
    return [name, *(one or "-" for one in told)]


def letter(octets: int) -> bytes:
    """Return a letter of about so many octets, nearly all of them an attachment that does not compress."""
    head = (
        "From: Luis <luis@corp1.example>\nTo: maria@restante.example\nSubject: Fotos\n"
        f"Date: Mon, 23 Nov 2026 10:00:00 +0000\nMessage-ID: <{octets}@corp1.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nLas fotos.\n--b\n'
        'Content-Type: application/zip; name="fotos.zip"\nContent-Transfer-Encoding: base64\n\n'
    )
    coded = b64encode(random.Random(octets).randbytes(octets * 57 // 77))
    lines = b"\n".join(coded[start : start + 76] for start in range(0, len(coded), 76))
    return head.encode() + lines + b"\n--b--\n"


def _ours(running: House, person: Person) -> int:
    stored = running.pid("stored")
    forget_peak(stored)
    return max(_highest(stored, lambda: _visit(person, 1)), peak_octets(stored))


def _visit(person: Person, new: int) -> None:
    """Collect so many, list, open the newest and fetch it whole; export everything."""
    done = person.collect()
    assert done.messages == new, f"{done.messages} collected"
    row = person.stored.call("message.page", folder="inbox", limit=1)["rows"][0]
    (opened,) = person.stored.call("message.get", ids=[row["id"]])["messages"]
    url = f"{person.stored.url}blobs/{opened['raw']}/raw.eml"
    headers = {"Authorization": f"Bearer {person.token}"}
    with requests.get(url, headers=headers, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        fetched = sum(map(len, answer.iter_content(READ_OCTETS)))
    assert fetched == int(row["octets"])
    person.stored.call("export.start", format="mbox")
    wait_until(lambda: _exported(person), "an export", EXPORT_SECONDS)


def _exported(person: Person) -> bool:
    newest = person.stored.call("job.list")["jobs"][0]
    assert newest["stage"] in ("waiting", "running", "done"), newest
    return bool(newest["stage"] == "done")


def _highest(pid: int, work: Callable[[], None]) -> int:
    """Return the most that the process and its descendants were seen to hold while `work` ran."""
    done, seen = threading.Event(), [proportional_octets(pid)]

    def look() -> None:
        while not done.wait(0.02):
            seen.append(proportional_octets(pid))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        work()
    finally:
        done.set()
        looking.join()
    return max(seen)


def _append_and_read(dovecot: Dovecot, raw: bytes) -> None:
    """Append the message by IMAP and fetch it whole, in a session each."""
    raw = raw.replace(b"\n", b"\r\n")
    address = ("127.0.0.1", dovecot.imap_port)
    with socket.create_connection(address, timeout=60) as line, line.makefile("rb") as replies:
        replies.readline()
        line.sendall(f"1 LOGIN {PEER_USER} {SECRET}\r\n".encode())
        assert b"1 OK" in replies.readline()
        line.sendall(f"2 APPEND INBOX {{{len(raw)}}}\r\n".encode())
        assert replies.readline().startswith(b"+")
        line.sendall(raw + b"\r\n")
        assert b"2 OK" in replies.readline()
    reading = Imap(Target(Imap, dovecot.imap_port, f"{PEER_USER} {SECRET}", 1, dovecot.pid))
    assert reading.whole(1) > len(raw)
    reading.close()
