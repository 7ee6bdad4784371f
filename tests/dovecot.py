"""The Dovecot of the tests: POP3 with TLS and with STLS, its certificate from an authority of the tests'.

with Dovecot(authority) as dovecot:
    dovecot.add("ana@uno.test", "secret", letters)
    ...POP3 with TLS on dovecot.tls_port, with STLS on dovecot.stls_port...
"""

import tempfile
from pathlib import Path

from bench import dovecot
from bench.dovecot import missing
from tests.certificates import Authority

__all__ = ["Dovecot", "missing"]


class Dovecot(dovecot.Dovecot):
    """Runs from `__enter__` to `__exit__`; see bench/dovecot.py."""

    def __init__(self, authority: Authority) -> None:
        with tempfile.TemporaryDirectory(prefix="restante-certificate-") as directory:
            issued = authority.write(Path(directory), "127.0.0.1", "localhost", "pop.test")
            super().__init__(issued)
        self.stls_port = self.pop3_port
