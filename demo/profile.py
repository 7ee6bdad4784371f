"""The demonstration's profile: María and her two accounts, made by the methods that everybody uses."""

from typing import Any
from urllib.parse import urljoin

from demo import texts
from demo.rpc import Service

NAME = "maria"
PASSWORD = "poste restante"
ADDRESSES = (texts.UNIVERSITY, texts.POST)


def create(server: str) -> tuple[Service, Service]:
    """Create the profile at `server` (profiled's public URL); return profiled and stored, signed in."""
    anyone = Service(server)
    opened = anyone.call("profile.create", name=NAME, password=PASSWORD, full_name=texts.OWNER, language="es")
    storage = urljoin(server, opened["profile"]["storage"])
    return Service(server, opened["token"]), Service(storage, opened["token"])


def add_account(profiled: Service, address: str) -> dict[str, Any]:
    """Add the account of `address` as a person does: by address and password alone. Return the account."""
    candidate = profiled.call("account.discover", address=address)["candidates"][0]
    account = {key: candidate[key] for key in ("host", "port", "security", "user")}
    account |= {"address": address, "secret": PASSWORD, "test": True}
    created: dict[str, Any] = profiled.call("account.set", create=[account])["created"][0]
    return created
