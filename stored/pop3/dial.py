"""Reaching a POP3 server: one of its addresses that answers, before the deadline."""

from collections.abc import Callable, Sequence
from socket import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from time import monotonic
from typing import Any

from restante.errors import ConnectionFailed, RemoteSilent
from stored.pop3.breaker import Breaker

# Given a host and a port, the addresses that may be connected to (`Resolver.connect_addresses`).
Addresses = Callable[[str, int], Sequence[tuple[int, Any]]]


def connect(host: str, port: int, addresses: Addresses, deadline: float, breaker: Breaker) -> socket:
    """Return a connection to the first address of `host` that takes one.

    The time until `deadline` is shared out among the addresses, so that a dead first one leaves some.
    Raises ConnectionFailed, RemoteSilent, and what `addresses` raises (HostUnknown, HostDenied).
    """
    began = monotonic()
    found = addresses(host, port)
    silent = False
    cause = ""
    for index, (family, address) in enumerate(found):
        connection = socket(family, SOCK_STREAM)
        try:
            breaker.watch(connection)
            connection.settimeout(max(0.001, (deadline - monotonic()) / (len(found) - index)))
            connection.connect(address)
            connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            return connection
        except OSError as exc:
            connection.close()
            silent = silent or isinstance(exc, TimeoutError)
            cause = repr(exc)
    if silent:
        raise RemoteSilent(
            f"{host} did not answer on port {port} within {monotonic() - began:.3g} seconds. "
            "Check the host and the port, or try again later.",
            about=host,
            cause=cause,
        )
    raise ConnectionFailed(
        f"{host} refused the connection on port {port}. Check the host and the port, or try again later.",
        about=host,
        cause=cause,
    )
