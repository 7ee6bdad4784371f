"""Letters read where reading can be killed: a few processes that know nothing but the octets they are given.

    pool      the processes as the daemon sees them: a deadline each, bounded queue, made anew when they die
    worker    what runs in one (`stored.processes`)
    tasks     what can be asked of it: a message opened, a picture made small, a message inspected
    summaries what is known of a letter as it arrives; only the unusual is read by a process

Whatever a letter does to its reader, the daemon answers "too complex", and the raw octets are there.
"""

from stored.parsing.pool import Parsers
from stored.parsing.summaries import Summaries

__all__ = ["Parsers", "Summaries"]
