"""Put `stored` together and run it: wiring only."""

import sys
from dataclasses import dataclass
from typing import Any

from restante.credentials import Keys
from restante.daemon import Wired, start
from restante.peer import Peer, internal_authenticator
from restante.resolve import Resolver
from restante.rpc import Methods
from restante.serve import Application
from stored.blobs import Blobs
from stored.clock import Clock
from stored.collecting.collector import Collector
from stored.collecting.lease import addresses_by, lease_from
from stored.collecting.probe import Prober
from stored.collecting.rehearsal import Rehearsal
from stored.intents import Intents
from stored.jobs import Jobs
from stored.parsing import Parsers, Summaries
from stored.pop3 import PopClient
from stored.reading import Reader
from stored.rules.old_mail import KIND as RULES
from stored.rules.old_mail import OldMail
from stored.rules.old_mail import run as run_rules
from stored.search.finder import Finder
from stored.search.indexer import Indexer
from stored.sending.drafts import Drafts
from stored.sending.forwarding import Forwarder
from stored.sending.identities import writers_from
from stored.sending.outbox import Outbox
from stored.sending.sender import Sender
from stored.sending.smtp import Relay
from stored.service.blobs import BlobRoute
from stored.service.collect import ClockService, CollectService
from stored.service.drafts import DraftService
from stored.service.folders import FolderService
from stored.service.jobs import JobService
from stored.service.messages import MessageService
from stored.service.outbox import OutboxService, OutcomeService
from stored.service.overview import OverviewService
from stored.service.pictures import PictureService
from stored.service.quota import QuotaService
from stored.service.rules import RuleService
from stored.service.search import SearchService
from stored.service.sessions import SessionService
from stored.service.threads import ThreadService
from stored.service.transfer import TransferService
from stored.sessions import Sessions
from stored.settings import Settings
from stored.statistics import Counting
from stored.store import Store
from stored.transfer.exporting import KIND as EXPORT
from stored.transfer.exporting import Exporter
from stored.transfer.importing import KIND as IMPORT
from stored.transfer.importing import Importer
from stored.transfer.importing import ending as import_ending
from stored.upkeep import Upkeep
from stored.uploads import Uploads

COLLECT_DRAIN_SECONDS = 20
#: How many that bring letters in may wait, and how long, for an unusual one to be read.
MOST_ARRIVING, ARRIVING_SECONDS = 1_000, 60.0


@dataclass(frozen=True)
class Collecting:
    """The collector as a part of the daemon: it waits to be asked, and ends its visits when told to stop."""

    collector: Collector

    def start(self) -> None: ...

    def stop(self) -> None:
        self.collector.stop(COLLECT_DRAIN_SECONDS)


def build(settings: Settings, keys: Keys) -> Wired:
    """Return the daemon as the settings describe it, not started. Raises StartError."""
    store = Store(settings.data.directory, settings.storage, settings.quota)
    try:
        return _wired(settings, keys, store)
    except BaseException:
        store.close()
        raise


def _wired(settings: Settings, keys: Keys, store: Store) -> Wired:
    profiled = Peer(
        "profiled",
        settings.profiled.url,
        keys,
        settings.profiled.timeout_seconds,
        repeatable=["session.verify", "account.lease"],
    )
    sessions = Sessions(profiled, settings.sessions)
    blobs = Blobs(store, settings.data.directory / "spool")
    clock = Clock(settings.data.directory / "clock.json")
    parsers = Parsers(rest_seconds=settings.search.rest_seconds)
    # Of their own, so that what arrives and who reads do not wait for each other; nobody waits at a screen.
    arriving = Parsers(
        1, rest_seconds=settings.search.rest_seconds, patient=MOST_ARRIVING, patience_seconds=ARRIVING_SECONDS
    )
    summaries = Summaries(arriving)
    reader = Reader(parsers, settings.data.directory / "spool")
    sender, outbox, drafts = _sending(settings, keys, store, blobs, profiled, reader)
    forwarder = Forwarder(outbox.writers, outbox.intents, sender.wake)
    collector, collecting = _collecting(settings, store, profiled, clock, forwarder, summaries)
    indexer, finder = _searching(settings, store, profiled)
    jobs, transfer = _working(settings, store, blobs, summaries)
    methods = Methods.of(
        SessionService(sessions),
        FolderService(store),
        MessageService(store, reader, clock),
        ThreadService(store),
        SearchService(finder),
        PictureService(blobs, reader),
        collecting,
        ClockService(clock),
        QuotaService(store),
        RuleService(store, OldMail(jobs, lease_from(profiled))),
        JobService(store, jobs),
        transfer,
        OverviewService(store, collector, Counting(store), lease_from(profiled)),
        DraftService(drafts),
        OutboxService(outbox),
        OutcomeService(outbox),
        system="stored",
    )
    public, internal = _applications(settings, keys, store, methods, sessions, blobs, clock)
    return Wired(
        [(public, settings.http.listen), (internal, settings.http.internal_listen)],
        parts=[
            parsers,
            sender,
            Collecting(collector),
            Upkeep(store, clock, settings.storage),
            indexer,
            jobs,
        ],
        closing=[arriving.stop, store.close, finder.close],
    )


