"""Threads worked out once more the slow way: from all that ever came, and from all that is there."""

from collections import defaultdict
from weakref import WeakKeyDictionary

from stored import threads
from stored.clues import clues_of
from stored.folders import list_folders
from stored.messages import page
from stored.mime import summarize
from stored.model.topics import WEEK_SECONDS, WEEKS
from tests.unit.stored.keeping import on_wire


class Written:
    """All letters that ever came, with their ids; those that are gone join others still."""

    def __init__(self):
        self.letters = []
        self.copies = {}

    def kept(self, ids, batch):
        self.letters += [(int(id[1:]), one.clues, one.time) for id, one in zip(ids, batch, strict=True)]

    def copied(self, ids, copies):
        self.copies |= {int(new[1:]): int(old[1:]) for old, new in zip(ids, copies, strict=True)}

    def threads(self, ids):
        """Return the thread of each message: it has the uid of the first of its letters that came."""
        home = grouped(self.letters)
        found = {}
        for id in ids:
            uid = int(id[1:])
            while uid in self.copies:
                uid = self.copies[uid]
            found[id] = f"t{home[uid]}"
        return found


def grouped(letters):
    """Return for each uid of (uid, clues, second) the lowest uid that belongs together with it."""
    parent = {uid: uid for uid, _, _ in letters}

    def root(uid):
        while parent[uid] != uid:
            uid = parent[uid]
        return uid

    def tie(one, other):
        low, high = sorted((root(one), root(other)))
        parent[high] = low

    named = defaultdict(list)
    for uid, clues, _ in letters:
        for name in {clues.own, *clues.named} - {""}:
            named[name].append(uid)
    for uids in named.values():
        for uid in uids:
            tie(uids[0], uid)
    for uid, clues, time in letters:
        for other, others, when in letters:
            near = abs(time // WEEK_SECONDS - when // WEEK_SECONDS) <= WEEKS
            if clues.answers and near and set(clues.topics) & set(others.topics):
                tie(uid, other)
    return {uid: root(uid) for uid in parent}


def clues(raw):
    return clues_of(summarize(raw))


def all_rows(mail):
    """Return the rows of every folder, {folder: rows newest first}."""
    folders = mail.read(list_folders)["folders"]
    return {
        folder["id"]: on_wire(mail.read(lambda account, id=folder["id"]: page(account, id, 0, 100_000)))[
            "rows"
        ]
        for folder in folders
    }


def threads_of(mail):
    return {row["id"]: row["thread"] for rows in all_rows(mail).values() for row in rows}


#: As a daemon keeps them, so that a line that is kept too long is told.
LINES: WeakKeyDictionary = WeakKeyDictionary()


def window(mail, folder, position=0, limit=100_000, anchor=""):
    kept = LINES.setdefault(mail, threads.Lines())
    return on_wire(mail.read(lambda account: threads.page(account, folder, position, limit, anchor, kept)))


def whole(mail, id, position=0, limit=100_000, everywhere=False):
    return on_wire(mail.read(lambda account: threads.get(account, id, position, limit, everywhere)))


def expected_window(rows, folder):
    """Return what the list of a folder's threads is, made from the rows of all folders."""
    found = []
    seen = set()
    for newest in rows[folder]:
        thread = newest["thread"]
        if thread in seen:
            continue
        seen.add(thread)
        here = [row for row in rows[folder] if row["thread"] == thread]
        shown = [
            row
            for where, some in rows.items()
            for row in some
            if row["thread"] == thread and (where == folder or where not in ("junk", "trash"))
        ]
        shown.sort(key=lambda row: (row["received_at"], int(row["id"][1:])))
        found.append(
            {
                "id": thread,
                "here": len(here),
                "unread": sum("seen" not in row["flags"] for row in here),
                "total": len(shown),
                "newest": newest,
                "participants": _participants(shown),
            }
        )
    return found


def _participants(shown):
    looked_at = [row for row in shown[:1] + shown[1:][-3:] if row["from"]["address"]]
    writers = {row["from"]["address"]: row["from"] for row in reversed(looked_at)}
    return [writers.pop(row["from"]["address"]) for row in looked_at if row["from"]["address"] in writers]


def assert_windows_agree(mail):
    rows = all_rows(mail)
    for folder in rows:
        expected = expected_window(rows, folder)
        told = window(mail, folder)
        assert told["threads"] == expected
        assert told["total"] == len(expected)
        assert told["unread"] == sum(bool(row["unread"]) for row in expected)
