"""XML-RPC: octets in, octets out, on the standard library's marshalling, with the parser defused.

What the standard reader lets pass is refused here: a DTD, nesting beyond 32, integers over 31 bits,
nil, doubles, dates that are none, a struct with one name twice. There is no system.multicall.

A fault carries `faultCode` and `faultString`: the code and the sentence of the error. XML-RPC forbids
further members, so the whole error object travels as JSON in the header `X-Restante-Error` too; `kind`
and `retryable` also follow from the code alone (docs/rpc.md).
"""

import json
import re
import xmlrpc.client
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.xmlrpc import DefusedExpatParser

from restante.errors import InvalidArgument, InvalidRequest, ParseError, RestanteError
from restante.rpc.caller import Call
from restante.rpc.faults import error_object, no_such_method
from restante.rpc.methods import Served
from restante.rpc.reply import Asker, Reply
from restante.rpc.system import DEPTH
from restante.wire import LARGEST_INT, clean_text, plain

_HEAD = b"<?xml version='1.0' encoding='utf-8'?>\n"
_WHOLE = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)Z?", re.ASCII)


class XmlRpc:
    """Answer XML-RPC bodies for one listener's methods."""

    def __init__(self, served: dict[str, Served]) -> None:
        self._served = served

    def answer(self, body: bytes, asker: Asker) -> Reply:
        """Return the answer to `body`, always with status 200: in XML-RPC a fault says the rest.

        Never raises for anything a caller can send.
        """
        try:
            name, args = read_call(body)
            served = self._served.get(name)
            if served is None:
                raise no_such_method(name)
            call = Call(asker.principal, asker.request_id, name, asker.remote)
            positional, named = _arguments(served, args)
            return Reply(200, served.perform(call, positional, named, _response))
        except RestanteError as error:
            return fault(error)


def fault(error: RestanteError) -> Reply:
    """Return the fault that tells `error`."""
    told = error_object(error)
    written = xmlrpc.client.dumps(
        xmlrpc.client.Fault(error.code, clean_text(error.message)), methodresponse=True
    )
    headers = {"X-Restante-Error": json.dumps(told, separators=(",", ":")).replace("\x7f", "\\u007f")}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    return Reply(200, _octets(written), headers)


def _response(result: Any) -> bytes:
    return _octets(xmlrpc.client.dumps((plain(result),), methodresponse=True))


def _octets(written: str) -> bytes:
    """Return the document as octets, carriage returns escaped: XML reads bare ones as line feeds."""
    body = written.removeprefix("<?xml version='1.0'?>\n").replace("\r", "&#13;")
    return _HEAD + body.encode("utf-8")


