"""profiled as a process, with a storage server that is a real HTTP socket answering as `stored` would."""

import itertools
import json
import signal
import subprocess
import sys
import threading
import time
import xmlrpc.client
from datetime import datetime, timedelta
from typing import Any, TypedDict

import pytest
import requests

from profiled.model import Root
from restante.config import HttpSettings
from restante.credentials import Keys
from restante.db import Database
from restante.errors import InvalidArgument, LoginRefused, RemoteLoginRefused, SessionEnded, Unavailable
from restante.peer import Peer, internal_authenticator
from restante.rpc import Call, Methods, daemons, method
from restante.serve import Application, Server
from tests.daemons import environment, wait_for

CANARY = "canary-pop-password-" + "x" * 8
PASSWORD = "canary-login-password"
SECONDS = 30


class Probed(TypedDict):
    messages: int
    octets: str
    capabilities: list[str]


class FakeStoredService:
    """What profiled asks of a storage server."""

    def __init__(self):
        self.address = ""
        self.calls = []
        self.trouble = None
        self._arrived = threading.Condition()

    def note(self, name, **what):
        with self._arrived:
            self.calls.append((name, what))
            self._arrived.notify_all()
        if self.trouble:
            raise self.trouble

    def wait(self, name):
        """Return what `name` was called with, as soon as it was."""
        found = lambda: next((what for called, what in self.calls if called == name), None)  # noqa: E731
        with self._arrived:
            assert self._arrived.wait_for(found, SECONDS), f"{name} was not called"
            return found()

    @method("collect.due", caller=daemons("profiled"))
    def due(self, call: Call, /, users: list[str]) -> dict[str, list[str]]:
        """Take users to collect for."""
        self.note("collect.due", users=users)
        return {"accepted": users, "running": []}

    @method("collect.probe", caller=daemons("profiled"))
    def probe(
        self,
        call: Call,
        /,
        host: str,
        port: int,
        security: str,
        user: str,
        secret: str,
        address: str,
        auth: str,
    ) -> Probed:
        """Try a login."""
        self.note("collect.probe", host=host, port=port, user=user, secret=secret, address=address)
        return {"messages": 3, "octets": "4096", "capabilities": []}

    @method("session.revoked", caller=daemons("profiled"))
    def revoked(self, call: Call, /, session: str) -> dict[str, str]:
        """Hear that a session is over."""
        self.note("session.revoked", session=session)
        return {}


class Failed(Exception):
    def __init__(self, error, status):
        super().__init__(error["message"])
        self.error, self.kind, self.status = error, error["data"]["kind"], status


class Daemon:
    """One profiled in `directory`, on the ports it is given by the system the first time it starts."""

    def __init__(self, directory, stored_address):
        self.directory = directory
        self.stored_address = stored_address
        self.listen = self.internal = "127.0.0.1:0"
        self.process: Any = None
        self.more: tuple[str, ...] = ()

    def command(self, *more):
        wanted = {
            "http.listen": self.listen,
            "http.internal_listen": self.internal,
            "data.directory": self.directory / "data",
            "keys.directory": self.directory / "keys",
            "log.file": self.directory / "profiled.log",
            "storage.1.internal_url": f"http://{self.stored_address}/",
            "clock.tick_seconds": 1,
        }
        settings = [f"{key}={value}" for key, value in wanted.items()] + [*self.more, *more]
        return [sys.executable, "-m", "profiled", *itertools.chain(*(("--set", one) for one in settings))]

    def start(self):
        started_at = len(self.lines())
        env = environment() | {"RESTANTE_CHECK_RETURNS": "1"}
        self.process = subprocess.Popen(self.command(), cwd=self.directory, env=env)
        listening = wait_for(lambda: self._listening(started_at), "profiled to listen", SECONDS)
        self.listen, self.internal = (line["listen"] for line in listening)
        return self

    def _listening(self, started_at):
        assert self.process.poll() is None, "profiled has ended"
        found = [line for line in self.lines()[started_at:] if line["event"] == "serve.listening"]
        return found if len(found) == 2 else None

    def lines(self):
        try:
            text = (self.directory / "profiled.log").read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)

    @property
    def url(self):
        return f"http://{self.listen}/profile/"

    def call(self, name, params=None, token="", *, session=requests, **how):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"jsonrpc": "2.0", "id": 1, "method": name, "params": params or {}}
        url = how.pop("url", self.url)
        answer = session.post(url + "jsonrpc", json=body, headers=headers, timeout=SECONDS, **how)
        said = answer.json()
        if "error" in said:
            raise Failed(said["error"], answer.status_code)
        return said["result"]

    def open(self, name):
        """Return the token of a profile made now."""
        return self.call("profile.create", {"name": name, "password": PASSWORD})["token"]

    def peer(self, name="stored"):
        return Peer("profiled", f"http://{self.internal}/", Keys.load(self.directory / "keys", name))


