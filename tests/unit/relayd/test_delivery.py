"""The workers: what is due goes out, once at a time, and its outcome is written down come what may."""

import socket
import threading
import time

import pytest

from relayd.courier import Courier, Hop, Reply, Times
from relayd.delivery import Delivery, Pace
from relayd.queue import MailQueue
from relayd.routes import NoRoute
from relayd.transitions import Plan
from restante.errors import NoSpace
from tests.unit.relayd.fakes import BODY, DROP, HANG, SmtpPeer

HURRY = Plan("relay.example", (0.05,), 3600.0)
QUICK = Times(connect=5, command=5, data=5, block=5, final=5, quit=1, session=20)


class Way:
    """Every domain leads to the server of that name; one without a server has no route."""

    def __init__(self, **peers):
        self.peers = peers

    def destination(self, address):
        return address.rpartition("@")[2]

    def hops(self, destination):
        peer = self.peers.get(destination.partition(".")[0])
        if peer is None:
            raise NoRoute(Reply(550, "5.1.2", f"There is no domain {destination}."))
        return [Hop(destination, peer.port)]


def at_loopback(hop):
    return [(socket.AF_INET, ("127.0.0.1", hop.port))]


@pytest.fixture
def deliver(open_queue, clock):
    """Return a function that starts a delivery over the queue of this test."""
    running = []

    def start(queue, way, **pace):
        allowed = Pace(**({"workers": 4, "stop_seconds": 5} | pace))
        delivery = Delivery(queue, way, Courier("relay.example", at_loopback, times=QUICK), allowed)
        delivery.start()
        running.append(delivery)
        return delivery

    clock.__class__ = Ticking
    yield start
    for delivery in running:
        delivery.stop()


class Ticking:
    """The clock of the queue, going: a delivery waits for real."""

    def __call__(self):
        return time.time()


@pytest.fixture
def hurried(open_queue):
    return open_queue(plan=HURRY)


def wait_until(done, seconds=20):
    ends_at = time.monotonic() + seconds
    event = threading.Event()
    while not done():
        assert time.monotonic() < ends_at, "waited in vain"
        event.wait(0.01)


def outcomes(queue: MailQueue):
    return [(one.recipient, one.outcome) for one in queue.unreported()]


def test_what_was_accepted_goes_out(hurried, deliver, arrive):
    with SmtpPeer() as dos:
        deliver(hurried, Way(dos=dos))
        arrive(hurried)
        assert dos.wait_for(1)[0].content == BODY
        wait_until(lambda: outcomes(hurried) == [("beto@dos.example", "delivered")])


def test_what_waited_before_the_start_goes_out(hurried, deliver, arrive):
    arrive(hurried)
    with SmtpPeer() as dos:
        deliver(hurried, Way(dos=dos))
        dos.wait_for(1)


def test_it_is_tried_again_until_it_is_taken(hurried, deliver, arrive):
    with SmtpPeer({"RCPT": [b"451 4.7.1 later", DROP, b"250 ok"]}) as dos:
        deliver(hurried, Way(dos=dos))
        arrive(hurried)
        dos.wait_for(1)
        wait_until(lambda: len(outcomes(hurried)) == 3)
    assert [outcome for _, outcome in outcomes(hurried)] == ["deferred", "deferred", "delivered"]


def test_a_lost_answer_is_tried_again_with_the_same_message_id(hurried, deliver, arrive):
    with SmtpPeer(final=[DROP, b"250 ok"]) as dos:
        deliver(hurried, Way(dos=dos))
        arrive(hurried)
        first, second = dos.wait_for(2)
    assert first.content == second.content == BODY


def test_a_refusal_comes_back_to_the_sender_once(hurried, deliver, arrive):
    with SmtpPeer() as uno, SmtpPeer({"RCPT": b"550 5.1.1 unknown"}) as dos:
        deliver(hurried, Way(uno=uno, dos=dos))
        arrive(hurried)
        (bounce,) = uno.wait_for(1)
        wait_until(lambda: hurried.counts().items == 0)
        assert len(uno.taken) == 1
    assert (bounce.sender, bounce.recipients) == ("", ["ana@uno.example"])
    assert b"multipart/report" in bounce.content
    assert b"Final-Recipient: rfc822; beto@dos.example" in bounce.content


def test_a_domain_that_is_none_bounces_at_once(hurried, deliver, arrive):
    with SmtpPeer() as uno:
        deliver(hurried, Way(uno=uno))
        arrive(hurried, "x@nowhere.example")
        assert b"Status: 5.1.2" in uno.wait_for(1)[0].content


def test_a_bounce_that_cannot_be_delivered_is_held(hurried, deliver, arrive):
    with SmtpPeer({"RCPT": b"550 5.1.1 unknown"}) as both:
        deliver(hurried, Way(uno=both, dos=both))
        arrive(hurried)
        wait_until(lambda: (hurried.counts().held, hurried.counts().items) == (1, 0))


