"""The description: whole, valid, and of what this listener serves to whom."""

import jsonschema  # type: ignore[import-untyped]
import pytest

from restante.errors import wire_errors
from restante.rpc import ANONYMOUS
from restante.rpc.openrpc import describe
from tests.unit.restante.example import STORED, methods

TABLE, _ = methods()
PUBLIC = describe(TABLE.described_to("public", ANONYMOUS), "example", "/jsonrpc")
INTERNAL = describe(TABLE.described_to("internal", STORED), "example", "/jsonrpc")


def described(name):
    (found,) = [one for one in PUBLIC["methods"] if one["name"] == name]
    return found


def every(node, key):
    """Yield every value of `key`, wherever in the document."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from every(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, key)


@pytest.mark.parametrize("document", [PUBLIC, INTERNAL], ids=["public", "internal"])
def test_has_what_openrpc_requires(document):
    assert document["openrpc"] == "1.3.2"
    assert set(document["info"]) >= {"title", "version"}
    assert all(set(server) >= {"name", "url"} for server in document["servers"])
    for method in document["methods"]:
        assert set(method) >= {"name", "params", "result", "summary"}
        assert method["paramStructure"] in ("by-name", "by-position", "either")
        required = [one["required"] for one in method["params"]]
        assert required == sorted(required, reverse=True), "required parameters come first"
        assert all(set(one) >= {"name", "schema"} for one in [*method["params"], method["result"]])
    names = [method["name"] for method in document["methods"]]
    assert len(names) == len(set(names))
    for error in document["components"]["errors"].values():
        assert isinstance(error["code"], int)
        assert isinstance(error["message"], str)


@pytest.mark.parametrize("document", [PUBLIC, INTERNAL], ids=["public", "internal"])
def test_every_reference_leads_somewhere(document):
    for reference in every(document, "$ref"):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_every_schema_is_json_schema():
    for schema in [*every(PUBLIC, "schema"), *PUBLIC["components"]["schemas"].values()]:
        jsonschema.Draft7Validator.check_schema(schema)


def test_structs_stand_once_under_their_names():
    schemas = PUBLIC["components"]["schemas"]
    assert {"Everything", "Server", "Said"} <= set(schemas)
    assert schemas["Server"]["description"] == "Where a maildrop is."
    assert schemas["Server"]["required"] == ["host", "port"]
    assert described("echo.everything")["result"]["schema"] == {"$ref": "#/components/schemas/Everything"}


def test_what_is_described_is_what_is_checked():
    value = {"host": "a", "port": 70_000}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, PUBLIC["components"]["schemas"]["Server"])


def test_a_method_tells_its_story_and_its_errors():
    say = described("echo.say")
    assert say["summary"] == "Say `text` again."
    assert say["description"].startswith("Raises TooLarge")
    assert [one["name"] for one in say["params"]] == ["text", "times"]
    assert [one["required"] for one in say["params"]] == [True, False]
    kinds = {one["$ref"].rpartition("/")[2] for one in say["errors"]}
    assert kinds == {"invalid_params", "internal", "busy", "too_large"}
    assert "unauthenticated" in str(described("echo.who")["errors"])


def test_all_errors_are_described():
    errors = PUBLIC["components"]["errors"]
    assert {(kind, error["code"], error["data"]["retryable"]) for kind, error in errors.items()} == {
        (kind, cls.code, cls.retryable) for kind, cls in wire_errors().items()
    }
    assert errors["state_mismatch"]["message"] == "State mismatch"


def test_each_listener_describes_only_what_it_serves():
    public = {method["name"] for method in PUBLIC["methods"]}
    internal = {method["name"] for method in INTERNAL["methods"]}
    assert public & internal == {"system.version", "system.limits"}
    assert "example.lease" in internal
    assert "admin.count" not in public | internal
