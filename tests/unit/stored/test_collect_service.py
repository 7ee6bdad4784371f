"""Collecting as it is on the wire: what each method takes, returns and refuses."""

import pytest

from restante.errors import InvalidArgument, MethodNotFound, NotFound, RemoteLoginRefused
from restante.rpc import Call, Methods, Principal
from restante.wire import dumps, loads
from stored.collecting.probe import Prober
from stored.collecting.rehearsal import Rehearsal
from stored.pop3 import PopClient
from stored.service.collect import ClockService, CollectService
from stored.settings import PopSettings
from tests.pop3server import PopServer
from tests.unit.stored.visiting import Bench, account, loopback

ANA = Principal("user", "ana")
PROFILED = Principal("daemon", "profiled")


@pytest.fixture
def bench(store):
    one = Bench(store)
    one.start("nobody")
    yield one
    one.collector.stop(10)


@pytest.fixture
def ask(bench):
    """Return a function that calls a method as the wire does and checks what it returns."""
    pop = PopClient(PopSettings(), loopback, allow_plain=True)
    rehearsal = Rehearsal(bench.store, bench.collector, pop, bench.clock, 5.0)
    collecting = CollectService(bench.collector, Prober(pop, 2, 5.0), rehearsal)
    methods = Methods.of(collecting, ClockService(bench.clock), system="stored", check_returns=True)

    def asked(name, principal=ANA, **params):
        call = Call(principal, "r" * 16, name, "127.0.0.1")
        table = methods.on("public" if principal.kind == "user" else "internal")
        return loads(table[name].perform(call, [], params, dumps))

    return asked


def test_start_answers_at_once_and_status_tells_the_rest(bench, ask):
    assert ask("collect.status") == {"running": False, "accounts": []}
    with PopServer([b"a\r\n", b"bb\r\n"]) as good, PopServer(secret="another") as wrong:
        bench.accounts["ana"] = [account(good, "a1"), account(wrong, "a2")]
        started = ask("collect.start", accounts=[])
        assert [one["account"] for one in started["accounts"]] == ["a1", "a2"]
        assert bench.collector.wait("ana", 10)
    status = ask("collect.status")
    assert not status["running"]
    good, wrong = status["accounts"]
    assert good.pop("started_at") <= good.pop("finished_at")
    assert good == {
        "account": "a1",
        "address": "a1@pop.test",
        "stage": "done",
        "done": 2,
        "total": 2,
        "octets": "7",
        "collected": 2,
    }
    assert wrong["stage"] == "failed"
    assert wrong["error"]["kind"] == "remote_login_refused"
    assert wrong["error"]["about"] == "pop.test"
    assert wrong["error"]["retryable"] is False


def test_due_is_for_profiled_alone(bench, ask):
    with PopServer([b"a\r\n"]) as server:
        bench.accounts["ana"] = [account(server)]
        assert ask("collect.due", PROFILED, users=["ana"]) == {"accepted": ["ana"], "running": []}
        assert bench.collector.wait("ana", 10)
        assert bench.states()["a1"].collected == 1
    with pytest.raises(KeyError):
        ask("collect.due", ANA, users=["ana"])
    with pytest.raises(MethodNotFound):
        ask("collect.due", Principal("daemon", "relayd"), users=["ana"])


def test_probe_tries_a_login(ask):
    with PopServer([b"a\r\n", b"bb\r\n"], capabilities=["UIDL", "SASL PLAIN"]) as server:
        wanted = {"host": "pop.test", "port": server.port, "security": "plain", "user": "user"}
        assert ask("collect.probe", PROFILED, **wanted, secret="secret", address="a@pop.test") == {
            "messages": 2,
            "octets": "7",
            "capabilities": ["UIDL", "SASL PLAIN"],
        }
        with pytest.raises(RemoteLoginRefused):
            ask("collect.probe", PROFILED, **wanted, secret="wrong", address="a@pop.test")


@pytest.mark.parametrize(
    "changed", [{"port": 0}, {"port": 65536}, {"security": "none"}, {"host": ""}, {"secret": "a\r\nDELE 1"}]
)
def test_probe_refuses_what_cannot_be(ask, changed):
    wanted = {
        "host": "pop.test",
        "port": 995,
        "security": "tls",
        "user": "user",
        "secret": "x",
        "address": "a@b",
    }
    with pytest.raises(InvalidArgument):
        ask("collect.probe", PROFILED, **wanted | changed)


