"""The declared methods of profiled: which there are, for whom, and that docs/rpc.md says the same."""

import re
from pathlib import Path

import pytest

from profiled.service.accounts import AccountService
from profiled.service.identities import IdentityService
from profiled.service.profiles import ProfileService
from profiled.service.rules import RuleService
from profiled.service.sessions import SessionService
from restante.rpc.declaration import declared_in

DOCUMENT = Path(__file__).parents[3] / "docs" / "rpc.md"
SERVICES = (SessionService, ProfileService, AccountService, IdentityService, RuleService)
# The declarations stand on the classes: an instance without its nouns is enough to read them.
DECLARED = {one.name: one for cls in SERVICES for one, _ in declared_in(object.__new__(cls))}


def documented():
    """Return the table row of each method under "### profiled" of docs/rpc.md."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("\n### profiled\n")[2]
    text = re.split(r"^##", text, maxsplit=1, flags=re.MULTILINE)[0]
    return {match[1]: match[0] for match in re.finditer(r"^\| `([a-z_.]+)` \|.*$", text, re.MULTILINE)}


def test_every_method_is_documented_and_no_other():
    assert sorted(documented()) == sorted(DECLARED)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_the_parameters_are_those_documented(name):
    cells = documented()[name].split(" | ")
    parameters = next(cell for cell in cells[1:] if cell not in ("anyone", "user"))
    optional = "".join(re.findall(r"\[([^\]]*)\]", parameters))
    for parameter in DECLARED[name].parameters.values():
        assert f"`{parameter.name}`" in parameters
        assert (f"`{parameter.name}`" in optional) is not parameter.required, parameter.name
    assert len(re.findall(r"`\w+`", parameters)) == len(DECLARED[name].parameters)


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_the_callers_are_those_documented(name):
    row, caller = documented()[name], DECLARED[name].caller
    if caller.kind == "daemon":
        assert caller.names == {"stored"} and caller.audiences == {"internal"}
    else:
        assert caller.audiences == {"public"}
        assert f"| {'anyone' if caller.kind == 'anonymous' else 'user'} |" in row
