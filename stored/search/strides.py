"""Long work in short strides, so that who waits for a list does not wait for it.

Whoever has the core keeps it until the kernel's next tick, 4 ms as a rule, at a low priority and with others
waiting as well; and Python's lock until somebody has waited 5 ms for it. Who sleeps gives both away at once.
"""

from time import monotonic, sleep

STRIDE_SECONDS = 0.0005
#: The least there is: the kernel makes 0.1 ms of it.
PAUSE_SECONDS = 0.000_001


class Strides:
    """The strides of one thread; the first begins now."""

    def __init__(self) -> None:
        self._began = monotonic()

    def step(self) -> None:
        """Sleep for a moment where the stride is over. To be called between short pieces of work."""
        if monotonic() - self._began >= STRIDE_SECONDS:
            sleep(PAUSE_SECONDS)
            self._began = monotonic()
