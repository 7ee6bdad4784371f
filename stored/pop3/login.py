"""Ways to log in: SASL PLAIN with its initial response, then USER and PASS, APOP last; XOAUTH2 for tokens.

RFC 4616 and 5034; RFC 1939 section 7; XOAUTH2 as Google and Microsoft describe it, in two steps, since a
token is longer than a command may be.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Literal

from stored.pop3.replies import Reply, understood

# RFC 5034 section 4: a longer initial response goes in a line of its own.
COMMAND_OCTETS = 255
# A time stamp is a msg-id of printable ASCII; anything looser would let a server fish for the secret.
_TIMESTAMP = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")

Auth = Literal["password", "oauth2"]
Say = Callable[[str], bytes]


class Login:
    """One user's login at one server. `secret` is a password, or an access token for "oauth2"."""

    def __init__(self, host: str, user: str, secret: str, auth: Auth = "password") -> None:
        self._host = host
        self._user = user
        self._secret = secret
        self._auth = auth
        #: By which way the server let us in, once it did, if all of it can be said at once: see `at_once`.
        self.way = ""
        plain = f"\0{user}\0{secret}"
        token = f"user={user}\1auth=Bearer {secret}\1\1"
        self._response = b64encode((token if auth == "oauth2" else plain).encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in anything the server says."""
        return (self._secret, self._response)

    def at_once(self, way: str) -> list[str]:
        """Return the lines of logging in by `way`, PLAIN or USER; none where they cannot be said at once.

        A token is never among them: it goes in two steps.
        """
        if self._auth == "password" and way == "USER":
            return [f"USER {self._user}", f"PASS {self._secret}"]
        line = f"AUTH PLAIN {self._response}"
        if self._auth == "password" and way == "PLAIN" and len(line) + 2 <= COMMAND_OCTETS:
            return [line]
        return []

    def perform(self, capabilities: Mapping[str, list[str]], banner: str, say: Say) -> Reply:
        """Return the server's last word. `say` sends a line and returns the answer to it. Network."""
        if self._auth == "oauth2":
            return self._sasl("XOAUTH2", say, at_once=False)
        if "PLAIN" in capabilities.get("SASL", []):
            reply = self._sasl("PLAIN", say, at_once=True)
            if not reply.is_unknown_command:
                return reply
        stamp = _TIMESTAMP.search(banner)
        if stamp and capabilities and "USER" not in capabilities:
            return self._apop(stamp[0], say)
        reply = self._answer(say(f"USER {self._user}"))
        if reply.ok:
            self.way = "USER"
            return self._answer(say(f"PASS {self._secret}"))
        return self._apop(stamp[0], say) if stamp and reply.is_unknown_command else reply

    def _sasl(self, mechanism: str, say: Say, *, at_once: bool) -> Reply:
        command = f"AUTH {mechanism} {self._response}"
        if at_once and len(command) + 2 <= COMMAND_OCTETS:
            line = say(command)
            self.way = "" if _asks_for_more(line) else mechanism
        else:
            line = say(f"AUTH {mechanism}")
            if _asks_for_more(line):
                line = say(self._response)
        # A refusal of XOAUTH2 comes as a question, to be answered with an empty line.
        return self._answer(say("") if _asks_for_more(line) else line)

    def _apop(self, stamp: str, say: Say) -> Reply:
        self.way = ""
        digest = hashlib.md5(f"{stamp}{self._secret}".encode(), usedforsecurity=False).hexdigest()
        return self._answer(say(f"APOP {self._user} {digest}"))

    def _answer(self, line: bytes) -> Reply:
        return understood(self._host, line)


def _asks_for_more(line: bytes) -> bool:
    return line == b"+" or line.startswith(b"+ ")
