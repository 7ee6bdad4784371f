"""Collecting from two real Dovecots, one by TLS and one by STLS, five hundred letters each."""

import hashlib
from collections import Counter

import pytest

from demo.settings import Provider
from restante.errors import CertificateBad, RemoteLoginRefused, TlsUnavailable
from restante.resolve import Resolver
from stored.collecting.collector import Collector
from stored.collecting.lease import Leased, LeasedAccount
from stored.pop3 import PopClient, Server
from stored.settings import CollectSettings, PopSettings
from stored.store import Store
from tests import dovecot
from tests.certificates import Authority
from tests.corpus import letters
from tests.daemons import House, wait_for

pytestmark = [
    pytest.mark.dovecot,
    pytest.mark.skipif(bool(dovecot.missing()), reason=dovecot.missing() or "never"),
]

COUNT = 500


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def uno(authority):
    """The Dovecot that is read by TLS."""
    with dovecot.Dovecot(authority) as running:
        running.add("ana@uno.test", "secret", letters(COUNT, seed=1))
        yield running


@pytest.fixture(scope="module")
def dos(authority):
    """The Dovecot that is read by STLS."""
    with dovecot.Dovecot(authority) as running:
        running.add("ana@dos.test", "secret", letters(COUNT, seed=2))
        yield running


@pytest.fixture
def pop(authority):
    limits = PopSettings(ca_file=str(authority.file))
    resolver = Resolver(["127.0.0.0/8"])
    return PopClient(limits, resolver.connect_addresses, ca_file=limits.ca_file)


def hashes(messages):
    return Counter(hashlib.sha256(raw).hexdigest() for raw in messages)


SERVED = hashes(letters(COUNT, seed=1)) + hashes(letters(COUNT, seed=2))


def accounts(uno, dos):
    return [
        LeasedAccount(
            "a1", "ana@uno.test", True, Server("127.0.0.1", uno.tls_port, "tls", "ana@uno.test", "secret")
        ),
        LeasedAccount(
            "a2", "ana@dos.test", True, Server("127.0.0.1", dos.stls_port, "stls", "ana@dos.test", "secret")
        ),
    ]


def test_octets_stored_are_octets_served_and_a_second_time_brings_nothing(uno, dos, pop, tmp_path):
    store = Store(tmp_path)
    lent = Leased(accounts(uno, dos), [])
    collector = Collector(store, lambda user: lent, pop, CollectSettings(), PopSettings())
    mail = store.open_account("ana")
    try:
        for expected in (COUNT, 0):
            collector.start("ana")
            assert collector.wait("ana", 60)
            states = collector.status("ana")[1]
            assert [(s.stage, s.total, s.collected, s.error) for s in states] == [
                ("done", expected, expected, None)
            ] * 2
            assert mail.read(lambda root: hashes(root.bodies[uid].raw() for uid in root.state)) == SERVED
        uno.add("ana@uno.test", "secret", letters(3, seed=3))
        collector.start("ana")
        assert collector.wait("ana", 60)
        assert [state.collected for state in collector.status("ana")[1]] == [3, 0]
    finally:
        collector.stop(10)
        store.close()


def test_tls_on_the_port_of_stls_and_the_other_way_round(uno, pop):
    with pytest.raises(TlsUnavailable):
        pop.open(Server("127.0.0.1", uno.stls_port, "tls", "ana@uno.test", "secret"))


def test_a_certificate_nobody_vouches_for(uno):
    pop = PopClient(PopSettings(), Resolver(["127.0.0.0/8"]).connect_addresses)
    with pytest.raises(
        CertificateBad, match=r"127\.0\.0\.1 comes from an authority that is not trusted here"
    ):
        pop.open(Server("127.0.0.1", uno.tls_port, "tls", "ana@uno.test", "secret"))


def test_what_dovecot_offers_is_used(uno, pop):
    with pop.open(Server("127.0.0.1", uno.stls_port, "stls", "ana@uno.test", "secret")) as session:
        assert session.capabilities.pipelining
        assert "PLAIN" in session.capabilities["SASL"]
        count, octets = session.stat()
        entries = session.entries()
        assert count == len(entries)
        assert octets == sum(entry.octets for entry in entries)
        session.quit()


def test_stored_killed_in_the_middle_ends_with_each_letter_once(uno, dos, authority, tmp_path):
    uno.add("eva@uno.test", "secret", letters(COUNT, seed=1))
    dos.add("eva@dos.test", "secret", letters(COUNT, seed=2))
    (tmp_path / "ca.pem").write_bytes(authority.file.read_bytes())
    # Nothing is sent, so there need be nobody at the ports of SMTP.
    both = [
        Provider("uno.test", implicit_tls=True, pop3_port=uno.tls_port, smtp_port=uno.tls_port),
        Provider("dos.test", implicit_tls=False, pop3_port=dos.stls_port, smtp_port=dos.stls_port),
    ]
    house = House(tmp_path, both)
    small = ("--set", "collect.batch_messages=7")
    try:
        house.start("stored", *small)
        house.start("profiled")
        eva = house.visitor("eva")
        for address in ("eva@uno.test", "eva@dos.test"):
            eva.add_account(address, "secret")
        interrupted = 0
        for kept in (1, COUNT // 2, COUNT):
            eva.stored.call("collect.start")
            wait_for(lambda kept=kept: len(eva.rows()) >= kept, f"{kept} letters to be kept", 30)
            interrupted += eva.stored.call("collect.status")["running"]
            house.kill("stored")
            house.start("stored", *small)
        assert interrupted, "it was never killed in the middle: this test shows nothing"
        assert [account["stage"] for account in eva.collect()] == ["done", "done"]
        assert hashes(eva.raw(row) for row in eva.rows()) == SERVED
        assert [account["total"] for account in eva.collect()] == [0, 0]
    finally:
        house.stop()


def test_a_wrong_password(uno, pop):
    with pytest.raises(RemoteLoginRefused, match=r"127\.0\.0\.1 refused the user name or the password"):
        pop.open(Server("127.0.0.1", uno.tls_port, "tls", "ana@uno.test", "wrong"))
