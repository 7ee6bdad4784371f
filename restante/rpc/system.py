"""The methods every daemon has: what it is, and how much may be asked of it at once."""

from dataclasses import dataclass
from typing import TypedDict

from restante import __version__
from restante.rpc.caller import EVERYWHERE, Call
from restante.rpc.declaration import method
from restante.wire import Count, Line

BATCH = 50
DEPTH = 32
ANONYMOUS_BODY_OCTETS = 16 * 1024
BODY_OCTETS = 1024 * 1024


@dataclass
class Limits:
    """How much one request may carry. The listener sets `body_octets` from its settings."""

    body_octets: int = BODY_OCTETS
    anonymous_body_octets: int = ANONYMOUS_BODY_OCTETS
    batch: int = BATCH


class Version(TypedDict):
    """Which program answers."""

    daemon: Line
    version: Line


class LimitsTold(TypedDict):
    """How much one request may carry."""

    body_octets: Count
    anonymous_body_octets: Count
    batch: Count
    depth: Count


class SystemService:
    """Answer for the daemon itself; nothing here depends on who asks."""

    def __init__(self, daemon: str, limits: Limits) -> None:
        self._daemon = daemon
        self._limits = limits

    @method("system.version", caller=EVERYWHERE)
    def version(self, call: Call, /) -> Version:
        """Tell which daemon answers and in which version."""
        return {"daemon": self._daemon, "version": __version__}

    @method("system.limits", caller=EVERYWHERE)
    def limits(self, call: Call, /) -> LimitsTold:
        """Tell how much one request may carry.

        `body_octets` with credentials, `anonymous_body_octets` without (and then no batch); `batch` is the
        most calls in one batch, `depth` the deepest nesting.
        """
        limits = self._limits
        return {
            "body_octets": limits.body_octets,
            "anonymous_body_octets": limits.anonymous_body_octets,
            "batch": limits.batch,
            "depth": DEPTH,
        }
