"""What measures knows the daemons as anybody may: by their public methods, never from inside."""

import ast
from pathlib import Path

import pytest

from bench.__main__ import MEASUREMENTS

TOP = Path(__file__).parents[3]
STRANGERS = {"profiled", "stored", "relayd", "tkclient", "tests"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached(module):
    """Return the module's imports and those of every module of bench that it reaches."""
    names: set[str] = set()
    waiting = [module]
    while waiting:
        file = TOP / (waiting.pop().replace(".", "/") + ".py")
        fresh = set(imported(file)) - names if file.is_file() else set()
        names |= fresh
        waiting += [name for name in fresh if name.startswith("bench.")]
    return names


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_imports_no_daemon_and_no_test(name):
    names = reached(MEASUREMENTS[name][0])
    assert "bench.report" in names
    assert not STRANGERS & {one.partition(".")[0] for one in names}
