"""relayd as its neighbours see it: a process that is given letters, killed, asked, and told to end."""

import os
import random
import re
import subprocess
import threading
from collections import Counter

import pytest

from relayd.settings import CourierSettings
from restante.errors import NotFound
from tests.daemons import wait_for
from tests.integration.relayd_process import Relayd, Storage, letter
from tests.unit.relayd.fakes import DROP, SmtpPeer

HURRY = "[retry]\nschedule_seconds = [0.1, 0.2]\n[courier]\nconnect_seconds = 5\ncommand_seconds = 5\n"
# How often promise 3 kills; FAULTS.md asks for hundreds, a normal run for a few.
KILLS = int(os.environ.get("RESTANTE_KILLS", "8"))


@pytest.fixture
def storage(tmp_path):
    storage = Storage(tmp_path)
    yield storage
    storage.close()


@pytest.fixture
def uno():
    """The senders' own server, where bounces arrive."""
    with SmtpPeer() as peer:
        yield peer


@pytest.fixture
def dos():
    with SmtpPeer() as peer:
        yield peer


@pytest.fixture
def relayd(tmp_path, storage, uno, dos):
    routes = (
        f'[routes.domains]\n"uno.example" = "127.0.0.1:{uno.port}"\n"dos.example" = "127.0.0.1:{dos.port}"\n'
    )
    daemon = Relayd(tmp_path, storage, HURRY + routes).start()
    yield daemon
    daemon.terminate()


def test_a_letter_arrives_and_its_storage_server_is_told(relayd, storage, dos):
    relayd.submit(letter("s1"), "beto@dos.example", "hidden@dos.example")
    (taken,) = dos.wait_for(1)
    assert taken.sender == "ana@uno.example"
    assert sorted(taken.recipients) == ["beto@dos.example", "hidden@dos.example"]
    header, _, body = taken.content.partition(b"\r\n\r\n")
    assert body == b"Hola\r\n"
    assert header.startswith(b"Received: from storage.example ([127.0.0.1] authenticated as stored)")
    assert b"Bcc" not in header and b"hidden" not in header and b"Restante-Submission" not in header
    relayd.wait_until_empty()
    assert sorted(storage.outbox.told) == [
        ("s1", "beto@dos.example", "delivered"),
        ("s1", "hidden@dos.example", "delivered"),
    ]
    assert [one["outcome"] for one in relayd.status("s1")] == ["delivered", "delivered"]
    assert "127.0.0.1: 250 2.0.0 taken" in relayd.status("s1")[0]["detail"]


def test_a_refused_letter_comes_back_in_words(relayd, storage, uno, dos):
    dos.answers["RCPT"] = b"550 5.1.1 no such user"
    relayd.submit(letter("s1"), "nadie@dos.example")
    (bounce,) = uno.wait_for(1)
    assert bounce.sender == ""
    assert b"Final-Recipient: rfc822; nadie@dos.example" in bounce.content
    relayd.wait_until_empty()
    assert storage.outbox.final() == {"s1": "failed"}
    assert storage.outbox.details["s1"] == "127.0.0.1: 550 5.1.1 no such user"


def test_the_status_of_nothing_is_not_found(relayd):
    with pytest.raises(NotFound):
        relayd.status("s404")


def test_a_storage_server_that_was_away_is_told_after_all(relayd, storage, dos):
    storage.close()
    relayd.submit(letter("s1"), "beto@dos.example")
    dos.wait_for(1)
    wait_for(lambda: (relayd.health() or {}).get("unreported") == 1, "the outcome to be listed")
    assert relayd.status("s1")[0]["outcome"] == "delivered"


def test_a_second_relayd_on_the_same_queue_is_refused(relayd):
    second = [
        *relayd.command(),
        "--set",
        "smtp.listen=127.0.0.1:0",
        "--set",
        "http.internal_listen=127.0.0.1:0",
    ]
    done = subprocess.run(second, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "queue.fs is in use by another process" in done.stderr.splitlines()[-1]


def test_a_broken_settings_file_is_one_sentence(relayd):
    done = subprocess.run(
        [*relayd.command(), "--set", "smtp.lisen=x"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "smtp.lisen" in done.stderr and "Traceback" not in done.stderr


def test_it_ends_when_told_and_goes_on_where_it_was(relayd, dos):
    dos.answers["RCPT"] = b"451 4.3.0 later"
    relayd.submit(letter("s1"), "beto@dos.example")
    wait_for(lambda: relayd.status("s1")[0]["outcome"] == "deferred", "a first attempt")
    assert relayd.terminate() == 0
    del dos.answers["RCPT"]
    relayd.start()
    dos.wait_for(1)
    relayd.wait_until_empty()


class Weather:
    """Answers at random, as the world does: taken, later, never, or no answer at all."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, line):
        with self._lock:
            roll = self._random.random()
        if b"never" in line:
            return b"550 5.1.1 no such user"
        return DROP if roll < 0.1 else b"451 4.3.0 later" if roll < 0.3 else b"250 2.0.0 ok"


def subject(taken):
    """Return the name of the letter, also where it is the one that a bounce is about."""
    return re.findall(rb"(?m)^Subject: (s\d+)\r$", taken.content)[0].decode()


def test_accepted_means_delivered_or_bounced_though_killed_at_any_time(relayd, storage, uno, dos):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}, {KILLS} kills")
    chance = random.Random(seed)
    dos.answers |= {"RCPT": Weather(seed), "FINAL": Weather(seed + 1), "MAIL": Weather(seed + 2)}
    over = threading.Event()
    names = [f"s{number}" for number in range(KILLS * 10)]
    left = list(reversed(names))

    def submit():
        while left and not over.is_set():
            name = left.pop()
            to = "never@dos.example" if int(name[1:]) % 5 == 0 else "beto@dos.example"
            relayd.submit_until_taken(letter(name), to, over=over)

    submitters = [threading.Thread(target=submit) for _ in range(3)]
    for one in submitters:
        one.start()
    try:
        for _ in range(KILLS):
            over.wait(chance.uniform(0, 0.25))
            relayd.kill()
            relayd.start()
        for one in submitters:
            one.join(60)
            assert not one.is_alive()
        relayd.wait_until_empty()
    finally:
        over.set()
    delivered = Counter(subject(one) for one in dos.taken)
    bounced = Counter(subject(one) for one in uno.taken)
    vanished = [name for name in names if not delivered[name] and not bounced[name]]
    assert vanished == []
    assert {name for name in names if int(name[1:]) % 5 == 0} == set(bounced)
    # Told of every one, and told the truth.
    assert storage.outbox.final() == {
        name: "failed" if int(name[1:]) % 5 == 0 else "delivered" for name in names
    }
    # Two of one only where the answer to the final dot was lost: dropped by the peer, or by a kill, which
    # ends at most as many sessions as one destination may have.
    answered = Counter(subject(one) for one in [*dos.taken, *uno.taken] if one.answered)
    twice = sum(answered.values()) - len(answered)
    print(
        f"{len(names)} accepted, {len(delivered)} delivered, {len(bounced)} bounced, {twice} answered twice"
    )
    assert twice <= KILLS * CourierSettings().per_destination
