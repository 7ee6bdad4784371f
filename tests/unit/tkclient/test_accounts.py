"""Which servers may be shown a password without asking."""

from typing import Any

import pytest

from tkclient.accounts import Accounts, Adding, account_of, candidates_to_try, is_within
from tkclient.trouble import Trouble


def server(host, known=False, security="tls", auth="password"):
    return {
        "host": host,
        "known": known,
        "security": security,
        "auth": auth,
        "port": 995,
        "user": "",
        "name": "n",
    }


@pytest.mark.parametrize(
    ("host", "domain", "within"),
    [
        ("pop.uno.example", "uno.example", True),
        ("UNO.example.", "uno.example", True),
        ("popuno.example", "uno.example", False),
        ("uno.example.evil.example", "uno.example", False),
        ("anything", "", False),
    ],
)
def test_is_within(host, domain, within):
    assert is_within(host, domain) is within


def test_only_known_or_own_servers_encrypted_and_three_at_most():
    offered = [
        server("pop.stranger.example"),
        server("pop.uno.example", security="plain"),
        server("pop.known.example", known=True),
        server("pop.oauth.example", known=True, auth="oauth2"),
        server("pop.uno.example"),
        server("mail.uno.example"),
        server("pop3.uno.example"),
    ]
    tried = [item["host"] for item in candidates_to_try("ana@uno.example", offered)]
    assert tried == ["pop.known.example", "pop.uno.example", "mail.uno.example"]


def test_account_of():
    account = account_of("ana@uno.example", server("pop.uno.example"))
    assert account["user"] == "ana@uno.example" and account["name"] == "uno.example"


class Refusing:
    """Stands in for the link: the servers that were discovered, and the trouble with each."""

    def __init__(self, servers, *kinds):
        self.servers, self.kinds = servers, list(kinds)

    def profile(self, method, params, done, failed, lane="mail"):
        if method == "account.discover":
            done({"candidates": self.servers})
        else:
            failed(Trouble(self.kinds.pop(0), params["create"][0]["host"]))


def told(servers, *kinds):
    heard = []
    adding = Adding(
        lambda *_: None,
        lambda *_: None,
        lambda trouble, tried: heard.append((trouble.kind, trouble.about, tried.get("host", ""))),
        lambda *_: None,
    )
    # Adding rings no bell and collects nothing, so there need be neither.
    nothing: Any = None
    link: Any = Refusing(servers, *kinds)
    Accounts(link, nothing, nothing).add("ana@uno.example", "clave", adding)
    return heard


def test_a_name_that_was_guessed_is_not_held_against_the_person():
    guesses = [server("pop.uno.example"), server("mail.uno.example")]
    assert told(guesses, "host_unknown", "host_unknown") == [("nothing_found", "uno.example", "")]


def test_a_server_that_is_known_or_there_is_named():
    known = [server("pop.known.example", known=True)]
    assert told(known, "host_unknown") == [("host_unknown", "pop.known.example", "pop.known.example")]
    assert told([server("pop.uno.example")], "connection_failed") == [
        ("connection_failed", "pop.uno.example", "pop.uno.example")
    ]
