"""The daemons called as people call them: with curl, xmlrpc.client, jsonrpcclient and the command line."""

import json
import os
import re
import shutil
import subprocess
import sys
import xmlrpc.client
import zipfile
from pathlib import Path

import pytest
import requests
from jsonrpcclient import Ok, parse, request

from tests.daemons import environment, wait_for

NAME, PASSWORD = "caller", "una clave larga"


@pytest.fixture(scope="module")
def caller(house):
    return house.visitor(NAME, PASSWORD)


def curl(url, *arguments):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(["curl", "-s", *arguments, url], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("daemon", "method"), [("profiled", "profile.get"), ("stored", "folder.list")])
def test_curl_with_name_and_password(house, caller, daemon, method):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method})
    answer = curl(
        house.url(daemon) + "jsonrpc",
        *("-u", f"{NAME}:{PASSWORD}", "-H", "Content-Type: application/json", "-d", body),
    )
    assert answer["id"] == 1
    assert answer["result"]["state"]


@pytest.mark.parametrize("daemon", ["profiled", "stored"])
def test_curl_reads_the_description_of_every_method(house, daemon):
    described = curl(house.url(daemon) + "openrpc.json")
    names = {method["name"] for method in described["methods"]}
    assert described["openrpc"].startswith("1.")
    assert {"system.limits", "system.version"} <= names
    assert not names & {"session.verify", "account.lease", "collect.due", "collect.probe", "outbox.outcome"}


def documented():
    """Return the examples of docs/rpc.md about files: what each is for, and the command."""
    document = (Path(__file__).parents[2] / "docs" / "rpc.md").read_text(encoding="utf-8")
    section = document.partition("\n### Files\n")[2].partition("\n| Request |")[0]
    return re.findall(r"^ {4}# (.*)\n((?: {4}.*\n)+)", section, re.MULTILINE)


def test_the_documented_examples_bring_letters_in_and_fetch_them(house, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    caller = house.visitor("filer", PASSWORD)
    (tmp_path / "my.mbox").write_bytes(
        b"From a@uno.test Mon Nov 23 14:50:00 2026\nFrom: a@uno.test\nSubject: by hand\n\nHello\n"
    )
    known = {"BASE": house.url("stored").rstrip("/"), "TOKEN": caller.token}

    def run(command):
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, env=os.environ | known, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    (_, begin), (_, add), (_, far), (_, discard), (_, bring), (_, fetch) = documented()
    known["BLOB"] = json.loads(run(begin))["blob"]
    assert run(discard) == ""
    known["BLOB"] = json.loads(run(begin))["blob"]
    octets = (tmp_path / "my.mbox").stat().st_size
    assert f"Upload-Offset: {octets}\r\n" in run(add)
    assert f"Upload-Offset: {octets}\r\n" in run(far) and f"Upload-Length: {octets}\r\n" in run(far)
    job = json.loads(run(bring))["result"]["job"]

    def ended(job):
        jobs = {one["job"]: one for one in caller.stored.call("job.list")["jobs"]}
        return jobs[job] if jobs[job]["stage"] == "done" else None

    assert wait_for(lambda: ended(job), "the import")["counts"]["kept"] == 1
    job = caller.stored.call("export.start", format="zip")["job"]
    blob = wait_for(lambda: ended(job), "the export")["blob"]
    run(fetch.replace("/x3/", f"/{blob}/"))
    with zipfile.ZipFile(tmp_path / "mail.zip") as archive:
        assert [b"Subject: by hand" in archive.read(name) for name in archive.namelist()] == [True]


class Bearer(xmlrpc.client.Transport):
    """An XML-RPC transport that shows a session token."""

    def __init__(self, token):
        super().__init__(headers=[("Authorization", f"Bearer {token}")])


@pytest.mark.parametrize(("daemon", "method"), [("profiled", "profile.get"), ("stored", "folder.list")])
def test_xmlrpc_client_gets_what_json_gets(house, caller, daemon, method):
    proxy = xmlrpc.client.ServerProxy(house.url(daemon) + "RPC2", transport=Bearer(caller.token))
    service = caller.profiled if daemon == "profiled" else caller.stored
    answer = getattr(proxy, method)()
    assert answer == service.call(method)


def test_xmlrpc_client_gets_a_fault_with_the_same_sentence(house):
    proxy = xmlrpc.client.ServerProxy(house.url("profiled") + "RPC2")
    with pytest.raises(xmlrpc.client.Fault) as fault:
        proxy.session.open(NAME, "not this one")
    assert fault.value.faultCode == 1003
    assert "password" in fault.value.faultString


@pytest.mark.parametrize(("daemon", "method"), [("profiled", "account.list"), ("stored", "collect.status")])
def test_jsonrpcclient(house, caller, daemon, method):
    answer = requests.post(
        house.url(daemon) + "jsonrpc",
        json=request(method),
        headers={"Authorization": f"Bearer {caller.token}"},
        timeout=30,
    )
    parsed = parse(answer.json())
    assert isinstance(parsed, Ok)
    assert parsed.result["accounts"] == []


def test_the_command_line_calls_any_method(house, caller):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "restante.cli", "call", house.url("stored")),
            *("message.page", "folder=inbox", "limit=5", "--user", NAME),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment() | {"RESTANTE_PASSWORD": PASSWORD},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == []


def test_the_operator_calls_by_the_key_beside_those_of_the_daemons(house):
    internal = f"http://{house.settings('stored')['http']['internal_listen']}/"
    command = [sys.executable, "-m", "restante.cli", "call", internal, "admin.clock_confirm"]
    keys = ["--keys", house.settings("stored")["keys"]["directory"]]

    def called(*arguments):
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=30, env=environment()
        )

    done = called("--operator", "stored", *keys)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"held": False}
    # Whether it is held is seen beforehand, and by operators alone.
    told = requests.get(f"{internal}healthz", timeout=30).json()
    assert (told["status"], told["clock_held"]) == ("ok", False)
    assert "clock_held" not in requests.get(f"{house.url('stored')}healthz", timeout=30).json()
    # Neither without the key, nor with a token that is meant for another daemon.
    assert called().returncode == 1
    assert called("--operator", "profiled", *keys).returncode == 1


def test_a_request_id_follows_a_call_through_the_daemons(house, caller):
    name = f"follow-{os.getpid()}-0001"
    requests.post(
        house.url("stored") + "jsonrpc",
        json=request("collect.start"),
        auth=(NAME, PASSWORD),
        headers={"X-Request-Id": name},
        timeout=30,
    ).raise_for_status()
    for daemon in ("stored", "profiled"):
        lines = [json.loads(line) for line in house.log(daemon).splitlines() if line.startswith("{")]
        assert any(line.get("request") == name for line in lines), daemon
