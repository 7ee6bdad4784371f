"""A person's POP3 accounts: added, tested, changed, and lent to the storage server that collects them.

A secret comes in, is sealed, and goes out to nobody but the storage server. It is tried only at the server
it was typed for: other settings need it again.
"""

import hashlib
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from profiled import fields, identities, parts, rules
from profiled.account_types import Account as AccountShape
from profiled.account_types import (
    AccountList,
    AccountNew,
    AccountProbe,
    AccountsSet,
    AccountTested,
    AccountUpdate,
)
from profiled.logins import AT_ONCE, Logins
from profiled.model import Account, Profile, Root
from profiled.profile_types import Lease, LeasedAccount
from profiled.secrets import Secrets
from profiled.turns import Turns
from restante.db import Database
from restante.errors import AlreadyExists, Damaged, InvalidArgument, OverQuota
from restante.log import get

log = get("accounts")

BOUND = ("host", "port", "security", "user", "auth")  # what a secret was typed for
KEPT_THERE = ("on_server", "on_server_days", "delete_unnamed")  # what becomes of mail at the server
FREE = ("name", "enabled", *KEPT_THERE)


class Accounts:
    """The accounts in one database."""

    def __init__(
        self,
        database: Database,
        secrets: Secrets,
        logins: Logins,
        turns: Turns,
        at_most: int,
        now: Callable[[], float],
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._logins = logins
        self._turns = turns
        self._at_most = at_most
        self._now = now

    def of(self, user: str) -> AccountList:
        """Return a person's accounts, in the order they were added. Reads only."""

        def work(root: Root) -> AccountList:
            profile = parts.find(root, user)
            return {"state": parts.state_of(profile, "accounts"), "accounts": shapes(profile)}

        return self._database.read(work)

    def test(self, user: str, account: AccountProbe, account_id: str) -> AccountTested:
        """Try a login; return what the maildrop holds. Network, up to a minute. Raises RemoteError."""
        wanted, storage = self._to_be_tested(user, account, account_id)
        started = monotonic()
        found = self._logins.try_one(storage, wanted)
        if account_id:
            self._database.write(lambda root: self._note_login(root, user, account_id, wanted))
        return {
            "messages": found["messages"],
            "octets": str(found["octets"]),
            "seconds": round(monotonic() - started),
        }

    def set(
        self,
        user: str,
        create: list[AccountNew],
        update: list[AccountUpdate],
        destroy: list[str],
        if_state: str,
    ) -> AccountsSet:
        """Make all the changes or none, after the tests that `create` asks for. Commits.

        Raises NotFound, StateMismatch, OverQuota, AlreadyExists, Forbidden, InvalidArgument, RemoteError.
        """
        wanted = [self._logins.complete(dict(item)) for item in create]
        self._test_all(user, [item for item in wanted if item.get("test")], if_state)

        def work(root: Root) -> AccountsSet:
            profile = parts.find(root, user)
            parts.check_state(profile, "accounts", if_state)
            created = [self._create(profile, item) for item in wanted]
            for change in update:
                self._update(profile, change)
            for account_id in destroy:
                _destroy(profile, account_id)
            if create or update or destroy:
                self._settle(root, profile)
            return {
                "state": parts.state_of(profile, "accounts"),
                "created": [_shape(account) for account in created],
                "updated": [change["id"] for change in update],
                "destroyed": destroy,
            }

        done = self._database.write(work)
        log.info("account.set", user=user, created=len(create), updated=len(update), destroyed=len(destroy))
        return done

    def lease(self, user: str) -> Lease:
        """Return what the storage server needs to collect for a user, secrets included. Reads only.

        An account whose box is damaged is left out and logged; the others are collected.
        """

        def work(root: Root) -> Lease:
            profile = parts.find(root, user)
            leased = [self._leased(profile, account) for account in profile.accounts.values()]
            return {
                "state": parts.state_of(profile),
                "language": profile.language,
                "accounts": [account for account in leased if account is not None],
                "identities": identities.shapes(profile),
                "rules": rules.shapes(profile),
            }

        return self._database.read(work)

    def _to_be_tested(self, user: str, account: AccountProbe, account_id: str) -> tuple[dict[str, Any], str]:
        """Return complete settings and the storage server to ask."""

        def work(root: Root) -> tuple[dict[str, Any], str]:
            profile = parts.find(root, user)
            if not account_id:
                return self._logins.complete(dict(account)), profile.storage
            kept = parts.one_of(profile.accounts.values(), account_id, "account")
            asked = {**_settings_of(kept), **account}
            asked["host"] = fields.host_name(asked["host"])
            if "secret" not in account:
                _refuse_other_settings(kept, asked)
                asked["secret"] = self._secrets.open(user, kept.id, kept.box)
            return self._logins.complete(asked), profile.storage

        return self._database.read(work)

    def _test_all(self, user: str, wanted: list[dict[str, Any]], if_state: str) -> None:
        """Try the logins of new accounts side by side; note in each what it proves. Network."""
        if not wanted:
            return
        if len(wanted) > AT_ONCE:
            raise InvalidArgument(f"At most {AT_ONCE} accounts can be tested in one call.", about="create")

        def work(root: Root) -> str:
            profile = parts.find(root, user)
            parts.check_state(profile, "accounts", if_state)
            return profile.storage

        self._logins.try_all(self._database.read(work), wanted)
        for item in wanted:
            item["proved"] = self._logins.proves(item)

    def _note_login(self, root: Root, user: str, account_id: str, tested: Mapping[str, Any]) -> None:
        """Note that a login succeeded, if the account still is as it was tested."""
        profile = parts.find(root, user)
        account = profile.accounts.get(account_id)
        if account is None or account.proved or not self._logins.proves(tested):
            return
        if all(getattr(account, key) == tested[key] for key in ("address", *BOUND)):
            account.proved = True
            profile.changed("identities")

    def _create(self, profile: Profile, item: Mapping[str, Any]) -> Account:
        account = Account(profile.new_id("a"), item["address"], int(self._now()))
        for key in (*FREE, *BOUND):
            setattr(account, key, item[key])
        account.proved = item.get("proved", False)
        account.box = self._secrets.seal(profile.name, account.id, item["secret"])
        profile.accounts[account.id] = account
        identities.add_for(profile, account)
        return account

    def _update(self, profile: Profile, change: AccountUpdate) -> None:
        account = parts.one_of(profile.accounts.values(), change["id"], "account")
        before = _settings_of(account)
        asked = parts.merged(
            before, dict(change), {"name": change.get("set", {}).get("address", account.address)}
        )
        secret = asked.pop("secret", "")
        after = self._logins.complete({**asked, "secret": secret or "kept"})
        if not secret:
            _refuse_other_settings(account, after)
        if any(before[key] != after[key] for key in ("address", *BOUND)):
            account.proved = False
        for key in ("address", *FREE, *BOUND):
            setattr(account, key, after[key])
        if secret:
            account.box = self._secrets.seal(profile.name, account.id, secret)

    def _settle(self, root: Root, profile: Profile) -> None:
        """Check what holds for all accounts together, and let the rest of the profile follow."""
        accounts = list(profile.accounts.values())
        if len(accounts) > self._at_most:
            raise OverQuota(
                f"A profile has at most {self._at_most} accounts. Remove one first.",
                about=str(self._at_most),
            )
        seen = set()
        for account in accounts:
            if (maildrop := (account.host, account.port, account.user)) in seen:
                raise AlreadyExists(
                    f"{account.user} at {account.host} is among your accounts already.", about=account.user
                )
            seen.add(maildrop)
        # The identities change with the accounts: one may be new, and what is proved follows from them.
        profile.changed("accounts", "identities")
        if root.secrets_key != self._secrets.key_id:
            root.secrets_key = self._secrets.key_id
        self._turns.arrange(root, profile)

    def _leased(self, profile: Profile, account: Account) -> LeasedAccount | None:
        try:
            secret = self._secrets.open(profile.name, account.id, account.box)
        except Damaged as error:
            log.error("account.box_damaged", user=profile.name, account=account.id, cause=error)
            return None
        return {
            "id": account.id,
            "address": account.address,
            "host": account.host,
            "port": account.port,
            "security": account.security,
            "user": account.user,
            "auth": account.auth,
            "secret": secret,
            "secret_id": hashlib.sha256(account.box).hexdigest()[:16],
            "enabled": account.enabled,
            "on_server": account.on_server,
            "on_server_days": account.on_server_days,
            "delete_unnamed": account.delete_unnamed,
        }


def shapes(profile: Profile) -> list[AccountShape]:
    """Return a profile's accounts as they are told: without their secrets."""
    return [_shape(account) for account in profile.accounts.values()]


def _destroy(profile: Profile, account_id: str) -> None:
    account = parts.one_of(profile.accounts.values(), account_id, "account")
    del profile.accounts[account.id]
    identities.forget_account(profile, account.id)


def _settings_of(account: Account) -> dict[str, Any]:
    return {key: getattr(account, key) for key in ("address", *FREE, *BOUND)}


def _refuse_other_settings(account: Account, asked: Mapping[str, Any]) -> None:
    """Raise InvalidArgument when a kept secret would go to another server or user than it was typed for."""
    for key in BOUND:
        if getattr(account, key) != asked[key]:
            raise InvalidArgument(
                f"The password of {account.address} is needed again, because the {key} changes.", about=key
            )


def _shape(account: Account) -> AccountShape:
    return {
        "id": account.id,
        "address": account.address,
        "name": account.name,
        "host": account.host,
        "port": account.port,
        "security": account.security,
        "user": account.user,
        "auth": account.auth,
        "enabled": account.enabled,
        "on_server": account.on_server,
        "on_server_days": account.on_server_days,
        "delete_unnamed": account.delete_unnamed,
        "has_secret": bool(account.box),
        "created_at": parts.moment(account.created_at),
    }
