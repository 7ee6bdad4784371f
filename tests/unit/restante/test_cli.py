"""The `restante` command: what it prints, and the one sentence when something is wrong."""

import json
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points

import pytest

from restante import __version__, cli
from restante.cli import Command, main
from restante.config import HttpSettings
from restante.errors import LoginRefused, NotFound
from restante.rpc import ANYONE, USER, Call, Methods, Principal, method
from restante.serve import Application, Basic, Bearer, Server


class NoteService:
    """A noun to be called."""

    @method("note.say", caller=ANYONE)
    def say(self, call: Call, /, text: str = "", count: int = 1, tags: list[str] = []) -> dict[str, str]:  # noqa: B006
        """Return what was said."""
        return {"text": text * count, "tags": ",".join(tags), "name": call.principal.name}

    @method("note.get", caller=USER)
    def get(self, call: Call, /, id: str) -> dict[str, str]:
        """Return a note, of which there are none."""
        raise NotFound(f"There is no note {id}.")


def authenticate(credentials, remote):
    match credentials:
        case Basic("ana", "secreto ñ") | Bearer("token-of-ana"):
            return Principal("user", "ana")
    raise LoginRefused("Name or password is wrong.")


@pytest.fixture
def url():
    methods = Methods.of(NoteService(), system="stored")
    application = Application(methods, authenticate, audience="public", path="/storage/1/")
    with Server([(application, "127.0.0.1:0")], HttpSettings()) as server:
        yield server.urls[0]


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command; return (status, what it printed, the error)."""
    for name in ("RESTANTE_PASSWORD", "RESTANTE_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        status = main(arguments)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_version(run):
    status, out, _ = run("version")
    assert status == 0
    assert out.startswith(f"restante {__version__} ")


def test_help_lists_every_command_there_is(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    names = {entry.name for entry in entry_points(group=cli.GROUP)}
    assert {"call", "settings", "version"} <= names
    assert all(f"    {name} " in shown for name in names)


def test_it_is_a_program():
    done = subprocess.run([sys.executable, "-m", "restante.cli", "version"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_command_or_an_unknown_one_is_said(capsys):
    for arguments in ([], ["nothing"], ["version", "more"], ["call", "http://x/", "a.b", "--nothing"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "COMMAND" in capsys.readouterr().err


def test_a_broken_command_leaves_the_others(run, monkeypatch):
    broken = [
        EntryPoint("one", "no_such_module:command", cli.GROUP),
        EntryPoint("two", "os:getcwd", cli.GROUP),
    ]
    good = list(entry_points(group=cli.GROUP))
    monkeypatch.setattr(cli, "entry_points", lambda group: [*broken, *good])
    status, _, err = run("version")
    assert status == 0
    assert "the command one is left out" in err
    assert "the command two is left out" in err


def test_a_call_prints_the_result_as_json(run, url):
    status, out, err = run("call", url, "note.say", "text=hola", "count=2", 'tags=["a", "b"]')
    assert (status, err) == (0, "")
    assert json.loads(out) == {"text": "holahola", "tags": "a,b", "name": ""}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["text=a=b"], "a=b"),
        (['text="5"'], "5"),
        (["text=5 años"], "5 años"),
        (["text="], ""),
        (["--json", '{"text": "x"}'], "x"),
        (["--json", '{"text": "x"}', "text=y"], "y"),
        (["text=x", "--timeout", "9", "text=y"], "y"),
    ],
)
def test_parameters(run, url, arguments, text):
    status, out, _ = run("call", url, "note.say", *arguments)
    assert status == 0
    assert json.loads(out)["text"] == text


def test_parameters_from_the_input(run, url, monkeypatch, tmp_path):
    (tmp_path / "params").write_text('{"text": "¿qué?"}')
    with (tmp_path / "params").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert json.loads(run("call", url, "note.say", "--json", "-")[1])["text"] == "¿qué?"


def test_a_name_and_a_password(run, url, monkeypatch):
    monkeypatch.setenv("RESTANTE_PASSWORD", "secreto ñ")
    assert json.loads(run("call", url, "note.say", "--user", "ana")[1])["name"] == "ana"
    monkeypatch.delenv("RESTANTE_PASSWORD")
    monkeypatch.setattr("getpass.getpass", lambda prompt: "wrong")
    assert run("call", url, "note.say", "--user", "ana") == (1, "", "restante: Name or password is wrong.\n")


def test_a_token(run, url, monkeypatch):
    assert json.loads(run("call", url, "note.say", "--token", "token-of-ana")[1])["name"] == "ana"
    monkeypatch.setenv("RESTANTE_TOKEN", "token-of-ana")
    assert json.loads(run("call", url, "note.say")[1])["name"] == "ana"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["note.get", "id=n1", "--token", "token-of-ana"], "There is no note n1."),
        (["note.get", "id=n1"], "session"),
        (["note.none"], "note.none"),
        (["note.say", "count=x"], "count"),
        (["note.say", "text"], "text is no parameter; write KEY=VALUE."),
        (["note.say", "=x"], "=x is no parameter"),
        (["note.say", "--json", "{"], "--json is not JSON"),
        (["note.say", "--json", "[]"], "--json must be an object"),
    ],
)
def test_what_is_wrong_is_one_sentence(run, url, arguments, says):
    status, out, err = run("call", url, *arguments)
    assert (status, out) == (1, "")
    assert err.startswith("restante: ")
    assert says in err
    assert err.count("\n") == 1


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://127.0.0.1:{closed}/", "the connection was refused; is the daemon running?"),
        ("ftp://127.0.0.1/", "is no URL"),
        ("127.0.0.1:8601", "is no URL"),
        ("http://", "the address is not well formed."),
        ("http://no-such-host.invalid/", "there is no host of that name."),
    ],
)
def test_where_nobody_answers_is_one_sentence(run, address, says):
    status, out, err = run("call", address.format(closed=closed_port()), "note.say")
    assert (status, out) == (1, "")
    assert err.startswith("restante: ")
    assert says in err
    assert err.count("\n") == 1


def test_an_address_that_answers_otherwise(run, url):
    status, _, err = run("call", url + "nowhere/", "note.say")
    assert status == 1
    assert err.count("\n") == 1


def test_one_that_says_nothing_in_time(run):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        status, _, err = run("call", address, "note.say", "--timeout", "0.2")
    assert status == 1
    assert "it took too long" in err


def test_settings_are_printed_as_toml_with_secrets_masked(run, tmp_path, monkeypatch):
    file = tmp_path / "stored.toml"
    file.write_text('[storage]\nzconfig = "<relstorage> password hunter22 </relstorage>"\n')
    monkeypatch.setenv("RESTANTE_STORED_HTTP_THREADS", "3")
    status, out, _ = run("settings", "stored", "--config", str(file), "--set", "log.level=debug")
    assert status == 0
    settings = tomllib.loads(out)
    assert settings["http"]["threads"] == 3
    assert settings["log"]["level"] == "debug"
    assert settings["storage"]["zconfig"] == "********"
    assert "hunter22" not in out


def test_the_template_is_all_comments(run):
    status, out, _ = run("settings", "profiled", "--template")
    assert status == 0
    assert "# threads = 8" in out
    assert not any(tomllib.loads(out)["http"].values())


@pytest.mark.parametrize("name", ["nobody", "os", "../stored", "restante", "tkclient", ""])
def test_a_daemon_that_is_none(run, name):
    status, _, err = run("settings", name)
    assert status == 2
    assert "There is no daemon" in err


def test_settings_that_are_wrong(run):
    status, _, err = run("settings", "stored", "--set", "http.thread=1")
    assert status == 2
    assert "did you mean http.threads?" in err


def test_ctrl_c_and_a_closed_pipe_end_it_quietly(run, monkeypatch):
    def raising(error):
        def run(arguments):
            raise error

        return Command("version", "", lambda parser: None, run)

    for error, status in ((KeyboardInterrupt(), 130), (BrokenPipeError(), 1)):
        monkeypatch.setattr(cli, "_loaded", lambda entry, error=error: raising(error))
        monkeypatch.setattr(cli, "entry_points", lambda group: [EntryPoint("version", "x:y", group)])
        assert run("version") == (status, "", "")
