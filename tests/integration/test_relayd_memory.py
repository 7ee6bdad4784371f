"""relayd and letters at the limit of their size: refused beyond it, held in bounded memory (promise 10)."""

import threading

import pytest

from bench.processes import forget_peak, peak_octets, resident_octets
from tests.integration.relayd_process import Relayd, Storage, letter
from tests.unit.relayd.fakes import SmtpPeer

LIMIT_OCTETS = 37_748_736
LINE = "x" * 76 + "\r\n"


@pytest.fixture
def dos():
    with SmtpPeer() as peer:
        yield peer


@pytest.fixture
def relayd(tmp_path, dos):
    storage = Storage(tmp_path)
    daemon = Relayd(tmp_path, storage, f'[routes.domains]\n"dos.example" = "127.0.0.1:{dos.port}"\n').start()
    yield daemon
    daemon.terminate()
    storage.close()


def test_what_is_over_the_size_is_refused_before_it_is_sent_and_when_it_comes_all_the_same(relayd):
    with relayd.connect() as session:
        assert session.esmtp_features["size"] == str(LIMIT_OCTETS)
        assert session.mail("ana@uno.example", [f"SIZE={LIMIT_OCTETS + 1}"])[0] == 552
        session.mail("ana@uno.example")
        session.rcpt("beto@dos.example")
        code, said = session.data(letter("s1", LINE * (LIMIT_OCTETS // len(LINE) + 1)))
        assert (code, b"x" * 10 in said) == (552, False)
    assert relayd.health()["items"] == 0


def test_memory_is_at_most_five_times_the_octets_in_flight(relayd, dos):
    large = letter("s0", LINE * (12_000_000 // len(LINE)))
    relayd.submit(letter("warm"), "beto@dos.example")
    relayd.wait_until_empty()
    pid = relayd.pid
    forget_peak(pid)
    rest = resident_octets(pid)
    senders = [
        threading.Thread(
            target=relayd.submit, args=(large.replace(b"ana s0", b"ana s%d" % n), "beto@dos.example")
        )
        for n in range(1, 4)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    relayd.wait_until_empty()
    assert len(dos.wait_for(4)) == 4
    held = (peak_octets(pid) - rest) / (3 * len(large))
    assert held <= 5, f"{held:.1f} times the octets in flight"
