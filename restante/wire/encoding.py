"""Reading JSON strictly and writing it carefully.

`loads` answers what the standard reader lets pass: NaN, duplicate keys, any depth, other charsets.
`dumps` is orjson, and refuses what orjson would quietly write as null.
"""

import json
import math
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

import orjson

from restante.errors import ParseError
from restante.wire.text import clean_text, to_time
from restante.wire.types import LARGEST_INT

DEPTH = 32

# A whole string (or one that never ends: matching it to the end keeps the scan linear), or a bracket.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)

# What orjson writes when a text holds what XML cannot carry; a backslash in a text may look the same,
# which costs only the slower way.
_ESCAPED = re.compile(rb"\\[ubf]")
_NONCHARACTER = re.compile(rb"\xef\xbf[\xbe\xbf]")
_NULL = re.compile(rb"(?:^|[:,\[])null(?:$|[,\]}])")


def _suspect(raw: bytes) -> bool:
    """Tell whether `raw` may hold what cannot be sent. Pure.

    Octet by octet first: one pattern for all of it is the dearest part of answering with a list.
    """
    return (
        (b"null" in raw and _NULL.search(raw) is not None)
        or (b"\\" in raw and _ESCAPED.search(raw) is not None)
        or (b"\xef" in raw and _NONCHARACTER.search(raw) is not None)
    )


class Ready(bytes):
    """JSON already written: spliced into JSON answers as it is, read again for XML-RPC.

    Whoever makes one vouches that it came from `dumps`.
    """


def _refuse_constant(name: str) -> NoReturn:
    raise ParseError(f"The JSON holds {name}, which is not a JSON number; send a number or leave it out.")


def _real(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ParseError(f"The JSON holds a number too large to keep ({text[:20]}).")
    return number


def _struct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    struct = dict(pairs)
    if len(struct) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ParseError(f"The JSON gives the key {clean_text(twice[:60])!r} twice in one object.")
    return struct


_decoder = json.JSONDecoder(object_pairs_hook=_struct, parse_float=_real, parse_constant=_refuse_constant)


def _refuse_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(raw):
        mark = raw[token.start()]
        if mark in b"[{":
            depth += 1
            if depth > DEPTH:
                raise ParseError(f"The JSON is nested more than {DEPTH} levels deep.")
        elif mark in b"]}":
            depth -= 1


def loads(raw: bytes) -> Any:
    """Return what the JSON text `raw` (UTF-8) says. Pure.

    Stricter than the standard reader: no NaN or Infinity, no key twice in one object, at most 32
    levels, no number beyond a double, no byte order mark. Takes time linear in the length.
    Raises ParseError (permanent).
    """
    _refuse_depth(raw)
    try:
        return _decoder.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise ParseError("The body is not UTF-8 text; send JSON as UTF-8.") from exc
    except json.JSONDecodeError as exc:
        raise ParseError(f"The body is not JSON: {exc.msg} at character {exc.pos}.") from exc
    except ValueError as exc:  # a whole number with more digits than Python reads
        raise ParseError("The JSON holds a number too large to keep.") from exc


def _default(value: Any) -> Any:
    if isinstance(value, Ready):
        return orjson.Fragment(bytes(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return to_time(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _write(value: Any) -> bytes:
    return orjson.dumps(value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def dumps(value: Any) -> bytes:
    """Return `value` as JSON: UTF-8, no spaces, times and octets as text, text cleaned. Pure.

    Raises ValueError for None and for numbers that are not finite, TypeError for what cannot be sent:
    both are faults of the program, not of a caller.
    """
    if isinstance(value, dict):
        ready = {key: item for key, item in value.items() if type(item) is Ready}
        if ready:
            return _with_ready(dumps({key: item for key, item in value.items() if key not in ready}), ready)
    try:
        raw = _write(value)
    except orjson.JSONEncodeError as exc:
        if "surrogates" not in str(exc):
            raise
        return _write(_cleaned(value))
    return _write(_cleaned(value)) if _suspect(raw) else raw


def _with_ready(rest: bytes, ready: dict[Any, Ready]) -> bytes:
    """Return a struct with what is ready spliced in behind: a list of fifty rows is not looked at again."""
    members = [b"%b:%b" % (dumps(_key(key)), item) for key, item in ready.items()]
    return b"{%b}" % b",".join([rest[1:-1], *members] if len(rest) > 2 else members)


def _cleaned(value: Any) -> Any:
    """Return `value` with every text cleaned; refuse None and numbers that are not finite."""
    if value is None:
        raise ValueError("null cannot be sent: leave the key out")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is not finite cannot be sent")
    if isinstance(value, Mapping):
        return {_key(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key of a struct must be text, not {type(key).__name__}")
    return clean_text(key)


def plain(value: Any) -> Any:
    """Return `value` as only dict, list, str, int, bool and bytes: what XML-RPC can say. Pure.

    Times become text, ready-made JSON is read. Raises ValueError for None, for floats and for
    integers of 2^31 and over, TypeError for what cannot be sent at all.
    """
    if isinstance(value, Ready):
        return plain(orjson.loads(bytes(value)))
    if isinstance(value, str | bytes | bool):
        return clean_text(value) if isinstance(value, str) else value
    if isinstance(value, int):
        if abs(value) > LARGEST_INT:
            raise ValueError("an integer of 2^31 or over cannot be sent: send it as text")
        return int(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return to_time(value)
    if value is None:
        raise ValueError("null cannot be sent: leave the key out")
    raise TypeError(f"{type(value).__name__} cannot be sent")
