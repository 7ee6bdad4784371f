"""account.*: finding, testing and keeping POP3 accounts, and lending them to `stored`."""

from profiled.account_types import (
    AccountCreates,
    AccountList,
    AccountProbe,
    AccountsSet,
    AccountTested,
    AccountUpdates,
    Candidates,
)
from profiled.accounts import Accounts
from profiled.discovery import Discovery
from profiled.profile_types import Lease
from profiled.types import Address, Ids, Since
from restante.rpc import USER, Call, daemons, method
from restante.wire import Line, Name


class AccountService:
    """The methods about accounts."""

    def __init__(self, accounts: Accounts, discovery: Discovery) -> None:
        self._accounts = accounts
        self._discovery = discovery

    @method("account.discover", caller=USER)
    def discover(self, call: Call, /, address: Address) -> Candidates:
        """Return the servers that may hold the mail of an address, the likeliest first.

        `known` ones stand in a table, the others are guesses. Nothing is connected to. Raises not_found
        for a provider that does not offer POP3.
        """
        return {"candidates": self._discovery.candidates(address)}

    @method("account.test", caller=USER)
    def test(self, call: Call, /, account: AccountProbe, id: Line = "") -> AccountTested:
        """Log in at a POP3 server and say what waits there; nothing is collected.

        With the `id` of an account, what is left out is taken from it, the secret only for the very server
        and user that it was given for. Raises the kinds of trouble with remote servers. Takes up to a minute.
        """
        return self._accounts.test(call.principal.name, account, id)

    @method("account.list", caller=USER)
    def accounts(self, call: Call, /) -> AccountList:
        """Return the accounts, without their secrets."""
        return self._accounts.of(call.principal.name)

    @method("account.set", caller=USER)
    def set(
        self,
        call: Call,
        /,
        create: AccountCreates | None = None,
        update: AccountUpdates | None = None,
        destroy: Ids | None = None,
        if_state: Since = "",
    ) -> AccountsSet:
        """Add, change and remove accounts: all of it or nothing.

        A new one with `test` true is logged in to first (at most 5 in a call). Its address becomes an
        identity unless there is one. `on_server`, `on_server_days` and `delete_unnamed` say what of it stays
        at its server. Another host, port, security, user or auth needs the secret again. With
        `if_state`, the state of the accounts, it raises state_mismatch when they changed in the meantime.
        """
        return self._accounts.set(call.principal.name, create or [], update or [], destroy or [], if_state)

    @method("account.lease", caller=daemons("stored"))
    def lease(self, call: Call, /, user: Name) -> Lease:
        """Return what working for a user needs: accounts with their secrets, identities, rules, language."""
        return self._accounts.lease(user)
