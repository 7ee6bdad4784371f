"""Declaring a method: its name, its parameters with their types, who may call it, what it returns.

The declaration is the function itself. It is read once, when its module is imported, so that a mistake
in it stops the daemon before it serves anything.
"""

import inspect
import re
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from restante.errors import InvalidArgument
from restante.rpc.caller import Caller
from restante.wire import check, clean_text
from restante.wire.check import Check

Function = TypeVar("Function", bound=Callable[..., Any])

_NAME = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
_MARK = "__restante_method__"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its type as declared, whether it must be given, and its compiled check."""

    name: str
    annotation: Any
    required: bool
    check: Check
    is_struct: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """What a method says of itself, with its parameters in order."""

    name: str
    caller: Caller
    parameters: dict[str, Parameter]
    returns: Any
    check_result: Check
    summary: str
    description: str

    def bind(self, args: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, each checked. Either `args` or `named` is empty.

        Raises InvalidArgument naming the parameter.
        """
        given = self._named(args) if args else named
        bound = {}
        for name, value in given.items():
            parameter = self.parameters.get(name)
            if parameter is None:
                raise InvalidArgument(f"{self.name} has no parameter {_shown(name)}; {self._known()}.")
            bound[name] = parameter.check(value, name)
        if len(bound) < len(self.parameters):
            for name, parameter in self.parameters.items():
                if parameter.required and name not in bound:
                    raise InvalidArgument(f"parameter {name} is missing; {self._known()}.", about=name)
        return bound

    def _named(self, args: Sequence[Any]) -> dict[str, Any]:
        if len(args) > len(self.parameters):
            raise InvalidArgument(f"{self.name} was given {len(args)} parameters; {self._known()}.")
        return dict(zip(self.parameters, args, strict=False))

    def _known(self) -> str:
        if not self.parameters:
            return f"{self.name} takes none"
        return f"{self.name} takes " + ", ".join(self.parameters)


def method(name: str, *, caller: Caller) -> Callable[[Function], Function]:
    """Declare the decorated function as the RPC method `name`.

    The function takes `(self, call, /, ...)`; every further parameter and the result carry an annotation
    of `restante.wire`'s vocabulary. A parameter annotated `T | None = None` may be left out; null is
    never sent. The docstring's first line becomes the summary, the rest the description.
    Raises TypeError at import for a declaration that cannot be served.
    """
    if not _NAME.fullmatch(name):
        raise TypeError(f"{name!r} is not a method name such as folder.list or message.set_where")

    def declare(function: Function) -> Function:
        setattr(function, _MARK, _read(name, caller, function))
        return function

    return declare


def declared_in(service: object) -> list[tuple[Declared, Callable[..., Any]]]:
    """Return the methods that the class of `service` declares, in order, bound to it."""
    found: dict[str, tuple[Declared, Callable[..., Any]]] = {}
    for kind in reversed(type(service).__mro__):
        for attribute, function in vars(kind).items():
            declared = getattr(function, _MARK, None)
            if isinstance(declared, Declared):
                found[attribute] = (declared, getattr(service, attribute))
    return list(found.values())


def _read(name: str, caller: Caller, function: Callable[..., Any]) -> Declared:
    hints = typing.get_type_hints(function, include_extras=True)
    fixed, rest = _split(inspect.signature(function))
    if fixed != 2:
        raise TypeError(f"{name}: the function must take (self, call, /, ...)")
    if "return" not in hints:
        raise TypeError(f"{name}: the function must say what it returns")
    parameters = {one.name: _parameter(name, one, hints) for one in rest}
    summary, _, description = inspect.cleandoc(function.__doc__ or "").partition("\n")
    if not summary:
        raise TypeError(f"{name}: the function needs a docstring; its first line is shown to callers")
    return Declared(
        name=name,
        caller=caller,
        parameters=parameters,
        returns=hints["return"],
        check_result=check(hints["return"]),
        summary=summary,
        description=description.strip(),
    )


def _split(signature: inspect.Signature) -> tuple[int, list[inspect.Parameter]]:
    """Return how many parameters are positional only (self and call), and the others."""
    every = list(signature.parameters.values())
    rest = [one for one in every if one.kind is not inspect.Parameter.POSITIONAL_ONLY]
    return len(every) - len(rest), rest


def _parameter(method_name: str, one: inspect.Parameter, hints: dict[str, Any]) -> Parameter:
    if one.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD or one.name not in hints:
        raise TypeError(f"{method_name}: parameter {one.name} must be an ordinary one with an annotation")
    annotation = hints[one.name]
    if get_origin(annotation) in (Union, UnionType):
        choices = [choice for choice in get_args(annotation) if choice is not NoneType]
        if len(choices) != 1 or one.default is not None:
            raise TypeError(f"{method_name}: parameter {one.name} may only be one type, or `T | None = None`")
        (annotation,) = choices
    return Parameter(
        name=one.name,
        annotation=annotation,
        required=one.default is inspect.Parameter.empty,
        check=check(annotation),
        is_struct=typing.is_typeddict(annotation) or get_origin(annotation) is dict,
    )


def _shown(name: str) -> str:
    return clean_text(name)[:60]