def _collecting(
    settings: Settings,
    store: Store,
    profiled: Peer,
    clock: Clock,
    forwarder: Forwarder,
    summaries: Summaries,
) -> tuple[Collector, CollectService]:
    limits, collect = settings.pop3, settings.collect
    resolver = Resolver(settings.hosts.allow)
    pop = PopClient(
        limits, resolver.connect_addresses, ca_file=limits.ca_file, allow_plain=limits.allow_plain
    )
    spool = settings.data.directory / "spool"
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    collector = Collector(
        store, lease_from(profiled), pop, collect, limits, clock, spool, forwarder, summaries.of
    )
    prober = Prober(pop, collect.probes, collect.probe_seconds)
    rehearsal = Rehearsal(store, collector, pop, clock, collect.rehearse_seconds)
    return collector, CollectService(collector, prober, rehearsal)


def _working(
    settings: Settings, store: Store, blobs: Blobs, summaries: Summaries
) -> tuple[Jobs, TransferService]:
    directory = settings.data.directory
    importer = Importer(directory / "spool", summaries.of)
    exporter = Exporter(directory / "exports", blobs)
    blobs.exported = exporter.opened
    kinds = {RULES: run_rules, IMPORT: importer.run, EXPORT: exporter.run}
    jobs = Jobs(store, Intents(directory / "jobs"), kinds, forgotten=exporter.forget, ending=import_ending)
    return jobs, TransferService(store, jobs, importer, exporter)


def _sending(
    settings: Settings, keys: Keys, store: Store, blobs: Blobs, profiled: Peer, reader: Reader
) -> tuple[Sender, Outbox, Drafts]:
    ours = settings.relay
    relay = Relay(
        ours.address,
        token=lambda: keys.issue("relayd"),
        timeout_seconds=ours.timeout_seconds,
        deadline_seconds=ours.deadline_seconds,
    )
    intents = Intents(settings.data.directory / "outbox")
    sender = Sender(
        store,
        relay,
        intents,
        threads=ours.threads,
        retry_seconds=ours.retry_seconds,
        retry_limit_seconds=ours.retry_limit_seconds,
    )
    writers = writers_from(profiled)
    drafts = Drafts(store, blobs, writers, text_of=reader.text_of)
    return sender, Outbox(store, blobs, drafts, writers, intents, sender.wake), drafts


def _searching(settings: Settings, store: Store, profiled: Peer) -> tuple[Indexer, Finder]:
    addresses = addresses_by(lease_from(profiled))
    indexer = Indexer(store, settings.search, settings.data.directory / "spool")
    store.on_write = indexer.written
    finder = Finder(
        store,
        indexer,
        lambda user: list(addresses(user).items()),
        open_indexes=settings.search.open_indexes,
    )
    return indexer, finder


def _applications(
    settings: Settings,
    keys: Keys,
    store: Store,
    methods: Methods,
    sessions: Sessions,
    blobs: Blobs,
    clock: Clock,
) -> tuple[Application, Application]:
    def health() -> dict[str, Any]:
        store.databases.check()
        return {"open_databases": store.databases.count()}

    def internal_health() -> dict[str, Any]:
        return health() | {"clock_held": not clock.trusted()}

    path = f"/{settings.http.path.strip('/')}/".replace("//", "/")
    public = Application(
        methods,
        sessions.authenticate,
        audience="public",
        path=path,
        routes=[BlobRoute(blobs, Uploads(store), f"{path}blobs/").route()],
        health=health,
    )
    internal = Application(methods, internal_authenticator(keys), audience="internal", health=internal_health)
    return public, internal


def main() -> int:
    """Run until told to stop; return the exit status."""
    return start("stored", Settings, build)


if __name__ == "__main__":
    sys.exit(main())
