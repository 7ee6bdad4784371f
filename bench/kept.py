"""The corpus on disk, written once and linked from there into every maildrop that needs it."""

import hashlib
import json
import os
import statistics
from dataclasses import dataclass
from pathlib import Path

from bench.corpus import SEED, Kind, letters
from bench.report import number

_SOURCE = Path(__file__).with_name("corpus.py")


@dataclass(frozen=True)
class Corpus:
    """So many letters as Maildir files, oldest first, and what to know of them.

    `equal_share` is the part of all octets that are attachments which came before; `sha256` is over the
    SHA-256 of each letter, in order.
    """

    files: list[Path]
    octets: int
    median_octets: int
    most_octets: int
    equal_share: float
    sha256: str

    def told(self) -> str:
        mean = self.octets / len(self.files)
        return (
            f"corpus: {len(self.files)} messages, {number(self.octets / 1e6)} MB, mean {mean / 1000:.1f} KB, "
            f"median {self.median_octets / 1000:.1f} KB, largest {self.most_octets / 1e6:.1f} MB, "
            f"equal attachments {self.equal_share:.1%}, sha256 {self.sha256[:16]}"
        )


def corpus(directory: Path, messages: int, kind: Kind = "normal") -> Corpus:
    """Return the corpus of that size, written into `directory` unless it is there already."""
    source = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:8]
    place = directory / f"corpus-{kind}-{messages}-{SEED}-{source}"
    told = place / "told.json"
    if not told.exists():
        told.write_text(json.dumps(_write(place, messages, kind)))
    files = sorted(file for file in place.iterdir() if file != told)
    return Corpus(files=files, **json.loads(told.read_text()))


def _write(place: Path, messages: int, kind: Kind) -> dict[str, float | str]:
    place.mkdir(parents=True, exist_ok=True)
    whole, sizes, repeated = hashlib.sha256(), [], 0
    for number_in_order, letter in enumerate(letters(messages, kind=kind), 1):
        raw = letter.raw
        whole.update(hashlib.sha256(raw).digest())
        sizes.append(len(raw))
        repeated += letter.repeated_octets
        # As Dovecot names them: S the octets as kept, W with CRLF, so that listing sizes opens no file.
        size = f"S={len(raw)},W={len(raw) + raw.count(10)}"
        file = place / f"{letter.sent_at}.M{number_in_order:06}P1.bench,{size}:2,"
        file.write_bytes(raw)
        os.utime(file, (letter.sent_at, letter.sent_at))
    return {
        "octets": sum(sizes),
        "median_octets": int(statistics.median(sizes)),
        "most_octets": max(sizes),
        "equal_share": repeated / sum(sizes),
        "sha256": whole.hexdigest(),
    }
