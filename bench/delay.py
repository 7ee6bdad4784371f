"""A stretch of wire: a TCP proxy on loopback that makes every octet travel, and counts what passes.

    with Wire(("127.0.0.1", 110), round_trip_seconds=0.05, core=1) as wire:
        ...connect to wire.port...
        wire.take()        # what passed since the last time

A connection costs its round trip, as the three packets of TCP would, and each octet half of one. Not
modelled: slow start, loss, headers of packets. A turn is a burst of the client's after it has heard from the
server. It runs as a process of its own (`python -m bench.delay`), on a core that is not measured.
"""

import asyncio
import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from typing import Any

from bench.counting import Counting

READ_OCTETS = 64 * 1024
#: So much may be on its way in one direction of a connection: the window of TCP.
WINDOW_OCTETS = 4 * 1024 * 1024


@dataclass
class Passed:
    """What went over the wire: connections, octets each way, turns."""

    connections: int = 0
    up_octets: int = 0
    down_octets: int = 0
    turns: int = 0


class Wire(Counting[Passed]):
    """The proxy, from `__enter__` to `__exit__`."""

    def __init__(self, target: tuple[str, int], *, round_trip_seconds: float, core: int | None) -> None:
        host, port = target
        arguments = ["--target", f"{host}:{port}", "--round-trip", str(round_trip_seconds)]
        super().__init__("bench.delay", *arguments, core=core, made=Passed)


class _Proxy:
    def __init__(self, host: str, port: int, one_way_seconds: float) -> None:
        self._host, self._port, self._delay = host, port, one_way_seconds
        self._passed = Passed()

    def take(self) -> Passed:
        passed, self._passed = self._passed, Passed()
        return passed

    async def serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        loop = asyncio.get_running_loop()
        self._passed.connections += 1
        # The client believes itself connected at once; what it says waits until it could have known.
        connected_at = loop.time() + 2 * self._delay
        heard = True

        def up(octets: int) -> None:
            nonlocal heard
            self._passed.up_octets += octets
            self._passed.turns += heard
            heard = False

        def down(octets: int) -> None:
            nonlocal heard
            self._passed.down_octets += octets
            heard = True

        there: asyncio.StreamWriter | None = None
        try:
            await asyncio.sleep(3 * self._delay)
            far, there = await asyncio.open_connection(self._host, self._port, limit=READ_OCTETS)
            await asyncio.gather(self._carry(near, there, up, connected_at), self._carry(far, back, down, 0))
        except OSError:
            pass
        finally:
            for writer in (back, there):
                if writer is not None:
                    writer.close()

    async def _carry(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, count: Any, not_before: float
    ) -> None:
        """Read what comes, and give each piece on when its time has come, in order."""
        loop = asyncio.get_running_loop()
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WINDOW_OCTETS // READ_OCTETS)

        async def arrive() -> None:
            while True:
                due, piece = await travelling.get()
                if (early := due - loop.time()) > 0:
                    await asyncio.sleep(early)
                if not piece:
                    break
                to.write(piece)
                await to.drain()
            if to.can_write_eof():
                to.write_eof()

        arriving = asyncio.create_task(arrive())
        try:
            piece = b"-"
            while piece:
                piece = await source.read(READ_OCTETS)
                if piece:
                    count(len(piece))
                await travelling.put((max(loop.time(), not_before) + self._delay, piece))
            await arriving
        finally:
            arriving.cancel()


async def _run(target: str, round_trip_seconds: float) -> None:
    host, _, port = target.partition(":")
    proxy = _Proxy(host, int(port), round_trip_seconds / 2)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=READ_OCTETS)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(asdict(proxy.take())), flush=True)


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.delay", description="A wire that takes time.")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--round-trip", type=float, required=True, metavar="SECONDS")
    arguments = parser.parse_args()
    asyncio.run(_run(arguments.target, arguments.round_trip))


if __name__ == "__main__":
    main()
