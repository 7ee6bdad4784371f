"""The names and addresses a person writes from.

Whether an address is proved is never kept with the identity: it follows from the accounts, so that it is
true again or no longer true the moment an account is.
"""

from typing import Any

from profiled import fields, parts
from profiled.identity_types import (
    IdentitiesSet,
    Identity,
    IdentityKept,
    IdentityList,
    IdentityNew,
    IdentityUpdate,
)
from profiled.model import Account, Profile, Root
from restante import address
from restante.db import Database
from restante.errors import InvalidArgument, OverQuota

AT_MOST = 50
DEFAULTS = {"name": "", "signature": ""}


class Identities:
    """The identities in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, user: str) -> IdentityList:
        """Return a person's identities, in the order they were made. Reads only."""

        def work(root: Root) -> IdentityList:
            profile = parts.find(root, user)
            return {"state": parts.state_of(profile, "identities"), "identities": shapes(profile)}

        return self._database.read(work)

    def set(
        self,
        user: str,
        create: list[IdentityNew],
        update: list[IdentityUpdate],
        destroy: list[str],
        if_state: str,
    ) -> IdentitiesSet:
        """Make all the changes or none. Commits.

        Raises NotFound, StateMismatch, OverQuota, InvalidArgument.
        """

        def work(root: Root) -> IdentitiesSet:
            profile = parts.find(root, user)
            parts.check_state(profile, "identities", if_state)
            created = [_create(profile, item) for item in create]
            for change in update:
                _update(profile, change)
            for identity_id in destroy:
                profile.identities.remove(parts.one_of(profile.identities, identity_id, "identity"))
            if create or update or destroy:
                _check(profile)
                profile.changed("identities")
            return {
                "state": parts.state_of(profile, "identities"),
                "created": [_shape(profile, identity) for identity in created],
                "updated": [change["id"] for change in update],
                "destroyed": destroy,
            }

        return self._database.write(work)


def shapes(profile: Profile) -> list[Identity]:
    """Return a profile's identities as they are told."""
    return [_shape(profile, identity) for identity in profile.identities]


def replace(profile: Profile, wanted: list[IdentityKept]) -> None:
    """Make `wanted` the whole list; an item with the id of an identity stays that one."""
    kept = []
    for item in wanted:
        before: dict[str, Any] = {}
        if "id" in item:
            before = parts.one_of(profile.identities, item["id"], "identity")
        kept.append(_made(profile, {**item, "id": before.get("id") or profile.new_id("i")}))
    if len({identity["id"] for identity in kept}) < len(kept):
        raise InvalidArgument("The same identity stands in the list twice.", about="identities")
    profile.identities[:] = kept
    _check(profile)


def add_for(profile: Profile, account: Account) -> None:
    """Make an identity for the address of a new account, when it has none and there is room."""
    if len(profile.identities) >= AT_MOST:
        return
    if not any(address.same(identity["address"], account.address) for identity in profile.identities):
        item = {"id": profile.new_id("i"), "name": profile.full_name, "address": account.address}
        profile.identities.append({**DEFAULTS, **item, "account": account.id})


def forget_account(profile: Profile, account_id: str) -> None:
    """Let no identity name an account that is being destroyed."""
    profile.identities[:] = [
        {key: value for key, value in identity.items() if (key, value) != ("account", account_id)}
        for identity in profile.identities
    ]


def _create(profile: Profile, item: IdentityNew) -> dict[str, Any]:
    identity = _made(profile, {**item, "id": profile.new_id("i")})
    profile.identities.append(identity)
    return identity


def _update(profile: Profile, change: IdentityUpdate) -> None:
    identity = parts.one_of(profile.identities, change["id"], "identity")
    place = profile.identities.index(identity)
    profile.identities[place] = _made(profile, parts.merged(identity, dict(change), DEFAULTS))


def _made(profile: Profile, item: dict[str, Any]) -> dict[str, Any]:
    """Return an identity as it is kept, its address and account checked."""
    if "account" in item:
        parts.one_of(profile.accounts.values(), item["account"], "account")
    return {**DEFAULTS, **item, "address": fields.mail_address(item["address"])}


def _check(profile: Profile) -> None:
    if len(profile.identities) > AT_MOST:
        raise OverQuota(f"A profile has at most {AT_MOST} identities. Remove one first.", about=str(AT_MOST))


def _shape(profile: Profile, identity: dict[str, Any]) -> Identity:
    proved = any(
        account.proved and address.same(account.address, identity["address"])
        for account in profile.accounts.values()
    )
    shape: Identity = {
        "id": identity["id"],
        "name": identity["name"],
        "address": identity["address"],
        "signature": identity["signature"],
        "proved": proved,
    }
    if "account" in identity:
        shape["account"] = identity["account"]
    return shape
