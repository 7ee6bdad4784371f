"""What a refusal of a POP3 server means: response codes (RFC 2449, 3206), and words where there are none."""

import re

from restante.errors import (
    MaildropInUse,
    RemoteError,
    RemoteLoginRefused,
    RemoteProtocol,
    RemoteRefused,
    RemoteTemporary,
)

_CODE = re.compile(r"\s*\[([A-Z0-9/-]{1,40})\]", re.IGNORECASE)
_IN_USE = re.compile(
    r"\b(in use|unable to lock|busy|already (open|logged)|(maildrop|mailbox) .{0,20}locked)\b", re.IGNORECASE
)
_TEMPORARY = re.compile(r"\b(temporar\w*|try(ing)? again|later|unavailable|too many)\b", re.IGNORECASE)
_UNKNOWN_COMMAND = re.compile(
    r"\b(unknown|unrecogni[sz]ed|unsupported|not (supported|implemented)|invalid command|syntax)\b",
    re.IGNORECASE,
)
_PASSWORD = re.compile(
    r"auth|password|passwd|credential|log-?in|user|invalid|incorrect|denied|wrong", re.IGNORECASE
)

SAID_CHARACTERS = 200


class Reply:
    """One status line: whether it agrees, its response code ("" where it has none), its text made printable.

    The text is the server's own: cut to `SAID_CHARACTERS` before it is shown to anyone.
    """

    def __init__(self, line: bytes) -> None:
        self.ok = line.startswith(b"+OK")
        self.garbage = not self.ok and not line.startswith(b"-ERR")
        rest = line.partition(b" ")[2].decode("utf-8", "replace")
        found = _CODE.match(rest)
        self.code = found[1].upper() if found else ""
        text = rest[found.end() :] if found else rest
        self.text = "".join(c if c.isprintable() else " " for c in text).strip()

    @property
    def is_unknown_command(self) -> bool:
        """Whether the server did not understand, rather than refuse."""
        return not self.ok and not self.code and bool(_UNKNOWN_COMMAND.search(self.text))

    @property
    def said(self) -> str:
        """The server's words as a sentence to add to another, a blank before it; "" where it has none."""
        return f' It said: "{self.text[:SAID_CHARACTERS]}"' if self.text else ""

    def hide(self, *secrets: str) -> None:
        """Take `secrets` out of the text: there are servers that repeat what they were sent."""
        for secret in filter(None, secrets):
            self.text = self.text.replace(secret, "***")


def not_pop3(host: str, line: bytes) -> RemoteProtocol:
    """Return the error for an answer that is neither +OK nor -ERR."""
    return RemoteProtocol(
        f"What answers at {host} does not speak POP3. Check the host and the port.",
        about=host,
        cause=repr(line[:SAID_CHARACTERS]),
    )


def understood(host: str, line: bytes) -> Reply:
    """Return a status line as a Reply; raise RemoteProtocol where it is none."""
    reply = Reply(line)
    if reply.garbage:
        raise not_pop3(host, line)
    return reply


def refusal(
    host: str, reply: Reply, *, doing: str, login: bool = False, telling: bool = False
) -> RemoteError:
    """Return the error that `reply`, a refusal of `host`, means; `doing` says what was asked, as "to ...".

    Without a response code a refused `login` is a wrong password unless its words tell of another reason:
    an account in use must not be taken for one (F26). A server that is `telling` gives a code when it is
    the password (AUTH-RESP-CODE, RFC 3206), so without one it must at least say so in words.
    """
    code = reply.code
    said = reply.said
    if code == "IN-USE" or (not code and login and _IN_USE.search(reply.text)):
        return MaildropInUse(
            f"The account on {host} is being read by another program. Try again in a few minutes.{said}",
            about=host,
        )
    vague = login and telling and not code and not _PASSWORD.search(reply.text)
    if code in ("SYS/TEMP", "LOGIN-DELAY") or (not code and _TEMPORARY.search(reply.text)) or vague:
        return RemoteTemporary(f"{host} cannot do this just now. Try again later.{said}", about=host)
    if code == "AUTH" or (login and not code.startswith("SYS")):
        return RemoteLoginRefused(
            f"{host} refused the user name or the password. "
            f"Check both, and that the account allows POP3.{said}",
            about=host,
        )
    return RemoteRefused(f"{host} refused {doing}.{said}", about=host)
