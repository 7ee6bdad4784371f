"""Log lines: one JSON object each, of known fields, without secrets."""

import base64
import json
import logging
import random
import threading
import warnings

import pytest

from restante import log
from restante.config import MASK, LogSettings
from restante.errors import ConfigError, RemoteProtocol


@pytest.fixture
def lines(tmp_path, monkeypatch):
    """Return what was logged, as objects."""
    monkeypatch.setattr(log, "_SECRETS", set())
    log.request_id.set("")  # whatever an earlier test of this process was answering
    file = tmp_path / "log" / "lines.log"
    log.setup("stored", LogSettings(level="debug", file=str(file)))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


def raised(error):
    """Return `error` as it is caught: with a traceback through this file."""
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_is_one_object_with_what_was_said(lines):
    token = log.request_id.set("0123456789abcdef")
    log.get("collector").info("collect.finished", account="a1", messages=12)
    log.request_id.reset(token)
    log.get("collector").debug("collect.idle")
    first, second = lines()
    assert first.pop("at").endswith("Z")
    assert first == {
        "level": "info",
        "daemon": "stored",
        "event": "collect.finished",
        "request": "0123456789abcdef",
        "account": "a1",
        "messages": 12,
    }
    assert "request" not in second


def test_a_field_not_on_the_list_is_a_mistake_here_and_dropped_in_a_running_daemon(lines, monkeypatch):
    with pytest.raises(ValueError, match="body"):
        log.get("x").info("x", body="Dear Ana")
    for reserved in ("request", "event"):
        assert reserved in log._RESERVED
    monkeypatch.setattr(log, "_STRICT", False)
    log.get("x").info("x", body="Dear Ana", messages=1)
    (line,) = lines()
    assert line["dropped"] == ["body"]
    assert line["messages"] == 1
    assert "Ana" not in json.dumps(line)


def test_a_level_below_the_one_set_is_not_written(tmp_path):
    file = tmp_path / "lines.log"
    log.setup("stored", LogSettings(level="warning", file=str(file)))
    log.get("x").info("quiet")
    log.get("x").warning("loud")
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["loud"]


def test_of_an_error_of_ours_the_sentence_and_the_cause_are_kept(lines):
    error = RemoteProtocol(
        "The server at pop.uno.example answered nonsense.", cause="-ERR PASS hunter22 wrong"
    )
    log.get("x").error("collect.failed", cause=raised(error))
    (line,) = lines()
    assert (line["error"], line["kind"]) == ("RemoteProtocol", "remote_protocol")
    assert line["reason"] == error.message
    assert "hunter22" not in json.dumps(line)
    assert line["trace"][-1].startswith("restante/test_log.py:")
    assert line["trace"][-1].endswith(" raised")


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (ValueError("Dear Ana, the safe opens with 1234"), None),
        (KeyError("Dear Ana"), None),
        (UnicodeDecodeError("utf-8", b"Dear Ana", 0, 1, "bad"), None),
        (TypeError("f() takes no arguments"), "f() takes no arguments"),
        (OSError(28, "No space left on device", "/srv/ana"), "No space left on device"),
        (OSError("no number"), None),
    ],
)
def test_the_text_of_an_exception_is_kept_only_where_it_cannot_be_mail(lines, error, kept):
    log.get("x").error("x", cause=raised(error))
    (line,) = lines()
    assert line.get("reason") == kept
    assert line["error"] == type(error).__name__
    assert "Ana" not in json.dumps(line)


def test_a_cause_of_a_cause_is_named(lines):
    def fail():
        raise LookupError("Dear Ana") from OSError(5, "Input/output error")

    try:
        fail()
    except LookupError as error:
        log.get("x").warning("x", cause=error)
    log.get("x").error("y", cause="the password=hunter22 was wrong")
    first, second = lines()
    assert first["cause"] == "OSError Input/output error"
    assert "hunter22" not in second["cause"]


@pytest.mark.parametrize(
    "text",
    [
        "PASS hunter22",
        "AUTH PLAIN aHVudGVyMjI=hunter22",
        "Authorization: Bearer hunter22",
        "Basic hunter22",
        "password: hunter22",
        "token=hunter22",
        '{"secret": "hunter22"}',
        "APOP ana hunter22",
        "hunter22" * 6,
        "the value of the setting",
    ],
)
def test_what_looks_like_a_secret_is_masked(text, monkeypatch):
    monkeypatch.setattr(log, "_SECRETS", set())
    log.keep_secret(["of the setting", "", "short"])
    shown = log.masked(text)
    assert "hunter22" not in shown
    assert "of the setting" not in shown
    assert log.masked("a short word") == "a short word"
    assert len(log.masked("word " * 1000)) < 600


@pytest.mark.parametrize(
    "path",
    [
        "/srv/restante/data/var/stored/users/ana/mail.fs",
        "/Users/Shared/Restante/var/stored/users/ana.lima=40uno.example/mail.fs.tr0",
        "var/stored/users/ana.maria.lima=40post.uno.example/mail.fs",
    ],
)
def test_a_long_path_stays_readable(path):
    told = f"The database {path} is shorter than it was."
    assert log.masked(told) == told


def test_long_secrets_are_masked_with_a_slash_in_them_too():
    draw = random.Random(1)
    secrets = [base64.b64encode(draw.randbytes(48)).decode() for _ in range(2000)]
    slashed = [secret for secret in secrets if "/" in secret]
    assert len(slashed) > 500
    assert {log.masked(secret) for secret in secrets} == {MASK}
    assert log.masked("/" + "0123456789abcdef" * 4) == MASK
    assert log.masked("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl") == MASK


def test_what_libraries_say_is_kept_masked_and_without_their_texts(lines):
    logging.getLogger("ZODB.FileStorage").info("chatter")
    logging.getLogger("ZODB.FileStorage").warning("truncated at %s, PASS %s", 4, "hunter22")
    try:
        raise ValueError("Dear Ana")
    except ValueError:
        logging.getLogger("waitress").exception("Exception while serving /")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    found = lines()
    assert [line["event"] for line in found][:2] == ["library", "library"]
    assert found[0]["message"].startswith("truncated at 4")
    assert found[1]["error"] == "ValueError"
    assert "Ana" not in json.dumps(found)
    assert "hunter22" not in json.dumps(found)


def test_a_request_id_belongs_to_its_thread(lines):
    def work(name):
        log.request_id.set(name)
        log.get("x").info("x")

    names = [log.new_request_id() for _ in range(3)]
    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
        thread.join()
    assert [line["request"] for line in lines()] == names
    assert len(set(names)) == 3


def test_setting_up_again_replaces_the_first(tmp_path, capsys):
    log.setup("stored", LogSettings(file=str(tmp_path / "one.log")))
    log.setup("stored", LogSettings())
    log.get("x").info("x")
    assert (tmp_path / "one.log").read_text() == ""
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["event"] == "x"


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"log\.file"):
        log.setup("stored", LogSettings(file=str(tmp_path / "file" / "lines.log")))


def test_a_value_that_json_does_not_know_is_written_as_text(lines, tmp_path):
    log.get("x").info("x", path=tmp_path, total={1: "one"}, octets=2**40)
    assert lines()[0]["path"] == str(tmp_path)
