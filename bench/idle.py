"""idle: accounts found to have nothing new, a second, beside mpop and fetchmail going through theirs.

Each account costs a POP3 session from greeting to QUIT with a login and a list, at a server that runs on
another core. Ours is asked as the clock of profiled asks (`collect.due`), leases the accounts of each person
from profiled, and opens each person's mail; the peers have their accounts in one settings file and go through
them one after the other, which is all they can do. The better of the two is the peer of the last line. What
memory stored holds is told after each pass.
"""

import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.house import House
from bench.maildrops import LETTERS, Maildrops
from bench.options import Options, need
from bench.person import SECRET, Person, house
from bench.processes import cpu_seconds, pinned, resident_octets, wait_quiet
from bench.report import Report, last_line, number, spread
from restante.credentials import Keys
from restante.peer import Peer

ACCOUNTS, QUICK_ACCOUNTS = 2_000, 40
ACCOUNTS_EACH = 2
RUNS = 5
PASS_SECONDS = 900
USERS_AT_ONCE = 100
# Passwords are not what is measured, and a thousand profiles take their time.
CHEAP_PASSWORDS = ["--set", "passwords.memory_kib=8", "--set", "passwords.passes=1"]


def run(options: Options, report: Report) -> str:
    accounts = options.pick(options.messages, ACCOUNTS, QUICK_ACCOUNTS)
    runs = options.pick(options.runs, RUNS, 1)
    with ExitStack() as stack:
        state = Path(stack.enter_context(TemporaryDirectory(prefix="restante-bench-idle-")))
        server = stack.enter_context(Maildrops(core=options.other))
        peers = {
            "mpop": _mpop(state, server.port, accounts, options.core),
            "fetchmail": _fetchmail(state, server.port, accounts, options.core),
        }
        running = stack.enter_context(house(options.core, profiled=CHEAP_PASSWORDS))
        ours = Ours(running, server, accounts)
        report.title(f"{accounts} accounts with nothing new, {LETTERS} letters in each maildrop")
        rates: dict[str, list[float]] = {name: [] for name in ("Restante", *peers)}
        for _ in range(runs):
            rates["Restante"].append(ours.check())
            for name, check in peers.items():
                rates[name].append(_checked(server, accounts, check))
    report.table(["", "accounts/s", "runs"], [[name, spread(one), str(runs)] for name, one in rates.items()])
    report.remark(f"stored took {number(ours.cpu_milliseconds())} ms of its core for an account")
    held = ", ".join(number(octets / 1e6) for octets in ours.held_octets)
    report.remark(f"stored held, at rest, after all was collected, and after each pass: {held} MB")
    best = max(median(rates[name]) for name in peers)
    return last_line("idle", median(rates["Restante"]), best)


class Ours:
    """A house with so many accounts in it, everything in their maildrops collected."""

    def __init__(self, running: House, server: Maildrops, accounts: int) -> None:
        self._house, self._server, self._accounts = running, server, accounts
        keys = Keys.load(running.directory / "keys", "profiled")
        internal = running.settings("stored")["http"]["internal_listen"]
        self._stored = Peer("stored", f"http://{internal}/", keys)
        self.held_octets = [self._held()]
        self._users = [self._person(first) for first in range(0, accounts, ACCOUNTS_EACH)]
        self._taken: list[float] = []
        self.check()
        self._taken.clear()

    def check(self) -> float:
        """Have every account looked at once; return accounts a second."""
        self._server.take()
        taken, began, ended = cpu_seconds(self._house.pid("stored")), time.monotonic(), 0
        for first in range(0, len(self._users), USERS_AT_ONCE):
            self._stored.call("collect.due", users=self._users[first : first + USERS_AT_ONCE])
        while ended < self._accounts:
            time.sleep(0.02)
            ended += self._server.take().ended
            assert time.monotonic() - began < PASS_SECONDS, f"only {ended} accounts were looked at"
        seconds = time.monotonic() - began
        # The index of what came follows in the background; it is not to disturb the next pass.
        self._taken.append(cpu_seconds(self._house.pid("stored")) - taken)
        wait_quiet(self._house.pid("stored"))
        self.held_octets.append(self._held())
        return self._accounts / seconds

    def cpu_milliseconds(self) -> float:
        return median(self._taken) * 1000 / self._accounts

    def _person(self, first: int) -> str:
        person = Person(self._house, f"persona{first}")
        for account in range(first, min(first + ACCOUNTS_EACH, self._accounts)):
            person.add_account(self._server.port, f"casilla{account}")
        return person.name

    def _held(self) -> int:
        return resident_octets(self._house.pid("stored"))


def _checked(server: Maildrops, accounts: int, check: Callable[[], None]) -> float:
    """Let a peer go through its accounts; return accounts a second."""
    server.take()
    began = time.monotonic()
    check()
    seconds = time.monotonic() - began
    done = server.take()
    assert (done.ended, done.letters) == (accounts, 0), f"the peer did otherwise: {done}"
    return accounts / seconds


def _mpop(state: Path, port: int, accounts: int, core: int) -> Callable[[], None]:
    """Return a pass of mpop over all accounts; what there was is fetched."""
    place = state / "mpop"
    for name in ("cur", "new", "tmp"):
        (place / "Maildir" / name).mkdir(parents=True)
    lines = [
        f"defaults\nhost 127.0.0.1\nport {port}\npassword {SECRET}\nauth user\ntls off\nkeep on\nonly_new on",
        f"pipelining on\nuidls_file {place}/uidls-%U\ndelivery maildir {place}/Maildir",
    ]
    lines += [f"account a{number}\nuser casilla{number}" for number in range(accounts)]
    return _passes(place / "mpoprc", lines, [need("mpop", "mpop"), "-Q", "-a", "-C"], core, {})


def _fetchmail(state: Path, port: int, accounts: int, core: int) -> Callable[[], None]:
    """Return a pass of fetchmail over all accounts; what there was is fetched."""
    place = state / "fetchmail"
    place.mkdir()
    lines = ["set no bouncemail", f"poll 127.0.0.1 service {port} protocol pop3 uidl timeout 300"]
    lines += [
        f'user "casilla{number}" password "{SECRET}" is "x" here keep sslproto "" bsmtp "{place}/letters"'
        for number in range(accounts)
    ]
    command = [need("fetchmail", "fetchmail"), "-s", "--nodetach", "--pidfile", f"{place}/pid"]
    command += ["-i", f"{place}/ids", "-f"]
    return _passes(place / "fetchmailrc", lines, command, core, {"HOME": str(place)})


def _passes(
    file: Path, lines: list[str], command: list[str], core: int, environment: dict[str, str]
) -> Callable[[], None]:
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n")

    def check() -> None:
        done = subprocess.run(
            pinned([*command, str(file)], core), capture_output=True, text=True, env=environment or None
        )
        assert done.returncode in (0, 1), f"{command[0]} failed: {done.stderr[-500:]}"

    check()
    return check