def _arguments(served: Served, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments by position and by name: a single struct is taken as names.

    Unless the first parameter is itself a struct; then it is that parameter.
    """
    if len(args) == 1 and isinstance(args[0], dict):
        first = next(iter(served.declared.parameters.values()), None)
        if first is None or not first.is_struct:
            return (), args[0]
    return args, {}


def read_call(body: bytes) -> tuple[str, tuple[Any, ...]]:
    """Return the method name and the parameters of an XML-RPC call. Pure, linear in the length.

    Raises ParseError when it is not XML, InvalidRequest when it is not a call, InvalidArgument for a
    value that cannot be taken.
    """
    target = _Unmarshaller()
    try:
        parser = _Parser(target)
        parser.feed(body)
        parser.close()
    except DefusedXmlException as exc:
        raise ParseError(
            "The XML holds a document type or an entity; both are refused. Send plain XML."
        ) from exc
    except (ExpatError, LookupError, ValueError) as exc:  # the last two: charsets expat cannot read
        raise ParseError("The body is not XML that can be read.") from exc
    return target.call()


class _Parser(DefusedExpatParser):
    """The defused parser, told to forbid document types. UTF-8 only: other charsets are expat's to decode."""

    def __init__(self, target: Any) -> None:
        super().__init__(target, forbid_dtd=True)


# What may stand in what, and which children an element must have when it ends.
_SCALARS = ("int", "i4", "boolean", "string", "base64", "dateTime.iso8601")
_INSIDE: dict[str, tuple[str, ...]] = {
    "": ("methodCall",),
    "methodCall": ("methodName", "params"),
    "params": ("param",),
    "param": ("value",),
    "value": (*_SCALARS, "struct", "array"),
    "struct": ("member",),
    "member": ("name", "value"),
    "array": ("data",),
    "data": ("value",),
}
_WHOLE_CHILDREN: dict[str, tuple[list[str], ...]] = {
    "methodCall": (["methodName"], ["methodName", "params"]),
    "param": (["value"],),
    "member": (["name", "value"],),
    "array": (["data"],),
}


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """The standard reader made strict: the elements of a call, each where it belongs and no more."""

    def __init__(self) -> None:
        super().__init__(use_builtin_types=True)
        self._open: list[tuple[str, list[str]]] = [("", [])]
        self._depth = 0

    def call(self) -> tuple[str, tuple[Any, ...]]:
        """Return the name and the parameters, once the document has ended."""
        return self._methodname or "", tuple(self._stack)

    def start(self, tag: str, attrs: Any) -> None:
        parent, siblings = self._open[-1]
        if tag not in _INSIDE.get(parent, ()):
            raise _out_of_place(tag, parent)
        if parent == "value" and siblings:
            raise InvalidRequest("An XML-RPC value holds more than one thing.")
        if tag == "value":
            self._depth += 1
            if self._depth > DEPTH:
                raise ParseError(f"The XML is nested more than {DEPTH} levels deep.")
        siblings.append(tag)
        self._open.append((tag, []))
        super().start(tag, attrs)

    def end(self, tag: str) -> None:
        _, children = self._open.pop()
        if tag in _WHOLE_CHILDREN and children not in _WHOLE_CHILDREN[tag]:
            raise InvalidRequest(f"The XML-RPC element {tag} is not complete.")
        if tag == "value":
            self._depth -= 1
        super().end(tag)

    def end_whole(self, text: str) -> None:
        if not _WHOLE.fullmatch(text) or abs(int(text)) > LARGEST_INT:
            raise InvalidArgument(
                f"An integer must be from {-LARGEST_INT} to {LARGEST_INT}; send larger ones as text."
            )
        self.append(int(text))
        self._value = False

    def end_truth(self, text: str) -> None:
        if text not in ("0", "1"):
            raise InvalidArgument("A boolean must be 0 or 1.")
        self.append(text == "1")
        self._value = False

    def end_octets(self, text: str) -> None:
        try:
            self.append(b64decode("".join(text.split()), validate=True))
        except ValueError:
            raise InvalidArgument("A base64 value is not base64.") from None
        self._value = False

    def end_moment(self, text: str) -> None:
        found = _DATE.fullmatch(text)
        try:
            self.append(datetime(*map(int, found.groups()), tzinfo=UTC))  # type: ignore[union-attr, misc, arg-type]
        except (AttributeError, ValueError):
            raise InvalidArgument("A dateTime.iso8601 must be as 20261123T14:50:00, in UTC.") from None
        self._value = False

    def end_members(self, text: str) -> None:
        names = self._stack[self._marks[-1] :: 2]
        if len(set(names)) != len(names):
            raise InvalidRequest("An XML-RPC struct gives one name twice.")
        self.end_struct(text)

    dispatch: dict[str, Any] = {
        **xmlrpc.client.Unmarshaller.dispatch,
        "int": end_whole,
        "i4": end_whole,
        "boolean": end_truth,
        "base64": end_octets,
        "dateTime.iso8601": end_moment,
        "struct": end_members,
    }


def _out_of_place(tag: str, parent: str) -> RestanteError:
    """Return why `tag` is refused inside `parent`, with advice for the extensions people try."""
    shown = clean_text(tag)[:40]
    if parent == "value" and shown in ("nil", "ex:nil"):
        return InvalidArgument("nil cannot be sent; leave the name out instead.")
    if parent == "value":
        return InvalidArgument(f"XML-RPC values of type {shown} are not taken; send large integers as text.")
    return InvalidRequest(f"The XML-RPC element {shown} does not belong in {parent or 'the beginning'}.")
