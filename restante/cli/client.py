"""A small client for scripts: one URL, JSON-RPC, errors as `restante.errors` with a sentence."""

import base64
from typing import Any

import jsonrpcclient
import orjson
import requests

from restante.errors import InternalError, InvalidArgument, Unavailable, wire_errors


class Client:
    """Calls to one daemon's public listener."""

    def __init__(self, url: str, *, ca_file: str | None = None, timeout_seconds: float = 60) -> None:
        if not url.startswith(("http://", "https://")):
            raise InvalidArgument(
                f"{url} is no URL; it looks like http://127.0.0.1:8601/profile/.", about=url
            )
        self._url = url.rstrip("/") + "/jsonrpc"
        self._timeout_seconds = timeout_seconds
        self._session = requests.Session()
        if ca_file:
            self._session.verify = ca_file

    def login(self, name: str, password: str) -> None:
        """Show a name and a password with every call from now on."""
        pair = base64.b64encode(f"{name}:{password}".encode()).decode()
        self._session.headers["Authorization"] = f"Basic {pair}"

    def show_token(self, token: str) -> None:
        """Show a session token with every call from now on."""
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, params: dict[str, Any]) -> Any:
        """Return the result, or raise what the daemon raised; Unavailable where none answers. Network."""
        request = orjson.dumps(jsonrpcclient.request(method, params))
        try:
            response = self._session.post(
                self._url,
                data=request,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout_seconds,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable(f"{self._url} does not answer: {_reason(error)}", about=self._url) from None
        try:
            parsed = jsonrpcclient.parse(orjson.loads(response.content))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unavailable(
                f"{self._url} answered HTTP {response.status_code} and no JSON-RPC; check the address.",
                about=self._url,
            ) from None
        if isinstance(parsed, jsonrpcclient.Ok):
            return parsed.result
        data = getattr(parsed, "data", None)
        kind = str(data.get("kind", "")) if isinstance(data, dict) else ""
        raise wire_errors().get(kind, InternalError)(str(getattr(parsed, "message", "an answer of several")))


def _reason(error: requests.RequestException) -> str:
    """Return in words why a daemon could not be asked."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted (--ca-file names an authority to trust)."
    if isinstance(error, requests.Timeout):
        return "it took too long."
    if isinstance(error, requests.exceptions.InvalidURL):
        return "the address is not well formed."
    text = str(error)
    if "refused" in text:
        return "the connection was refused; is the daemon running?"
    if "resolve" in text or "Name or service" in text:
        return "there is no host of that name."
    return "the connection failed."
