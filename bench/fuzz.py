"""`python -m bench.fuzz mail --count 1000000`: read so many broken letters, and say what broke.

    python -m bench.fuzz mail --count 1000000 --processes 2
    python -m bench.fuzz mail --only 12345             # the letter of that number, and what becomes of it
    python -m bench.fuzz mail --seeds DIRECTORY         # break real mail (*.eml), too

Letter number N of a seed is always the same. A process that reads them opens no connection: the first
attempt is counted as a fault, and so is any exception, any answer that is no JSON, any link that leads where
none may, a message over two seconds, and a process that dies. Exit status 1 when there was a fault.
"""

import argparse
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import orjson

from bench.fuzzed import SEEDS, broken
from stored.mime.links import target_of
from stored.parsing.tasks import inspected, opened

SLOW_SECONDS = 2.0
SHOWN = 10
INSPECTED_EVERY = 8
STEP = 500  # letters between two reports of a process

Report = dict[str, Any]


def main() -> int:
    arguments = _parser().parse_args()
    seeds = (
        SEEDS + [path.read_bytes() for path in sorted(arguments.seeds.glob("*.eml"))]
        if arguments.seeds
        else SEEDS
    )
    if arguments.only is not None:
        return _only(arguments.only, arguments.seed, seeds)
    began = time.monotonic()
    total = fuzz(arguments.count, arguments.seed, seeds, arguments.processes, arguments.first)
    for fault in total["faults"][:SHOWN]:
        print(fault)
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(total["kinds"].items())) or "no fault"
    print(f"seed {arguments.seed}, {time.monotonic() - began:.0f} s, slowest number {total['slowest']}")
    print(f"fuzz mail: {total['read']} read, {faults}, slowest {total['seconds']:.3f} s")
    return 1 if total["kinds"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__)
    parser.add_argument("what", choices=["mail"], help="what to break")
    parser.add_argument("--count", type=int, default=100_000, help="how many letters")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other letters")
    parser.add_argument("--processes", type=int, default=2, help="how many read at the same time")
    parser.add_argument("--seeds", type=Path, help="a directory of real mail to break beside our own")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="show this letter and read it alone")
    return parser


def fuzz(count: int, seed: int, seeds: list[bytes], processes: int, first: int = 0) -> Report:
    """Read `count` letters from number `first` on; return what happened, all processes together.

    {"read", "kinds": {kind: count}, "faults": [text], "seconds": of the slowest, "slowest": its number}
    """
    context = multiprocessing.get_context("fork")
    total: Report = {"read": 0, "kinds": Counter(), "faults": [], "seconds": 0.0, "slowest": first}
    running: dict[Any, Any] = {}
    for part in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        numbers = range(first + part, first + count, processes)
        process = context.Process(target=_read_all, args=(numbers, seed, seeds, theirs), daemon=True)
        process.start()
        theirs.close()
        running[ours] = process
    ready: Any
    while running:
        # All are listened to at once: one that nobody listens to stops once its pipe is full.
        for ready in wait(list(running)):
            try:
                _add(total, ready.recv())
            except EOFError:
                process = running.pop(ready)
                process.join()
                if process.exitcode:
                    total["kinds"]["process that died"] += 1
                    total["faults"].append(f"a process ended with {process.exitcode}")
    return total


def _add(total: Report, one: Report) -> None:
    total["read"] += one["read"]
    total["kinds"].update(one["kinds"])
    total["faults"] += one["faults"]
    if one["seconds"] > total["seconds"]:
        total["seconds"], total["slowest"] = one["seconds"], one["slowest"]


def _read_all(numbers: range, seed: int, seeds: list[bytes], reports: Connection) -> None:
    """Read the letters of these numbers and report every few hundred."""
    connections: list[str] = []
    sys.addaudithook(lambda event, _: connections.append(event) if event.startswith("socket.") else None)
    report = _nothing()
    for number in numbers:
        raw = broken(random.Random(f"{seed} {number}"), seeds)
        began = time.process_time()
        fault = _fault(raw, inspect=number % INSPECTED_EVERY == 0) or ("connection" if connections else "")
        connections.clear()
        seconds = time.process_time() - began
        if seconds > report["seconds"]:
            report["seconds"], report["slowest"] = seconds, number
        fault = fault or ("over two seconds" if seconds > SLOW_SECONDS else "")
        if fault:
            report["kinds"][fault.partition(":")[0]] += 1
            report["faults"].append(f"number {number}: {fault}")
        report["read"] += 1
        if report["read"] >= STEP:
            reports.send(report)
            report = _nothing()
    reports.send(report)
    reports.close()


def _nothing() -> Report:
    return {"read": 0, "kinds": Counter(), "faults": [], "seconds": 0.0, "slowest": 0}


def _fault(raw: bytes, *, inspect: bool) -> str:
    """Read a letter as the daemon does; return what is wrong with that, "" for nothing."""
    try:
        told = orjson.loads(opened(raw, id="m1", text=True, runs=True, limit=900_000))
        if inspect:
            orjson.loads(inspected(raw, file="x"))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {place.filename.rpartition('/')[2]}:{place.lineno}"
    for run in told["runs"]:
        if "link" in run and target_of(run["link"]) != run["link"]:
            return f"forbidden link: {run['link'][:80]}"
    if any(not one["blob"].startswith("m1-") or int(one["octets"]) < 0 for one in told["parts"]):
        return "strange part"
    return ""


def _only(number: int, seed: int, seeds: list[bytes]) -> int:
    raw = broken(random.Random(f"{seed} {number}"), seeds)
    sys.stdout.buffer.write(raw)
    sys.stdout.flush()
    began = time.process_time()
    opened(raw, id="m1", text=True, runs=True, limit=900_000)
    inspected(raw, file="x")
    print(f"\n{len(raw)} octets, {time.process_time() - began:.3f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
