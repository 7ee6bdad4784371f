"""The state machine of the queue: every transition, what each leaves durable, and what damage does."""

import email
import threading
from functools import partial
from typing import Any

import pytest

from relayd.courier.reply import Reply
from relayd.headers import header_of
from relayd.model import Queue
from relayd.queue import Room
from relayd.types import Waiting
from relayd.writer import Writer
from restante.db import Database
from restante.errors import DatabaseDamaged, Draining, NotFound
from tests.unit.relayd.fakes import BODY

TAKEN = Reply(250, "2.0.0", "taken", "mx.example")
LATER = Reply(451, "4.7.1", "later", "mx.example")
NEVER = Reply(550, "5.1.1", "unknown", "mx.example")
HEADER = header_of(BODY)


def outcomes(queue):
    return [(one.recipient, one.outcome) for one in queue.unreported()]


def fates(queue, submission="s1", user="ana"):
    return [(one["address"], one["outcome"]) for one in queue.status(submission, user)["recipients"]]


def content_of(queue, item) -> bytes:
    return queue.opened(item)[1]


def parts(report) -> Any:
    return email.message_from_bytes(report).get_payload()


def test_what_was_accepted_is_there_after_a_crash(queue, open_queue, arrive):
    item = arrive(queue, "a@b.example", "c@d.example")
    queue.close()
    again = open_queue()
    (waiting,) = again.load()
    assert waiting.item == item
    assert [one.address for one in waiting.recipients] == ["a@b.example", "c@d.example"]
    assert content_of(again, item) == BODY
    assert fates(again) == [("a@b.example", "queued"), ("c@d.example", "queued")]


@pytest.mark.parametrize("octets", [0, 1, 262_144, 262_145, 1_000_000])
def test_octets_come_back_whatever_their_number(queue, arrive, octets):
    content = (BODY + b"x" * octets)[:octets]
    assert content_of(queue, arrive(queue, content=content)) == content


def test_a_repeated_submission_gets_the_first_answer_and_makes_nothing(queue, open_queue, arrive, clock):
    first = arrive(queue)
    assert arrive(queue) == first
    assert arrive(queue, user="beto") != first
    queue.record(first, {"beto@dos.example": TAKEN}, HEADER)
    assert arrive(queue) == first
    queue.close()
    again = open_queue()
    clock.at += 7 * 24 * 3600 - 1
    assert arrive(again) == first
    clock.at += 2
    assert arrive(again) != first


