"""What an operator can set. Every key stands, with this sentence, in etc/relayd.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from restante.config import DatabaseSettings, HttpSettings, KeySettings, LogSettings, section, setting


@dataclass(frozen=True)
class DataSettings:
    directory: Path = setting(Path("var/relayd"), "Where the queue is kept.")


@dataclass(frozen=True)
class RelaySettings:
    hostname: str = setting(
        "",
        "The name this server greets others with and signs bounces with; empty for the machine's own.",
    )


@dataclass(frozen=True)
class SmtpSettings:
    listen: str = setting(
        "127.0.0.1:8625",
        "Where storage servers hand over letters. There is no TLS here: loopback or a private wire only.",
    )
    submitters: list[str] = setting(["stored"], "The storage servers, by the names of their keys, that may.")
    message_limit_octets: int = setting(37748736, "The largest letter (36 MiB); told in SIZE.", minimum=65536)
    line_limit_octets: int = setting(
        998,
        "The longest line of a letter; 998 is what every mail server must take.",
        minimum=78,
        maximum=200000,
    )
    recipient_limit: int = setting(1000, "The recipients of one letter.", minimum=100)
    connection_limit: int = setting(50, "Connections at the same time.", minimum=1)
    in_flight_limit_octets: int = setting(
        150994944,
        "Letters on their way in at the same time, in octets; memory is about five times that.",
        minimum=65536,
    )
    idle_seconds: float = setting(300.0, "A connection silent for this long is closed.", minimum=1)


@dataclass(frozen=True)
class QueueSettings:
    item_limit: int = setting(
        10000, "Letters waiting; over that new ones are refused for the time being.", minimum=1
    )
    octets_limit: int = setting(4294967296, "Their octets together (4 GiB).", minimum=65536)
    free_floor_octets: int = setting(
        209715200, "What must stay free on the disk (200 MiB); below it nothing is accepted.", minimum=0
    )
    pack_above_octets: int = setting(
        134217728, "The file is packed once it is larger than this and mostly dead.", minimum=1048576
    )
    upkeep_seconds: float = setting(
        3600.0, "How often old submissions are forgotten and the file looked at.", minimum=1
    )


@dataclass(frozen=True)
class RetrySettings:
    schedule_seconds: list[float] = setting(
        [300.0, 600.0, 1200.0, 2400.0, 3600.0, 7200.0, 14400.0],
        "The wait after each failed attempt, give or take 20 %; the last one repeats.",
        minimum=0.01,
    )
    lifetime_seconds: float = setting(
        432000.0,
        "A letter not delivered after this long (five days), and five attempts, is bounced.",
        minimum=0,
    )


@dataclass(frozen=True)
class RouteSettings:
    smarthost: str = setting(
        "",
        'The host that takes all mail not named in routes.domains, as "host:port"; empty: directly.',
    )
    smarthost_security: Literal["opportunistic", "starttls", "tls", "plain"] = setting(
        "opportunistic",
        "TLS to the smarthost: opportunistic (as it comes), starttls or tls (demanded, verified), plain.",
    )
    smarthost_user: str = setting(
        "", "The name to log in with, where the smarthost wants one; needs starttls or tls."
    )
    smarthost_password: str = setting("", "The password for it.", secret=True)
    ca_file: str = setting("", "Certificate authorities that starttls and tls trust; empty for the system's.")
    mx_port: int = setting(25, "The port of the mail hosts that the DNS names.", minimum=1, maximum=65535)
    domains: dict[str, str] = setting({}, 'A fixed next hop for a domain: "uno.example" = "127.0.0.1:2525".')


@dataclass(frozen=True)
class DnsSettings:
    servers: list[str] = setting([], 'DNS servers, as "address" or "address:port"; empty for the system\'s.')
    timeout_seconds: float = setting(20.0, "How long one question may take.", minimum=0.1)


@dataclass(frozen=True)
class HostSettings:
    allow: list[str] = setting(
        [],
        'Private networks the DNS may lead to, such as "10.1.0.0/16"; hosts named in [routes] need none.',
    )


@dataclass(frozen=True)
class CourierSettings:
    workers: int = setting(10, "Letters being delivered at the same time.", minimum=1, maximum=200)
    per_destination: int = setting(4, "Of those, to one domain or smarthost.", minimum=1)
    in_flight_limit_octets: int = setting(
        150994944, "Letters being delivered at the same time, in octets.", minimum=65536
    )
    connect_seconds: float = setting(30.0, "How long connecting to one address may take.", minimum=0.1)
    command_seconds: float = setting(
        300.0, "How long a server may take for the greeting and each command.", minimum=0.1
    )
    block_seconds: float = setting(180.0, "How long 64 KiB of a letter may take.", minimum=0.1)
    final_seconds: float = setting(
        600.0, "How long a server may take to accept a letter it was sent.", minimum=0.1
    )
    session_seconds: float = setting(
        1800.0, "How long a session may take in all, whatever happens.", minimum=0.1
    )


@dataclass(frozen=True)
class StoredSettings:
    url: str = setting(
        "http://127.0.0.1:8612/",
        "The internal listener of the storage server, which is told what became of letters.",
    )


@dataclass(frozen=True)
class Settings:
    http: HttpSettings = section(HttpSettings, listen="", internal_listen="127.0.0.1:8622", threads=4)
    log: LogSettings = section(LogSettings)
    keys: KeySettings = section(KeySettings)
    data: DataSettings = section(DataSettings)
    database: DatabaseSettings = section(DatabaseSettings)
    relay: RelaySettings = section(RelaySettings)
    smtp: SmtpSettings = section(SmtpSettings)
    queue: QueueSettings = section(QueueSettings)
    retry: RetrySettings = section(RetrySettings)
    routes: RouteSettings = section(RouteSettings)
    dns: DnsSettings = section(DnsSettings)
    hosts: HostSettings = section(HostSettings)
    courier: CourierSettings = section(CourierSettings)
    stored: StoredSettings = section(StoredSettings)
