"""Everything kept for one user, and the three moves that keep its parts in agreement.

`add`, `change` and `destroy` are the only ways a message comes, changes and goes: each keeps the state, the
folder's orders, its counts, the threads and the log true to one another. They run inside a unit of work.
"""

import os
from collections.abc import Iterator
from time import time as now

from BTrees.Length import Length
from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from stored.model import threads
from stored.model.body import Bodies, Body, Dictionaries, Packed, Parts
from stored.model.folder import Folder, Folders
from stored.model.hashes import Hashes
from stored.model.log import CREATED, DESTROYED, UPDATED, Changes, Journal, Log
from stored.model.maildrop import Maildrop
from stored.model.rows import UNREADABLE, Rows
from stored.model.standing import STANDS_BY, restand, standings
from stored.model.submission import Submission, Submissions
from stored.model.threads import NO_CLUES, Clues, Threads
from stored.model.topics import Topics
from stored.model.undo import Undos
from stored.model.word import SEEN, flags_of, folder_of, make_word, order_key, time_of


class States(LLBTree):  # type: ignore[misc]
    """uid → word."""

    max_leaf_size = 60
    max_internal_size = 100


class Arrivals(LOBTree):  # type: ignore[misc]
    """uid → ((account id, second), …): where a letter came again, in order; the first time is in its row."""

    max_leaf_size = 30
    max_internal_size = 100


