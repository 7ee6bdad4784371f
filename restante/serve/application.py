"""The WSGI application of one listener: JSON-RPC, XML-RPC, the description, health and plain routes.

The order of things is the defence: address, verb, length and type are looked at first, then who is
asking, and only then is a single octet of the body parsed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, BinaryIO, cast

import orjson

from restante import __version__, log
from restante.errors import Draining, RestanteError
from restante.rpc.caller import ANONYMOUS, Audience, Principal
from restante.rpc.faults import error_object, may_cross, neutral, new_ref, refuse
from restante.rpc.jsonrpc import JsonRpc, refused
from restante.rpc.methods import Methods
from restante.rpc.openrpc import describe
from restante.rpc.reply import Asker, Reply
from restante.rpc.xmlrpc import XmlRpc, fault
from restante.serve.authorization import Authenticator, read_credentials, remote_address
from restante.serve.messages import (
    HttpError,
    Request,
    Response,
    Route,
    no_length,
    not_found,
    route_status,
    too_large,
    wrong_type,
    wrong_verb,
)
from restante.wire import dumps

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Health = Callable[[], dict[str, Any]]

_log = log.get("http")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_JSON = frozenset({"application/json", "application/json-rpc", "application/jsonrequest"})
_XML = frozenset({"text/xml", "application/xml"})
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Application:
    """Serve `methods` to one audience under `path`.

    `authenticate` is asked once a request, when credentials were sent. `health` returns further facts for
    healthz and raises a RestanteError when the daemon cannot do its work.
    """

    def __init__(
        self,
        methods: Methods,
        authenticate: Authenticator,
        *,
        audience: Audience,
        path: str = "/",
        routes: Sequence[Route] = (),
        health: Health | None = None,
    ) -> None:
        served = methods.on(audience)
        self._methods = methods
        self._authenticate = authenticate
        self._audience = audience
        self.path = "/" + path.strip("/") + "/" if path.strip("/") else "/"
        self._routes = tuple(routes)
        self._health = health
        self._endpoints = {
            "jsonrpc": (JsonRpc(served).answer, refused, _JSON),
            "RPC2": (XmlRpc(served).answer, fault, _XML),
        }
        self._descriptions: dict[Principal, bytes] = {}
        self.limits = methods.limits
        self.trusted_proxy = ""
        self.draining = False

    # What the server asks

    def body_limit_octets(self, path: str, *, authorized: bool) -> int:
        """Return how many octets a body to `path` may have, given that credentials were sent or not.

        The server asks before it keeps a body, so that nobody unknown makes it keep much.
        """
        if not authorized:
            return self.limits.anonymous_body_octets
        route = self._route(path.removeprefix(self.path)) if path.startswith(self.path) else None
        if route is None or route.body_limit_octets is None:
            return self.limits.body_octets
        return route.body_limit_octets

    def largest_body_octets(self) -> int:
        """Return the largest limit that any address here has."""
        return max(self.limits.body_octets, *(route.body_limit_octets or 0 for route in self._routes), 0)

    # One request

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = environ.get("HTTP_X_REQUEST_ID", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = log.new_request_id()
        token = log.request_id.set(request_id)
        try:
            response = self._respond(environ, request_id)
        except HttpError as refusal:
            _log.info("http.refused", http_status=refusal.status, kind=refusal.error.kind)
            response = _refusal(refusal)
        except Exception as error:
            ref = new_ref()
            _log.error("http.failed", ref=ref, cause=error)
            response = _refusal(HttpError(500, neutral(ref)))
        finally:
            log.request_id.reset(token)
        return _send(response, request_id, environ, start_response)

    def _respond(self, environ: Environ, request_id: str) -> Response:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(self.path):
            raise not_found()
        name, verb = path.removeprefix(self.path), environ["REQUEST_METHOD"]
        if name == "healthz":
            return self._healthz(verb)
        if environ.get("restante.late"):
            raise HttpError(503, Draining("The server is stopping; ask again.", retry_after_seconds=1))
        if name == "openrpc.json":
            return self._describe(environ, verb)
        if name in self._endpoints:
            return self._call(name, environ, verb, request_id)
        route = self._route(name)
        if route is None:
            raise not_found()
        return self._plain(route, name, environ, verb)

    def _call(self, name: str, environ: Environ, verb: str, request_id: str) -> Response:
        answer, told, types = self._endpoints[name]
        if verb != "POST":
            raise wrong_verb(("POST",))
        _check_type(environ, types)
        length = _length(environ)
        if length is None:
            raise no_length()
        remote = self._remote(environ)
        try:
            principal = self._principal(environ, remote)
            self._check_length(length, principal)
            body = environ["wsgi.input"].read(length)
            reply = answer(body, Asker(principal, request_id, remote))
        except RestanteError as error:  # of the authenticator
            crossing = _crossing(error)
            _log.info("http.not_let_in", kind=crossing.kind, remote=remote)
            reply = told(crossing)
        return _from_reply(reply, next(iter(types & {"application/json", "text/xml"})))

    def _check_length(self, length: int, principal: Principal) -> None:
        if principal.kind == "anonymous" and length > self.limits.anonymous_body_octets:
            raise too_large(self.limits.anonymous_body_octets, " without credentials")
        if length > self.limits.body_octets:
            raise too_large(self.limits.body_octets)

    def _plain(self, route: Route, name: str, environ: Environ, verb: str) -> Response:
        if verb not in route.verbs:
            raise wrong_verb(route.verbs)
        length = _length(environ)
        limit = self.limits.body_octets if route.body_limit_octets is None else route.body_limit_octets
        if length is not None and length > limit:
            raise too_large(limit)
        try:
            principal = self._principal(environ, self._remote(environ))
            if not route.caller.admits(principal):
                raise refuse("This address", route.caller, principal)
            request = Request(
                verb=verb,
                path=name.removeprefix(route.prefix),
                headers=_headers(environ),
                principal=principal,
                body=cast(BinaryIO, environ["wsgi.input"]),
                length=length,
            )
            return route.handler(request)
        except RestanteError as error:
            crossing = _crossing(error)
            raise HttpError(route_status(crossing), crossing) from error

    def _healthz(self, verb: str) -> Response:
        _check_reading(verb)
        told: dict[str, Any] = {"status": "ok", "daemon": self._methods.daemon, "version": __version__}
        if self.draining:
            return _json(503, told | {"status": "draining"})
        try:
            return _json(200, told | (self._health() if self._health else {}))
        except RestanteError as error:
            return _json(503, told | {"status": "failing", "message": error.message})

    def _describe(self, environ: Environ, verb: str) -> Response:
        _check_reading(verb)
        try:
            principal = self._principal(environ, self._remote(environ))
        except RestanteError as error:
            crossing = _crossing(error)
            raise HttpError(route_status(crossing), crossing) from error
        if self._audience == "public":
            principal = ANONYMOUS  # everybody reads the same there
        if principal not in self._descriptions:
            declared = self._methods.described_to(self._audience, principal)
            document = describe(declared, self._methods.daemon, f"{self.path}jsonrpc")
            self._descriptions[principal] = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        return Response(200, {"Content-Type": "application/json"}, self._descriptions[principal])

    # Who and where

    def _principal(self, environ: Environ, remote: str) -> Principal:
        header = environ.get("HTTP_AUTHORIZATION", "")
        return self._authenticate(read_credentials(header), remote) if header else ANONYMOUS

    def _remote(self, environ: Environ) -> str:
        peer = environ.get("REMOTE_ADDR") or "unix"
        return remote_address(peer, environ.get("HTTP_X_FORWARDED_FOR", ""), self.trusted_proxy)

    def _route(self, name: str) -> Route | None:
        return next((route for route in self._routes if name.startswith(route.prefix)), None)


def _crossing(error: RestanteError) -> RestanteError:
    """Return `error` if callers may see it; otherwise write it down and return a neutral one."""
    if may_cross(error):
        return error
    ref = new_ref()
    _log.error("http.failed", ref=ref, cause=error)
    return neutral(ref)


def _check_reading(verb: str) -> None:
    if verb not in ("GET", "HEAD"):
        raise wrong_verb(("GET", "HEAD"))


def _check_type(environ: Environ, types: frozenset[str]) -> None:
    kind, _, parameters = environ.get("CONTENT_TYPE", "").lower().partition(";")
    charset = re.search(r'charset\s*=\s*"?([^\s";]+)', parameters)
    if kind.strip() not in types or environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise wrong_type(" or ".join(sorted(types)))
    if charset and charset[1] not in ("utf-8", "utf8", "us-ascii"):
        raise wrong_type(" or ".join(sorted(types)))


def _length(environ: Environ) -> int | None:
    length = environ.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else None


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") and key != "HTTP_AUTHORIZATION"
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, {"Content-Type": "application/json"}, dumps(document))


def _refusal(refusal: HttpError) -> Response:
    told = {"jsonrpc": "2.0", "error": error_object(refusal.error), "id": None}
    headers = {"Content-Type": "application/json", **refusal.headers}
    if refusal.error.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.error.retry_after_seconds)
    return Response(refusal.status, headers, orjson.dumps(told))


def _from_reply(reply: Reply, content_type: str) -> Response:
    if reply.body is None:
        return Response(reply.status, dict(reply.headers))
    return Response(reply.status, {"Content-Type": content_type, **reply.headers}, reply.body)


def _send(
    response: Response, request_id: str, environ: Environ, start_response: StartResponse
) -> Iterable[bytes]:
    headers = {**_ALWAYS, **response.headers, "X-Request-Id": request_id}
    if response.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="restante"'
    if response.status in (429, 503):
        headers.setdefault("Retry-After", "5")
    body = response.body
    if isinstance(body, bytes) and response.status not in (204, 304):
        headers.setdefault("Content-Length", str(len(body)))
    start_response(_STATUS_LINES[response.status], list(headers.items()))
    if isinstance(body, bytes):
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
    if environ["REQUEST_METHOD"] == "HEAD":
        body.close()
        return [b""]
    return cast(Iterable[bytes], environ["wsgi.file_wrapper"](body))
