"""identity.*: the names and addresses a person writes from."""

from profiled.identities import Identities
from profiled.identity_types import IdentitiesSet, IdentityCreates, IdentityList, IdentityUpdates
from profiled.types import Ids, Since
from restante.rpc import USER, Call, method


class IdentityService:
    """The methods about identities."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    @method("identity.list", caller=USER)
    def identities(self, call: Call, /) -> IdentityList:
        """Return the identities, each with whether its address is proved to be the user's."""
        return self._identities.of(call.principal.name)

    @method("identity.set", caller=USER)
    def set(
        self,
        call: Call,
        /,
        create: IdentityCreates | None = None,
        update: IdentityUpdates | None = None,
        destroy: Ids | None = None,
        if_state: Since = "",
    ) -> IdentitiesSet:
        """Add, change and remove identities: all of it or nothing.

        An address is proved by an account of the same address whose login succeeded, never by saying so.
        """
        return self._identities.set(call.principal.name, create or [], update or [], destroy or [], if_state)
