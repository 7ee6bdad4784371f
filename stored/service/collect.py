"""Collecting, as clients and `profiled` ask for it."""

from restante.errors import RestanteError
from restante.rpc import USER, Call, daemons, method
from restante.wire import LARGEST_INT
from stored.collector import Collector
from stored.pop3 import Server
from stored.probe import Prober
from stored.progress import AccountState
from stored.types import (
    AccountIds,
    AccountProgress,
    CollectDue,
    CollectError,
    CollectStatus,
    Host,
    Port,
    Probed,
    RemoteUser,
    Secret,
    Security,
    UserNames,
)


class CollectService:
    """Offers the collector."""

    def __init__(self, collector: Collector, prober: Prober) -> None:
        self._collector = collector
        self._prober = prober

    @method("collect.start", caller=USER)
    def start(self, call: Call, /, accounts: AccountIds = []) -> CollectStatus:  # noqa: B006
        """Begin to collect new mail, from these accounts or from all that are enabled.

        Answers at once; ask collect.status how far it is. An account that is already being collected is left
        to it, so starting twice does no harm.
        """
        self._collector.start(call.principal.name, accounts)
        return self.status(call)

    @method("collect.status", caller=USER)
    def status(self, call: Call, /) -> CollectStatus:
        """Tell how far collecting is, or how it ended last, for each account.

        An `error` beside the stage "done" tells of messages that were left where they are.
        """
        running, states = self._collector.status(call.principal.name)
        return {"running": running, "accounts": [_shown(state) for state in states]}

    @method("collect.due", caller=daemons("profiled"))
    def due(self, call: Call, /, users: UserNames) -> CollectDue:
        """Collect for these users soon: it is their turn."""
        accepted, running = self._collector.due(users)
        return {"accepted": accepted, "running": running}

    @method("collect.probe", caller=daemons("profiled"))
    def probe(
        self,
        call: Call,
        /,
        host: Host,
        port: Port,
        security: Security,
        user: RemoteUser,
        secret: Secret,
        address: RemoteUser = "",
    ) -> Probed:
        """Try a login, and tell what is in the maildrop. Nothing is fetched, changed or remembered."""
        found = self._prober.probe(Server(host, port, security, user, secret))
        return {
            "messages": min(found.messages, LARGEST_INT),
            "octets": str(found.octets),
            "capabilities": found.capabilities,
        }


def _shown(state: AccountState) -> AccountProgress:
    shown: AccountProgress = {
        "account": state.account,
        "address": state.address,
        "stage": state.stage,
        "done": state.done,
        "total": state.total,
        "octets": str(state.octets),
        "collected": state.collected,
        "started_at": state.started_at,
    }
    if state.finished_at is not None:
        shown["finished_at"] = state.finished_at
    if state.error is not None:
        shown["error"] = _error(state.error)
    return shown


def _error(error: RestanteError) -> CollectError:
    shown: CollectError = {"kind": error.kind, "message": error.message, "retryable": error.retryable}
    if error.about:
        shown["about"] = error.about
    return shown
