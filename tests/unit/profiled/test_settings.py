from pathlib import Path

FILE = Path(__file__).parents[3] / "etc" / "profiled.toml"


def test_every_key_stands_under_a_sentence():
    lines = FILE.read_text().splitlines()
    for number, line in enumerate(lines):
        if line.startswith("# ") and " = " in line and line[2:].split(" = ")[0].isidentifier():
            assert lines[number - 1].startswith("# ") and lines[number - 1].endswith("."), line
