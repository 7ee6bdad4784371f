"""What a measurement prints: tables for a terminal or for a document, and the one last line."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path


def spread(values: Sequence[float]) -> str:
    """Return "median [least-most]", the one value, or "-" for none. Pure."""
    if len(values) <= 1:
        return number(values[0]) if values else "-"
    return f"{number(statistics.median(values))} [{number(min(values))}-{number(max(values))}]"


def number(value: float) -> str:
    """Return a figure with as many digits as it deserves: three that count, all of a whole number. Pure."""
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of them do not exceed. Pure."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def last_line(name: str, ours: float, peer: float, *, less_is_better: bool = False) -> str:
    """Return `NAME: ours X, peer Y, ratio Z`; the ratio is our advantage, over 1 is better. Pure."""
    ratio = peer / ours if less_is_better else ours / peer
    return f"{name}: ours {ours:.4g}, peer {peer:.4g}, ratio {ratio:.2f}"


class Report:
    """Prints as it goes: titles, remarks, rows. `markdown` is for pasting into a document."""

    def __init__(self, *, markdown: bool) -> None:
        self._markdown = markdown

    def title(self, text: str) -> None:
        print(f"\n### {text}\n" if self._markdown else f"\n{text}", flush=True)

    def remark(self, text: str) -> None:
        print(f"{text}\n" if self._markdown else f"  {text}", flush=True)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; the first column is words, the others figures."""
        lines = [list(heads), *map(list, rows)]
        widths = [max(2, *(len(line[column]) for line in lines)) for column in range(len(heads))]
        if self._markdown:
            lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
        for line in lines:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            print("| " + " | ".join(cells) + " |" if self._markdown else "  " + "   ".join(cells))
        print(flush=True)

    def last(self, line: str) -> None:
        print(f"\n    {line}" if self._markdown else line, flush=True)


def circumstances() -> str:
    """Return when and on what this is measured; how busy the machine is with other things included."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, "
        f"{_system()}, Python {platform.python_version()}; load before: {load:.1f}"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?").strip()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
