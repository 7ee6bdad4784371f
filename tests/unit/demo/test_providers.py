"""The demonstration's providers, spoken to by the standard library as anybody's program would."""

import poplib
import smtplib
import ssl
import tomllib
from email.message import EmailMessage

import pytest

from demo import providers, texts
from demo.profile import PASSWORD
from demo.settings import write_settings


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    directory = tmp_path_factory.mktemp("providers")
    with providers.running(directory) as both:
        yield directory, {provider.domain: provider for provider in both}


@pytest.fixture
def trust(running):
    return ssl.create_default_context(cafile=running[0] / "ca.pem")


def log_in(provider, trust, user, password=PASSWORD):
    client: poplib.POP3
    if provider.implicit_tls:
        client = poplib.POP3_SSL("127.0.0.1", provider.pop3_port, context=trust, timeout=10)
    else:
        client = poplib.POP3("127.0.0.1", provider.pop3_port, timeout=10)
        client.stls(trust)
    client.user(user)
    client.pass_(password)
    return client


@pytest.mark.parametrize("address", [texts.UNIVERSITY, texts.POST])
def test_pop3_serves_the_octets_of_every_letter(running, trust, address):
    directory, by_domain = running
    client = log_in(by_domain[address.partition("@")[2]], trust, address)
    count, octets = client.stat()
    on_disk = sorted((directory / "maildrops" / address).glob("*.eml"))
    assert count == len(on_disk)
    assert octets == sum(path.stat().st_size for path in on_disk)
    _, lines, _ = client.retr(count)
    assert b"\r\n".join(lines).rstrip() == on_disk[-1].read_bytes().rstrip()
    assert len(client.uidl()[1]) == count
    client.quit()


def test_a_wrong_password_is_refused_with_its_code(running, trust):
    provider = running[1]["posta.example"]
    with pytest.raises(poplib.error_proto, match="AUTH"):
        log_in(provider, trust, texts.POST, "not this one")


def test_no_password_is_taken_before_tls(running):
    provider = running[1]["posta.example"]
    client = poplib.POP3("127.0.0.1", provider.pop3_port, timeout=10)
    with pytest.raises(poplib.error_proto, match="TLS"):
        client.user(texts.POST)


def test_mail_sent_to_a_provider_is_in_the_maildrop(running, trust):
    _, by_domain = running
    address = "jorge.paredes@posta.example"
    message = EmailMessage()
    message["To"] = address
    message.set_content("hola")
    with smtplib.SMTP("127.0.0.1", by_domain["posta.example"].smtp_port, timeout=10) as client:
        client.send_message(message, "maria@posta.example", [address])
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="nobody here"):
            client.sendmail("maria@posta.example", ["nobody@posta.example"], b"x")
    maildrop = log_in(by_domain["posta.example"], trust, address)
    assert b"hola" in b"\n".join(maildrop.retr(1)[1])
    maildrop.quit()


def test_the_settings_it_writes_are_toml_that_names_both_domains(running):
    directory, by_domain = running
    write_settings(directory, list(by_domain.values()))
    routes = tomllib.loads((directory / "relayd.toml").read_text())["routes"]["domains"]
    assert set(routes) == set(by_domain)
