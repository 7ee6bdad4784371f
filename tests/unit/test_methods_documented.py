"""docs/rpc.md has a row for every method that the daemons declare, with its caller and its parameters."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

from restante.rpc.declaration import declared_in
from restante.rpc.openrpc import describe

DOCUMENT = Path(__file__).parents[2] / "docs" / "rpc.md"
DAEMONS = ("profiled", "stored", "relayd")


def modules(daemon):
    service = importlib.import_module(f"{daemon}.service")
    inside = pkgutil.iter_modules(getattr(service, "__path__", []))
    return [service, *(importlib.import_module(f"{daemon}.service.{one.name}") for one in inside)]


def declared(daemon):
    """Return what the daemon's services declare; the declarations stand on the classes."""
    found: dict[str, Any] = {}
    for module in modules(daemon):
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__:
                found |= {one.name: one for one, _ in declared_in(object.__new__(cls))}
    return found


DECLARED = {name: one for daemon in DAEMONS for name, one in declared(daemon).items()}


def documented():
    """Return the row of each method in the tables under "## Methods": its cells without the name."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n## Methods\n")[2]
    text = re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split(" | ")] for name, cells in rows}


def test_there_are_methods_of_every_daemon():
    assert {"session.open", "message.page", "relay.status"} <= set(DECLARED)


def test_every_method_is_documented_and_no_other():
    assert sorted(documented()) == sorted(DECLARED)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_the_parameters_are_those_documented(name):
    method = DECLARED[name]
    cells = documented()[name]
    known = {parameter.name for parameter in method.parameters.values()}
    told = next((cell for cell in cells[-2:-1] if "`" in cell), "")
    names = set(re.findall(r"`(\w+)`", told))
    assert known <= names, f"{known - names} of {name} are not in its row"
    optional = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"\[([^\]]*)\]", told))))
    for parameter in method.parameters.values():
        assert not parameter.required or parameter.name not in optional, parameter.name


@pytest.mark.parametrize("daemon", DAEMONS)
@pytest.mark.parametrize("audience", ["public", "internal"])
def test_every_daemon_can_be_described(daemon, audience):
    """Two structs of one name would make `openrpc.json` an error, for a client, at run time."""
    methods = [one for one in declared(daemon).values() if audience in one.caller.audiences]
    described = describe(methods, daemon, "http://127.0.0.1/")
    assert {method["name"] for method in described["methods"]} == {one.name for one in methods}
