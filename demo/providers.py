"""Run the two providers and write, for the operator of the demonstration, the settings that know them."""

import csv
import datetime
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo import letters, texts
from demo.certificates import make_certificates
from demo.maildrop import Maildrop
from demo.pop3 import Mailboxes, Pop3Server
from demo.profile import PASSWORD
from demo.smtp import SmtpServer

# The university offers POP3 over TLS, the post office POP3 with STLS.
DOMAINS = {texts.UNIVERSITY.partition("@")[2]: True, texts.POST.partition("@")[2]: False}
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


def _seeded_maildrops(directory: Path) -> dict[str, Maildrop]:
    """Return the maildrops of everybody at both providers, María's full of letters."""
    people = [address for _, address in texts.PEOPLE if address.partition("@")[2] in DOMAINS]
    addresses = [texts.UNIVERSITY, texts.POST, *people]
    drops = {address: Maildrop(directory / address) for address in addresses}
    for address, _, octets in letters.letters(datetime.datetime.now(datetime.UTC)):
        drops[address].deliver(octets)
    return drops


@contextmanager
def running(directory: Path) -> Iterator[list[Provider]]:
    """Run both providers, their mail in `directory`, while the context lasts."""
    tls = make_certificates(directory)
    drops = _seeded_maildrops(directory / "maildrops")
    with ExitStack() as stack:
        providers = []
        for domain, implicit_tls in DOMAINS.items():
            own = {address: drop for address, drop in drops.items() if address.endswith("@" + domain)}
            mailboxes = Mailboxes(dict.fromkeys(own, PASSWORD), own)
            pop3 = stack.enter_context(Pop3Server(mailboxes, tls, implicit_tls))
            threading.Thread(target=pop3.serve_forever, name=f"pop3 {domain}", daemon=True).start()
            stack.callback(pop3.shutdown)
            smtp = SmtpServer(own, tls, domain)
            smtp.start()
            stack.callback(smtp.stop)
            providers.append(Provider(domain, implicit_tls, pop3.port, smtp.listening_port))
        yield providers


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


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in taken]


def _write_settings(directory: Path, providers: list[Provider]) -> None:
    """Write the daemons' settings files: free ports, data in `directory`, the providers allowed."""
    profiled, profiled_internal, stored, stored_internal, smtp, relayd = _free_ports(6)
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


def serve(directory: Path) -> None:
    """Run the providers until SIGTERM or Ctrl-C; the file `ready` says that everything is written."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with running(directory) as providers:
        _write_table(directory / "providers.csv", providers)
        _write_settings(directory, providers)
        (directory / "ready").touch()
        signal.sigwait(signals)
