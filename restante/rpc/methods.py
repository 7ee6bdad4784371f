"""The method table of a daemon: what exists, for whom, and how one call is carried out.

A call that fails in a way nobody foresaw becomes a neutral InternalError with a reference; what really
happened stands in the log under that reference and nowhere else.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from restante import log
from restante.errors import InternalError, InvalidArgument, RestanteError, ServerError
from restante.rpc.caller import Audience, Call, Principal
from restante.rpc.declaration import Declared, declared_in
from restante.rpc.faults import may_cross, neutral, new_ref, refuse
from restante.rpc.system import Limits, SystemService
from restante.wire import dumps, loads, plain

_log = log.get("rpc")

SLOW_SECONDS = 30
"""No method should take longer; one that does is a warning in the log."""


@dataclass(frozen=True, slots=True)
class Served:
    """One method as it is served: its declaration and the bound function that does the work."""

    declared: Declared
    function: Callable[..., Any]
    check_returns: bool

    def perform(
        self, call: Call, args: Sequence[Any], named: dict[str, Any], encode: Callable[[Any], Any]
    ) -> Any:
        """Carry out one call and return its result encoded; write one line to the log.

        Raises only errors that may cross the wire. `encode` runs inside, so that a result which cannot be
        sent is this call's failure and nobody else's.
        """
        started, kind = perf_counter(), "ok"
        try:
            return encode(self._call(call, args, named))
        except Exception as error:
            told = self._told(error)
            kind = told.kind
            raise told from None
        finally:
            self._tell(call, kind, perf_counter() - started)

    def _call(self, call: Call, args: Sequence[Any], named: dict[str, Any]) -> Any:
        declared = self.declared
        if not declared.caller.admits(call.principal):
            raise refuse(declared.name, declared.caller, call.principal)
        result = self.function(call, **declared.bind(args, named))
        if self.check_returns:
            self._check(result)
        return result

    def _check(self, result: Any) -> None:
        """Raise InternalError unless `result` is what the method declares, in both encodings."""
        try:
            plain(result)
            self.declared.check_result(loads(dumps(result)), "result")
        except (InvalidArgument, TypeError, ValueError) as exc:
            message = f"{self.declared.name} does not return what it declares: {exc}"
            raise InternalError(message.replace("parameter result", "result")) from exc

    def _tell(self, call: Call, kind: str, seconds: float) -> None:
        write = _log.info if seconds < SLOW_SECONDS else _log.warning
        write(
            "rpc.call",
            method=self.declared.name,
            kind=kind,
            milliseconds=round(seconds * 1000, 2),
            principal=call.principal.name,
        )

    def _told(self, error: Exception) -> RestanteError:
        """Return what the caller is told; write to the log what the caller is not."""
        if isinstance(error, RestanteError) and may_cross(error):
            if isinstance(error, ServerError) and error.cause:
                _log.warning("rpc.trouble", method=self.declared.name, cause=error)
            return error
        ref = new_ref()
        _log.error("rpc.failed", method=self.declared.name, ref=ref, cause=error)
        return neutral(ref)


class Methods:
    """The methods of one daemon by name, the same for every listener; each listener asks for its own."""

    def __init__(self, served: Iterable[Served], daemon: str, limits: Limits) -> None:
        self.daemon = daemon
        self.limits = limits
        self._served: dict[str, Served] = {}
        for one in served:
            if one.declared.name in self._served:
                raise TypeError(f"the method {one.declared.name} is declared twice")
            self._served[one.declared.name] = one

    @classmethod
    def of(cls, *services: object, system: str, check_returns: bool | None = None) -> "Methods":
        """Return the table of all that `services` declare, and the system methods of daemon `system`.

        With `check_returns` every result is held against its declaration and a difference becomes an
        InternalError that says it: for tests. Left out, the environment's RESTANTE_CHECK_RETURNS=1
        decides, so that a test can also ask it of a daemon it starts.
        """
        if check_returns is None:
            check_returns = os.environ.get("RESTANTE_CHECK_RETURNS") == "1"
        limits = Limits()
        served = [
            Served(declared, function, check_returns)
            for service in (*services, SystemService(system, limits))
            for declared, function in declared_in(service)
        ]
        return cls(served, system, limits)

    def on(self, audience: Audience) -> dict[str, Served]:
        """Return the methods that exist on the listener of `audience`, by name."""
        return {name: one for name, one in self._served.items() if audience in one.declared.caller.audiences}

    def described_to(self, audience: Audience, principal: Principal) -> list[Declared]:
        """Return what `principal` may know of: on the public listener everything that is served there."""
        return [
            one.declared
            for one in self.on(audience).values()
            if audience == "public" or one.declared.caller.admits(principal)
        ]

    def names(self) -> list[str]:
        """Return the names of all methods, whoever may call them."""
        return list(self._served)
