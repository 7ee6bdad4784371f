"""quota.*: how much of what a user may have is used."""

from restante.rpc import USER, Call, method
from stored.store import Store
from stored.types import Quota


class QuotaService:
    def __init__(self, store: Store) -> None:
        self._store = store

    @method("quota.get", caller=USER)
    def get(self, call: Call, /) -> Quota:
        """Tell how many messages there are, their octets together as they came, and how many there may be.

        `limit` is "0" where there is none. Mail beyond it is not collected until there is room again.
        """
        octets, messages = self._store.open_account(call.principal.name).read(
            lambda account: (account.octets(), sum(folder.total() for folder in account.folders))
        )
        return {"octets": str(octets), "messages": messages, "limit": str(self._store.space.quota_octets)}
