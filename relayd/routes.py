"""The way out for an address: a fixed next hop, the smarthost, or the mail exchangers of its domain.

Asks the DNS and opens no connection. Which hosts may be connected to is decided by restante.resolve;
a host that the operator named may be private, one that the DNS named may not (RFC 5321 section 5.1,
RFC 7505 for the null MX).
"""

import ipaddress
import random
from collections.abc import Callable, Mapping

import dns.exception
import dns.nameserver
import dns.resolver

from relayd.courier import Hop, Login, NoAddress, Reply, Security
from restante.address import split
from restante.errors import HostDenied, InvalidArgument, RestanteError
from restante.resolve import Resolver

SocketAddress = tuple[int, tuple[str, int] | tuple[str, int, int, int]]

SMARTHOST = "smarthost"
ANYWHERE = ("0.0.0.0/0", "::/0")


class NoRoute(Exception):
    """There is no host to try. `reply` is what its recipients get: failed for good, or deferred."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class Dns:
    """Questions to the DNS. `servers` are "address" or "address:port"; none means the system's."""

    def __init__(self, servers: list[str] | None = None, seconds: float = 20) -> None:
        self._resolver = dns.resolver.Resolver(configure=not servers)
        self._resolver.lifetime = seconds
        # A mail host's name is complete; a search list would let one of ours answer for it.
        self._resolver.search = []
        if servers:
            self._resolver.nameservers = [_name_server(server) for server in servers]

    def ask(self, name: str, kind: str) -> list[str]:
        """Return the answers as text, none where the name has none of that kind.

        Raises NoRoute: failed (5.1.2) where the name does not exist, deferred (4.4.3) where the DNS does
        not know at the moment. Network; blocks for up to the time-out.
        """
        try:
            answer = self._resolver.resolve(name + ".", kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            raise NoRoute(Reply(550, "5.1.2", f"There is no domain {name}.")) from None
        except (dns.exception.DNSException, OSError):
            raise NoRoute(Reply(451, "4.4.3", f"The DNS did not answer about {name}.")) from None
        return [str(record.to_text()) for record in answer.rrset or ()]


class Routes:
    """Where letters go. Safe for threads."""

    def __init__(
        self,
        names: Dns,
        resolver: Resolver,
        *,
        smarthost: Hop | None = None,
        domains: Mapping[str, Hop] | None = None,
        mx_port: int = 25,
        own_names: frozenset[str] = frozenset(),
        own_addresses: Callable[[], set[tuple[str, int]]] = set,
        shuffle: Callable[[list[str]], None] = random.shuffle,
    ) -> None:
        self._dns = names
        self._resolver = resolver
        self._any = Resolver(list(ANYWHERE))
        self._smarthost = smarthost
        self._domains = {domain.lower(): hop for domain, hop in (domains or {}).items()}
        self._mx_port = mx_port
        self._own_names = own_names
        self._own_addresses = own_addresses
        self._shuffle = shuffle

    def destination(self, address: str) -> str:
        """Return a word for where an address goes; what shares it travels in one session. Pure."""
        domain = split(address)[1].lower()
        if domain in self._domains or self._smarthost is None:
            return domain
        return SMARTHOST

    def hops(self, destination: str) -> list[Hop]:
        """Return the hosts to try, in order. Raises NoRoute. Network for a domain of the DNS."""
        if destination == SMARTHOST and self._smarthost is not None:
            return [self._smarthost]
        if destination in self._domains:
            return [self._domains[destination]]
        return [Hop(host, self._mx_port) for host in self._exchangers(destination)]

    def addresses(self, hop: Hop) -> list[SocketAddress]:
        """Return where `hop` may be connected to, never ourselves. Raises NoAddress. Network."""
        literals = [hop.host] if hop.named or _is_literal(hop.host) else self._addresses_of(hop.host)
        resolver = self._any if hop.named else self._resolver
        found: list[SocketAddress] = []
        unknown: RestanteError | None = None
        for literal in literals:
            try:
                found += resolver.connect_addresses(literal, hop.port)
            except HostDenied as error:
                # One forbidden address forbids the host: a name may not lead now here and now there.
                raise NoAddress(Reply(550, "5.4.4", error.message)) from None
            except RestanteError as error:
                unknown = error
        own = self._own_addresses()
        foreign = [one for one in found if (one[1][0], one[1][1]) not in own]
        if found and not foreign:
            raise NoAddress(Reply(550, "5.4.6", f"Mail for {hop.host} would come back to this very relay."))
        if not found and unknown is not None:
            raise NoAddress(Reply(451, "4.4.3", unknown.message))
        if not found:
            raise NoAddress(Reply(550, "5.4.4", f"{hop.host} has no address."))
        return foreign

    def _exchangers(self, domain: str) -> list[str]:
        """Return the mail hosts of a domain by preference, equals shuffled, none behind ourselves."""
        answers = [record.split() for record in self._dns.ask(domain, "MX")]
        if not answers:
            return [domain]
        if all(host == "." for _, host in answers):
            raise NoRoute(Reply(556, "5.1.10", f"{domain} announces that it receives no mail (null MX)."))
        by_preference: dict[int, list[str]] = {}
        for number, host in answers:
            if host != ".":
                by_preference.setdefault(int(number), []).append(host.rstrip(".").lower())
        hosts: list[str] = []
        for preference in sorted(by_preference):
            equals = sorted(by_preference[preference])
            # Where we are a mail host ourselves, we and all that come after us lead back to us.
            if self._own_names.intersection(equals):
                break
            self._shuffle(equals)
            hosts += equals
        if not hosts:
            raise NoRoute(Reply(550, "5.4.6", f"Mail for {domain} would come back to this very relay."))
        return hosts

    def _addresses_of(self, host: str) -> list[str]:
        """Return the addresses the DNS has for a host: IPv4 first, for its reputation is the older."""
        found: list[str] = []
        deferred: NoRoute | None = None
        for kind in ("A", "AAAA"):
            try:
                found += self._dns.ask(host, kind)
            except NoRoute as error:
                if error.reply.outcome == "failed":
                    raise NoAddress(Reply(550, "5.4.4", f"There is no host {host}.")) from None
                deferred = error
        if not found and deferred is not None:
            raise NoAddress(deferred.reply) from None
        return found


def host_and_port(text: str, port: int) -> tuple[str, int]:
    """Read "host", "host:port" or "[v6]:port". Raises InvalidArgument (permanent). Pure."""
    host, number = text, ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        number = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, _, number = text.partition(":")
    if not host or (number and not (number.isascii() and number.isdigit() and 0 < int(number) < 65536)):
        raise InvalidArgument(f"{text!r} is not a host and a port, such as mail.example:25", about=text)
    return host, int(number or port)


def named_hop(
    text: str, security: Security = "opportunistic", user: str = "", password: str = "", port: int = 25
) -> Hop:
    """Return the hop an operator named as "host:port". Raises InvalidArgument. Pure."""
    host, number = host_and_port(text, port)
    return Hop(host, number, security, Login(user, password) if user else None, named=True)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _name_server(text: str) -> dns.nameserver.Nameserver:
    """Read "address" or "address:port". Raises InvalidArgument. Pure."""
    host, port = host_and_port(text, 53)
    if not _is_literal(host):
        raise InvalidArgument(f"{text!r} is no address of a DNS server, such as 192.0.2.1:53", about=text)
    return dns.nameserver.Do53Nameserver(host, port)
