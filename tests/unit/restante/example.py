"""A small service that uses everything a declaration can say, and ways to reach it, for the tests here."""

import threading
from base64 import b64encode
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from restante import errors
from restante.rpc import ANONYMOUS, ANYONE, OPERATOR, USER, Call, Methods, Principal, daemons, method
from restante.rpc.reply import Asker
from restante.serve import Basic, Bearer, Credentials
from restante.wire import Count, Items, Line, Name, Range, Ready, Text

ANA = Principal("user", "ana", "s1")
STORED = Principal("daemon", "stored")
RELAYD = Principal("daemon", "relayd")
THE_OPERATOR = Principal("operator", "root")


class Server(TypedDict):
    """Where a maildrop is."""

    host: Line
    port: Annotated[int, Range(1, 65535)]
    security: NotRequired[Literal["tls", "stls"]]


class Everything(TypedDict):
    text: str
    number: int
    truth: bool
    octets: bytes
    moment: datetime
    words: dict[str, str]
    servers: Annotated[list[Server], Items(3)]


class Said(TypedDict):
    text: str


class Rows(TypedDict):
    rows: list[Said]


class Sum(TypedDict):
    sum: int


class Who(TypedDict):
    kind: Line
    name: Line
    session: Line
    method: Line
    remote: Line
    request: Line


class Nothing(TypedDict):
    """An answer that says only that it was done."""


def raised(kind: str) -> dict[str, Any]:
    """Return the one shape of errors on the wire, as `echo.raise` fills it."""
    cls = errors.wire_errors()[kind]
    told = {"kind": kind, "retryable": cls.retryable, "retry_after": 7, "ref": "r1", "about": "uno.example"}
    return {"code": cls.code, "message": "What happened.", "data": told}


class Example:
    """`gate` holds `slow.wait` until it is set; `entered` counts those inside."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Semaphore(0)
        self.done: list[str] = []

    @method("echo.say", caller=ANYONE)
    def say(self, call: Call, /, text: Text, times: Count = 1) -> Said:
        """Say `text` again.

        Raises TooLarge when that would be long.
        """
        return {"text": text * times}

    @method("echo.everything", caller=USER)
    def everything(self, call: Call, /, value: Everything, note: Name | None = None) -> Everything:
        """Return what was given."""
        return value

    @method("echo.who", caller=USER)
    def who(self, call: Call, /) -> Who:
        """Tell who is asking."""
        one = call.principal
        told = {"kind": one.kind, "name": one.name, "session": one.session, "method": call.method}
        return {**told, "remote": call.remote, "request": call.request_id}  # type: ignore[typeddict-item]

    @method("echo.raise", caller=ANYONE)
    def raises(self, call: Call, /, kind: Line) -> Nothing:
        """Raise the error of that kind, with everything an error can carry."""
        cls = errors.wire_errors()[kind]
        raise cls("What happened.", about="uno.example", cause="SECRET", retry_after_seconds=7, ref="r1")

    @method("broken.unforeseen", caller=ANYONE)
    def unforeseen(self, call: Call, /) -> Nothing:
        """Fail as nobody foresaw."""
        raise RuntimeError("SECRET in the middle")

    @method("broken.result", caller=ANYONE)
    def result(self, call: Call, /, how: Line) -> Said:
        """Return what the declaration does not allow."""
        results = {
            "none": None,
            "null inside": {"text": None},
            "nan": {"text": float("nan")},
            "large": {"text": 2**31},
            "object": {"text": object()},
            "unknown key": {"text": "a", "more": "b"},
            "missing key": {},
        }
        return results[how]  # type: ignore[return-value]

    @method("ready.rows", caller=ANYONE)
    def rows(self, call: Call, /) -> Rows:
        """Return rows that were written beforehand."""
        return {"rows": [Ready(b'{"text":"one"}'), Ready('{"text":"añó"}'.encode())]}  # type: ignore[list-item]

    @method("example.note", caller=ANYONE)
    def note(self, call: Call, /, text: Line) -> Nothing:
        """Remember that this was called."""
        self.done.append(text)
        return {}

    @method("slow.wait", caller=ANYONE)
    def wait(self, call: Call, /, text: Line = "") -> Said:
        """Answer when the gate opens."""
        self.entered.release()
        assert self.gate.wait(30)
        return {"text": text}

    @method("example.lease", caller=daemons("stored"))
    def lease(self, call: Call, /) -> Said:
        """Tell a daemon something."""
        return {"text": call.principal.name}

    @method("admin.count", caller=OPERATOR)
    def count(self, call: Call, /) -> Sum:
        """Count for the operator."""
        return {"sum": 1}


class Specification:
    """The methods that the examples of the JSON-RPC 2.0 specification call, under names of ours."""

    @method("spec.subtract", caller=ANYONE)
    def subtract(self, call: Call, /, minuend: int, subtrahend: int) -> Sum:
        """Subtract."""
        return {"sum": minuend - subtrahend}

    @method("spec.sum", caller=ANYONE)
    def sum(self, call: Call, /, a: int, b: int, c: int) -> Sum:
        """Add three."""
        return {"sum": a + b + c}

    @method("spec.hello", caller=ANYONE)
    def hello(self, call: Call, /, a: int) -> Nothing:
        """Be notified."""
        return {}

    @method("spec.data", caller=ANYONE)
    def data(self, call: Call, /) -> Said:
        """Return something."""
        return {"text": "hello"}


def methods(*, check_returns: bool = False) -> tuple[Methods, Example]:
    example = Example()
    return Methods.of(example, Specification(), system="example", check_returns=check_returns), example


def asker(principal: Principal = ANONYMOUS) -> Asker:
    return Asker(principal, "request1", "192.0.2.1")


def authenticate(credentials: Credentials, remote: str) -> Principal:
    """Know a few by sight; raise the errors that authenticators raise."""
    known = {"ana": ANA, "stored": STORED, "relayd": RELAYD, "operator": THE_OPERATOR}
    match credentials:
        case Bearer("away"):
            raise errors.Unavailable("profiled does not answer.", about="profiled")
        case Bearer("often"):
            raise errors.TooManyTries("Too many tries; wait.", retry_after_seconds=30)
        case Bearer(token) if token in known:
            return known[token]
        case Basic("ana", "contraseña"):
            return Principal("user", "ana")
        case Basic():
            raise errors.LoginRefused("The name or the password is not right.")
    raise errors.SessionEnded("The session is over; log in again.")


def basic(name: str, password: str) -> str:
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


EVERYTHING = {
    "text": "ñandú & <más>\r\n\ttab",
    "number": -(2**31 - 1),
    "truth": True,
    "octets": b"\x00\xff octets",
    "moment": datetime(2026, 11, 23, 14, 50, tzinfo=UTC),
    "words": {"a": "b", "": "c"},
    "servers": [{"host": "pop.uno.example", "port": 995, "security": "tls"}, {"host": "b", "port": 1}],
}
