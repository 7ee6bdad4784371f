"""What a server announces in its answer to CAPA (RFC 2449), and what follows from it. Pure."""

from collections.abc import Iterable

from stored.pop3.entries import number

DAY_SECONDS = 24 * 3600


class Capabilities(dict[str, list[str]]):
    """Names with their arguments, all in capitals; empty where the server has no CAPA."""

    @classmethod
    def of(cls, lines: Iterable[bytes]) -> "Capabilities":
        """Return what the lines of an answer announce."""
        found = cls()
        for line in lines:
            name, *arguments = line.decode("ascii", "replace").upper().split() or [""]
            found[name] = arguments
        return found

    @property
    def pipelining(self) -> bool:
        return "PIPELINING" in self

    @property
    def tells_of_passwords(self) -> bool:
        """Whether a refused login has a code when it is the password (AUTH-RESP-CODE, RFC 3206)."""
        return "AUTH-RESP-CODE" in self

    @property
    def differ_by_user(self) -> bool:
        """Whether some are for others, and to be asked again once logged in (RFC 2449 section 6)."""
        return any("USER" in self.get(name, []) for name in ("LOGIN-DELAY", "EXPIRE"))

    @property
    def login_delay_seconds(self) -> int:
        """How long the server wants between logins; 0 where it does not say."""
        return max(0, min(self._first_number("LOGIN-DELAY"), DAY_SECONDS))

    @property
    def expires_days(self) -> int | None:
        """After how many days the server deletes by itself; None where it never does, or does not say."""
        days = self._first_number("EXPIRE")
        return days if days >= 0 else None

    def _first_number(self, name: str) -> int:
        return number("".join(self.get(name, [])[:1]).encode())
