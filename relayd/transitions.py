"""The queue's transitions: each a unit of work on the root, atomic, returning plain data.

They may run again after a conflict, so they touch nothing but the root: no clock, no dice, no network.
The table of states stands in queue.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relayd import dsn, retry
from relayd.courier.reply import Reply
from relayd.model import Body, Fate, Item, Queue, Recipient, Report, SetAside, Submission
from relayd.types import Accepted, Arrival, Waiting, WaitingRecipient

REMEMBERED_SECONDS = 7 * 24 * 3600
WAITED_FOR = ("queued", "deferred")
UNREADABLE = Reply(554, "5.3.0", "The relay could not handle this message; its operator keeps it.")


@dataclass(frozen=True)
class Plan:
    """What the operator decided about trying again and about bounces."""

    hostname: str
    schedule: tuple[float, ...] = retry.SCHEDULE_SECONDS
    lifetime_seconds: float = retry.LIFETIME_SECONDS


@dataclass(frozen=True)
class Moment:
    """What a transition may not find out by itself, since it may run again: the time, the dice (-1 to 1),
    an id for a bounce, and the header of the letter (empty when it cannot be read)."""

    at: float
    jitter: float
    bounce_item: str
    header: bytes = b""


@dataclass(frozen=True)
class Recorded:
    """What recording an attempt left: who is still waited for, the bounce made, whether it was held."""

    waiting: Waiting | None
    bounce: Waiting | None = None
    held: bool = False
    closed: bool = False
    closed_octets: int = 0


def key_of(user: str, submission: str) -> str:
    """Return the key of a submission: its id first, so that all users of one id stand together."""
    return f"{submission} {user}"


def waiting(item: Item) -> Waiting:
    """Return an item as the delivery sees it."""
    return Waiting(
        item.id,
        item.sender,
        tuple(
            WaitingRecipient(one.address, one.attempts, one.next_attempt_at)
            for one in item.recipients
            if one.state in WAITED_FOR
        ),
        item.octets,
        item.smtputf8,
        item.accepted_at,
    )


def waiting_of(arrival: Arrival, at: float) -> Waiting:
    """Return an arrival as it waits once it has been accepted at `at`."""
    recipients = tuple(WaitingRecipient(address, 0, at) for address in arrival.recipients)
    return Waiting(arrival.item, arrival.sender, recipients, len(arrival.content), arrival.smtputf8, at)


def accept(root: Queue, arrival: Arrival, at: float) -> Accepted:
    """Queue an arrival, or return the answer its submission got before.

    The item and the memory of its submission are one transaction, so a lost 250 cannot make two letters.
    """
    key = key_of(arrival.user, arrival.submission) if arrival.submission else ""
    seen = root.submissions.get(key) if key else None
    if seen is not None and seen.source == arrival.source and at - seen.at < REMEMBERED_SECONDS:
        return Accepted(seen.item, answer(seen.item), new=False)
    body = Body(arrival.content)
    root.items[arrival.item] = Item(
        arrival.item, arrival.sender, arrival.recipients, body, arrival.smtputf8, at, key
    )
    if key:
        root.submissions[key] = Submission(
            arrival.source, arrival.user, arrival.submission, arrival.item, at, arrival.recipients
        )
        _put_last(root.submissions_at, at, key)
    return Accepted(arrival.item, answer(arrival.item), new=True)


def answer(item: str) -> str:
    """Return the reply to the end of data."""
    return f"250 2.0.0 queued as {item}"


def record(root: Queue, item_id: str, replies: Mapping[str, Reply], plan: Plan, now: Moment) -> Recorded:
    """Write down what an attempt brought: states, next attempts, reports and, for failures, the bounce.

    An item with nobody left to wait for leaves the queue in the same transaction that queues its
    bounce. A bounce that fails makes no other: it is set aside for the operator.
    """
    item = root.items.get(item_id)
    if item is None:
        return Recorded(None)
    failures = _note(root, item, _judged(item, replies, plan, now.at), plan, now)
    bounce, held = None, False
    if failures and item.sender:
        bounce = _bounce(root, item, failures, plan, now)
    elif failures:
        held = True
        _shelve(root, item_id, f"a bounce failed: {failures[0].reply.detail}", now.at)
    left = waiting(item)
    if left.recipients and not held:
        return Recorded(left, bounce)
    root.items.pop(item_id, None)
    return Recorded(None, bounce, held, True, item.octets)


def set_aside(root: Queue, item_id: str, reason: str, plan: Plan, now: Moment, *, readable: bool) -> Recorded:
    """Take an item nobody can handle out of the flow, and tell its sender as far as it can be read.

    It stays in the database for the operator. Without `readable` its record is damaged: it is moved by
    reference and never loaded, and its recipients are known only from what was answered to it.
    """
    if item_id not in root.items:
        return Recorded(None)
    bounce, octets = None, 0
    if readable:
        item = root.items[item_id]
        octets = item.octets
        replies = dict.fromkeys((one.address for one in waiting(item).recipients), UNREADABLE)
        failures = _note(root, item, replies, plan, now)
        if failures and item.sender:
            bounce = _bounce(root, item, failures, plan, now)
    else:
        _report_damaged(root, item_id, now.at)
    _shelve(root, item_id, reason, now.at)
    return Recorded(None, bounce, True, True, octets)


def fates(root: Queue, submission: str, user: str) -> tuple[tuple[str, Fate], ...] | None:
    """Return each recipient's fate in the order of the envelope, or None for a submission not known.

    Without `user` the submission must be that of one user alone. Reads.
    """
    if user:
        found = root.submissions.get(key_of(user, submission))
        return None if found is None else tuple(found.fates)
    # "!" follows the space in ASCII: the range holds the keys of this id and of no longer one.
    same = list(root.submissions.values(key_of("", submission), f"{submission}!", excludemax=True))
    return tuple(same[0].fates) if len(same) == 1 else None


def forget_old(root: Queue, at: float, limit: int = 1000) -> int:
    """Forget submissions older than seven days, at most `limit` of them; return how many."""
    old = list(root.submissions_at.keys(max=int((at - REMEMBERED_SECONDS) * 1e6)))[:limit]
    for number in old:
        root.submissions.pop(root.submissions_at.pop(number), None)
    return len(old)


def _judged(item: Item, replies: Mapping[str, Reply], plan: Plan, at: float) -> dict[str, Reply]:
    """Turn a deferral into a failure for whoever has been waited for long enough."""
    judged = dict(replies)
    for one in item.recipients:
        reply = judged.get(one.address)
        if reply is None or reply.outcome != "deferred":
            continue
        if retry.gives_up(one.attempts + 1, item.accepted_at, at, plan.lifetime_seconds):
            text = f"It was tried {one.attempts + 1} times; the last answer: {reply.detail}"
            judged[one.address] = Reply(554, "4.4.7", text)
    return judged


def _note(
    root: Queue, item: Item, replies: Mapping[str, Reply], plan: Plan, now: Moment
) -> list[dsn.Failure]:
    """Move the recipients that got a reply; remember, and list for reporting, what each got."""
    failures = []
    recipients = []
    for one in item.recipients:
        reply = replies.get(one.address)
        if reply is not None and one.state in WAITED_FOR:
            attempts = one.attempts + 1
            next_at = retry.next_attempt_at(attempts, now.at, now.jitter, plan.schedule)
            one = Recipient(one.address, reply.outcome, attempts, next_at, reply.detail)
            if reply.outcome == "failed":
                failures.append(dsn.Failure(one.address, reply))
            _tell(root, item.submission, one, now.at)
        recipients.append(one)
    item.recipients = tuple(recipients)
    return failures


def _tell(root: Queue, key: str, one: Recipient, at: float) -> None:
    """Remember a recipient's fate with its submission and list it for reporting."""
    submission = root.submissions.get(key) if key else None
    if submission is None:
        return
    fate = Fate(one.state, one.detail, at)
    submission.fates = tuple((a, fate if a == one.address else was) for a, was in submission.fates)
    report = Report(submission.source, submission.user, submission.id, one.address, one.state, one.detail, at)
    _put_last(root.unreported, at, report)


