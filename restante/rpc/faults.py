"""The one error shape, and the sentences of the errors that the machinery itself makes.

{"code": int, "message": str, "data": {"kind", "retryable", "retry_after"?, "ref"?, "about"?}}
"""

import secrets
from typing import Any

from restante.errors import (
    InternalError,
    InvalidRequest,
    MethodNotFound,
    RestanteError,
    Unauthenticated,
    wire_errors,
)
from restante.rpc.caller import Caller, Principal
from restante.wire import clean_text

WIRE_ERRORS = wire_errors()

ErrorObject = dict[str, Any]


def error_object(error: RestanteError) -> ErrorObject:
    """Return `error` in the shape of the wire. Pure. Its private cause stays here."""
    data: dict[str, Any] = {"kind": error.kind, "retryable": error.retryable}
    if error.retry_after_seconds is not None:
        data["retry_after"] = error.retry_after_seconds
    if error.ref:
        data["ref"] = error.ref
    if error.about:
        data["about"] = error.about
    return {"code": error.code, "message": error.message, "data": data}


def may_cross(error: Exception) -> bool:
    """Tell whether `error` is one that callers may see as it is."""
    return isinstance(error, RestanteError) and WIRE_ERRORS.get(error.kind) is type(error)


def new_ref() -> str:
    """Return a short reference that ties what a caller is told to what the log says."""
    return secrets.token_hex(5)


def neutral(ref: str) -> InternalError:
    """Return what a caller is told when something failed that no caller may see."""
    return InternalError(
        f"Something failed on our side. Try again; if it stays so, tell the operator the reference {ref}.",
        ref=ref,
    )


def no_such_method(name: str) -> MethodNotFound:
    return MethodNotFound(
        f"There is no method {clean_text(name)[:80]} here; openrpc.json lists what there is."
    )


def not_a_request() -> InvalidRequest:
    return InvalidRequest(
        'This is not a JSON-RPC 2.0 request: it needs "jsonrpc": "2.0", a "method" as text, its "params" (if '
        'any) as a list or an object, and an "id" (if an answer is wanted) as text or a number.'
    )


def refuse(name: str, caller: Caller, principal: Principal) -> RestanteError:
    """Return why `principal` may not call `name`: nobody is known, or to this one it does not exist."""
    if principal.kind == "anonymous" and caller.kind != "anonymous":
        return Unauthenticated(f"{name} needs a session; open one with session.open and send its token.")
    return no_such_method(name)