def account(number=1, **more):
    return {
        "address": f"ana{number}@uno.example",
        "host": "pop.uno.example",
        "security": "tls",
        "secret": CANARY,
        **more,
    }


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("profiled")


@pytest.fixture(scope="module")
def stored(directory):
    service = FakeStoredService()
    methods = Methods.of(service, system="stored")
    authenticate = internal_authenticator(Keys.load(directory / "keys", "stored"))
    application = Application(methods, authenticate, audience="internal")
    server = Server([(application, "127.0.0.1:0")], HttpSettings())
    server.start()
    service.address = server.addresses[0]
    yield service
    server.drain(5)


@pytest.fixture(scope="module")
def running(directory, stored):
    daemon = Daemon(directory, stored.address).start()
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture
def profiled(running, stored):
    stored.calls.clear()
    stored.trouble = None
    return running


def test_every_public_method_answers_what_it_declares_and_no_answer_has_a_secret(profiled, directory):
    """Call all of openrpc.json; the daemon itself holds each result against its declaration."""
    said, called = [], set()

    def call(name, /, token="", **params):
        called.add(name)
        result = profiled.call(name, params, token)
        said.append(result)
        return result

    opened: Any = call(
        "profile.create", name="canary", password=PASSWORD, full_name="Ana Pérez", terminal="here"
    )
    token = call("session.open", name="Canary", password=PASSWORD)["token"]
    assert call("account.discover", token, address="ana@gmail.com")["candidates"][0]["known"]
    assert call("account.test", token, account=account())["messages"] == 3
    created = call("account.set", token, create=[account(test=True), account(2)])["created"]
    call("account.set", token, update=[{"id": created[0]["id"], "set": {"secret": CANARY + "2"}}])
    assert call("account.test", token, account={}, id=created[1]["id"])["octets"] == "4096"
    assert len(call("account.list", token)["accounts"]) == 2
    identities = call("identity.list", token)["identities"]
    assert [identity["proved"] for identity in identities] == [True, True]
    call("identity.set", token, create=[{"address": "ana@dos.example"}], destroy=[identities[1]["id"]])
    rule = {"conditions": [{"field": "from", "op": "exists"}], "actions": [{"action": "flag"}]}
    rules = call("rule.set", token, create=[rule])["created"]
    call("rule.set", token, order=[rules[0]["id"]])
    assert len(call("rule.list", token)["rules"]) == 1
    sieve = 'if header :contains "subject" "canary" { setflag "\\\\Flagged"; }'
    assert len(call("rule.import", token, script='require "imap4flags"; ' + sieve)["created"]) == 1
    profile = call("profile.get", token)
    call("profile.set", token, set={"language": "en"}, unset=["layout"], if_state=profile["state"])
    assert call("profile.changes", token, since=profile["state"])["parts"] == ["settings", "layout"]
    assert len(call("session.list", token)["sessions"]) == 2
    assert call("session.touch", token)["expires_at"] >= opened["expires_at"]
    call("session.close", opened["token"])
    call("system.limits")
    call("system.version")
    described = requests.get(profiled.url + "openrpc.json", timeout=SECONDS)
    assert called == {one["name"] for one in described.json()["methods"]}
    peer = profiled.peer()
    verified = peer.call("session.verify", token=token)
    assert (verified["user"], verified["storage"]) == ("canary", profile["storage"])
    lease = peer.call("account.lease", user="canary")
    assert [item["secret"] for item in lease["accounts"]] == [CANARY + "2", CANARY]
    kept = b"".join(path.read_bytes() for path in (directory / "data").rglob("*") if path.is_file())
    log = (directory / "profiled.log").read_text()
    for place in (json.dumps(said), described.text, json.dumps(verified), log, kept.decode("latin-1")):
        assert "canary-pop" not in place
        assert "canary-login" not in place
    assert token not in log and token.encode() not in kept


def test_xmlrpc_says_the_same(profiled):
    proxy: Any = xmlrpc.client.ServerProxy(profiled.url + "RPC2")
    opened = proxy.profile.create({"name": "xeno", "password": PASSWORD})
    transport = xmlrpc.client.Transport(headers=[("Authorization", f"Bearer {opened['token']}")])
    proxy = xmlrpc.client.ServerProxy(profiled.url + "RPC2", transport=transport)
    assert proxy.account.set([account()])["created"][0]["has_secret"] is True
    assert proxy.profile.get() == profiled.call("profile.get", token=opened["token"])
    with pytest.raises(xmlrpc.client.Fault, match="There is no account"):
        proxy.account.set([], [], ["a99"])