class Account(Persistent):  # type: ignore[misc]
    """The root of one user's mail. Its own record changes hardly ever; its members do."""

    version = 1
    #: See `stored.model.personal`; made when there is something to keep.
    personal: Persistent | None = None

    def __init__(self, user: str) -> None:
        self.user = user
        #: Part of every state text: a store restored from a backup gets a new one, and clients start again.
        self.epoch = os.urandom(4).hex()
        self.salt = os.urandom(16)
        self.rows = Rows()
        self.bodies = Bodies()
        self.parts = Parts()
        self.dictionaries = Dictionaries()
        self.state = States()
        self.log = Log()
        self.folders = Folders()
        self.maildrops = OOBTree()
        self.message_ids = Hashes()
        self.threads = Threads()
        self.topics = Topics()
        self.arrivals = Arrivals()
        self.uploads = OOBTree()
        self.submissions = OOBTree()
        self.undos = Undos()
        #: Raw octets of all messages, which a quota counts.
        self.octets = Length()
        #: Octets on disk that destroyed messages left behind since the database was packed, about.
        self.let_go = Length()

    # The log ------------------------------------------------------------------------------------

    def journal(self) -> Journal:
        """Return the journal of the unit of work at hand; it becomes one step of the log at commit."""
        transaction = self._p_jar.transaction_manager.get()
        try:
            return transaction.data(self)  # type: ignore[no-any-return]
        except KeyError:
            journal = Journal()
            transaction.set_data(self, journal)
            transaction.addBeforeCommitHook(self._close_step, (journal,))
            return journal

    def _close_step(self, journal: Journal) -> None:
        if journal:
            self.log.write(journal)

    def grown(self) -> int:
        """Return how many octets the unit of work at hand has added."""
        try:
            return int(self._p_jar.transaction_manager.get().data(self).grown)
        except KeyError:
            return 0

    def state_text(self) -> str:
        """Return the state clients keep; inside a unit of work, the one it will have once committed."""
        return f"{self.epoch}.{self._step()}"

    def _step(self) -> int:
        try:
            pending = bool(self._p_jar.transaction_manager.get().data(self))
        except KeyError:
            pending = False
        return self.log.last() + pending

    def step_of(self, state: str) -> int | None:
        """Return the step of the log a state names, however old; None where it is no state of this store."""
        epoch, _, step = state.partition(".")
        known = epoch == self.epoch and step.isdecimal() and int(step) <= self.log.last()
        return int(step) if known else None

    def changes(self, since: str) -> Changes | None:
        """Return what happened after the state `since`, or None when it is not known (any more)."""
        step = self.step_of(since)
        return self.log.changes(step) if step is not None and self.log.reaches(step) else None

    # Messages -----------------------------------------------------------------------------------

    def add(
        self,
        row: bytes,
        body: Body,
        packed: Packed,
        *,
        time: int,
        folder: Folder,
        flags: int,
        clues: Clues = NO_CLUES,
    ) -> int:
        """Keep a message and return its uid."""
        uid = self.rows.append(row)
        body.parts = tuple(self.parts.take(part) for part in packed.parts)
        body.dictionaries = self.dictionaries if packed.dictionary else None
        self.bodies.put(uid, body, packed)
        self._begin(uid, make_word(time, folder.number, flags), folder, packed.octets)
        threads.join(self, uid, clues)
        return uid

    def copy(self, uid: int, folder: Folder) -> int:
        """Keep a message once more, in `folder`, and return the uid of the copy; its octets are shared.

        Raises UNREADABLE when its row or body cannot be read.
        """
        word, body = self.state[uid], self.bodies[uid]
        octets = body.octets
        new = self.rows.append(self.rows.row(uid))
        for part in body.parts:
            self.parts.again(part)
        self.bodies[new] = body
        self._begin(new, make_word(time_of(word), folder.number, flags_of(word)), folder, octets)
        threads.follow(self, new, uid)
        return new

    def _begin(self, uid: int, word: int, folder: Folder, octets: int) -> None:
        self.state[uid] = word
        self.octets.change(octets)
        self._enter(folder, uid, word)
        journal = self.journal()
        journal.note(uid, CREATED)
        journal.grown += octets

    def change(self, uid: int, *, raised: int = 0, lowered: int = 0, folder: Folder | None = None) -> bool:
        """Raise and lower flags and move to `folder`; return whether anything was different before."""
        old = self.state[uid]
        number = folder_of(old) if folder is None else folder.number
        new = make_word(time_of(old), number, (flags_of(old) | raised) & ~lowered)
        if new == old:
            return False
        members = threads.of_message(self, uid) if (old ^ new) & STANDS_BY else ()
        before = standings(self.state, members)
        self.state[uid] = new
        restand(self, before, standings(self.state, members))
        if folder_of(old) != number and folder is not None:
            self._leave(uid, old)
            self._enter(folder, uid, new)
        elif (old ^ new) & SEEN:
            here = self.folders.get(number)
            if here is not None:
                here.unread.change(-1 if new & SEEN else 1)
        self.journal().note(uid, UPDATED)
        return True

    def destroy(self, uid: int) -> None:
        """Let a message go for good. What was collected stays remembered, so it does not come again."""
        self._erase(uid)
        threads.leave(self, uid)
        word = self.state.pop(uid)
        self._leave(uid, word)
        self.rows.discard(uid)
        self._let_go(self.bodies.pop(uid, None))
        self.arrivals.pop(uid, None)
        self.journal().note(uid, DESTROYED)

    def _erase(self, uid: int) -> None:
        """Remember what a message was, for the maildrops that have it octet for octet.

        Of one that came with other header fields, from another account, or cannot be read, nothing is.
        """
        try:
            body = self.bodies.get(uid)
            for drop in self.maildrops.values() if body is not None else ():
                origin = drop.origins.of(uid)
                if origin is not None and origin.fingerprint == body.fingerprint:
                    drop.erase(uid, body.sha256)
        except UNREADABLE:
            return

    def _let_go(self, body: Body | None) -> None:
        """Give up a body and its uses of parts; of one that cannot be read they stay counted."""
        if body is None:
            return
        try:
            self.octets.change(-body.octets)
            self.let_go.change(body.kept_octets() + sum(map(self.parts.release, body.parts)))
        except UNREADABLE:
            return

    def _enter(self, folder: Folder, uid: int, word: int) -> None:
        if folder.entered is not None:
            folder.entered[uid] = int(now())
        folder.order.insert(order_key(word, uid))
        folder.total.change(1)
        if not word & SEEN:
            folder.unread.change(1)

    def _leave(self, uid: int, word: int) -> None:
        folder = self.folders.get(folder_of(word))
        if folder is None or not folder.order.remove(order_key(word, uid)):
            return
        folder.total.change(-1)
        if folder.entered is not None:
            folder.entered.pop(uid, None)
        if not word & SEEN:
            folder.unread.change(-1)

    # What was sent ------------------------------------------------------------------------------

    def tell(self, submission: Submission, address: str, outcome: str, detail: str, at: int) -> None:
        """Record what the relay says became of a letter for one recipient. A bounce is a step of the log."""
        if submission.tell(address, outcome, detail, at) and outcome == "failed":
            self._bounced(submission, address)

    def come_back(
        self, submission: Submission, address: str, detail: str, at: int, report: int, final: str = ""
    ) -> None:
        """Record that letter `report` says that one recipient was not reached: a bounce as any other."""
        if submission.come_back(address, detail, at, report, final):
            self._bounced(submission, address)

    def stray(self, submission: Submission, address: str, detail: str, at: int, report: int) -> None:
        """Record that letter `report` says that it did not reach somebody it was not sent to: one as well."""
        if submission.stray(address, detail, at, report):
            self._bounced(submission, address)

    def _bounced(self, submission: Submission, address: str) -> None:
        self.journal().bounced = True
        Submissions(self.submissions).note_bounce(self._step(), submission.id, address)

    # What was collected -------------------------------------------------------------------------

    def maildrop(self, account: str) -> Maildrop:
        """Return what is remembered of a remote account, remembering it from now on."""
        maildrop = self.maildrops.get(account)
        if maildrop is None:
            maildrop = self.maildrops[account] = Maildrop()
        return maildrop  # type: ignore[no-any-return]

    def arrived_again(self, uid: int, account: str, second: int) -> None:
        """Note that a letter that is here came once more, from `account`."""
        self.arrivals[uid] = (*self.arrivals.get(uid, ()), (account, second))

    def letters(self, message_id: str) -> Iterator[int]:
        """Give the uids of messages still here that carry this Message-ID."""
        return (uid for uid in self.message_ids.find(self.salt, message_id) if uid in self.state)


class Accounts(Persistent):  # type: ignore[misc]
    """The root of a database that several users share (ZEO, PostgreSQL)."""

    version = 1

    def __init__(self) -> None:
        self.members = OOBTree()

    def account(self, user: str) -> Account | None:
        return self.members.get(user)  # type: ignore[no-any-return]

    def create(self, user: str) -> Account:
        """Add a user; the Account has its place in the database at once, so work on it may begin."""
        account = self.members[user] = Account(user)
        self._p_jar.add(account)
        return account
