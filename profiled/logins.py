"""Logins at people's POP3 servers: their settings, trying them through the storage server, what they prove.

Knows no database. Only `stored` speaks POP3; what it says of a remote server goes back as it is.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from profiled import fields
from profiled.discovery import USUAL_PORTS, Discovery
from profiled.storages import Storages
from restante.errors import Forbidden, InvalidArgument, RestanteError
from restante.log import get

log = get("logins")

NEEDED = ("address", "host", "security", "secret")
AT_ONCE = 5


class Logins:
    """What a login may be, and trying it."""

    def __init__(self, storages: Storages, discovery: Discovery, *, allow_plain: bool, prove_by: str) -> None:
        self._storages = storages
        self._discovery = discovery
        self._allow_plain = allow_plain
        self._prove_by = prove_by

    def complete(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return all settings of an account, checked; what was left out is what is usual. Pure.

        Raises InvalidArgument, Forbidden.
        """
        for key in NEEDED:
            if not item.get(key):
                raise InvalidArgument(f"The account's {key} is missing.", about=key)
        address = fields.mail_address(item["address"])
        security = item["security"]
        if security == "plain" and not self._allow_plain:
            raise Forbidden(
                "This service does not collect without encryption. Choose TLS, or ask whoever runs it.",
                about=item["host"],
            )
        usual = {"port": USUAL_PORTS[security], "user": address, "name": address, "enabled": True}
        usual |= {"auth": "password", "on_server": "leave", "on_server_days": 14, "delete_unnamed": False}
        return {**usual, **item, "address": address, "host": fields.host_name(item["host"])}

    def try_one(self, storage: str, login: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the maildrop holds: {messages, octets, ...}. Network.

        Raises RemoteError, Unavailable.
        """
        try:
            return self._storages.probe(storage, login, login["secret"])
        except RestanteError as error:
            log.info("account.test_failed", host=login["host"], port=login["port"], kind=error.kind)
            raise

    def try_all(self, storage: str, logins: list[dict[str, Any]]) -> None:
        """Try some logins side by side; return when all succeeded. Raises as `try_one`, for the first."""
        with ThreadPoolExecutor(len(logins), "login") as pool:
            tries = [pool.submit(copy_context().run, self.try_one, storage, login) for login in logins]
        for attempt in tries:
            attempt.result()

    def proves(self, login: Mapping[str, Any]) -> bool:
        """Tell whether a login that succeeded with these settings shows whose the address is. Pure."""
        if self._prove_by == "login":
            return True
        return self._discovery.vouches(login["address"], login["host"], login["user"])
