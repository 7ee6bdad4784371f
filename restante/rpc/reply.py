"""An answer to one body, before HTTP puts it on the wire."""

from dataclasses import dataclass, field

from restante.rpc.caller import Principal


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent a body: known before a single octet of it is parsed."""

    principal: Principal
    request_id: str
    remote: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body (None: there is nothing to say) and further headers of an answer."""

    status: int
    body: bytes | None
    headers: dict[str, str] = field(default_factory=dict)
