"""Turning an annotation into a function that checks a value, once, at declaration.

A compiled check takes a value as either encoding delivers it and returns it as the method wants it
(base64 text becomes octets, RFC 3339 text becomes a datetime, text is cleaned), or says where it is wrong.
"""

import typing
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args, get_origin

from restante.errors import InvalidArgument
from restante.wire.text import clean_text, from_time, has_controls
from restante.wire.types import LARGEST_INT, Chars, Items, Range

Check = Callable[[Any, str], Any]
_Inner = Callable[[Any], Any]


class _Wrong(Exception):
    """A value does not fit. `path` grows on the way out, so that checking what is right costs nothing."""

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.path = path


def check(annotation: Any) -> Check:
    """Return a function `(value, where) -> value` that checks against `annotation`.

    It raises InvalidArgument naming the place below `where`:
    "parameter accounts[0].port must be a whole number from 1 to 65535".
    Raises TypeError when `annotation` is not of the vocabulary of `restante.wire`.
    """
    inner = _compile(annotation)

    def checked(value: Any, where: str) -> Any:
        try:
            return inner(value)
        except _Wrong as wrong:
            place = where + wrong.path
            raise InvalidArgument(f"parameter {place} {wrong.text}", about=place) from None

    return checked


def _compile(annotation: Any) -> _Inner:
    limit = None
    if get_origin(annotation) is Annotated:
        annotation, *limits = get_args(annotation)
        limit = next((one for one in limits if isinstance(one, Chars | Range | Items)), None)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS and limit is None:
        return _SCALARS[annotation]
    if annotation is str and isinstance(limit, Chars):
        return _limited_text(limit)
    if annotation is int and isinstance(limit, Range):
        return _limited_int(limit)
    if origin is list and isinstance(limit, Items | None):
        return _list(_compile(arguments[0]), limit.maximum if limit else None)
    if origin is dict and arguments[0] is str and isinstance(limit, Items | None):
        return _mapping(_compile(arguments[1]), limit.maximum if limit else None)
    if limit is None and origin is Literal and all(isinstance(one, str) for one in arguments):
        return _word(arguments)
    if limit is None and typing.is_typeddict(annotation):
        return _typed_struct(annotation)
    raise TypeError(f"{annotation!r} with {limit!r} cannot be declared: see restante.wire for what can")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("must be text")
    return clean_text(value)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _Wrong("must be a whole number")
    if abs(value) > LARGEST_INT:
        raise _Wrong(f"must be a whole number from {-LARGEST_INT} to {LARGEST_INT}")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


def _octets(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise _Wrong("must be octets as base64 text")
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise _Wrong("must be octets as base64 text") from None


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if isinstance(value, str):
        try:
            return from_time(value)
        except ValueError:
            pass
    raise _Wrong("must be a time such as 2026-11-23T14:50:00Z")


_SCALARS: dict[Any, _Inner] = {str: _text, int: _whole, bool: _truth, bytes: _octets, datetime: _moment}


def _limited_text(limit: Chars) -> _Inner:
    minimum, maximum, one_line = limit.minimum, limit.maximum, limit.one_line
    if minimum == 0:
        wanted = f"must be at most {maximum} characters long"
    elif minimum == maximum:
        wanted = f"must be {maximum} characters long"
    else:
        wanted = f"must be from {minimum} to {maximum} characters long"

    def checked(value: Any) -> str:
        if not isinstance(value, str):
            raise _Wrong("must be text")
        if one_line and has_controls(value):
            raise _Wrong("must be one line of text without control characters")
        text = clean_text(value)
        if not minimum <= len(text) <= maximum:
            raise _Wrong(wanted)
        return text

    return checked


def _limited_int(limit: Range) -> _Inner:
    minimum, maximum = limit.minimum, limit.maximum
    if max(abs(minimum), abs(maximum)) > LARGEST_INT:
        raise TypeError(f"{limit!r} goes beyond what XML-RPC can say: use text")

    def checked(value: Any) -> int:
        if type(value) is not int or not minimum <= value <= maximum:
            raise _Wrong(f"must be a whole number from {minimum} to {maximum}")
        return value

    return checked


def _list(item: _Inner, maximum: int | None) -> _Inner:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise _Wrong("must be a list")
        if maximum is not None and len(value) > maximum:
            raise _Wrong(f"must have at most {maximum} items")
        made: list[Any] = []
        try:
            for one in value:
                made.append(item(one))
        except _Wrong as wrong:
            raise _Wrong(wrong.text, f"[{len(made)}]{wrong.path}") from None
        return made

    return checked


def _mapping(item: _Inner, maximum: int | None) -> _Inner:
    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Wrong("must be a struct")
        if maximum is not None and len(value) > maximum:
            raise _Wrong(f"must have at most {maximum} items")
        made = {}
        for key, one in value.items():
            try:
                made[_text(key)] = item(one)
            except _Wrong as wrong:
                raise _Wrong(wrong.text, f"[{_shown(key)}]{wrong.path}") from None
        return made

    return checked


def _word(words: tuple[str, ...]) -> _Inner:
    known = frozenset(words)
    wanted = "must be " + " or ".join(f'"{word}"' for word in words)

    def checked(value: Any) -> str:
        if not isinstance(value, str) or value not in known:
            raise _Wrong(wanted)
        return value

    return checked


def _typed_struct(declared: Any) -> _Inner:
    hints = typing.get_type_hints(declared)
    extras = typing.get_type_hints(declared, include_extras=True)
    items = {key: _compile(_without_marks(extras[key])) for key in hints}
    required: frozenset[str] = declared.__required_keys__

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _Wrong("must be a struct")
        made = {}
        for key, one in value.items():
            item = items.get(key)
            if item is None:
                raise _Wrong("is not known; known are " + ", ".join(items), f".{_shown(key)}")
            try:
                made[key] = item(one)
            except _Wrong as wrong:
                raise _Wrong(wrong.text, f".{key}{wrong.path}") from None
        for key in items:
            if key in required and key not in made:
                raise _Wrong("is missing", f".{key}")
        return made

    return checked


def _without_marks(annotation: Any) -> Any:
    """Return what stands inside Required[...] and NotRequired[...]."""
    while get_origin(annotation) in (typing.Required, typing.NotRequired):
        (annotation,) = get_args(annotation)
    return annotation


def _shown(key: Any) -> str:
    """Return a key made by a stranger as it may stand in a sentence."""
    return clean_text(str(key))[:60]
