"""message.search as it is called: every answer is what the method declares, in both encodings."""

import re
import xmlrpc.client
from pathlib import Path

import orjson
import pytest

from restante.errors import InvalidArgument
from restante.rpc import Methods, Principal
from restante.rpc.jsonrpc import JsonRpc
from restante.rpc.reply import Asker
from restante.rpc.xmlrpc import XmlRpc
from stored.search.parser import leaf
from stored.search.types import Clause
from stored.search.vocabulary import OPERATORS, operator
from stored.service.search import SearchService
from tests.unit.stored.keeping import keep, keep_many, letter, prepared
from tests.unit.stored.search.conftest import CLOCK, NOW

ANA = Asker(Principal("user", "ana", "s1"), "request-1", "192.0.2.1")
DOC = Path(__file__).parents[4] / "docs" / "rpc.md"


@pytest.fixture(params=["json", "xml"])
def call(request, searching):
    """Return a function that asks as ana: call(query="…") → the result, or the error."""
    service = SearchService(searching.finder, lambda: NOW)
    methods = Methods.of(service, system="stored", check_returns=True).on("public")

    def by_json(**params):
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "message.search", "params": params})
        answer = orjson.loads(JsonRpc(methods).answer(body, ANA).body or b"")
        return answer["result"] if "result" in answer else answer["error"]["data"]["kind"]

    def by_xml(**params):
        body = xmlrpc.client.dumps((params,), "message.search").encode()
        try:
            (result,), _ = xmlrpc.client.loads(XmlRpc(methods).answer(body, ANA).body or b"")
        except xmlrpc.client.Fault as fault:
            return "invalid_params" if fault.faultCode == InvalidArgument.code else fault.faultString
        return result

    return by_json if request.param == "json" else by_xml


def test_a_search_answers_what_it_declares(call, mail, searching):
    keep_many(mail, 5)
    keep(mail, prepared(letter(6, "Un girasol.")))
    searching.caught_up()
    answer = call(query="letter hello", limit=2, snippets=True)
    assert [row["id"] for row in answer["rows"]] == ["m5", "m4"]
    assert (answer["indexed"], answer["behind"]) == (True, 0)
    assert len(answer["snippets"]) == 2
    rest = call(query="letter hello", limit=10, cursor=answer["more"])
    assert [row["id"] for row in rest["rows"]] == ["m3", "m2", "m1"]
    assert "more" not in rest
    found = call(where={"words": "letter", "any": [{"body": "girasol"}], "none": [{"flagged": True}]})
    assert [row["id"] for row in found["rows"]] == ["m6"]
    assert [row["id"] for row in call(query="girasol", order="rank")["rows"]] == ["m6"]
    assert len(call()["rows"]) == 6


@pytest.mark.parametrize(
    "params",
    [
        {"query": "a", "where": {"words": "a"}},
        {"where": {"before": "banana"}},
        {"where": {"colour": "red"}},
        {"cursor": "nonsense"},
        {"limit": 201},
        {"query": "x" * 1001},
    ],
)
def test_what_cannot_be_asked_is_refused(call, mail, searching, params):
    keep_many(mail, 1)
    searching.caught_up()
    assert call(**params) == "invalid_params"


def test_every_operator_and_every_key_is_documented():
    told = DOC.read_text(encoding="utf-8").partition("### Searching")[2]
    for name in set(OPERATORS) - {"folder", "is", "has", "without"}:
        assert f"`{name}:`" in told, name
    for key in Clause.__annotations__:
        assert f"`{key}`" in told, key


def test_every_operator_the_document_names_is_one():
    told = DOC.read_text(encoding="utf-8").partition("### Searching")[2]
    for name in re.findall(r"`([\w]+):`", told):
        assert operator(name), name
    for name, value in re.findall(r"`(is|es|has|tiene):(\w+)`", told):
        assert leaf(name, value, CLOCK) is not None, f"{name}:{value}"
