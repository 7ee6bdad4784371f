"""What the tests of keeping mail share: a store, letters to put into it, and a look at all of it."""

import io
from datetime import UTC, datetime, timedelta

import orjson

from restante.wire import dumps
from stored.append import Incoming, append, prepare
from stored.collecting.arrivals import arrive, fingerprint
from stored.folders import list_folders
from stored.messages import page
from stored.mime import summarize
from stored.model.maildrop import Origin

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def letter(number=1, body="Hello.", **fields):
    """Return the raw octets of a letter."""
    headers = {
        "From": f"Writer {number} <writer{number}@uno.example>",
        "To": "Ana <ana@dos.example>",
        "Subject": f"Letter {number}",
        "Message-ID": f"<{number}@uno.example>",
        **fields,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{head}\r\n{body}\r\n".encode()


def letters(count, start=1):
    """Return the raw octets of so many, numbered from `start`."""
    return [letter(n) for n in range(start, start + count)]


def prepared(raw=None, *, uidl="", account="a1", minutes=0, folder="inbox", flags=0, words=None):
    raw = letter() if raw is None else raw
    received_at = BEGINNING + timedelta(minutes=minutes)
    known_by = fingerprint(raw)
    incoming = Incoming(raw, summarize(raw), account, uidl, known_by, received_at, folder, flags)
    return prepare(incoming, words=words)


def keep(mail, *incoming):
    """Append what `prepared` made, in one unit of work; return the ids."""
    return mail.write(lambda account: [f"m{append(account, one)}" for one in incoming])


def arriving(mail, *incoming, octets=-1, **options):
    """Have what `prepared` made arrive, one unit of work each; return what became of them.

    `options` are those of `arrive`.
    """

    def origin(one):
        return Origin(one.time, octets if octets >= 0 else one.packed.octets, one.fingerprint)

    return [
        mail.write(lambda account, one=one: arrive(account, one, origin(one), **options)) for one in incoming
    ]


def keep_many(mail, count, **options):
    """Append `count` letters a minute apart and return their ids, oldest first."""
    return keep(mail, *(prepared(letter(n), minutes=n, **options) for n in range(1, count + 1)))


def upload(uploads, octets, user="ana", **about):
    """Upload a file whole; return its blob id."""
    id = uploads.begin(user, len(octets), **about)
    uploads.extend(user, id, 0, io.BytesIO(octets))
    return id


def on_wire(answer):
    """Return an answer as a client reads it."""
    return orjson.loads(dumps(answer))


def listing(mail):
    """Return everything a client can list: {folder id: (total, unread, [(id, flags)] newest first)}."""

    def look(account):
        found = {}
        for folder in list_folders(account)["folders"]:
            rows = on_wire(page(account, folder["id"], 0, 100_000))["rows"]
            lines = [(row["id"], tuple(row["flags"])) for row in rows]
            found[folder["id"]] = (folder["total"], folder["unread"], lines)
        return found

    return mail.read(look)