def _put_last(tree: Any, at: float, value: object) -> None:
    """Append to a tree ordered by microseconds, in order even when the clock stands still or goes back."""
    number = int(at * 1e6)
    if tree:
        number = max(number, tree.maxKey() + 1)
    tree[number] = value


def _bounce(root: Queue, item: Item, failures: list[dsn.Failure], plan: Plan, now: Moment) -> Waiting:
    """Queue the report of these failures to the sender of `item`, from the null sender."""
    content = dsn.compose(
        dsn.Bounce(plan.hostname, item.sender, tuple(failures), now.header, item.id, item.accepted_at, now.at)
    )
    smtputf8 = not item.sender.isascii()
    bounce = Item(now.bounce_item, "", (item.sender,), Body(content), smtputf8, now.at, "")
    root.items[bounce.id] = bounce
    return waiting(bounce)


def _shelve(root: Queue, item_id: str, reason: str, at: float) -> None:
    """Move an item out of the flow without loading it."""
    root.set_aside[item_id] = SetAside(root.items.pop(item_id), reason, at)


def _report_damaged(root: Queue, item_id: str, at: float) -> None:
    """Report the recipients of an item that cannot be read, found by what was answered to its submission."""
    for key, submission in root.submissions.items():
        if submission.item == item_id:
            for address, fate in submission.fates:
                if fate.outcome in WAITED_FOR:
                    _tell(root, key, Recipient(address, "failed", detail=UNREADABLE.text), at)
            return