def test_a_name_and_password_do_in_place_of_a_session(profiled):
    profiled.open("basica")
    assert profiled.call("profile.get", auth=("basica", PASSWORD))["name"] == "basica"
    with pytest.raises(Failed) as refused:
        profiled.call("profile.get", auth=("basica", "wrong"))
    assert (refused.value.kind, refused.value.status) == ("login_refused", 401)


@pytest.mark.parametrize("token", ["x", "f" * 43])
def test_a_session_that_is_not_ends_before_anything_is_parsed(profiled, token):
    with pytest.raises(Failed) as refused:
        profiled.call("profile.get", token=token)
    assert (refused.value.kind, refused.value.status) == ("session_ended", 401)


def test_unknown_fields_are_refused_by_name(profiled):
    token = profiled.open("curiosa")
    refused_params: list[dict[str, Any]] = [
        {"create": [account(has_secret=True)]},
        {"create": [account(proved=True)]},
        {"update": [{"id": "a1", "set": {"box": "x"}}]},
        {"replace": []},
    ]
    for params in refused_params:
        with pytest.raises(Failed, match=r"has_secret|proved|box|replace") as refused:
            profiled.call("account.set", params, token)
        assert refused.value.kind == "invalid_params"


def test_the_trouble_of_a_remote_server_reaches_the_user_as_stored_told_it(profiled, stored):
    token = profiled.open("desdichada")
    stored.trouble = RemoteLoginRefused(
        "pop.uno.example refused the name or the password.", about="pop.uno.example"
    )
    with pytest.raises(Failed) as refused:
        profiled.call("account.set", {"create": [account(test=True)]}, token)
    assert refused.value.error["message"] == stored.trouble.message
    assert refused.value.kind == "remote_login_refused"
    assert refused.value.error["data"]["about"] == "pop.uno.example"
    assert profiled.call("account.list", token=token)["accounts"] == []


def test_a_closed_session_is_over_everywhere(profiled, stored):
    token = profiled.open("cerrada")
    session = profiled.call("session.list", token=token)["sessions"][0]["session"]
    assert profiled.call("session.close", token=token) == {}
    assert stored.wait("session.revoked") == {"session": session}
    with pytest.raises(SessionEnded):
        profiled.peer().call("session.verify", token=token)


def test_a_session_closes_also_while_stored_is_away_and_the_log_says_so(profiled, stored):
    token = profiled.open("apartada")
    stored.trouble = Unavailable("stored is not well")
    assert profiled.call("session.close", token=token) == {}
    assert [line for line in profiled.lines() if line["event"] == "session.revoke_not_told"]
    with pytest.raises(Failed):
        profiled.call("profile.get", token=token)


