"""A POP3 server for very many small maildrops, so that what is measured is who reads them.

    with Maildrops(core=1) as server:
        ...any user whatever at server.port has the same few letters...
        server.take()      # sessions that ended with QUIT since the last time, and what they did

It is quick and says what Dovecot says; it runs as a process of its own (`python -m bench.maildrops`).
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from itertools import islice

from bench.corpus import letters
from bench.counting import Counting

LETTERS = 3
_CAPABILITIES = (
    b"+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\nUSER\r\nSASL PLAIN\r\n.\r\n"
)


@dataclass
class Sessions:
    """What was done: sessions from greeting to QUIT, logins, lists of unique-ids, letters given."""

    ended: int = 0
    logins: int = 0
    listings: int = 0
    letters: int = 0


class Maildrops(Counting[Sessions]):
    """The server, from `__enter__` to `__exit__`."""

    def __init__(self, *, core: int | None) -> None:
        super().__init__("bench.maildrops", core=core, made=Sessions)


class _Server:
    def __init__(self) -> None:
        self._done = Sessions()
        raws = [letter.raw.replace(b"\n", b"\r\n") for letter in islice(letters(100, kind="small"), LETTERS)]
        self._sent = [b"+OK\r\n" + raw.replace(b"\r\n.", b"\r\n..") + b".\r\n" for raw in raws]
        self._sizes = [len(raw) for raw in raws]

    def take(self) -> Sessions:
        done, self._done = self._done, Sessions()
        return done

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client."""
        user = ""
        writer.write(b"+OK ready.\r\n")
        try:
            while line := await reader.readline():
                verb, _, argument = line.decode("ascii", "replace").strip().partition(" ")
                if verb.upper() == "USER":
                    user = argument
                if verb.upper() == "AUTH" and argument == "PLAIN":
                    writer.write(b"+ \r\n")
                    await reader.readline()
                    argument = "PLAIN ="
                writer.write(self._answer(verb.upper(), argument, user))
                if verb.upper() == "QUIT":
                    break
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def _answer(self, verb: str, argument: str, user: str) -> bytes:
        if verb == "CAPA":
            return _CAPABILITIES
        if verb in ("PASS", "AUTH"):
            self._done.logins += 1
            return b"+OK Logged in.\r\n"
        if verb in ("USER", "NOOP", "RSET"):
            return b"+OK\r\n"
        if verb == "QUIT":
            self._done.ended += 1
            return b"+OK Logging out.\r\n"
        return self._about_mail(verb, argument)

    def _about_mail(self, verb: str, argument: str) -> bytes:
        number = int(argument.split()[0]) if argument[:1].isdigit() else 0
        if verb == "STAT":
            return f"+OK {LETTERS} {sum(self._sizes)}\r\n".encode()
        if verb == "RETR" and 1 <= number <= LETTERS:
            self._done.letters += 1
            return self._sent[number - 1]
        if verb in ("LIST", "UIDL"):
            self._done.listings += verb == "UIDL"
            values = [
                str(size) if verb == "LIST" else f"{place:08x}5bf1" for place, size in enumerate(self._sizes)
            ]
            if number:
                return f"+OK {number} {values[number - 1]}\r\n".encode()
            listed = "".join(f"{place} {value}\r\n" for place, value in enumerate(values, 1))
            return f"+OK {LETTERS} messages:\r\n{listed}.\r\n".encode()
        return b"-ERR Unknown command.\r\n"


async def _run() -> None:
    serving = _Server()
    server = await asyncio.start_server(serving.serve, "127.0.0.1", 0, backlog=1000)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(asdict(serving.take())), flush=True)


if __name__ == "__main__":
    asyncio.run(_run())
