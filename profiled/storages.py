"""The storage servers: which there are, which one a new profile gets, and what is asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from profiled.model import Root
from profiled.settings import StorageSettings
from restante.credentials import Keys
from restante.errors import RestanteError, Unavailable
from restante.log import get
from restante.peer import Peer

log = get("storages")

PROBE_SECONDS = 60  # stored gives a remote server 30 s to connect; its answer must not be cut off
DUE_SECONDS = 15
REVOKE_SECONDS = 2


@dataclass(frozen=True)
class Storage:
    """One storage server: what clients are told, and the same server with three patiences."""

    url: str
    probing: Peer
    collecting: Peer
    revoking: Peer

    @classmethod
    def of(cls, settings: StorageSettings, keys: Keys) -> "Storage":
        def peer(seconds: float) -> Peer:
            return Peer("stored", settings.internal_url, keys, timeout_seconds=seconds, repeatable=REPEATABLE)

        return cls(settings.url, peer(PROBE_SECONDS), peer(DUE_SECONDS), peer(REVOKE_SECONDS))


REPEATABLE = ("collect.due", "collect.probe", "session.revoked")


class Storages:
    """All storage servers, by the name of their table in the settings."""

    def __init__(self, storages: Mapping[str, Storage]) -> None:
        self._storages = dict(storages)

    def choose(self, root: Root) -> str:
        """Return the one with the fewest profiles. Within a unit of work; raises Unavailable."""
        if not self._storages:
            raise Unavailable("No storage server is set up here. Ask whoever runs this service.")
        counts = root.profile_counts
        return min(self._storages, key=lambda name: (counts[name]() if name in counts else 0, name))

    def url(self, name: str) -> str:
        """Return what clients are told of the server `name`."""
        return self._known(name).url

    def probe(self, name: str, account: Mapping[str, Any], secret: str) -> dict[str, Any]:
        """Return what the maildrop holds, after a login there: {messages, octets, capabilities}.

        Network, by way of the storage server; blocks up to a minute. Raises RemoteError as the storage
        server does, Unavailable when that itself is away.
        """
        wanted = {key: account[key] for key in ("host", "port", "security", "user", "address", "auth")}
        found: dict[str, Any] = self._known(name).probing.call("collect.probe", secret=secret, **wanted)
        return found

    def collect_due(self, name: str, users: list[str]) -> set[str]:
        """Ask the server to collect for `users`; return those it took. Network; raises Unavailable."""
        answer = self._known(name).collecting.call("collect.due", users=users)
        return {*answer["accepted"], *answer["running"]}

    def revoked(self, name: str, session: str) -> None:
        """Tell the server that a session is over. Network, 2 s at most; a failure is only logged."""
        try:
            self._known(name).revoking.call("session.revoked", session=session)
        except RestanteError as error:
            log.warning("session.revoke_not_told", storage=name, session=session, cause=error)

    def _known(self, name: str) -> Storage:
        storage = self._storages.get(name)
        if storage is None:
            raise Unavailable(
                "The storage server of this profile is not set up here. Ask whoever runs this service.",
                about=name,
                cause=f"no [storage.{name}] in the settings",
            )
        return storage


def load_storages(settings: Mapping[str, StorageSettings], keys: Keys) -> Storages:
    """Return the storage servers of the settings, ready to be called."""
    return Storages({name: Storage.of(one, keys) for name, one in settings.items()})
