"""Finding the POP3 servers that may hold the mail of an address: tables first, then guesses. No network."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, cast

from profiled.account_types import Candidate
from profiled.types import Security
from restante import address
from restante.errors import ConfigError, NotFound

PLACEHOLDER = "%EMAILDOMAIN%"
SOCKETS: dict[str, Security] = {"tls": "tls", "starttls": "stls", "plain": "plain"}
USUAL_PORTS: dict[Security, int] = {"tls": 995, "stls": 110, "plain": 110}
GUESSES: tuple[tuple[str, Security], ...] = (
    ("pop.", "tls"),
    ("mail.", "tls"),
    ("pop3.", "tls"),
    ("", "tls"),
    ("pop.", "stls"),
    ("mail.", "stls"),
)
COLUMNS = ("domains", "pop_host", "pop_port", "pop_socket", "pop_user", "pop_auth")


@dataclass(frozen=True)
class Provider:
    """Where one provider keeps the mail of its domains. An empty `host`: it offers no POP3."""

    domains: tuple[str, ...]
    host: str
    port: int
    security: Security
    user: Literal["address", "localpart"]
    auth: Literal["password", "oauth2"]

    def host_for(self, domain: str) -> str:
        return self.host.replace(PLACEHOLDER, domain)


class Discovery:
    """The tables of known providers."""

    def __init__(self, providers: Iterable[Provider], *, allow_plain: bool) -> None:
        self._allow_plain = allow_plain
        self._by_domain: dict[str, Provider] = {}
        for provider in providers:
            for domain in provider.domains:
                self._by_domain.setdefault(domain, provider)

    def candidates(self, text: str) -> list[Candidate]:
        """Return where the mail of an address may be, the likeliest first.

        Raises InvalidArgument for what is no address, NotFound where the provider has no POP3. Pure.
        """
        local, domain = address.split(address.parse(text).address)
        provider = self._by_domain.get(domain)
        if provider is None:
            return list(_guesses(local, domain))
        if not provider.host:
            raise NotFound(
                f"{domain} does not let other programs collect its mail by POP3, so it cannot be added here. "
                "Its mail can be forwarded to an address that can.",
                about=domain,
            )
        user = f"{local}@{domain}" if provider.user == "address" else local
        host = provider.host_for(domain)
        return [
            _candidate(domain, host, port, security, user, provider.auth, known=True)
            for port, security in self._ways(provider)
        ]

    def vouches(self, text: str, host: str, user: str) -> bool:
        """Tell whether a login of `user` at `host` shows that the address is that person's. Pure.

        The server must be the one known for the address's domain, or named within it; the login must name
        the address, or its local part where that can only mean this address.
        """
        local, domain = address.split(text)
        provider = self._by_domain.get(domain)
        known = provider is not None and provider.host_for(domain) == host
        if not (known or host == domain or host.endswith("." + domain)):
            return False
        if address.same(user, text):
            return True
        return user.casefold() == local.casefold() and (provider is None or provider.user == "localpart")

    def _ways(self, provider: Provider) -> list[tuple[int, Security]]:
        if provider.security != "plain" or self._allow_plain:
            return [(provider.port, provider.security)]
        # The table knows the server in clear text only: the same server is tried with TLS instead.
        return [(USUAL_PORTS["tls"], "tls"), (provider.port, "stls")]


def load_discovery(providers_file: str, *, allow_plain: bool) -> Discovery:
    """Return the operator's table before ours. Raises ConfigError naming file and line. Reads files."""
    ours = resources.files("profiled").joinpath("providers.csv").read_text(encoding="utf-8")
    providers = list(_read(ours.splitlines(), "profiled/providers.csv"))
    if providers_file:
        try:
            with Path(providers_file).open(encoding="utf-8-sig", newline="") as theirs:
                providers = [*_read(theirs, providers_file), *providers]
        except OSError as error:
            raise ConfigError(
                f"discovery.providers_file: {providers_file} cannot be read: {error.strerror}",
                about=providers_file,
            ) from None
        except (UnicodeDecodeError, csv.Error):
            raise ConfigError(
                f"discovery.providers_file: {providers_file} is not a CSV file in UTF-8", about=providers_file
            ) from None
    return Discovery(providers, allow_plain=allow_plain)


def _read(lines: Iterable[str], origin: str) -> Iterator[Provider]:
    table = csv.DictReader(lines)
    if missing := [column for column in COLUMNS if column not in (table.fieldnames or ())]:
        raise ConfigError(f"{origin} lacks the column {missing[0]}; copy the first line of providers.csv")
    for row in table:
        try:
            yield _provider(row)
        except (KeyError, ValueError, AttributeError):
            raise ConfigError(
                f"{origin}, line {table.line_num}: pop_port must be a port number, pop_socket one of tls, "
                "starttls, plain, pop_user one of address, localpart"
            ) from None


def _provider(row: dict[str, str]) -> Provider:
    host = row["pop_host"].strip().lower().replace(PLACEHOLDER.lower(), PLACEHOLDER)
    domains = tuple(row["domains"].lower().split())
    if not host:
        return Provider(domains, "", 0, "tls", "address", "password")
    user, port = row["pop_user"].strip(), int(row["pop_port"])
    if user not in ("address", "localpart") or not 0 < port < 65536:
        raise ValueError
    return Provider(
        domains=domains,
        host=host,
        port=port,
        security=SOCKETS[row["pop_socket"].strip()],
        user=cast('Literal["address", "localpart"]', user),
        # "oauth2|password": one of the two will do, and a password is what we can give.
        auth="oauth2" if row["pop_auth"].strip() == "oauth2" else "password",
    )


def _guesses(local: str, domain: str) -> Iterator[Candidate]:
    for prefix, security in GUESSES:
        user = f"{local}@{domain}"
        yield _candidate(
            domain, prefix + domain, USUAL_PORTS[security], security, user, "password", known=False
        )
    # Small houses often know a person by the local part alone.
    yield _candidate(domain, "pop." + domain, USUAL_PORTS["tls"], "tls", local, "password", known=False)
    yield _candidate(domain, "mail." + domain, USUAL_PORTS["tls"], "tls", local, "password", known=False)


def _candidate(
    name: str,
    host: str,
    port: int,
    security: Security,
    user: str,
    auth: Literal["password", "oauth2"],
    *,
    known: bool,
) -> Candidate:
    return {
        "name": name,
        "host": host,
        "port": port,
        "security": security,
        "user": user,
        "auth": auth,
        "known": known,
    }
