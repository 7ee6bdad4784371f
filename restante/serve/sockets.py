"""Opening the sockets that are listened on, TCP and Unix."""

import contextlib
import errno
import os
import resource
import socket
import stat
from pathlib import Path

from restante.errors import AlreadyRunning, ConfigError, StartError

_BACKLOG = 1024
_OWN_DESCRIPTORS = 256


def listen(address: str) -> socket.socket:
    """Return a socket that listens on `address`: "127.0.0.1:8601", "[::1]:8601" or "unix:/path".

    Raises ConfigError for an address that is none, AlreadyRunning when somebody listens there already,
    StartError for whatever else the system refuses.
    """
    try:
        if address.startswith("unix:"):
            return _listen_unix(address.removeprefix("unix:"))
        host, port = _host_and_port(address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise AlreadyRunning(
                f"{address} is taken by another program; stop it, or choose another address in the settings."
            ) from exc
        reason = exc.strerror or "the name is not known"
        raise StartError(f"Cannot listen on {address}: {reason}.", cause=repr(exc)) from exc


def name_of(listening: socket.socket) -> str:
    """Return the address a listening socket really has, as `listen` takes it."""
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def unlink(address: str) -> None:
    """Remove the file of a Unix socket; nothing for other addresses."""
    if address.startswith("unix:"):
        Path(address.removeprefix("unix:")).unlink(missing_ok=True)


def allow_descriptors(connections: int) -> None:
    """Raise the process's own limit of open files so that `connections` fit, as far as the system lets it."""
    wanted = connections + _OWN_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _host_and_port(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit() or not port.isascii() or int(port) > 65535:
        raise ConfigError(
            f"{address!r} is not an address to listen on; write it as 127.0.0.1:8601 or unix:/path."
        )
    return host.strip("[]"), int(port)


def _listen_unix(path: str) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(path)
        os.chmod(path, 0o660)  # noqa: PTH101 - before listen: nobody can have connected yet
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: str) -> None:
    """Remove the socket a killed process left; leave one that somebody answers on, and any other file."""
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
