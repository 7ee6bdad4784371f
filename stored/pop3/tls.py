"""TLS towards POP3 servers: always verified, with the name of the host; and its failures in plain words."""

import ssl
from socket import socket
from time import monotonic

from restante.errors import CertificateBad, ConfigError, ConnectionFailed, RemoteSilent, TlsUnavailable
from stored.pop3.breaker import Breaker

# X.509 verification results (openssl, x509_vfy.h) that a person can do something about.
_REASONS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by nobody but itself",
    19: "comes from an authority that is not trusted here",
    20: "comes from an authority that is not trusted here",
    21: "comes from an authority that is not trusted here",
    23: "has been revoked",
    62: "is for another host",
    64: "is for another address",
}


def client_context(ca_file: str) -> ssl.SSLContext:
    """Return a verifying context: the machine's authorities, and those of `ca_file` where one is named.

    Raises ConfigError when the file cannot be used.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as exc:
            raise ConfigError(
                f"The file of certificate authorities pop3.ca_file = {ca_file!r} cannot be used: "
                f"{exc.strerror or 'it holds no certificate'}."
            ) from None
    return context


def handshake(
    connection: socket, host: str, context: ssl.SSLContext, deadline: float, breaker: Breaker
) -> ssl.SSLSocket:
    """Return `connection` with TLS on it, the certificate verified for `host`.

    Blocks until `deadline`, a time of `monotonic()`, at most.
    Raises CertificateBad, TlsUnavailable, RemoteSilent, ConnectionFailed.
    """
    began = monotonic()
    try:
        connection.settimeout(max(0.001, deadline - began))
        encrypted = context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)
        breaker.watch(encrypted)
        return _shaken(encrypted)
    except ssl.SSLCertVerificationError as exc:
        reason = _REASONS.get(exc.verify_code, "cannot be trusted")
        raise CertificateBad(
            f"The certificate of {host} {reason}, so the password was not sent. "
            "Check the name of the host, or ask whoever runs it.",
            about=host,
            cause=exc.verify_message,
        ) from None
    except TimeoutError:
        raise RemoteSilent(
            f"{host} did not finish setting up encryption within {monotonic() - began:.3g} seconds. "
            "Try again later.",
            about=host,
        ) from None
    except (ssl.SSLEOFError, ConnectionError) as exc:
        raise ConnectionFailed(
            f"{host} closed the connection while encryption was being set up. Try again later.",
            about=host,
            cause=repr(exc),
        ) from None
    except (OSError, ValueError) as exc:
        if breaker.broken:
            # What is shut down already cannot be wrapped, which says nothing of the server.
            raise breaker.failure() from None
        raise TlsUnavailable(
            f"{host} does not speak TLS on this port, so the password was not sent. "
            "Check the port and the kind of security.",
            about=host,
            cause=repr(exc),
        ) from None


def _shaken(encrypted: ssl.SSLSocket) -> ssl.SSLSocket:
    """Return the connection after its handshake; closed, where there is none."""
    try:
        encrypted.do_handshake()
    except BaseException:
        encrypted.close()
        raise
    return encrypted
