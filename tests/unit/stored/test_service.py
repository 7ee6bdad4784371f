"""The declarations: every answer is what its method declares, in both encodings."""

import xmlrpc.client

import orjson
import pytest
import time_machine

from restante.errors import InvalidArgument
from restante.rpc import Methods, Principal
from restante.rpc.jsonrpc import JsonRpc
from restante.rpc.reply import Asker
from restante.rpc.xmlrpc import XmlRpc
from stored.clock import Clock
from stored.parsing import Parsers
from stored.reading import Reader
from stored.service.folders import FolderService
from stored.service.messages import MessageService
from stored.service.sessions import SessionService
from stored.service.threads import ThreadService
from tests.unit.stored.keeping import BEGINNING, keep, letter, prepared


class Sessions:
    def __init__(self):
        self.revoked = []

    def revoke(self, session):
        self.revoked.append(session)


ANA = Asker(Principal("user", "ana", "s1"), "request-1", "192.0.2.1")
PROFILED = Asker(Principal("daemon", "profiled"), "request-1", "192.0.2.1")


@pytest.fixture
def sessions():
    return Sessions()


@pytest.fixture
def methods(store, sessions):
    services = [FolderService(store), MessageService(store, Reader(Parsers()), Clock())]
    services += [ThreadService(store), SessionService(sessions)]
    return Methods.of(*services, system="stored", check_returns=True)


def answer_of(wire, body, asker):
    """Return the body of the answer."""
    reply = wire.answer(body, asker)
    assert reply.body is not None
    return reply.body


@pytest.fixture(params=["json", "xml"])
def call(request, methods):
    """Return a function that calls a public method as ana: call("folder.list", key=value)."""

    def by_json(method, **params):
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        answer = orjson.loads(answer_of(JsonRpc(methods.on("public")), body, ANA))
        assert "error" not in answer, answer
        return answer["result"]

    def by_xml(method, **params):
        body = xmlrpc.client.dumps((params,) if params else (), method).encode()
        (result,), _ = xmlrpc.client.loads(answer_of(XmlRpc(methods.on("public")), body, ANA))
        return result

    return by_json if request.param == "json" else by_xml


def test_what_was_done_before_the_clock_jumped_can_be_taken_back(call, mail):
    (id,) = keep(mail, prepared(letter(1)))
    done = call("message.set", ids=[id], set={"flagged": True})
    with time_machine.travel(BEGINNING.replace(year=2036)):
        assert call("message.undo", undo=done["undo"])["updated"] == 1


def test_every_method_answers_what_it_declares(call, mail):
    ids = keep(
        mail, prepared(letter(1), flags=1), prepared(letter(2, Date="Thu, 01 Jan 2026 09:30:00 -0300"))
    )
    mail.write(lambda account: account.rows.discard(1))
    listed = call("folder.list")
    made = call("folder.set", create=[{"name": "Trips"}, {"name": "Inner", "parent": "inbox"}])
    assert [folder["parent"] for folder in made["created"]] == ["", "inbox"]
    page = call("message.page", folder="inbox", limit=10)
    assert [row.get("damaged", False) for row in page["rows"]] == [False, True]
    lines = call("thread.page", folder="inbox", limit=10)["threads"]
    assert [line["id"] for line in lines] == [row["thread"] for row in page["rows"]] == ["t2", "t1"]
    assert call("thread.get", id="t2", everywhere=True)["rows"] == [lines[0]["newest"]]
    assert [one["id"] for one in call("message.get", ids=ids)["messages"]] == ids
    moved = call("message.set", ids=ids, set={"seen": True, "folder": "f1"})
    assert moved["updated"] == 2
    changed = call("message.changes", since=listed["state"])
    assert [one["folder"] for one in changed["updated"]] == ["f1", "f1"]
    assert call("message.delete", ids=["m1"], for_good=True)["deleted"] == 1
    assert call("message.changes", since=moved["state"])["destroyed"] == ["m1"]
    assert call("message.changes", since=page["state"] + "0")["start_again"] is True
    assert call("folder.set", update=[{"id": "f1", "set": {"name": "Travels"}}], destroy=["f2"])[
        "updated"
    ] == ["f1"]


def test_one_user_never_sees_what_is_another_s(methods, store, call):
    other = store.open_account("eva")
    keep(other, prepared())
    assert call("message.page", folder="inbox")["total"] == 0
    assert call("message.get", ids=["m1"]) == {"messages": [], "missing": ["m1"]}
    assert call("thread.page", folder="inbox")["threads"] == []
    assert call("message.delete", ids=["m1"], for_good=True)["missing"] == ["m1"]
    assert other.read(lambda account: 1 in account.state)


def test_only_profiled_revokes_sessions(methods, sessions):
    body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.revoked", "params": {"session": "s1"}})
    assert "session.revoked" not in methods.on("public")
    answer = orjson.loads(answer_of(JsonRpc(methods.on("internal")), body, PROFILED))
    assert answer["result"] == {}
    assert sessions.revoked == ["s1"]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("message.page", {"folder": "inbox", "limit": 201}),
        ("message.page", {"folder": ""}),
        ("message.get", {"ids": ["m1"] * 51}),
        ("thread.page", {"folder": "inbox", "limit": 201}),
        ("thread.get", {"id": "t1", "position": -1}),
        ("message.set", {"ids": ["m1"] * 1001, "set": {}}),
        ("message.set", {"ids": ["m1"], "set": {"colour": "red"}}),
        ("folder.set", {"create": [{"name": "a\nb"}]}),
        ("folder.set", {"create": [{"name": "x" * 101}]}),
    ],
)
def test_what_does_not_fit_the_declaration_is_refused(methods, method, args):
    with pytest.raises(InvalidArgument):
        methods.on("public")[method].declared.bind((), args)
