"""The upkeep tidies again and again, whatever happens to it."""

import threading

from relayd.queue import MailQueue
from relayd.upkeep import Upkeep


class Troubled(MailQueue):
    """A queue whose disk is full."""

    def __init__(self):
        self.asked: list[int] = []
        self.third = threading.Event()

    def tidy(self, pack_above_octets):
        self.asked.append(pack_above_octets)
        if len(self.asked) == 3:
            self.third.set()
        raise OSError("the disk is full")


def test_trouble_does_not_end_it_and_stopping_does():
    queue = Troubled()
    upkeep = Upkeep(queue, every_seconds=0.01, pack_above_octets=7)
    upkeep.start()
    assert queue.third.wait(20)
    upkeep.stop()
    upkeep._thread.join(20)
    assert not upkeep._thread.is_alive()
    assert set(queue.asked) == {7}
