"""Describing an annotation as JSON Schema, for openrpc.json. Pure."""

import inspect
import typing
from datetime import datetime
from typing import Annotated, Any, Literal, get_args, get_origin

from restante.wire.check import _without_marks
from restante.wire.types import LARGEST_INT, Chars, Items, Range

Schema = dict[str, Any]


def schema(annotation: Any, components: dict[str, Schema] | None = None) -> Schema:
    """Return the JSON Schema of `annotation`.

    With `components`, a TypedDict is described there once under its own name and referred to from here
    as `#/components/schemas/NAME`; without, it is described in place.
    Raises TypeError when two different TypedDicts share a name.
    """
    limit = None
    if get_origin(annotation) is Annotated:
        annotation, *limits = get_args(annotation)
        limit = next((one for one in limits if isinstance(one, Chars | Range | Items)), None)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if typing.is_typeddict(annotation):
        return _typed_struct(annotation, components)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is list:
        described: Schema = {"type": "array", "items": schema(arguments[0], components)}
        return described | ({"maxItems": limit.maximum} if isinstance(limit, Items) else {})
    if origin is dict:
        described = {"type": "object", "additionalProperties": schema(arguments[1], components)}
        return described | ({"maxProperties": limit.maximum} if isinstance(limit, Items) else {})
    return _scalar(annotation, limit)


def _scalar(annotation: Any, limit: Any) -> Schema:
    if annotation is str:
        if not isinstance(limit, Chars):
            return {"type": "string"}
        least = {"minLength": limit.minimum} if limit.minimum else {}
        return {"type": "string", **least, "maxLength": limit.maximum}
    if annotation is int:
        bounds = limit if isinstance(limit, Range) else Range(-LARGEST_INT, LARGEST_INT)
        return {"type": "integer", "minimum": bounds.minimum, "maximum": bounds.maximum}
    if annotation is bool:
        return {"type": "boolean"}
    if annotation is bytes:
        return {"type": "string", "contentEncoding": "base64"}
    if annotation is datetime:
        return {"type": "string", "format": "date-time"}
    raise TypeError(f"{annotation!r} cannot be described: see restante.wire for what can be declared")


def _typed_struct(declared: Any, components: dict[str, Schema] | None) -> Schema:
    name = declared.__name__
    if components is None:
        return _members(declared, None)
    if name not in components:
        components[name] = {}  # keeps the place, and ends the recursion of a struct that holds itself
        components[name] = _members(declared, components)
    elif components[name] and components[name] != _members(declared, components):
        raise TypeError(f"two different structs are called {name}; name one of them anew")
    return {"$ref": f"#/components/schemas/{name}"}


def _members(declared: Any, components: dict[str, Schema] | None) -> Schema:
    hints = typing.get_type_hints(declared, include_extras=True)
    described: Schema = {"type": "object", "title": declared.__name__}
    story = inspect.cleandoc(declared.__doc__ or "")
    if story and not story.startswith("dict("):
        described["description"] = story
    described["properties"] = {key: schema(_without_marks(hint), components) for key, hint in hints.items()}
    required = [key for key in hints if key in declared.__required_keys__]
    if required:
        described["required"] = required
    return described | {"additionalProperties": False}
