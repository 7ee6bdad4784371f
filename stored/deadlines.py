"""What is to be done unless something comes in time: one thread for all of it."""

import math
import threading
import time
from collections.abc import Callable


class Deadlines:
    """One thread that does what is due: a timer of its own for each request would cost more than reading.

    What is done must be quick: others wait for it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[object, tuple[float, Callable[[], object]]] = {}
        self._thread: threading.Thread | None = None
        self._wakes_at = math.inf

    def watch(self, act: Callable[[], object], seconds: float) -> Callable[[], None]:
        """Have `act` done after `seconds` unless what is returned is called before; afterwards it is not."""
        key = object()
        at = time.monotonic() + seconds
        with self._changed:
            self._due[key] = (at, act)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif at < self._wakes_at:
                # Most find it waiting for what is due before, and need not wake it.
                self._changed.notify()

        def forget() -> None:
            with self._changed:
                self._due.pop(key, None)

        return forget

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for key, (at, act) in list(self._due.items()):
                    if at <= now:
                        del self._due[key]
                        act()
                self._wakes_at = min((at for at, _ in self._due.values()), default=math.inf)
                seconds = max(self._wakes_at - now, 0.01)
                self._changed.wait(seconds if math.isfinite(seconds) else None)


DEADLINES = Deadlines()
