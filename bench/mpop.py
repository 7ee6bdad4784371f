"""mpop, the peer of collecting: it pipelines, writes Maildir files, and flushes each."""

import subprocess
import time
from pathlib import Path

from bench.options import need
from bench.processes import pinned

_SETTINGS = """account default
host 127.0.0.1
port {port}
user {user}
password {secret}
auth user
tls off
keep on
only_new on
pipelining on
uidls_file {directory}/uidls
delivery maildir {directory}/Maildir
timeout 300
"""


class Mpop:
    """mpop with a state of its own in `directory`."""

    def __init__(self, directory: Path, port: int, user: str, secret: str, *, core: int | None) -> None:
        """Raises Missing."""
        for name in ("cur", "new", "tmp"):
            (directory / "Maildir" / name).mkdir(parents=True)
        settings = directory / "mpoprc"
        settings.touch(mode=0o600)
        settings.write_text(_SETTINGS.format(port=port, user=user, secret=secret, directory=directory))
        self._command = pinned([need("mpop", "mpop"), "-C", str(settings), "-Q"], core)
        self._new = directory / "Maildir" / "new"

    def collect(self) -> float:
        """Run it once; return the seconds until it ended."""
        began = time.monotonic()
        done = subprocess.run(self._command, capture_output=True, text=True)
        seconds = time.monotonic() - began
        assert done.returncode in (0, 1), f"mpop failed: {done.stderr}"
        return seconds

    def kept(self) -> int:
        return sum(1 for _ in self._new.iterdir())


def version() -> str:
    shown = subprocess.run([need("mpop", "mpop"), "--version"], capture_output=True, text=True).stdout
    return shown.split("\n")[0]
