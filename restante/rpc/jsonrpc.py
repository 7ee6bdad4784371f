"""JSON-RPC 2.0: octets in, octets out, by the parts of jsonrpcserver.

jsonrpcserver does what it is good at: a request out of a struct, the call, a response out of its result.
Around these stands what it leaves open: reading strictly, a check of the request by hand (its JSON Schema
validator costs 3 times the rest, and seconds for a long list), batches split so that each item answers for
itself, and errors that say nothing of the inside. Its own way from one part to the next is left out: with
the signature it looks up for each call, that took a quarter of the time of answering with a list.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from jsonrpcserver import Error, Success
from jsonrpcserver.dispatcher import call, create_request, to_response
from jsonrpcserver.sentinels import NOID
from oslash.either import Left

from restante import log
from restante.errors import InvalidRequest, ParseError, RestanteError
from restante.rpc.caller import Call
from restante.rpc.faults import (
    WIRE_ERRORS,
    ErrorObject,
    error_object,
    neutral,
    new_ref,
    no_such_method,
    not_a_request,
)
from restante.rpc.methods import Served
from restante.rpc.reply import Asker, Reply
from restante.rpc.system import BATCH
from restante.wire import dumps, loads

_LONGEST_ID = 200
_log = log.get("rpc")


def refused(error: RestanteError) -> Reply:
    """Return the answer to a body of which not even the id can be told."""
    return _Answer.failed(error_object(error), None).reply()


class _Answer(NamedTuple):
    """A response object and, where it is one, the error in it: HTTP wants to know."""

    response: dict[str, Any]
    error: ErrorObject | None = None

    @classmethod
    def failed(cls, error: ErrorObject, request_id: Any) -> "_Answer":
        return cls({"jsonrpc": "2.0", "error": orjson.Fragment(dumps(error)), "id": request_id}, error)

    def reply(self) -> Reply:
        """Return the answer to a request that came alone: its error decides the HTTP status."""
        body = orjson.dumps(self.response)
        if self.error is None:
            return Reply(200, body)
        data = self.error["data"]
        headers = {"Retry-After": str(data["retry_after"])} if "retry_after" in data else {}
        return Reply(WIRE_ERRORS[data["kind"]].http_status, body, headers)


class _Dispatched:
    """A served method as jsonrpcserver calls it: never raises, answers in its Result."""

    def __init__(self, served: Served) -> None:
        self._perform = served.perform

    def __call__(self, call: Call, /, *args: Any, **named: Any) -> Any:
        try:
            return Success(self._perform(call, args, named, _encode))
        except RestanteError as error:
            return Error(**error_object(error))


def _encode(result: Any) -> orjson.Fragment:
    return orjson.Fragment(dumps(result))


class JsonRpc:
    """Answer JSON-RPC bodies for one listener's methods."""

    def __init__(self, served: dict[str, Served]) -> None:
        self._methods: dict[str, Callable[..., Any]] = {
            name: _Dispatched(one) for name, one in served.items()
        }

    def answer(self, body: bytes, asker: Asker) -> Reply:
        """Return the answer to `body`. Never raises for anything a caller can send.

        A batch is refused whole only when it is empty, over 50 items, or comes from nobody known.
        """
        try:
            asked = loads(body)
            if isinstance(asked, list):
                return self._batch(asked, asker)
        except (ParseError, InvalidRequest) as error:
            return refused(error)
        answer = self._one(asked, asker)
        return Reply(204, None) if answer is None else answer.reply()

    def _batch(self, items: list[Any], asker: Asker) -> Reply:
        if not items:
            raise InvalidRequest("The batch is empty; put at least one request in it.")
        if asker.principal.kind == "anonymous":
            raise InvalidRequest("A batch needs credentials; send one request at a time, or open a session.")
        if len(items) > BATCH:
            raise InvalidRequest(f"The batch has {len(items)} requests; send at most {BATCH} at a time.")
        answers = [answer.response for item in items if (answer := self._one(item, asker)) is not None]
        return Reply(200, orjson.dumps(answers)) if answers else Reply(204, None)

    def _one(self, item: Any, asker: Asker) -> "_Answer | None":
        """Return the answer to one request, or None for a notification."""
        if not _is_request(item):
            return _Answer.failed(error_object(not_a_request()), None)
        request = create_request(item)
        method = self._methods.get(request.method)
        if method is None:
            error = error_object(no_such_method(request.method))
            return None if request.id is NOID else _Answer.failed(error, request.id)
        context = Call(asker.principal, asker.request_id, request.method, asker.remote)
        result = call(request, context, method)
        return None if request.id is NOID else _to_wire(to_response(request, result))


def _is_request(item: Any) -> bool:
    """Tell whether `item` is a JSON-RPC 2.0 request object. Extra members are not ours to judge."""
    return (
        isinstance(item, dict)
        and item.get("jsonrpc") == "2.0"
        and isinstance(item.get("method"), str)
        and isinstance(item.get("params", []), list | dict)
        and _is_id(item.get("id"))
    )


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID and value.isprintable()
    return value is None or (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
    )


def _to_wire(response: Any) -> _Answer:
    """Return what jsonrpcserver made of a request; its own errors put into our words."""
    if not isinstance(response, Left):
        success = response._value
        return _Answer({"jsonrpc": "2.0", "result": success.result, "id": success.id})
    error = response._error
    if isinstance(error.data, dict):
        return _Answer.failed({"code": error.code, "message": error.message, "data": error.data}, error.id)
    # It met what nobody foresaw; what it says of that goes to the log.
    ref = new_ref()
    _log.error("rpc.failed", ref=ref, code=error.code, reason=str(error.data))
    return _Answer.failed(error_object(neutral(ref)), error.id)
