"""Collecting, as clients and `profiled` ask for it."""

from restante.errors import RestanteError
from restante.rpc import OPERATOR, USER, Call, daemons, method
from restante.wire import LARGEST_INT, Id
from stored.clock import Clock
from stored.collecting.collector import Collector
from stored.collecting.probe import Prober
from stored.collecting.progress import AccountState, Notice
from stored.collecting.rehearsal import Rehearsal
from stored.collecting.types import (
    AccountIds,
    AccountProgress,
    Auth,
    ClockConfirmed,
    CollectDue,
    CollectError,
    CollectNotice,
    CollectStatus,
    Days,
    Host,
    OnServer,
    Port,
    Probed,
    Rehearsed,
    RemoteUser,
    Secret,
    Security,
    UserNames,
)
from stored.pop3 import Server


class CollectService:
    """Offers the collector."""

    def __init__(self, collector: Collector, prober: Prober, rehearsal: Rehearsal) -> None:
        self._collector = collector
        self._prober = prober
        self._rehearsal = rehearsal

    @method("collect.start", caller=USER)
    def start(self, call: Call, /, accounts: AccountIds = []) -> CollectStatus:  # noqa: B006
        """Begin to collect new mail, from these accounts or from all that are enabled.

        Answers at once; ask collect.status how far it is. An account that is already being collected is left
        to it, so starting twice does no harm. A password that was refused three times is tried again only
        when its account is named here, or changed.
        """
        self._collector.start(call.principal.name, accounts)
        return self.status(call)

    @method("collect.status", caller=USER)
    def status(self, call: Call, /) -> CollectStatus:
        """Tell how far collecting is, or how it ended last, for each account.

        An `error` beside the stage "done" tells of messages that were left where they are; `notices` tell
        what is good to know and no fault.
        """
        running, states = self._collector.status(call.principal.name)
        return {"running": running, "accounts": [_shown(state) for state in states]}

    @method("collect.cancel", caller=USER)
    def cancel(self, call: Call, /, accounts: AccountIds = []) -> CollectStatus:  # noqa: B006
        """Call off collecting from these accounts, or from all; what came whole is kept.

        Does not wait for the end; ask collect.status. What is not being collected is left as it is.
        """
        self._collector.cancel(call.principal.name, accounts)
        return self.status(call)

    @method("collect.rehearse", caller=USER)
    def rehearse(
        self,
        call: Call,
        /,
        account: Id,
        on_server: OnServer | None = None,
        on_server_days: Days | None = None,
        delete_unnamed: bool | None = None,
    ) -> Rehearsed:
        """Tell how many messages would be deleted at the account's server by now, and how large they are.

        As the account is set, but for what is given here. Each one counted was read here and agrees with its
        hash, but for those that the user erased here, which `erased` counts. Nothing is changed, here or
        there. Raises busy while the account is being collected.
        """
        found = self._rehearsal.rehearse(
            call.principal.name, account, lambda policy: policy.but(on_server, on_server_days, delete_unnamed)
        )
        shown: Rehearsed = {
            "messages": found.messages,
            "octets": str(found.octets),
            "unsafe": found.unsafe,
            "erased": found.erased,
            "held": found.held,
        }
        if found.notices:
            shown["notices"] = [_notice(notice) for notice in found.notices]
        return shown

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
        auth: Auth = "password",
    ) -> Probed:
        """Try a login, and tell what is in the maildrop. Nothing is fetched, changed or remembered."""
        found = self._prober.probe(Server(host, port, security, user, secret, auth))
        return {
            "messages": min(found.messages, LARGEST_INT),
            "octets": str(found.octets),
            "capabilities": found.capabilities,
        }


class ClockService:
    """Offers the clock to the operator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @method("admin.clock_confirm", caller=OPERATOR)
    def confirm(self, call: Call, /) -> ClockConfirmed:
        """Say that the machine's clock is right after it jumped, so that deleting by date goes on.

        `held` tells whether that had been waited for. Doing it again changes nothing.
        """
        return {"held": self._clock.confirm()}


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
    if state.notices:
        shown["notices"] = [_notice(notice) for notice in state.notices]
    if state.next_at is not None:
        shown["next_at"] = state.next_at
    return shown


def _notice(notice: Notice) -> CollectNotice:
    shown: CollectNotice = {"kind": notice.kind, "message": notice.message}
    if notice.about:
        shown["about"] = notice.about
    return shown


def _error(error: RestanteError) -> CollectError:
    shown: CollectError = {"kind": error.kind, "message": error.message, "retryable": error.retryable}
    if error.about:
        shown["about"] = error.about
    return shown
