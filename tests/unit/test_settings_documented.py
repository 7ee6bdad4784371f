"""Every key of every daemon stands in its file in etc/, with its default, and nothing else stands there."""

import importlib
from pathlib import Path

import pytest

from restante.config import documented_keys, keys, load

ETC = Path(__file__).parents[2] / "etc"


@pytest.mark.parametrize("daemon", ["profiled", "stored", "relayd"])
def test_every_key_is_documented_with_its_default(daemon):
    settings = importlib.import_module(f"{daemon}.settings").Settings
    file = ETC / f"{daemon}.toml"
    assert documented_keys(file) == keys(settings), (
        f"`restante settings {daemon} --template` prints what is due"
    )
    assert load(settings, file) == settings(), f"{file.name} as it comes changes a default"
