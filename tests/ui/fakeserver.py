"""A profile and storage server for the client's tests: one real HTTP socket, answers from memory.

    python -m tests.ui.fakeserver --port 8690

`asked` records every method with its parameters; `stalled`, `failing` and `dropping` make it misbehave.
"""

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.ui.fakestate import FakeState, Refusal

OPEN_TO_ALL = ("session.open", "profile.create")


class FakeServer:
    """Start with `with FakeServer() as server`; `server.url` is what the client is given."""

    def __init__(self, port=0, **state):
        self.state = FakeState(**state)
        self.asked = []
        self.requests = 0
        self.stalled = set()
        self.failing = {}
        self.dropping = set()
        self.flow = threading.Event()
        self.flow.set()
        self.piece_seconds = 0.0
        self._heard = threading.Condition()
        fake = self

        class Handler(_Handler):
            server_is = fake

        self._http = _QuietServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/profile/"

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.flow.set()
        self._http.shutdown()
        self._http.server_close()

    def hear(self, method, params):
        with self._heard:
            self.asked.append((method, params))
            self._heard.notify_all()

    def wait_for(self, method, seconds=15, times=1, **params):
        """Wait until `method` was asked `times` with these among its parameters; return the last of them."""

        def found():
            return [
                asked
                for name, asked in self.asked
                if name == method and all(asked.get(key) == value for key, value in params.items())
            ]

        with self._heard:
            if not self._heard.wait_for(lambda: len(found()) >= times, seconds):
                raise AssertionError(f"{method} {params} was not asked; asked: {self.names()}")
            return found()[-1]

    def names(self):
        return [name for name, _ in self.asked]

    def answer(self, method, params, token):
        """Return the result of one call, or raise Refusal."""
        self.hear(method, params)
        if method in self.stalled:
            self.flow.clear()
            self.flow.wait(60)
        if method in self.failing:
            raise Refusal(*self.failing[method])
        if method not in OPEN_TO_ALL and token not in self.state.tokens:
            raise Refusal("session_ended")
        return getattr(self.state, method.replace(".", "_"))(**params)

    def resume(self):
        self.stalled.clear()
        self.flow.set()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_):
        """Say nothing of a client that left in the middle."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_is: FakeServer

    def log_message(self, *_):
        pass

    def _token(self):
        return self.headers.get("Authorization", "").replace("Bearer ", "")

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send(self, status, octets=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def do_POST(self):
        fake = self.server_is
        body = self._body()
        if "/blobs/" in self.path:
            blob = f"u{next(fake.state.numbers)}"
            fake.state.uploads[blob] = b""
            fake.hear("upload", {"octets": self.headers["Upload-Length"]})
            self._send(201, json.dumps({"blob": blob}).encode(), Location=blob)
            return
        fake.requests += 1
        asked = json.loads(body)
        items = asked if isinstance(asked, list) else [asked]
        if any(item["method"] in fake.dropping for item in items):
            for item in items:
                fake.hear(item["method"], item["params"])
            self.close_connection = True
            return
        answers = [self._one(item) for item in items]
        self._send(200, json.dumps(answers if isinstance(asked, list) else answers[0]).encode())

    def _one(self, item):
        try:
            result = self.server_is.answer(item["method"], item["params"], self._token())
        except Refusal as refusal:
            return {"jsonrpc": "2.0", "id": item["id"], "error": refusal.error}
        return {"jsonrpc": "2.0", "id": item["id"], "result": result}

    def do_PATCH(self):
        fake, blob = self.server_is, self.path.rsplit("/", 1)[-1]
        fake.state.uploads[blob] += self._body()
        time.sleep(fake.piece_seconds)
        self._send(204, Upload_Offset=str(len(fake.state.uploads[blob])))

    def do_GET(self):
        """Serve the blob of a part: its size is that of the part, its octets count up."""
        fake, blob = self.server_is, self.path.split("/blobs/")[1].split("/")[0]
        fake.hear("blob", {"blob": blob})
        message = fake.state.mail[blob.split("-")[0]]
        part = next(part for part in message["parts"] if part["blob"] == blob)
        octets = content_of(int(part["octets"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(octets)))
        self.send_header("ETag", f'"{blob}"')
        self.end_headers()
        step = 64 * 1024 if fake.piece_seconds else len(octets)
        for start in range(0, len(octets), step):
            self.wfile.write(octets[start : start + step])
            time.sleep(fake.piece_seconds)


def content_of(octets):
    """Return what a fake attachment of this size holds."""
    return bytes(range(256)) * (octets // 256) + bytes(octets % 256)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8690)
    parser.add_argument("--count", type=int, default=300)
    options = parser.parse_args()
    with FakeServer(options.port, count=options.count) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
