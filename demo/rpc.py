"""Call the daemons' public methods as any script may: JSON-RPC over HTTP with a session token."""

from typing import Any

import requests
from jsonrpcclient import Error, Ok, parse, request_json

TIMEOUT_SECONDS = 60


class RpcFailed(Exception):
    """A method answered with an error object; its sentence is the text of this exception."""

    def __init__(self, method: str, message: str, kind: str) -> None:
        super().__init__(f"{method}: {message}")
        self.kind = kind


class Service:
    """One daemon's public methods at `url` (ending in a slash), called as `token`'s session."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.token = token
        self._http = requests.Session()
        self._http.trust_env = False

    def call(self, method: str, **params: Any) -> Any:
        """Return the result of `method`; raise RpcFailed with the server's sentence."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        body = request_json(method, params=params or None)
        answer = self._http.post(
            self.url + "jsonrpc", data=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS
        )
        parsed = parse(answer.json())
        if isinstance(parsed, Ok):
            return parsed.result
        assert isinstance(parsed, Error)
        raise RpcFailed(method, parsed.message, (parsed.data or {}).get("kind", ""))

    def download(self, blob: str, name: str) -> bytes:
        """Return the octets of a blob: an attachment, or a whole letter."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self._http.get(f"{self.url}blobs/{blob}/{name}", headers=headers, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.content
