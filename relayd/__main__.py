"""relayd: the wiring. Reads settings, opens the queue, builds the parts, serves, stops cleanly."""

import platform
import sys
from typing import Any

from relayd.courier import Courier, Hop, Times
from relayd.delivery import Delivery, Pace
from relayd.model import Queue
from relayd.queue import MailQueue, Room
from relayd.report import Reporter
from relayd.retry import longest_wait_seconds
from relayd.routes import Dns, Routes, named_hop
from relayd.service import RelayService
from relayd.settings import Settings
from relayd.smtp import SmtpServer
from relayd.smtp_commands import Limits
from relayd.transitions import Plan
from relayd.upkeep import Upkeep
from restante.config import DatabaseSettings
from restante.credentials import Keys
from restante.daemon import Wired, start
from restante.db import Database
from restante.errors import ConfigError, InvalidArgument
from restante.peer import Peer, internal_authenticator
from restante.resolve import Resolver
from restante.rpc import Methods
from restante.serve import Application

SMTP_DRAIN_SECONDS = 8


def build(settings: Settings, keys: Keys) -> Wired:
    """Put the daemon together. Raises StartError."""
    hostname = settings.relay.hostname or platform.node() or "localhost"
    queue = _queue(settings, hostname)
    smtp = _smtp(settings, queue, keys, hostname)
    routes = _routes(settings, smtp, hostname)
    stored = Peer("stored", settings.stored.url, keys, repeatable=["outbox.outcome"])
    internal = Application(
        Methods.of(RelayService(queue), system="relayd"),
        internal_authenticator(keys),
        audience="internal",
        health=lambda: _health(queue),
    )
    return Wired(
        [(internal, settings.http.internal_listen)],
        parts=[
            Delivery(queue, routes, _courier(settings, routes, hostname), _pace(settings)),
            Reporter(queue, stored.call),
            Upkeep(queue, settings.queue.upkeep_seconds, settings.queue.pack_above_octets),
            smtp,
        ],
        closing=[queue.close],
    )


def _queue(settings: Settings, hostname: str) -> MailQueue:
    where: Any = settings.data.directory / "queue.fs"
    if settings.database.path or settings.database.zconfig:
        where = settings.database
    if not isinstance(where, DatabaseSettings):
        settings.data.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    limits, retry = settings.queue, settings.retry
    if not retry.schedule_seconds:
        raise ConfigError(
            "retry.schedule_seconds must have at least one wait", about="retry.schedule_seconds"
        )
    return MailQueue(
        Database.open(where, Queue, settings=settings.database),
        Plan(hostname, tuple(retry.schedule_seconds), retry.lifetime_seconds),
        room=Room(limits.item_limit, limits.octets_limit, limits.free_floor_octets),
        directory=settings.data.directory if not settings.database.zconfig else None,
    )


def _smtp(settings: Settings, queue: MailQueue, keys: Keys, hostname: str) -> SmtpServer:
    ours = settings.smtp
    return SmtpServer(
        queue,
        keys,
        listen=ours.listen,
        hostname=hostname,
        submitters=frozenset(ours.submitters),
        drain_seconds=SMTP_DRAIN_SECONDS,
        limits=Limits(
            ours.message_limit_octets,
            ours.line_limit_octets,
            ours.recipient_limit,
            ours.connection_limit,
            ours.in_flight_limit_octets,
            ours.idle_seconds,
        ),
    )


def _routes(settings: Settings, smtp: SmtpServer, hostname: str) -> Routes:
    ours = settings.routes
    try:
        return Routes(
            Dns(settings.dns.servers, settings.dns.timeout_seconds),
            Resolver(settings.hosts.allow),
            smarthost=_smarthost(settings),
            domains={domain: named_hop(hop) for domain, hop in ours.domains.items()},
            mx_port=ours.mx_port,
            own_names=frozenset({hostname.lower()}),
            own_addresses=smtp.own_addresses,
        )
    except InvalidArgument as error:
        raise ConfigError(f"routes or dns: {error.message}", about=error.about) from None


def _smarthost(settings: Settings) -> Hop | None:
    ours = settings.routes
    if not ours.smarthost:
        return None
    if ours.smarthost_user and ours.smarthost_security not in ("starttls", "tls"):
        raise ConfigError(
            "routes.smarthost_user needs routes.smarthost_security starttls or tls: "
            "a password does not travel in the clear"
        )
    return named_hop(
        ours.smarthost,
        ours.smarthost_security,
        ours.smarthost_user,
        ours.smarthost_password,
        port=465 if ours.smarthost_security == "tls" else 25,
    )


def _courier(settings: Settings, routes: Routes, hostname: str) -> Courier:
    ours = settings.courier
    times = Times(
        connect=ours.connect_seconds,
        command=ours.command_seconds,
        data=ours.command_seconds,
        block=ours.block_seconds,
        final=ours.final_seconds,
        session=ours.session_seconds,
    )
    try:
        return Courier(hostname, routes.addresses, times=times, ca_file=settings.routes.ca_file)
    except OSError as error:
        raise ConfigError(
            f"routes.ca_file: {settings.routes.ca_file} cannot be used: {error.strerror or error}"
        ) from None


def _pace(settings: Settings) -> Pace:
    ours = settings.courier
    longest = longest_wait_seconds(settings.retry.schedule_seconds)
    return Pace(ours.workers, ours.per_destination, ours.in_flight_limit_octets, longest)


def _health(queue: MailQueue) -> dict[str, Any]:
    """Return how full the queue is; raises where its database has stopped."""
    return {"queue": vars(queue.counts())}


def main() -> int:
    return start("relayd", Settings, build)


if __name__ == "__main__":
    sys.exit(main())
