"""A server of the tests' own that answers well, badly, late or not at all, on a real socket."""

import json
import socket
import threading

import pytest

from tkclient.rpc import Call
from tkclient.trouble import TransportError

READ = Call("folder.list", {})
WRITE = Call("message.set", {"ids": ["m1"], "set": {"seen": True}})


class Peer:
    """Plays `scripts` to one connection after another: each is what to send for each request."""

    def __init__(self, *scripts, tls=None):
        self.requests = []
        self._over = threading.Semaphore(0)
        self.connections = 0
        self._scripts = scripts
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.done = threading.Event()
        self.port = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/profile/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        for script in self._scripts:
            try:
                connection, _ = self._socket.accept()
                if self._tls:
                    connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:
                continue
            self.connections += 1
            with connection:
                for answer in script:
                    self.requests.append(read_request(connection))
                    connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)
            self._over.release()

    def wait_over(self):
        """Wait until one more connection has been closed from this side."""
        assert self._over.acquire(timeout=10)

    def close(self):
        self.done.set()
        self._socket.close()


def read_request(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return head
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(4096)
    return head, body


def http(body, status="200 OK", extra=b""):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status.encode(), len(body), extra) + body


def result(value, number=0):
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": value}).encode()


def kind_of(wire, peer, call=READ):
    with pytest.raises(TransportError) as caught:
        wire.call(peer.url, call)
    return caught.value.kind
