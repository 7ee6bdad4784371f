"""Settings files that run the three daemons on loopback, beside providers that are on loopback too.

The tests run their own daemons by them as well.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from demo.ports import free_ports

PROVIDER_COLUMNS = [
    "id",
    "domains",
    "pop_host",
    "pop_port",
    "pop_socket",
    "pop_user",
    "pop_auth",
    "smtp_host",
    "smtp_port",
    "smtp_socket",
    "smtp_user",
    "smtp_auth",
    "oauth_issuer",
]


@dataclass(frozen=True)
class Provider:
    """One provider as it runs: its domain and where it listens on loopback."""

    domain: str
    implicit_tls: bool
    pop3_port: int
    smtp_port: int


def _write_table(file: Path, providers: list[Provider]) -> None:
    """Write what the operator's own table of providers says: the columns of profiled/providers.csv."""
    with file.open("w", newline="") as stream:
        table = csv.DictWriter(stream, PROVIDER_COLUMNS, restval="")
        table.writeheader()
        for provider in providers:
            table.writerow(
                {
                    "id": provider.domain,
                    "domains": provider.domain,
                    "pop_host": "127.0.0.1",
                    "pop_port": provider.pop3_port,
                    "pop_socket": "tls" if provider.implicit_tls else "starttls",
                    "pop_user": "address",
                    "pop_auth": "password",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": provider.smtp_port,
                    "smtp_socket": "starttls",
                    "smtp_user": "address",
                    "smtp_auth": "password",
                }
            )


def write_settings(directory: Path, providers: list[Provider]) -> None:
    """Write settings that run the daemons in `directory` on free ports and know `providers`.

    `directory` must hold `ca.pem`, the authority that signed the providers' certificates.
    """
    _write_table(directory / "providers.csv", providers)
    profiled, profiled_internal, stored, stored_internal, smtp, relayd = free_ports(6)
    at = "http://127.0.0.1:"
    routes = "\n".join(f'"{one.domain}" = "127.0.0.1:{one.smtp_port}"' for one in providers)
    keys = f'[keys]\ndirectory = "{directory}/keys"\n'
    (directory / "profiled.toml").write_text(
        f'[http]\nlisten = "127.0.0.1:{profiled}"\ninternal_listen = "127.0.0.1:{profiled_internal}"\n'
        f'path = "/profile/"\n[data]\ndirectory = "{directory}/profiled"\n{keys}'
        f'[discovery]\nproviders_file = "{directory}/providers.csv"\n'
        f'[storage.1]\nurl = "{at}{stored}/storage/1/"\ninternal_url = "{at}{stored_internal}/"\n'
    )
    (directory / "stored.toml").write_text(
        f'[http]\nlisten = "127.0.0.1:{stored}"\ninternal_listen = "127.0.0.1:{stored_internal}"\n'
        f'path = "/storage/1/"\n[data]\ndirectory = "{directory}/stored"\n{keys}'
        f'[profiled]\nurl = "{at}{profiled_internal}/"\n[relay]\naddress = "127.0.0.1:{smtp}"\n'
        f'[hosts]\nallow = ["127.0.0.1/32"]\n[pop3]\nca_file = "{directory}/ca.pem"\n'
    )
    (directory / "relayd.toml").write_text(
        f'[http]\ninternal_listen = "127.0.0.1:{relayd}"\n[smtp]\nlisten = "127.0.0.1:{smtp}"\n'
        f'[data]\ndirectory = "{directory}/relayd"\n{keys}[stored]\nurl = "{at}{stored_internal}/"\n'
        f'[hosts]\nallow = ["127.0.0.1/32"]\n[routes.domains]\n{routes}\n'
    )