def test_a_hundred_at_once_make_one_item(queue, arrive):
    items = []
    threads = [threading.Thread(target=lambda: items.append(arrive(queue))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(items) == 100
    assert len(set(items)) == 1
    assert queue.counts().items == 1


def test_letters_without_a_submission_are_each_new(queue, arrive):
    assert arrive(queue, submission="", user="") != arrive(queue, submission="", user="")


def test_a_delivered_letter_leaves(queue, arrive):
    item = arrive(queue)
    assert queue.record(item, {"beto@dos.example": TAKEN}, HEADER) is None
    assert queue.waiting(item) is None
    assert queue.counts().items == 0
    assert queue.counts().octets == 0
    assert outcomes(queue) == [("beto@dos.example", "delivered")]
    assert fates(queue) == [("beto@dos.example", "delivered")]
    assert queue.opened(item) is None


def test_a_deferral_is_planned_and_told(queue, arrive, clock):
    item = arrive(queue)
    for attempt, wait in enumerate((60, 120, 120), 1):
        left = queue.record(item, {"beto@dos.example": LATER}, HEADER)
        (one,) = left.recipients
        assert one.attempts == attempt
        assert wait * 0.8 <= one.next_attempt_at - clock.at <= wait * 1.2
    assert outcomes(queue) == [("beto@dos.example", "deferred")] * 3
    assert queue.status("s1")["recipients"][0]["detail"] == "mx.example: 451 4.7.1 later"


def test_each_recipient_goes_its_own_way(queue, arrive):
    item = arrive(queue, "a@x.example", "b@x.example", "c@x.example", "d@y.example")
    left = queue.record(item, {"a@x.example": TAKEN, "b@x.example": NEVER, "c@x.example": LATER}, HEADER)
    assert [one.address for one in left.recipients] == ["c@x.example", "d@y.example"]
    assert [outcome for _, outcome in fates(queue)] == ["delivered", "failed", "deferred", "queued"]
    # A reply for one who has already been delivered changes nothing.
    queue.record(item, {"a@x.example": NEVER}, HEADER)
    assert dict(fates(queue))["a@x.example"] == "delivered"


def test_a_failure_queues_its_bounce_in_the_same_transaction(queue, open_queue, arrive):
    told: list[Waiting] = []
    queue.on_waiting = told.append
    item = arrive(queue)
    assert queue.record(item, {"beto@dos.example": NEVER}, HEADER) is None
    bounce = told[-1]
    assert (bounce.sender, [one.address for one in bounce.recipients]) == ("", ["ana@uno.example"])
    assert queue.counts().items == 1
    queue.close()
    (waiting,) = open_queue().load()
    assert waiting == bounce


def test_the_bounce_says_who_and_carries_the_header_only(queue, arrive):
    told: list[Waiting] = []
    queue.on_waiting = told.append
    queue.record(arrive(queue, "a@x.example", "b@x.example"), {"a@x.example": NEVER}, HEADER)
    status, header = parts(content_of(queue, told[-1].item))[1:]
    groups = status.get_payload()
    assert [group["Final-Recipient"] for group in groups[1:]] == ["rfc822; a@x.example"]
    assert header.get_payload() == HEADER.decode()


def test_a_bounce_that_fails_is_held_and_makes_no_other(queue, arrive):
    item = arrive(queue, sender="", submission="")
    told: list[Waiting] = []
    queue.on_waiting = told.append
    assert queue.record(item, {"beto@dos.example": NEVER}, HEADER) is None
    counts = queue.counts()
    assert (counts.items, counts.held, told) == (0, 1, [])


def test_a_letter_is_given_up_after_its_lifetime(queue, arrive, clock):
    item = arrive(queue)
    for _ in range(6):
        clock.at += 700
        queue.record(item, {"beto@dos.example": LATER}, HEADER)
    assert queue.waiting(item) is None
    assert outcomes(queue) == [("beto@dos.example", "deferred")] * 5 + [("beto@dos.example", "failed")]
    assert "tried 6 times" in queue.unreported()[-1].detail
    assert "later" in queue.unreported()[-1].detail


def test_a_leap_of_the_clock_gives_up_nothing(queue, arrive, clock):
    item = arrive(queue)
    clock.at += 10 * 365 * 86400
    assert queue.record(item, {"beto@dos.example": LATER}, HEADER) is not None


def test_outcomes_stay_in_order_when_the_clock_goes_back(queue, arrive, clock):
    item = arrive(queue)
    for _ in range(3):
        clock.at -= 3600
        queue.record(item, {"beto@dos.example": LATER}, HEADER)
    queue.record(item, {"beto@dos.example": TAKEN}, HEADER)
    assert [outcome for _, outcome in outcomes(queue)] == ["deferred"] * 3 + ["delivered"]


def test_what_was_told_is_forgotten(queue, arrive):
    item = arrive(queue, "a@x.example", "b@x.example")
    queue.record(item, {"a@x.example": TAKEN, "b@x.example": TAKEN}, HEADER)
    first, second = queue.unreported()
    queue.reported([first.number])
    assert queue.unreported() == [second]
    assert queue.unreported(limit=1) == [second]


def test_a_letter_set_aside_is_bounced_counted_and_never_tried_again(queue, open_queue, arrive):
    item = arrive(queue)
    queue.set_aside(item, "it made the courier stumble")
    assert queue.counts().held == 1
    assert outcomes(queue) == [("beto@dos.example", "failed")]
    queue.set_aside(item, "again")
    assert queue.counts().held == 1
    queue.close()
    waiting = open_queue().load()
    assert [one.sender for one in waiting] == [""]


@pytest.mark.parametrize(
    ("room", "octets", "refused"),
    [
        (Room(items=1), 10, True),
        (Room(items=2), 10, False),
        (Room(octets=len(BODY) + 9), 10, True),
        (Room(octets=len(BODY) + 10), 10, False),
    ],
)
def test_a_full_queue_says_so(open_queue, arrive, room, octets, refused):
    queue = open_queue(room=room)
    arrive(queue)
    assert bool(queue.refusal(octets)) is refused


def test_a_full_disk_is_noticed_before(tmp_path, open_queue):
    queue = open_queue(room=Room(free_floor_octets=1 << 60))
    assert queue.refusal(1) == ""
    queue._directory = tmp_path
    assert queue.refusal(1).startswith("452 4.3.1")


def test_old_submissions_are_forgotten(queue, arrive, clock):
    queue.record(arrive(queue), {"beto@dos.example": TAKEN}, HEADER)
    clock.at += 7 * 24 * 3600 + 1
    arrive(queue, submission="s2")
    queue.tidy(1 << 40)
    with pytest.raises(NotFound):
        queue.status("s1")
    assert fates(queue, "s2") == [("beto@dos.example", "queued")]


def test_packing_keeps_what_waits_and_drops_what_left(queue, open_queue, arrive, tmp_path):
    for number in range(5):
        item = arrive(queue, submission=f"gone{number}", content=BODY + b"x" * 500_000)
        queue.record(item, {"beto@dos.example": TAKEN}, HEADER)
    kept = arrive(queue, submission="kept")
    before = (tmp_path / "queue.fs").stat().st_size
    queue.tidy(1_000_000)
    assert (tmp_path / "queue.fs").stat().st_size < before / 10
    queue.close()
    again = open_queue()
    assert [one.item for one in again.load()] == [kept]
    assert content_of(again, kept) == BODY


def test_one_id_of_two_users_is_told_apart(queue, arrive):
    arrive(queue, "a@x.example", user="ana")
    arrive(queue, "b@x.example", user="beto")
    assert fates(queue, user="beto") == [("b@x.example", "queued")]
    with pytest.raises(NotFound):
        queue.status("s1")
    with pytest.raises(NotFound):
        queue.status("s")


def test_nothing_is_accepted_once_closed(queue, arrive):
    queue.close()
    with pytest.raises(Draining):
        arrive(queue)


def test_a_damaged_item_is_held_its_user_told_and_the_others_flow(queue, open_queue, arrive, tmp_path):
    arrive(queue, "marked@x.example", submission="s1")
    good = arrive(queue, "b@x.example", submission="s2")
    queue.close()
    damage_item(tmp_path / "queue.fs", b"marked@x.example")
    again = open_queue()
    assert [one.item for one in again.load()] == [good]
    assert again.counts().held == 1
    assert outcomes(again) == [("marked@x.example", "failed")]
    again.close()
    assert open_queue().counts().held == 1


def damage_item(path, address):
    """Flip an octet in the record of the item (not of its submission) that has `address`."""
    octets = path.read_bytes()
    at = octets.index(address)
    # The item is stored before its submission or after; its record alone speaks of next_attempt_at.
    while b"next_attempt_at" not in octets[max(0, at - 300) : at + 300]:
        at = octets.index(address, at + 1)
    path.write_bytes(octets[:at] + bytes([octets[at] ^ 0xFF]) + octets[at + 1 :])


def test_a_damaged_index_refuses_to_start(queue, open_queue, arrive, tmp_path):
    item = arrive(queue).encode()
    queue.close()
    path = tmp_path / "queue.fs"
    path.write_bytes(path.read_bytes().replace(item, item[::-1]))
    with pytest.raises(DatabaseDamaged):
        open_queue().load()


def test_one_bad_work_does_not_spoil_the_others_of_its_transaction(tmp_path):
    database = Database.open(tmp_path / "w.fs", Queue)
    writer = Writer(database)
    entered, release = threading.Event(), threading.Event()

    def slow(root):
        entered.set()
        release.wait(10)

    def put(number, root):
        root.items[f"i{number}"] = number

    def bad(root):
        raise NotFound("no")

    first = writer.submit(slow)
    assert entered.wait(10)
    # These wait while the first runs, and so go together.
    good = [writer.submit(partial(put, number)) for number in range(5)]
    spoiled = writer.submit(bad)
    release.set()
    first.result(10)
    for one in good:
        one.result(10)
    with pytest.raises(NotFound):
        spoiled.result(10)
    assert database.read(lambda root: len(root.items)) == 5
    writer.close()
    database.close()
