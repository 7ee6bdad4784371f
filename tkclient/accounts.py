"""The account verbs of the desk: find the server for an address, test the login, save, remove.

A password goes without asking only to a server that is known for the address or named within its domain;
any other is shown to the person first. No window, no sockets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List

from tkclient.collecting import Collecting
from tkclient.compose import domain_of
from tkclient.link import Done, Failed, Link, nothing
from tkclient.trouble import Trouble

if TYPE_CHECKING:
    from tkclient.desk import Bells

TRIES = 3
# What the next server cannot answer differently: the person has to do something first.
FINAL_KINDS = ("remote_login_refused", "maildrop_in_use", "already_exists", "too_many_tries", "over_quota")


class Accounts:
    """The accounts of the profile, and adding one."""

    def __init__(self, link: Link, bells: "Bells", collecting: Collecting) -> None:
        self._link = link
        self._bells = bells
        self._collecting = collecting
        self.clear()

    def clear(self) -> None:
        self.all: List[Dict[str, Any]] = []
        self.identities: List[Dict[str, Any]] = []

    def take(self, profile: Dict[str, Any]) -> None:
        self.all = list(profile.get("accounts", []))
        self.identities = list(profile.get("identities", []))

    def add(self, address: str, password: str, adding: "Adding") -> None:
        """Find the server of `address`, test it and save the account; `adding` hears of each step."""
        adding.step("finding", domain_of(address))

        def found(answer: Dict[str, Any]) -> None:
            tries = candidates_to_try(address, answer["candidates"])
            self._try(address, password, tries, answer["candidates"], adding)

        def not_found(trouble: Trouble) -> None:
            adding.failed(trouble, {})

        self._link.profile("account.discover", {"address": address}, found, not_found, lane="accounts")

    def _try(
        self,
        address: str,
        password: str,
        tries: List[Dict[str, Any]],
        offered: List[Dict[str, Any]],
        adding: "Adding",
    ) -> None:
        if not tries:
            strangers = [item for item in offered if item.get("auth", "password") == "password"]
            if strangers:
                adding.ask(strangers[0])
            else:
                adding.failed(Trouble("nothing_found", domain_of(address)), {})
            return
        server, rest = tries[0], tries[1:]

        def failed(trouble: Trouble, tried: Dict[str, Any]) -> None:
            if rest and trouble.kind not in FINAL_KINDS:
                self._try(address, password, rest, offered, adding)
            elif trouble.kind == "host_unknown" and not server.get("known"):
                # The name was our guess: the person never typed it.
                adding.failed(Trouble("nothing_found", domain_of(address)), {})
            else:
                adding.failed(trouble, tried)

        attempt = Adding(adding.step, adding.saved, failed, adding.ask)
        self.add_by_hand(account_of(address, server), password, attempt)

    def add_by_hand(self, account: Dict[str, Any], password: str, adding: "Adding") -> None:
        """Test the login on the server the person named, and save the account when it works."""
        adding.step("testing", account["host"])
        create = dict(account, secret=password, test=True)

        def saved(answer: Dict[str, Any]) -> None:
            created = answer["created"][0]
            self.refresh()
            self._collecting.start(nothing)
            adding.saved(created)

        def failed(trouble: Trouble) -> None:
            adding.failed(trouble, account)

        self._link.profile("account.set", {"create": [create]}, saved, failed, lane="accounts")

    def change_password(self, id_: str, password: str, done: Callable[[], None], failed: Failed) -> None:
        """Test another password for an account, keep it when it works, and collect."""
        account = next(item for item in self.all if item["id"] == id_)
        kept = {key: account[key] for key in ("address", "host", "port", "security", "user")}

        def tested(_: Any) -> None:
            update = {"update": [{"id": id_, "set": {"secret": password}}]}
            self._link.profile("account.set", update, saved, failed, lane="accounts")

        def saved(_: Any) -> None:
            self.refresh()
            self._collecting.start(nothing)
            done()

        params = {"account": dict(kept, secret=password)}
        self._link.profile("account.test", params, tested, failed, lane="accounts")

    def remove(self, id_: str, done: Callable[[], None], failed: Failed) -> None:
        """Stop collecting an account; letters already here stay."""

        def gone(_: Any) -> None:
            self.all = [item for item in self.all if item["id"] != id_]
            self._bells.ring("accounts")
            done()

        self._link.profile("account.set", {"destroy": [id_]}, gone, failed)

    def refresh(self) -> None:
        """Learn accounts and identities again."""

        def took(profile: Dict[str, Any]) -> None:
            self.take(profile)
            self._bells.ring("accounts")

        self._link.profile("profile.get", {"parts": ["accounts", "identities"]}, took, nothing)


class Adding:
    """Who hears how the adding of an account goes.

    `step(word, about)`: "finding" a domain, "testing" a host. `saved(account)`. `failed(trouble, tried)`:
    `tried` are the settings to begin a form with. `ask(server)`: may the password go to this server?
    """

    def __init__(
        self,
        step: Callable[[str, str], None],
        saved: Done,
        failed: Callable[[Trouble, Dict[str, Any]], None],
        ask: Done,
    ) -> None:
        self.step = step
        self.saved = saved
        self.failed = failed
        self.ask = ask


def candidates_to_try(address: str, candidates: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return the servers that may be shown the password unasked, the likeliest first, TRIES at most."""
    domain = domain_of(address)
    return [
        server
        for server in candidates
        if server.get("auth", "password") == "password"
        and server["security"] != "plain"
        and (server.get("known") or is_within(server["host"], domain))
    ][:TRIES]


def is_within(host: str, domain: str) -> bool:
    """Say whether `host` is `domain` or a name inside it."""
    host = host.lower().rstrip(".")
    return bool(domain) and (host == domain or host.endswith("." + domain))


def account_of(address: str, server: Dict[str, Any]) -> Dict[str, Any]:
    """Make the settings of an account from an address and a discovered server."""
    return {
        "address": address,
        "name": domain_of(address),
        "host": server["host"],
        "port": server["port"],
        "security": server["security"],
        "user": server.get("user") or address,
    }
