"""What the index of a user must learn: read from the store, a batch at a time."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from restante.errors import Damaged
from stored.model.account import Account
from stored.model.body import Body
from stored.model.rows import UNREADABLE
from stored.model.word import time_of
from stored.search.index import Mark
from stored.search.strides import Strides
from stored.search.stripped import stripped, stripped_octets

BATCH_MESSAGES = 200
BATCH_OCTETS = 4 << 20
#: Steps of the log that say nothing to the index are left together until they are so many.
STEPS_LEFT = 1000
IN_MEMORY_OCTETS = 4 << 20  # larger letters go through a file


@dataclass
class Batch:
    """The next messages for an index, and what is gone; `after` is the mark once they are in it.

    `items` and `octets` are as `Child.add` takes them. `reconcile` tells that the log does not reach back to
    the index's mark: what is gone must be found by comparing. `foreign` tells that the index is not of this
    store. `files` are temporary and the caller's to remove.
    """

    after: Mark
    items: list[dict[str, Any]] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    more: bool = False
    reconcile: bool = False
    foreign: bool = False


def behind(account: Account, mark: Mark) -> int:
    """Return how many messages at most the index does not know yet, -1 when it is not of this store."""
    last = account.rows.last_uid()
    if mark.epoch and (mark.epoch != account.epoch or mark.uid > last or mark.step > account.log.last()):
        return -1
    return last - mark.uid


def nothing_new(account: Account, mark: Mark) -> bool:
    """Tell whether an index at `mark` has nothing to learn. Reads a few records only."""
    step = account.log.last()
    if behind(account, mark) or mark.epoch != account.epoch or step - mark.step >= STEPS_LEFT:
        return False
    return account.log.reaches(mark.step) and not account.log.changes(mark.step).destroyed


def next_batch(account: Account, mark: Mark, spool: Path) -> Batch:
    """Return what comes after `mark`. Reads; to be run in a unit of work."""
    batch = Batch(Mark(account.epoch, mark.uid, account.log.last()))
    if behind(account, mark) < 0:
        batch.foreign = True
        return batch
    if mark.uid and mark.step != batch.after.step:
        if account.log.reaches(mark.step):
            batch.gone = [uid for uid in account.log.changes(mark.step).destroyed if uid <= mark.uid]
        else:
            batch.reconcile = True
    try:
        _fill(batch, account, mark, spool)
    except BaseException:
        discard(batch)
        raise
    return batch


def _fill(batch: Batch, account: Account, mark: Mark, spool: Path) -> None:
    last, octets, strides = account.rows.last_uid(), 0, Strides()
    for uid, word in account.state.items(min=mark.uid + 1):
        if len(batch.items) == BATCH_MESSAGES or octets >= BATCH_OCTETS:
            batch.more = True
            break
        last_read = uid
        octets += _take(batch, account, uid, time_of(word), spool)
        strides.step()
    uid_after = last_read if batch.more else last
    batch.after = Mark(batch.after.epoch, uid_after, batch.after.step)


def _take(batch: Batch, account: Account, uid: int, time: int, spool: Path) -> int:
    """Add one message to the batch and return how many octets it brought."""
    try:
        row = account.rows.row(uid)
    except UNREADABLE:
        row = b""
    item: dict[str, Any] = {"uid": uid, "time": time, "row": len(row)}
    batch.items.append(item)
    batch.octets.append(row)
    try:
        body = account.bodies[uid]
        if stripped_octets(body) > IN_MEMORY_OCTETS:
            item["file"] = str(_file(batch, body, spool))
            return BATCH_OCTETS  # a batch of its own, so that its time is its own
        raw = stripped(body)
    except (Damaged, KeyError):
        return len(row)
    # Once read it is not needed again, and would push what lists need out of memory.
    body._p_deactivate()
    item["octets"] = len(raw)
    batch.octets.append(raw)
    return len(raw) + len(row)


def _file(batch: Batch, body: Body, spool: Path) -> Path:
    spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=spool, prefix="index-", delete=False) as file:
        batch.files.append(Path(file.name))
        for piece in body.verified():
            file.write(piece)
    body._p_deactivate()
    return batch.files[-1]


def alone(batch: Batch) -> list[Batch]:
    """Return the messages of a batch as batches of one, in order; what is gone goes with the first."""
    singles, at = [], 0
    for item in batch.items:
        pieces = 2 if "octets" in item else 1
        mark = Mark(batch.after.epoch, item["uid"], batch.after.step)
        singles.append(Batch(mark, [item], batch.octets[at : at + pieces]))
        at += pieces
    if not singles:
        return [batch]
    singles[0].gone, singles[-1].after = batch.gone, batch.after
    return singles


def bare(batch: Batch) -> Batch:
    """Return a batch of one with nothing but its row: its octets are more than a reader can take."""
    item = {name: batch.items[0][name] for name in ("uid", "time", "row")}
    return Batch(batch.after, [item], batch.octets[:1], batch.gone)


def missing(account: Account, uids: set[int]) -> list[int]:
    """Return those of `uids` that are not in the store (any more). Reads."""
    return sorted(uids.difference(account.state.keys()))


def discard(batch: Batch) -> None:
    """Remove the batch's temporary files."""
    for path in batch.files:
        path.unlink(missing_ok=True)