def test_recipients_of_one_domain_travel_together_and_others_by_themselves(hurried, deliver, arrive):
    with SmtpPeer() as dos, SmtpPeer() as tres:
        deliver(hurried, Way(dos=dos, tres=tres))
        arrive(hurried, "a@dos.example", "b@tres.example", "c@dos.example")
        assert dos.wait_for(1)[0].recipients == ["a@dos.example", "c@dos.example"]
        assert tres.wait_for(1)[0].recipients == ["b@tres.example"]
        wait_until(lambda: hurried.counts().items == 0)


def test_a_domain_that_hangs_holds_nobody_else(hurried, deliver, arrive):
    with SmtpPeer({"EHLO": HANG}) as mute, SmtpPeer() as dos:
        deliver(hurried, Way(mute=mute, dos=dos), workers=3, per_destination=2, stop_seconds=0)
        for number in range(10):
            arrive(hurried, "a@mute.example", submission=f"m{number}")
        wait_until(lambda: mute.sessions == 2)
        for number in range(10):
            arrive(hurried, submission=f"d{number}")
        dos.wait_for(10)
        assert mute.sessions == 2


def test_octets_under_way_are_bounded(hurried, deliver, arrive):
    inside: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    def entered(line):
        with lock:
            inside.append(1)
            most.append(len(inside))
        return b"354 go on"

    def left(line):
        with lock:
            inside.pop()
        return b"250 ok"

    with SmtpPeer({"DATA": entered, "FINAL": left}) as dos:
        deliver(hurried, Way(dos=dos), in_flight_octets=100_000)
        for number in range(6):
            arrive(hurried, submission=f"s{number}", content=BODY + b"x" * 60_000 + b"\r\n")
        dos.wait_for(6)
    assert max(most) == 1


def test_an_outcome_the_disk_refuses_is_written_later_and_never_delivered_twice(
    hurried, deliver, arrive, monkeypatch
):
    real, refused = hurried.record, threading.Event()

    def full_once(*arguments):
        if not refused.is_set():
            refused.set()
            raise NoSpace("full")
        return real(*arguments)

    monkeypatch.setattr("relayd.delivery.RECORD_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(hurried, "record", full_once)
    with SmtpPeer() as dos:
        deliver(hurried, Way(dos=dos))
        arrive(hurried)
        wait_until(lambda: outcomes(hurried) == [("beto@dos.example", "delivered")])
        assert refused.is_set()
        assert len(dos.taken) == 1


def test_a_letter_that_makes_the_courier_stumble_is_held_and_the_others_flow(
    hurried, deliver, arrive, monkeypatch
):
    class Stumbling(Way):
        def hops(self, destination):
            if destination == "poison.example":
                raise KeyError("poison")
            return super().hops(destination)

    monkeypatch.setattr("relayd.delivery.STUMBLE_AGAIN_SECONDS", 0.01)
    with SmtpPeer() as dos, SmtpPeer() as uno:
        deliver(hurried, Stumbling(dos=dos, uno=uno))
        arrive(hurried, "a@poison.example", submission="p")
        arrive(hurried)
        dos.wait_for(1)
        wait_until(lambda: hurried.counts().held == 1)
        # Its sender is told.
        assert b"poison.example" in uno.wait_for(1)[0].content


def test_stopping_waits_for_what_runs_and_begins_nothing(hurried, deliver, arrive):
    entered, release = threading.Event(), threading.Event()

    def slow(line):
        entered.set()
        release.wait(20)
        return b"250 ok"

    with SmtpPeer(final=slow) as dos:
        delivery = deliver(hurried, Way(dos=dos), workers=1)
        arrive(hurried)
        assert entered.wait(20)
        arrive(hurried, submission="s2")
        stopping = threading.Thread(target=delivery.stop)
        stopping.start()
        release.set()
        stopping.join(20)
        assert not stopping.is_alive()
        assert len(dos.taken) == 1
    assert outcomes(hurried) == [("beto@dos.example", "delivered")]
    assert hurried.counts().items == 1


def test_a_clock_set_back_holds_no_letter(open_queue, deliver, arrive, clock, monkeypatch):
    queue = open_queue(plan=Plan("relay.example", (1000.0,), 1e9))
    with SmtpPeer({"RCPT": [b"451 later", b"250 ok"]}) as dos:
        first = deliver(queue, Way(dos=dos))
        arrive(queue)
        wait_until(lambda: outcomes(queue) == [("beto@dos.example", "deferred")])
        first.stop()
        # Started anew, the longest wait is a moment: the planned time, far ahead, is not believed.
        deliver(queue, Way(dos=dos), longest_wait_seconds=0.05)
        dos.wait_for(1)