def test_a_rehearsal_and_a_cancellation_are_for_the_user(bench, ask):
    with PopServer([b"Subject: a\r\n\r\na\r\n", b"Subject: b\r\n\r\nbb\r\n"]) as server:
        bench.accounts["ana"] = [account(server)]
        assert ask("collect.rehearse", account="a1") == _rehearsed(0, 0)
        bench.run()
        octets = sum(map(len, server.messages))
        assert ask("collect.rehearse", account="a1", on_server="delete") == _rehearsed(2, octets)
        server.answers["GREETING"] = lambda conversation, _: conversation.pause()
        ask("collect.start")
        assert ask("collect.cancel", accounts=["a1"])["accounts"][0]["account"] == "a1"
        assert bench.collector.wait("ana", 10)
        (one,) = ask("collect.status")["accounts"]
        assert one["stage"] == "cancelled"
        assert "error" not in one
    with pytest.raises(NotFound):
        ask("collect.rehearse", account="a9")
    with pytest.raises(InvalidArgument):
        ask("collect.rehearse", account="a1", on_server="burn")


def test_a_rehearsal_takes_from_the_account_what_it_is_not_given(bench, ask):
    with PopServer([b"Subject: a\r\n\r\na\r\n"], answers={"UIDL": b"-ERR unknown command\r\n"}) as server:
        bench.accounts["ana"] = [account(server, on_server="delete")]
        bench.run()
        told = ask("collect.rehearse", account="a1")
        assert (told["messages"], [notice["kind"] for notice in told["notices"]]) == (0, ["not_deleted"])
        assert ask("collect.rehearse", account="a1", delete_unnamed=True) == _rehearsed(1, 17)
        bench.accounts["ana"] = [account(server, on_server="delete", unnamed=True)]
        assert ask("collect.rehearse", account="a1", delete_unnamed=False)["messages"] == 0
        assert ask("collect.rehearse", account="a1", on_server="delete_after")["messages"] == 0


def test_a_rehearsal_says_that_the_clock_is_held(bench, ask):
    with PopServer([b"Subject: a\r\n\r\na\r\n"]) as server:
        bench.accounts["ana"] = [account(server)]
        bench.run()
        now = bench.wall()
        bench.wall = lambda: now + 10 * 365 * 86400
        told = ask("collect.rehearse", account="a1", on_server="delete")
        assert (told["messages"], told["held"]) == (1, True)
        (notice,) = told["notices"]
        assert notice["kind"] == "clock_held"
        assert "operator confirms" in notice["message"]


def _rehearsed(messages, octets):
    return {"messages": messages, "octets": str(octets), "unsafe": 0, "erased": 0, "held": False}


def test_notices_and_the_next_try_are_told(bench, ask):
    with PopServer([b"a\r\n"], capabilities=("UIDL", "USER", "EXPIRE 30", "LOGIN-DELAY 60")) as server:
        bench.accounts["ana"] = [account(server)]
        ask("collect.start")
        assert bench.collector.wait("ana", 10)
        (one,) = ask("collect.status")["accounts"]
        (notice,) = one["notices"]
        assert (notice["kind"], notice["about"]) == ("expires", "pop.test")
        assert "30 days" in notice["message"]
        (one,) = ask("collect.start")["accounts"]
        assert [notice["kind"] for notice in one["notices"]] == ["login_delay"]
        assert one["next_at"] > one["started_at"]


def test_the_clock_is_confirmed_by_the_operator_alone(bench, ask):
    now = bench.wall()
    bench.wall = lambda: now + 10 * 365 * 86400
    assert not bench.clock.trusted()
    for principal in (PROFILED, Principal("daemon", "operator")):
        with pytest.raises(MethodNotFound):
            ask("admin.clock_confirm", principal)
    with pytest.raises(KeyError):
        ask("admin.clock_confirm", ANA)
    operator = Principal("operator", "operator")
    assert ask("admin.clock_confirm", operator) == {"held": True}
    assert ask("admin.clock_confirm", operator) == {"held": False}
    assert bench.clock.trusted()
