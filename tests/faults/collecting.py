"""A process that collects one maildrop and may be killed: what `kills` and `trace` run again and again.

python -m tests.faults.collecting DIRECTORY HOST PORT SECURITY USER SECRET CA_FILE
"""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from restante.resolve import Resolver
from stored.clock import Clock
from stored.collecting.collector import Collector
from stored.collecting.lease import Leased, LeasedAccount, Policy
from stored.pop3 import PopClient, Server
from stored.settings import CollectSettings, PopSettings
from stored.store import Store

SECONDS = 60


@dataclass(frozen=True)
class Task:
    """One maildrop to collect into a directory; what is stored is deleted there."""

    directory: Path
    server: Server
    ca_file: str = ""

    def arguments(self) -> list[str]:
        one = self.server
        return [
            str(self.directory),
            one.host,
            str(one.port),
            one.security,
            one.user,
            one.secret,
            self.ca_file,
        ]


def collect(task: Task) -> str:
    """Collect and delete to the end; return the stage it ended in."""
    limits = PopSettings(ca_file=task.ca_file, allow_plain=True, window_messages=20)
    pop = PopClient(
        limits, Resolver(["127.0.0.0/8"]).connect_addresses, ca_file=task.ca_file, allow_plain=True
    )
    lent = Leased([LeasedAccount("a1", "ana@uno.test", True, task.server, Policy("delete"))], [])
    store = Store(task.directory)
    collector = Collector(
        store, lambda user: lent, pop, CollectSettings(batch_messages=5), limits, Clock(), task.directory
    )
    collector.start("ana")
    assert collector.wait("ana", SECONDS)
    (state,) = collector.status("ana")[1]
    store.close()
    return state.stage if state.error is None else f"{state.stage}: {state.error.message}"


def kept(directory: Path) -> list[str]:
    """Return the hash of every message kept, each read whole and checked; duplicates show as such."""
    store = Store(directory)
    try:
        return store.open_account("ana").read(
            lambda root: [hashlib.sha256(root.bodies[uid].raw()).hexdigest() for uid in root.state]
        )
    finally:
        store.close()


if __name__ == "__main__":
    where, host, port, security, user, secret, ca_file = sys.argv[1:]
    told = collect(Task(Path(where), Server(host, int(port), security, user, secret), ca_file))  # type: ignore[arg-type]
    print(told)
    # Not ru_maxrss, which counts what the parent had when it forked.
    print(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])
    sys.exit(told != "done")
