"""Processes: starting one on a core, ending it, and what it and its descendants took of core and memory."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
STOP_SECONDS = 35


def pinned(command: Sequence[str], core: int | None) -> list[str]:
    """Return the command that runs `command` on one core alone, anywhere for None. Pure."""
    return list(command) if core is None else ["taskset", "-c", str(core), *command]


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the process to end and wait for it; make it, if it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tree(pid: int) -> list[int]:
    """Return the process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Return what the process, its descendants and those of them that ended took of the cores so far."""
    taken = 0
    for one in tree(pid):
        if fields := _stat(one):
            taken += sum(map(int, fields[11:15]))
    return taken / _TICKS


def cpu_nanoseconds(pid: int) -> int:
    """Return what the living threads of the process and its descendants took so far, exactly."""
    taken = 0
    for one in tree(pid):
        for thread in Path(f"/proc/{one}/task").glob("*/schedstat"):
            taken += int(thread.read_text().split()[0])
    return taken


def wait_quiet(pid: int, seconds: float = 300) -> None:
    """Wait until the process and its descendants have next to nothing to do."""
    deadline = time.monotonic() + seconds
    taken = cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(1)
        before, taken = taken, cpu_seconds(pid)
        if taken - before < 0.1:
            return
    raise TimeoutError(f"process {pid} was still at work after {seconds:g} s")


def proportional_octets(pid: int) -> int:
    """Return the memory of the process and its descendants; what several share is shared out (PSS)."""
    return sum(_kilobytes(one, "smaps_rollup", "Pss") for one in tree(pid)) * 1024


def resident_octets(pid: int) -> int:
    """Return the memory the process itself holds now (RSS)."""
    return _kilobytes(pid, "status", "VmRSS") * 1024


def peak_octets(pid: int) -> int:
    """Return the most that the process itself has held since `forget_peak`."""
    return _kilobytes(pid, "status", "VmHWM") * 1024


def forget_peak(pid: int) -> None:
    """Let `peak_octets` count from now. Needs to be root or the process's owner."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def wait_until(done: Callable[[], object], what: str, seconds: float) -> None:
    """Poll `done` until it is true; raise TimeoutError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; nothing for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _kilobytes(pid: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
