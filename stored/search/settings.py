"""What the operator can set about searching; a section of `stored.settings`."""

from dataclasses import dataclass

from restante.config import setting


@dataclass(frozen=True)
class SearchSettings:
    open_indexes: int = setting(32, "Search indexes kept open; each holds three descriptors.", minimum=1)
    batch_seconds: float = setting(
        30.0,
        "Processor time that reading and indexing 200 messages may take before each is tried by itself.",
        minimum=0.1,
    )
    message_seconds: float = setting(
        5.0, "Processor time that reading one message may take; then only its row is indexed.", minimum=0.1
    )
    rest_seconds: float = setting(
        30.0, "After how long without work the processes that read messages end.", minimum=0.05
    )
