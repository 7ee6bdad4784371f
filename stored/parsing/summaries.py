"""What is known of a letter as it arrives: of an unusual one it is read where reading can be killed.

Nearly every letter is ordinary, and read in this process. Of one that takes a process too long, what the
beginning of its header says has to do.
"""

import json
from datetime import datetime

from restante.errors import TooComplex
from stored.mime import (
    ORDINARY_HEADER_OCTETS,
    Address,
    Bounce,
    Octets,
    Summary,
    ordinary_summary,
    summarize,
)
from stored.parsing.pool import Parsers


class Summaries:
    """Summarizes letters as they come in. Safe to use from any thread."""

    def __init__(self, parsers: Parsers) -> None:
        self._parsers = parsers

    def of(self, raw: Octets) -> Summary:
        """Return the summary of `raw`. Raises Draining, and Busy where every process is taken for long."""
        summary = ordinary_summary(raw)
        if summary is not None:
            return summary
        try:
            return _read(self._parsers.do("summarized", raw))
        except TooComplex:
            return summarize(raw[:ORDINARY_HEADER_OCTETS])


def _read(answer: bytes) -> Summary:
    told = json.loads(answer)
    for people in ("from_", "to", "cc", "reply_to"):
        told[people] = [Address(*one) for one in told[people]]
    told["bounces"] = [Bounce(*one) for one in told["bounces"]]
    told["fields"] = [(name, value) for name, value in told["fields"]]
    told["sent_at"] = datetime.fromisoformat(told["sent_at"]) if told["sent_at"] else None
    return Summary(**told)
