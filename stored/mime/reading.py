"""A message opened: everything a reader is shown, found in one reading of its parts."""

from dataclasses import dataclass, field

from stored.mime.cautions import Caution, cautions_of
from stored.mime.notices import notices_in
from stored.mime.parts import Part, parts_in
from stored.mime.reports import Notice
from stored.mime.runs import Run
from stored.mime.scanner import Octets, Scan
from stored.mime.summary import Summary, summary_of
from stored.mime.text import Texts, runs_in, text_in


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says. `too_complex` tells that a limit of the reader cut it short.

    `summary` holds what the header says and nothing of the body.
    """

    summary: Summary = field(default_factory=Summary)
    text: str = ""
    text_truncated: bool = False
    runs: list[Run] = field(default_factory=list)
    runs_truncated: bool = False
    parts: list[Part] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    warnings: list[Caution] = field(default_factory=list)
    too_complex: bool = False


def reading_of(raw: Octets, *, text: bool = True, runs_limit: int = 0) -> Reading:
    """Return what `raw` says, its texts only with `text`, its runs only up to `runs_limit` octets or so."""
    scan = Scan(raw)
    parts = parts_in(raw, scan)
    summary = summary_of(raw, scan, body=False)
    texts = Texts(raw)
    said, text_cut = text_in(raw, parts, texts) if text else ("", False)
    runs, runs_cut = runs_in(raw, scan, parts, runs_limit, texts) if runs_limit else ([], False)
    return Reading(
        summary=summary,
        text=said,
        text_truncated=text_cut,
        runs=runs,
        runs_truncated=runs_cut,
        parts=parts,
        notices=notices_in(raw, scan, parts),
        warnings=cautions_of(summary, scan.root.fields, parts, runs),
        too_complex=scan.too_complex,
    )
