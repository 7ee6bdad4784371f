"""relayd delivering to a real Postfix: its own instance, with its own directories, on a free port."""

import email

import pytest

from tests.daemons import wait_for
from tests.integration.relayd_process import Relayd, Storage, letter
from tests.postfix import Postfix, missing

pytestmark = pytest.mark.postfix


@pytest.fixture(scope="module")
def postfix():
    if missing():
        pytest.skip(missing())
    users = {"beto@dos.example": "beto", "josé@dos.example": "jose", "ana@uno.example": "ana"}
    with Postfix(users, owner="nobody", later=["later@dos.example"]) as running:
        yield running


@pytest.fixture
def relayd(tmp_path, postfix):
    storage = Storage(tmp_path)
    hop = f'"127.0.0.1:{postfix.port}"'
    routes = f'[routes.domains]\n"dos.example" = {hop}\n"uno.example" = {hop}\n'
    daemon = Relayd(tmp_path, storage, routes).start()
    yield daemon
    daemon.terminate()
    storage.close()


TRACE = (b"return-path:", b"x-original-to:", b"delivered-to:", b"received:")


def without_trace(content: bytes) -> bytes:
    """Return a letter without the trace fields in front of it."""
    lines = content.split(b"\r\n")
    while lines[0].lower().startswith(TRACE):
        lines.pop(0)
        while lines[0][:1] in (b" ", b"\t"):
            lines.pop(0)
    return b"\r\n".join(lines)


def without_ours(content: bytes) -> bytes:
    """Return what a storage server handed over, without the fields that do not travel."""
    return b"".join(
        line
        for line in content.splitlines(keepends=True)
        if not line.startswith((b"Restante-Submission:", b"Bcc:"))
    )


TEXTS = {
    "dots": ".\r\n..\r\n.punto\r\n\r\n.",
    "long lines": "x" * 998 + "\r\n" + "." + "y" * 997,
    "8 bit": "Mañana, ¿cómo andás? 日本語",
    "trailing blanks": "uno  \r\n\t\r\n  dos\r\n\r\n\r\n",
    "large": "0123456789" * 9 + "\r\n" + "línea de sesenta letras más o menos, que se repite\r\n" * 40_000,
}


def test_every_octet_arrives(relayd, postfix):
    sent = [letter(f"s{number}", text) for number, text in enumerate(TEXTS.values())]
    for one in sent:
        relayd.submit(one, "beto@dos.example")
    received = {without_trace(one) for one in postfix.mail("beto", len(sent))}
    assert received == {without_ours(one) for one in sent}
    relayd.wait_until_empty()
    # It offered TLS with a certificate of nobody's; that is used all the same, and Postfix says so.
    assert all(b"using TLSv1" in one for one in postfix.mail("beto", len(sent)))


def test_each_recipient_gets_the_answer_of_postfix(relayd, postfix):
    relayd.submit(letter("mixed"), "beto@dos.example", "nadie@dos.example", "later@dos.example")

    def told() -> dict[str, tuple[str, str]] | None:
        status = {one["address"]: (one["outcome"], one["detail"]) for one in relayd.status("mixed")}
        return status if all(outcome != "queued" for outcome, _ in status.values()) else None

    status = wait_for(told, "an outcome for each")
    assert status["beto@dos.example"][0] == "delivered"
    assert status["nadie@dos.example"][0] == "failed"
    assert "550 5.1.1" in status["nadie@dos.example"][1]
    assert status["later@dos.example"][0] == "deferred"
    assert "450" in status["later@dos.example"][1]
    (bounce,) = postfix.mail("ana")
    report = email.message_from_bytes(bounce)
    assert report["Return-Path"] == "<>"
    assert report.get_content_type() == "multipart/report"
    assert b"Final-Recipient: rfc822; nadie@dos.example" in bounce


def test_an_address_beyond_ascii_arrives(relayd, postfix):
    with relayd.connect() as session:
        session.ehlo()
        session.mail("ana@uno.example", ["SMTPUTF8", "BODY=8BITMIME"])
        assert session.rcpt("josé@dos.example")[0] == 250
        assert session.data(letter("utf8"))[0] == 250
    assert b"Subject: utf8" in postfix.mail("jose")[0]
