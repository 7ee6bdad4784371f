"""The documents say what the code does."""

import json
import re
from pathlib import Path

from restante.errors import wire_errors
from restante.rpc import system
from restante.serve import channel, listener, refusals
from restante.serve.messages import route_status
from stored import types, uploads
from stored.search.vocabulary import OPERATORS
from stored.sending.types import Draft
from stored.service.blobs import BlobRoute
from stored.transfer.importing import COUNTS
from stored.transfer.read import LETTER_OCTETS

DOCS = Path(__file__).parents[2] / "docs"


def section(name, heading):
    """Return what stands under `heading` in the document, up to the next heading of the same rank."""
    rank = heading.partition(" ")[0]
    text = (DOCS / name).read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^{rank} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"docs/{name} has no heading {heading!r}"
    return found[1]


def table(text):
    """Return the rows of the one table in `text`, without its heading, each a list of its cells."""
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_kinds_are_frozen_as_documented():
    """A kind is never renamed and its code never reused: clients out there know them."""
    assert table(section("rpc.md", "### Kinds")) == [
        [f"`{kind}`", str(cls.code), "yes" if cls.retryable else "no", str(cls.http_status)]
        for kind, cls in wire_errors().items()
    ]


def test_the_limits_are_as_documented():
    numbers = [re.findall(r"\d+", figure) for _, figure in table(section("rpc.md", "## How much"))]
    assert numbers == [
        [str(system.BODY_OCTETS)],
        [str(system.ANONYMOUS_BODY_OCTETS)],
        [str(system.BATCH)],
        [str(system.DEPTH)],
        [str(refusals.HEADER_OCTETS)],
        [str(channel.REQUEST_SECONDS), str(channel.SLOWEST_OCTETS_A_SECOND)],
        [str(listener.STALL_SECONDS)],
    ]


def test_the_status_of_errors_on_plain_addresses_is_as_documented():
    told = section("rpc.md", "## Plain HTTP beside the methods")
    for status, kinds in re.findall(r"(\d{3}) \((`[^)]*`)\)", told):
        for kind in re.findall(r"`(\w+)`", kinds):
            assert route_status(wire_errors()[kind]("x")) == int(status), kind


def test_the_example_of_an_error_is_one():
    (example,) = re.findall(
        r"^ {4}(\{\"code.*?\}\})", section("rpc.md", "## Errors"), re.DOTALL | re.MULTILINE
    )
    error = json.loads(example)
    cls = wire_errors()[error["data"]["kind"]]
    assert (error["code"], error["data"]["retryable"]) == (cls.code, cls.retryable)


def test_every_name_of_an_operator_of_search_is_documented():
    told = section("rpc.md", "### Searching").split("| Operator |")[1]
    rows = re.findall(r"^\| (\w+) \| (`.*`) \|$", told, re.MULTILINE)
    assert {name: re.findall(r"`(\w+):`", called) for name, called in rows} == {
        name: called.split() for name, called in OPERATORS.items()
    }


def test_the_tests_that_show_what_is_survived_exist():
    text = (DOCS / "faults.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    sources = {path: (DOCS.parent / path).read_text(encoding="utf-8") for path, _ in named}
    assert len(named) > 60
    assert [(path, name) for path, name in named if f"\ndef {name}(" not in sources[path]] == []
    modules = re.findall(r"-m ((?:tests|bench)\.?[\w.]*)", text)
    for module in modules:
        place = DOCS.parent / module.replace(".", "/")
        assert place.with_suffix(".py").exists() or (place / "__main__.py").exists(), module


def test_how_files_are_uploaded_and_fetched_is_as_documented():
    told = section("rpc.md", "### Files")
    requests, limits, draft = [table(part) for part in re.split(r"\n\n(?=[^|\n])", told) if "\n|---" in part]
    numbers = [re.findall(r"\d+", figure) for _, figure in limits]
    assert numbers == [
        [str(system.BODY_OCTETS)],
        [str(uploads.UPLOAD_OCTETS)],
        [str(uploads.UPLOADS), str(uploads.UPLOADS_OCTETS)],
        [str(uploads.IMPORT_OCTETS)],
        [str(uploads.IMPORTS)],
        [str(uploads.UPLOAD_SECONDS)],
    ]
    verbs = {verb for row in requests for verb in re.findall(r"`([A-Z]{3,})\b", row[0])}
    route = BlobRoute(None, None, "").route()  # type: ignore[arg-type]
    assert (verbs, route.body_limit_octets) == (set(route.verbs), None)
    source = (DOCS.parent / "stored" / "service" / "blobs.py").read_text(encoding="utf-8").lower()
    for row in requests:
        for header in re.findall(r"`([A-Z][a-z]+-[A-Za-z-]+|Range|Location|ETag)`", " ".join(row[1:])):
            assert f'"{header.lower()}"' in source, header
    required = Draft.__required_keys__
    assert {name for row in draft for name in re.findall(r"`(\w+)`", row[0])} | required == set(
        Draft.__annotations__
    ) | {"from"}


def test_the_keys_of_a_filter_and_the_counts_of_an_import_are_documented():
    told = section("rpc.md", "### Jobs")
    counts, keys = (told.split(f"| {heading} |")[1] for heading in ("Count", "Key of a filter"))
    counts = counts.partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", counts, re.MULTILINE) == list(COUNTS)
    assert [str(LETTER_OCTETS // 1_000_000)] == re.findall(r"(\d+) MB", counts)
    rows = re.findall(r"^\| (`.*?) \|", keys, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(
        types.MessageFilter.__annotations__
    ) | {"from"}


def test_methods_have_their_place():
    assert "system.version" in section("rpc.md", "## Methods")


def test_every_piece_of_the_storage_server_is_in_the_architecture():
    named = {row[0] for row in table(section("architecture.md", "## What `stored/` is made of"))}
    folders = {path.parent.name for path in (DOCS.parent / "stored").glob("*/__init__.py")}
    assert named == {f"`{folder}/`" for folder in folders}
