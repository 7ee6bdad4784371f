"""The tree is formatted, linted and typed: ruff and mypy find nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "tool",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy", "."]],
    ids=lambda tool: "-".join(tool[:2]),
)
def test_tool_finds_nothing(tool):
    done = subprocess.run([sys.executable, "-m", *tool], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
