"""What both encodings can say, and how it is checked, described, read and written.

A declaration is an ordinary Python annotation. This is the whole vocabulary:

    str, int (below 2^31 in magnitude), bool, bytes, datetime (aware), list[T], dict[str, T],
    Literal["a", "b"], TypedDict, and Annotated[...] with Chars, Range or Items

Octets are base64 text in JSON and `base64` in XML-RPC; times are RFC 3339 text in both, in UTC.
An absent key is omitted, never null. Ids, states and large sizes are text.

Nothing here knows HTTP, a method or a daemon.
"""

from restante.wire.check import check
from restante.wire.encoding import Ready, dumps, loads, plain
from restante.wire.schema import schema
from restante.wire.text import clean_text, from_time, to_time
from restante.wire.types import (
    LARGEST_INT,
    Chars,
    Count,
    Id,
    Items,
    Limit,
    Line,
    Name,
    Password,
    Range,
    State,
    Text,
)

__all__ = [
    "LARGEST_INT",
    "Chars",
    "Count",
    "Id",
    "Items",
    "Limit",
    "Line",
    "Name",
    "Password",
    "Range",
    "Ready",
    "State",
    "Text",
    "check",
    "clean_text",
    "dumps",
    "from_time",
    "loads",
    "plain",
    "schema",
    "to_time",
]
