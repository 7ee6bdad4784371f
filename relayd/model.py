"""The persistent classes of the queue, and nothing that acts on them.

    Queue
    ├── items          id → Item        letters with at least one recipient still waited for
    ├── set_aside      id → SetAside    letters nobody could handle; kept for the operator, never retried
    ├── submissions    "submission user" → Submission    what was answered, kept for seven days
    ├── submissions_at microsecond → key of a submission    so that old ones are found without a scan
    └── unreported     number → tuple   outcomes the storage server has not been told

An item's record is small and rewritten with each attempt; its octets hang in records of their own that
are written once. Everything inside a record is plain data, replaced whole and never changed in place.
"""

from dataclasses import dataclass
from typing import Literal

from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

CHUNK_OCTETS = 262_144

Outcome = Literal["queued", "delivered", "deferred", "failed"]


class Chunk(Persistent):  # type: ignore[misc]
    """At most 256 KiB of a letter."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets


class Body(Persistent):  # type: ignore[misc]
    """The octets of a letter: inline while they fit one chunk, in chunks of their own above."""

    def __init__(self, content: bytes) -> None:
        self.octets = len(content)
        self.inline = content if len(content) <= CHUNK_OCTETS else b""
        self.chunks: tuple[Chunk, ...] = ()
        if not self.inline:
            view = memoryview(content)
            self.chunks = tuple(
                Chunk(bytes(view[at : at + CHUNK_OCTETS])) for at in range(0, len(content), CHUNK_OCTETS)
            )

    def content(self) -> bytes:
        """Return the octets. Chunks are let go one by one, so that memory holds the letter once."""
        if self.inline:
            return self.inline
        content = bytearray()
        for chunk in self.chunks:
            content += chunk.octets
            chunk._p_deactivate()
        return bytes(content)


@dataclass(frozen=True)
class Recipient:
    """One address of the envelope. `state` is queued, deferred, delivered or failed."""

    address: str
    state: Outcome = "queued"
    attempts: int = 0
    next_attempt_at: float = 0.0
    detail: str = ""


class Item(Persistent):  # type: ignore[misc]
    """A letter in the queue: the envelope and how far each recipient is."""

    def __init__(
        self,
        id: str,
        sender: str,
        recipients: tuple[str, ...],
        body: Body,
        smtputf8: bool,
        at: float,
        key: str,
    ) -> None:
        self.id = id
        self.sender = sender
        self.recipients = tuple(Recipient(address, next_attempt_at=at) for address in recipients)
        self.body = body
        self.octets = body.octets
        self.smtputf8 = smtputf8
        self.accepted_at = at
        self.submission = key


@dataclass(frozen=True)
class Fate:
    """What the status of a submission says of one recipient."""

    outcome: Outcome
    detail: str
    at: float


class Submission(Persistent):  # type: ignore[misc]
    """A submission seen, with the answer it got and what became of each recipient."""

    def __init__(
        self, source: str, user: str, id: str, item: str, at: float, recipients: tuple[str, ...]
    ) -> None:
        self.source = source
        self.user = user
        self.id = id
        self.item = item
        self.at = at
        self.fates = tuple((address, Fate("queued", "", at)) for address in recipients)


class SetAside(Persistent):  # type: ignore[misc]
    """A letter out of the flow. `item` may be damaged: it is referred to, never loaded, by relayd."""

    def __init__(self, item: Item, reason: str, at: float) -> None:
        self.item = item
        self.reason = reason
        self.at = at


@dataclass(frozen=True)
class Report:
    """An outcome to be told to `source`."""

    source: str
    user: str
    submission: str
    recipient: str
    outcome: Outcome
    detail: str
    at: float


class Queue(Persistent):  # type: ignore[misc]
    """The root of the database."""

    def __init__(self) -> None:
        self.items = OOBTree()
        self.set_aside = OOBTree()
        self.submissions = OOBTree()
        self.submissions_at = LOBTree()
        self.unreported = LOBTree()
