"""Describing what a listener serves, as OpenRPC 1.3. Pure."""

import re
from collections.abc import Iterable
from typing import Any

from restante import __version__
from restante.errors import RestanteError
from restante.rpc.declaration import Declared
from restante.rpc.faults import WIRE_ERRORS
from restante.wire import schema

_ALWAYS = ("invalid_params", "internal", "busy")
_WORD = re.compile(r"\b[A-Z]\w+")
_BY_CLASS = {error.__name__: kind for kind, error in WIRE_ERRORS.items()}


def describe(declared: Iterable[Declared], daemon: str, url: str) -> dict[str, Any]:
    """Return the OpenRPC document of these methods, which answer at `url`.

    Structs stand once, under their own names, in `components.schemas`; the errors of a method are those
    every method may answer and those its docstring names.
    """
    schemas: dict[str, Any] = {}
    methods = [_method(one, schemas) for one in declared]
    return {
        "openrpc": "1.3.2",
        "info": {
            "title": f"Restante {daemon}",
            "version": __version__,
            "description": "The same methods are served as JSON-RPC 2.0 and, at RPC2 beside it, as XML-RPC.",
        },
        "servers": [{"name": daemon, "url": url}],
        "methods": methods,
        "components": {
            "schemas": schemas,
            "errors": {kind: _error(error) for kind, error in WIRE_ERRORS.items()},
        },
    }


def _method(declared: Declared, schemas: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"name": declared.name, "summary": declared.summary}
    if declared.description:
        described["description"] = declared.description
    described["paramStructure"] = "either"
    described["params"] = [
        {"name": one.name, "required": one.required, "schema": schema(one.annotation, schemas)}
        for one in declared.parameters.values()
    ]
    described["result"] = {"name": "result", "schema": schema(declared.returns, schemas)}
    described["errors"] = [{"$ref": f"#/components/errors/{kind}"} for kind in _kinds(declared)]
    described["x-caller"] = declared.caller.kind
    return described


def _kinds(declared: Declared) -> list[str]:
    kinds = dict.fromkeys(_ALWAYS)
    if declared.caller.kind != "anonymous":
        kinds["unauthenticated"] = None
    kinds.update(
        dict.fromkeys(_BY_CLASS[word] for word in _WORD.findall(declared.description) if word in _BY_CLASS)
    )
    return list(kinds)


def _error(error: type[RestanteError]) -> dict[str, Any]:
    return {
        "code": error.code,
        "message": _words(error.__name__),
        "data": {"kind": error.kind, "retryable": error.retryable},
    }


def _words(name: str) -> str:
    """Return the name of a class as words: `StateMismatch` gives "State mismatch"."""
    return re.sub(r"(?<!^)([A-Z])", lambda found: " " + found[1].lower(), name)
