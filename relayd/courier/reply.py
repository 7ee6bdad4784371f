"""The values an attempt takes and gives. Plain data; nothing here opens a connection."""

import re
from dataclasses import dataclass
from typing import Literal

Security = Literal["opportunistic", "starttls", "tls", "plain"]
Outcome = Literal["delivered", "deferred", "failed"]

DETAIL_CHARACTERS = 400
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]+")


@dataclass(frozen=True)
class Reply:
    """What a mail server, or we in its place, said about one recipient.

    `host` is who said it, empty when we did. `enhanced` is an RFC 3463 code, made from the class of
    `code` when the server gave none. `sure` is False where the octets may have been taken although no
    answer came (the end-of-data reply was lost), so no other host is tried at once.
    """

    code: int
    enhanced: str
    text: str
    host: str = ""
    sure: bool = True

    @classmethod
    def read(cls, code: int, said: bytes | str, host: str = "") -> "Reply":
        """Make a reply of a server's code and words, cleaned of what a line of text cannot carry."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        text = _UNPRINTABLE.sub(" ", text).strip()[:DETAIL_CHARACTERS]
        found = _ENHANCED.match(text)
        if found is None or int(found[1][0]) != code // 100:
            return cls(code, f"{code // 100 if 2 <= code // 100 <= 5 else 4}.0.0", text, host)
        return cls(code, found[1], text[found.end() :], host)

    @property
    def outcome(self) -> Outcome:
        """Delivered, failed or (4xx and every code that nobody knows) deferred: by the class of the code."""
        return {2: "delivered", 5: "failed"}.get(self.code // 100, "deferred")  # type: ignore[return-value]

    @property
    def detail(self) -> str:
        """Who said it and what, in no language: `mx.example: 550 5.1.1 no such user`.

        Whoever shows it quotes it within a sentence of the person's own language.
        """
        return f"{self.host}: {self.words}" if self.host else self.text

    @property
    def words(self) -> str:
        """The reply as the server wrote it: `550 5.1.1 no such user`."""
        return f"{self.code} {self.enhanced} {self.text}".strip()


@dataclass(frozen=True)
class Login:
    """A name and a password for a smarthost. Never printed."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, password=...)"


@dataclass(frozen=True)
class Hop:
    """One host to try. `named` is True where the operator named it, which permits a private address."""

    host: str
    port: int
    security: Security = "opportunistic"
    login: Login | None = None
    named: bool = False


@dataclass(frozen=True)
class Letter:
    """What one attempt carries: an envelope and the octets. The null sender is the empty string."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    smtputf8: bool = False


class NoAddress(Exception):
    """A host has no address that may be connected to. `reply` says whether it may have one later."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply
