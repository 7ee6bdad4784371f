"""What measures knows the daemons as anybody may: by their public methods, never from inside."""

import ast
from pathlib import Path

BENCH = Path(__file__).parents[3] / "bench"
STRANGERS = {"profiled", "stored", "relayd", "tkclient", "tests"}


def roots(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_bench_imports_no_daemon_and_no_test():
    files = list(BENCH.glob("*.py"))
    assert len(files) > 10
    assert [path.name for path in files if STRANGERS & set(roots(path))] == []
