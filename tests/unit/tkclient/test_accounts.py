"""Which servers may be shown a password without asking."""

import pytest

from tkclient.accounts import account_of, candidates_to_try, is_within


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
