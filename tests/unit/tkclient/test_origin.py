"""Addresses of servers, and those that would not be private."""

import pytest

from tkclient.origin import parse_address
from tkclient.trouble import TransportError


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8601/profile/", "127.0.0.1", 8601, "/profile/"),
        ("http://localhost/profile", "localhost", 80, "/profile/"),
        ("https://correo.example", "correo.example", 443, "/"),
        ("http://[::1]:8601/profile/", "::1", 8601, "/profile/"),
    ],
)
def test_addresses(url, host, port, path):
    origin, found = parse_address(url)
    assert (origin.host, origin.port, found) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", "bad_address"),
        ("correo.example", "bad_address"),
        ("ftp://x/", "bad_address"),
        ("http://", "bad_address"),
        ("http://a b/", "bad_address"),
        ("http://[::1/", "bad_address"),
        ("http://x:99999/", "bad_address"),
        ("http://correo.example/profile/", "not_private"),
        ("http://192.168.1.5:8601/", "not_private"),
    ],
)
def test_bad_addresses(url, kind):
    with pytest.raises(TransportError) as caught:
        parse_address(url)
    assert caught.value.kind == kind and not caught.value.retryable
