"""Reading a maildrop and keeping nothing: what no collector can be faster than, and how to warm a server."""

import socket
import time

READ_OCTETS = 256 * 1024
AHEAD = 200


def read_all(port: int, user: str, secret: str) -> tuple[int, float]:
    """Fetch every message, pipelined; return how many there were and the seconds it took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(f"USER {user}\r\nPASS {secret}\r\nSTAT\r\n".encode())
        with line.makefile("rb", READ_OCTETS) as replies:
            for _ in range(4):
                reply = replies.readline()
                assert reply.startswith(b"+OK"), reply
            count = int(reply.split()[1])
        asked = done = 0
        end = b""
        while done < count:
            if asked < count and asked - done < AHEAD // 2:
                more = range(asked + 1, min(count, done + AHEAD) + 1)
                line.sendall(b"".join(b"RETR %d\r\n" % number for number in more))
                asked = more[-1]
            piece = end + line.recv(READ_OCTETS)
            assert len(piece) > len(end), "the server closed the connection"
            done += piece.count(b"\r\n.\r\n")
            end = piece[-4:]
        line.sendall(b"QUIT\r\n")
    return count, time.monotonic() - began
