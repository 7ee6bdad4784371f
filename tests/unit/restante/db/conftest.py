"""Databases to be harmed: small, closed, with several revisions of what they hold."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping

from restante import log
from restante.config import LogSettings
from restante.db import Database

GOOD: dict[str, Any] = {"n": 3, "tree": {f"key{number:02}": f"value {number}" for number in range(9)}}


def everything(root: Any) -> dict[str, Any]:
    """Return all that the harmed database should hold, having read every object of it."""
    return {"n": root["counter"]["n"], "tree": dict(root["tree"])}


def add_one(root: Any) -> None:
    root["counter"]["n"] += 1


def open_database(path: Path) -> Database:
    return Database.open(path, PersistentMapping)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A closed database with GOOD in it, the counter in its third revision."""
    path = tmp_path / "kept" / "one.fs"
    database = open_database(path)
    tree = dict.fromkeys(GOOD["tree"], "an older value")
    database.write(lambda root: root.update(counter=PersistentMapping(n=0), tree=OOBTree(tree)))
    database.write(lambda root: root["tree"].update(GOOD["tree"]))
    for _ in range(3):
        database.write(add_one)
    assert database.read(everything) == GOOD
    database.close()
    return path


@pytest.fixture
def log_lines(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Return what the log has said so far."""
    file = tmp_path / "lines.log"
    log.setup("tests", LogSettings(level="debug", file=str(file)))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]
