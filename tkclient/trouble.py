"""What can go wrong, as the rest of the client sees it: one exception family with a kind.

    Trouble
    ├── ServerTrouble      a server answered with an error object
    ├── TransportError     no usable answer came back
    ├── FileTrouble        a file of this terminal could not be read or written
    └── Cancelled          the person changed their mind

`kind` chooses the sentence a person is shown (`words.py`); `about` fills it. Knows nothing of windows.
"""

from __future__ import annotations

from typing import Any, ClassVar, Mapping, Optional, Tuple

TRANSPORT_KINDS: Tuple[str, ...] = (
    "bad_address",
    "not_private",
    "unreachable",
    "no_answer",
    "connection_lost",
    "bad_answer",
    "bad_certificate",
)
FILE_KINDS: Tuple[str, ...] = ("file_unreadable", "file_unwritable", "disk_full", "file_too_large")


class Trouble(Exception):
    """Something did not work out. `retryable` says whether doing the same again may help."""

    def __init__(self, kind: str, about: str = "", *, retryable: bool = False, detail: str = "") -> None:
        super().__init__(detail or kind)
        self.kind = kind
        self.about = about
        self.retryable = retryable
        self.detail = detail


class ServerTrouble(Trouble):
    """The error object of a server's answer. `ref` is what to quote to whoever runs the service."""

    ENDED: ClassVar[Tuple[str, ...]] = ("session_ended", "unauthenticated")

    def __init__(self, error: Mapping[str, Any]) -> None:
        data = error.get("data")
        facts: Mapping[str, Any] = data if isinstance(data, dict) else {}
        super().__init__(
            str(facts.get("kind", "internal")),
            str(facts.get("about", "")),
            retryable=bool(facts.get("retryable", False)),
            detail=str(error.get("message", "")),
        )
        self.ref = str(facts.get("ref", ""))
        after = facts.get("retry_after")
        self.retry_after_seconds: Optional[int] = int(after) if isinstance(after, (int, float)) else None


class TransportError(Trouble):
    """No usable answer: the kind is one of TRANSPORT_KINDS. Trying again may help."""

    def __init__(self, kind: str, about: str = "", detail: str = "") -> None:
        super().__init__(kind, about, retryable=kind not in ("bad_address", "not_private"), detail=detail)


class FileTrouble(Trouble):
    """A file here could not be read or written: the kind is one of FILE_KINDS."""


class Cancelled(Trouble):
    """The person stopped it; nothing needs to be said."""

    def __init__(self) -> None:
        super().__init__("cancelled")