def test_stored_verifies_a_name_and_password_the_same_way(profiled):
    profiled.open("verificada")
    verified = profiled.peer().call("session.verify", name="verificada", password=PASSWORD)
    assert (verified["user"], verified["session"]) == ("verificada", "")
    for name, password in [("verificada", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("verificada", "")]:
        with pytest.raises(LoginRefused):
            profiled.peer().call("session.verify", name=name, password=password, remote="127.0.0.1")
    for token in ("", "x"):
        with pytest.raises(SessionEnded):
            profiled.peer().call("session.verify", token=token)
    with pytest.raises(InvalidArgument):
        profiled.peer().call("session.verify", token="x", name="verificada", password=PASSWORD)


def test_what_is_for_daemons_is_not_there_for_anybody_else(profiled):
    token = profiled.open("ajena")
    for name in ("session.verify", "account.lease"):
        with pytest.raises(Failed) as refused:
            profiled.call(name, {"user": "ajena"}, token)
        assert refused.value.kind == "method_not_found"
        with pytest.raises(Failed) as refused:
            profiled.call(name, {"user": "ajena"}, token, url=f"http://{profiled.internal}/")
        assert refused.value.status == 401
        with pytest.raises(Unavailable):
            profiled.peer("relayd").call(name, user="ajena")


def test_a_flood_of_logins_is_told_to_come_again(profiled):
    profiled.open("asediada")
    kinds = []

    def log_in():
        try:
            profiled.call("session.open", {"name": "asediada", "password": "wrong"})
        except Failed as refused:
            kinds.append(refused.kind)

    threads = [threading.Thread(target=log_in) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(kinds) == 40 and set(kinds) <= {"login_refused", "busy"}


def alone(directory, stored, name):
    """Return a daemon of its own, to be killed."""
    (directory / name).mkdir()
    daemon = Daemon(directory / name, stored.address)
    (daemon.directory / "keys").symlink_to(directory / "keys", target_is_directory=True)
    # The key of the secrets is each daemon's own, though they share the directory of the public keys.
    daemon.more = (f"secrets.key_file={daemon.directory / 'secrets'}",)
    return daemon.start()


def test_what_was_answered_survives_a_kill_at_any_moment(directory, stored, profiled):
    daemon = alone(directory, stored, "killed")
    token = daemon.open("ana")
    known, stop = [], threading.Event()

    def work(number):
        session = requests.Session()
        for turn in itertools.count():
            address = f"w{number}.{turn}@uno.example"
            try:
                daemon.call(
                    "profile.set", {"set": {"preferences": {"last": address}}}, token, session=session
                )
                done = daemon.call("rule.set", {"create": [rule(address)]}, token, session=session)
            except (requests.RequestException, Failed, ValueError):
                return
            known.append(done["created"][0]["id"])
            if stop.is_set():
                return

    try:
        for _ in range(3):
            before = len(known)
            threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
            for thread in threads:
                thread.start()
            wait_for(lambda before=before: len(known) >= before + 10, "some work to be done", SECONDS)
            daemon.kill()
            for thread in threads:
                thread.join(SECONDS)
            daemon.start()
            profile = daemon.call("profile.get", token=token)
            assert set(known) <= {one["id"] for one in profile["rules"]}
            assert profile["settings"]["preferences"]["last"]
    finally:
        stop.set()
        daemon.kill()


def rule(value):
    condition = {"field": "from", "op": "is", "value": value}
    return {"conditions": [condition], "actions": [{"action": "flag"}]}


def test_the_clock_asks_for_whoever_is_due_and_once(directory, stored, profiled):
    daemon = alone(directory, stored, "clock")
    token = daemon.open("puntual")
    daemon.call("account.set", {"create": [account()]}, token)
    daemon.kill()
    database = Database.open(daemon.directory / "data" / "profiled.fs", Root)
    database.write(_make_due)
    database.close()
    try:
        daemon.start()
        assert stored.wait("collect.due") == {"users": ["puntual"]}
        assert daemon.peer().call("account.lease", user="puntual")["accounts"][0]["secret"] == CANARY
    finally:
        assert daemon.stop() == 0
    assert [line["users"] for line in daemon.lines() if line["event"] == "clock.asked"] == [1]
    database = Database.open(daemon.directory / "data" / "profiled.fs", Root)
    ((due_at, _),) = database.read(lambda root: list(root.due.keys()))
    database.close()
    assert 700 < due_at - time.time() < 1000


def _make_due(root):
    turn = root.profiles["puntual"].turn
    del root.due[turn.due_at, turn.user]
    turn.due_at = int((datetime.now() - timedelta(hours=8)).timestamp())
    root.due[turn.due_at, turn.user] = turn


def refused_start(daemon, *more):
    """Return the exit status and the one sentence of a daemon that does not start."""
    done = subprocess.run(
        daemon.command(*more),
        cwd=daemon.directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    sentences = done.stderr.strip().splitlines()
    assert len(sentences) == 1, done.stderr
    return done.returncode, sentences[0]


def test_a_second_daemon_on_the_same_database_says_so(profiled):
    status, sentence = refused_start(profiled)
    assert status == 3
    assert "profiled.fs" in sentence


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("sessions.idle_minute=5", "idle_minutes"),
        ("passwords.passes=none", "passwords.passes"),
        ("discovery.providers_file=/nowhere/providers.csv", "/nowhere/providers.csv"),
        ("identities.prove_by=trust", "identities.prove_by"),
    ],
)
def test_settings_that_are_wrong_are_one_sentence(profiled, tmp_path, setting, word):
    status, sentence = refused_start(profiled, f"data.directory={tmp_path / 'data'}", setting)
    assert status == 2
    assert word in sentence


def test_a_lost_key_of_the_secrets_is_noticed_at_start(directory, stored, profiled):
    daemon = alone(directory, stored, "keyless")
    daemon.call("account.set", {"create": [account()]}, daemon.open("ana"))
    assert daemon.stop() == 0
    (daemon.directory / "secrets").unlink()
    status, sentence = refused_start(daemon)
    assert status == 2
    assert "key file" in sentence and "is missing" in sentence
