"""Parts of relayd put together small: a queue on disk with a clock that the test sets."""

import pytest

from relayd.model import Queue
from relayd.queue import MailQueue, Room, new_item_id
from relayd.transitions import Plan
from relayd.types import Arrival
from restante.db import Database
from tests.unit.relayd.fakes import BODY

PLAN = Plan("relay.example", (60.0, 120.0), 3600.0)


class Clock:
    """The time of the queue. It stands still until told."""

    def __init__(self, at=1_764_000_000.0):
        self.at = at

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_queue(tmp_path, clock):
    """Return a function that opens the queue of this test, again after `close` too."""
    opened = []

    def open_again(plan=PLAN, room=None):
        database = Database.open(tmp_path / "queue.fs", Queue)
        queue = MailQueue(database, plan, room=room or Room(), clock=clock)
        opened.append(queue)
        return queue

    yield open_again
    for queue in opened:
        queue.close()


@pytest.fixture
def queue(open_queue):
    return open_queue()


@pytest.fixture
def arrive():
    """Return a function that queues a letter and returns its item id."""

    def arrive_now(queue, *recipients, sender="ana@uno.example", submission="s1", user="ana", content=BODY):
        arrival = Arrival(
            sender,
            recipients or ("beto@dos.example",),
            content,
            False,
            new_item_id(),
            "stored",
            user,
            submission,
        )
        return queue.accept(arrival).result(10).item

    return arrive_now
