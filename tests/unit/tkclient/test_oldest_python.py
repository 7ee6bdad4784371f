"""The client runs on Python 3.8: its source says nothing that 3.8 does not understand."""

import ast
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3] / "tkclient"
FILES = sorted(TOP.rglob("*.py"))
# What came later, by attribute or name: removeprefix 3.9, cache 3.9, pairwise 3.10, zip(strict=) 3.10 …
TOO_NEW = {
    "removeprefix",
    "removesuffix",
    "is_relative_to",
    "cache",
    "pairwise",
    "UTC",
    "batched",
    "TypeAlias",
    "ParamSpec",
    "Self",
    "readlink",
    "with_stem",
    "bit_count",
    "to_thread",
    "randbytes",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_source(path):
    text = path.read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    if len(tree.body) > 1:
        assert "from __future__ import annotations" in text or path.name == "__init__.py"
    for node in ast.walk(tree):
        name = getattr(node, "attr", None) or getattr(node, "id", None)
        assert name not in TOO_NEW, f"{name}, line {getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.keyword) and node.arg == "strict"), f"line {node.value.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TOP)))
def test_no_new_generics_outside_annotations(path):
    """`list[int]` is an error on 3.8 wherever it is evaluated; annotations are not."""
    tree = ast.parse(path.read_text())
    for node in outside_annotations(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            assert node.value.id not in {"list", "dict", "tuple", "set", "type"}, f"line {node.lineno}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            names = [side.id for side in (node.left, node.right) if isinstance(side, ast.Name)]
            assert not {"str", "int", "dict", "list", "None"} & set(names), f"line {node.lineno}"


def outside_annotations(node):
    """Yield every node that is evaluated when the program runs."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from outside_annotations(child)
