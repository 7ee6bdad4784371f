"""What the HTTP server refuses by itself, told in our words and our shape."""

from typing import Any

import orjson

from restante import log
from restante.errors import InvalidRequest, RestanteError, TooLarge
from restante.rpc.faults import error_object, neutral, new_ref

_log = log.get("serve")

HEADER_OCTETS = 32 * 1024


class Refusal:
    """One of waitress's own errors, told as our error object."""

    def __init__(self, error: Any) -> None:
        self.code: int = error.code
        self._reason: str = error.reason

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body as waitress's ErrorTask wants them."""
        told = {"jsonrpc": "2.0", "error": error_object(self._in_our_words()), "id": None}
        headers = [
            ("Content-Type", "application/json"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Request-Id", log.new_request_id()),
        ]
        return f"{self.code} {self._reason}", headers, orjson.dumps(told)

    def _in_our_words(self) -> RestanteError:
        if self.code == 413:
            return TooLarge(
                "The body is larger than is taken here, the more so without credentials; see system.limits."
            )
        if self.code == 431:
            return TooLarge(f"The headers are larger than {HEADER_OCTETS} octets.")
        if self.code == 500:
            ref = new_ref()
            _log.error("serve.failed", ref=ref)
            return neutral(ref)
        return InvalidRequest("This is not an HTTP request that can be understood; the connection is closed.")
