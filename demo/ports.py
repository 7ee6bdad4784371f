"""Free ports of loopback for servers that are told their port before they start."""

import random
import socket
from contextlib import ExitStack

# Below the range the system gives to outgoing connections (32768 and up on Linux): a port from that range,
# free a moment ago, may be some client's when the server comes to take it.
LOWEST, HIGHEST = 16_000, 32_000
TRIES = 200


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that nobody listens on. Raises OSError when there are none."""
    ports = random.SystemRandom().sample(range(LOWEST, HIGHEST), TRIES)
    with ExitStack() as stack:
        found: list[int] = []
        for port in ports:
            if len(found) == count:
                return found
            try:
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            found.append(port)
    raise OSError(f"there are no {count} free ports between {LOWEST} and {HIGHEST}")
