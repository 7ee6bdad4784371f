"""Certificates for the tests: an authority of their own, and servers that have one from it."""

import ssl
from pathlib import Path

import trustme


class Authority:
    """A certificate authority nobody else trusts; `file` is what `ca_file` settings are given."""

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self.file = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def server(self, *names: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def write(self, directory: Path, *names: str) -> tuple[Path, Path]:
        """Write a certificate for `names` and its key; return both files."""
        issued = self._authority.issue_cert(*names)
        certificate, key = directory / "certificate.pem", directory / "key.pem"
        issued.private_key_pem.write_to_path(str(key))
        certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        return certificate, key
