"""Who is asking, and who may ask. Pure values; how somebody is recognised is the listener's business."""

from dataclasses import dataclass
from typing import Literal

Audience = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: nobody known, a user (with the session, if one was shown), a daemon, the operator.

    `name` is the user's or the daemon's name, `session` the id of the session; "" where there is none.
    """

    kind: Literal["anonymous", "user", "daemon", "operator"]
    name: str = ""
    session: str = ""


ANONYMOUS = Principal("anonymous")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a method sees it: who asks, from where, under which request id."""

    principal: Principal
    request_id: str
    method: str
    remote: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call a method, and on which listeners it exists at all."""

    kind: Literal["anonymous", "user", "daemon", "operator"]
    audiences: frozenset[Audience]
    names: frozenset[str] = frozenset()

    def admits(self, principal: Principal) -> bool:
        """Tell whether `principal` may call. Whoever may not is told that the method does not exist."""
        if self.kind == "anonymous":
            return True
        return principal.kind == self.kind and (not self.names or principal.name in self.names)


_PUBLIC: frozenset[Audience] = frozenset({"public"})
_INTERNAL: frozenset[Audience] = frozenset({"internal"})

ANYONE = Caller("anonymous", _PUBLIC)
USER = Caller("user", _PUBLIC)
OPERATOR = Caller("operator", _INTERNAL)
EVERYWHERE = Caller("anonymous", _PUBLIC | _INTERNAL)
"""For the system methods alone: they tell nothing about anybody."""


def daemons(*names: str) -> Caller:
    """Return the caller that is one of the daemons `names`, on the second listener only."""
    if not names:
        raise TypeError("name at least one daemon")
    return Caller("daemon", _INTERNAL, frozenset(names))
