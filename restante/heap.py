"""How this process's memory is given back to the system. Knows glibc alone; elsewhere it does nothing."""

import ctypes
from contextlib import suppress

#: Blocks from here on are mapped one by one, so that they are gone once freed. Left to itself glibc raises
#: this limit to the largest block it has seen freed, and keeps such blocks in every thread's arena from then.
MAPPED_OCTETS = 1 << 20
#: What is free at the end of the heap is given back beyond this.
KEPT_OCTETS = 4 << 20
#: Threads take turns at Python anyway, so an arena for each, none of which ever shrinks, gains nothing.
ARENAS = 2

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h


def give_back() -> None:
    """Have memory that is freed given back to the system, for good. To be called before threads start."""
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, MAPPED_OCTETS)
        mallopt(_M_TRIM_THRESHOLD, KEPT_OCTETS)
