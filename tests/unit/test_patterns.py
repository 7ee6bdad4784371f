"""Regular expressions that every Python reads alike.

Python 3.11.2, which Debian 12 has, goes on from within what a possessive or atomic group tried and failed
in (gh-106052), and forgets what was captured there (gh-101955). Possessive characters are right everywhere.
"""

import importlib
import pkgutil
import re
from re import _parser  # type: ignore[attr-defined]

import pytest

PACKAGES = ("restante", "profiled", "stored", "relayd", "tkclient", "bench", "demo")
CHARACTERS = {"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY"}


def patterns(package):
    """Give every pattern that stands in a module of the package, with its name."""
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not found.name.endswith("__main__") and ".ui" not in found.name:
            names = vars(importlib.import_module(found.name)).items()
            yield from ((f"{found.name}.{name}", one) for name, value in names for one in patterns_in(value))


def patterns_in(value):
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, list | tuple | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(one)


def groups(parsed):
    """Tell of each group in a parsed pattern whether it is possessive or atomic."""
    for operation, argument in parsed:
        kind = str(operation)
        single = kind == "POSSESSIVE_REPEAT" and [str(one[0]) in CHARACTERS for one in argument[2]] == [True]
        yield kind in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP") and not single
        for inside in parts(argument):
            yield from groups(inside)


def parts(argument):
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, list | tuple):
        for one in argument:
            yield from parts(one)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_group_is_possessive(package):
    found = {
        name
        for name, pattern in patterns(package)
        if any(groups(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("pattern", "expected"), [("a*+b++", False), ("(?:ab)*+", True), ("x(?>ab|c)", True)]
)
def test_what_is_possessive_is_seen(pattern, expected):
    assert any(groups(_parser.parse(pattern))) is expected
