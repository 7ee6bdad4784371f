"""space: octets on disk after collecting, as a share of the mail's own, beside Dovecot's mdbox with zstd.

Nine tenths come in one visit, the last tenth in visits that bring one to five, as mail does. Everything that
is on disk for the person counts but the search index; no pack is made for the occasion. The peer imports all
at once, which is the best it can do. Shares are of the octets with LF, as kept by mail servers.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.dovecot import Dovecot
from bench.kept import Corpus, corpus
from bench.options import Options, need, need_dovecot
from bench.person import SECRET, Person, house
from bench.report import Report, last_line, number

MESSAGES, QUICK_MESSAGES = 10_000, 300
SEARCH_INDEX = "search*"
USER, PEER_USER = "todos", "comprimida"


def run(options: Options, report: Report) -> str:
    need_dovecot()
    need("doveadm", "dovecot-core")
    messages = options.pick(options.messages, MESSAGES, QUICK_MESSAGES)
    kept = corpus(options.directory, messages)
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(core=options.core))
        dovecot.link(PEER_USER, SECRET, kept.files)
        running = stack.enter_context(house(options.core))
        report.title(f"Octets on disk of {messages} messages")
        report.remark(kept.told())
        person = Person(running, "ahorrativa")
        person.add_rules()
        person.add_account(dovecot.pop3_port, USER)
        visits = _collect(person, dovecot, kept)
        report.remark(f"collected in {visits} visits: nine tenths in one, the rest one to five at a time")
        ours = _octets(person.mail)
        peer = _imported(dovecot, kept)
    rows = [
        _row("the mail itself", kept.octets, None, kept.octets),
        _row("Restante", *ours, kept.octets),
        _row("Dovecot mdbox, zstd", *peer, kept.octets),
    ]
    report.table(["", "MB", "MB on disk", "of the mail"], rows)
    return last_line("space", ours[1] / kept.octets, peer[1] / kept.octets, less_is_better=True)


def _row(name: str, octets: int, on_disk: int | None, raw: int) -> list[str]:
    told = "-" if on_disk is None else number(on_disk / 1e6)
    return [name, number(octets / 1e6), told, f"{(on_disk or octets) / raw:.4f}"]


def _collect(person: Person, dovecot: Dovecot, kept: Corpus) -> int:
    """Let the mail come as mail comes; return in how many visits."""
    visits = list(_arrivals(kept.files))
    for files in visits:
        dovecot.link(USER, SECRET, files)
        done = person.collect()
        assert done.messages == len(files), f"{done.messages} of {len(files)} collected"
    assert person.listed() == len(kept.files)
    person.searchable()
    return len(visits)


def _arrivals(files: list[Path]) -> Iterator[list[Path]]:
    """Yield nine tenths, then one to five at a time. Pure."""
    dice = random.Random(len(files))
    at = len(files) - len(files) // 10
    yield files[:at]
    while at < len(files):
        count = dice.randint(1, 5)
        yield files[at : at + count]
        at += count


def _imported(dovecot: Dovecot, kept: Corpus) -> tuple[int, int]:
    """Return the octets, said and on disk, of the same letters in an mdbox compressed by zstd."""
    store = dovecot.directory / "mdbox"
    store.mkdir()
    shutil.chown(store, "mail", "mail")
    settings = [f"mail_location=mdbox:{store}", "plugin/zlib_save=zstd"]
    options = [word for setting in settings for word in ("-o", setting)]
    source = f"maildir:{dovecot.maildir(PEER_USER)}"
    command = [
        "doveadm",
        "-c",
        str(dovecot.configuration),
        *options,
        "import",
        "-u",
        PEER_USER,
        source,
        "",
        "ALL",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"doveadm failed: {done.stderr}"
    return _octets(store)


def _octets(directory: Path) -> tuple[int, int]:
    """Return what the files below hold, as they say and as they take on disk; the search index left out."""
    files = [file for file in directory.rglob("*") if not file.match(SEARCH_INDEX)]
    found = [os.lstat(file) for file in (directory, *files)]
    return sum(one.st_size for one in found), sum(one.st_blocks * 512 for one in found)
