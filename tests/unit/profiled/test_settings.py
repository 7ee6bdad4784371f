from pathlib import Path

from profiled.settings import Settings
from restante.config import documented_keys, keys, load

FILE = Path(__file__).parents[3] / "etc" / "profiled.toml"


def test_the_file_shows_every_key_with_its_default_and_no_other():
    assert documented_keys(FILE) == keys(Settings)


def test_the_file_as_it_is_means_the_defaults():
    assert load(Settings, FILE) == Settings()


def test_every_key_stands_under_a_sentence():
    lines = FILE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("# ") and " = " in line and line[2:].split(" = ")[0].isidentifier():
            assert lines[number - 1].startswith("# ") and lines[number - 1].endswith("."), line
