"""The arrival card: what happened since the user last looked, in five thousand octets.

Bounded whatever happened: so many messages are looked at, and what does not fit is cut, the least important
first. Arrivals and bounces both are steps of the log, so a card's state tells exactly what it had shown.
Reads; only what was seen is written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from restante import log
from restante.errors import RestanteError
from restante.wire import dumps
from stored.collecting.lease import Lease
from stored.collecting.progress import AccountState
from stored.messages import message_id
from stored.mime import Address
from stored.mime.cautions import called
from stored.mime.charsets import unturned
from stored.model.account import Account
from stored.model.personal import own, personal
from stored.model.roles import DRAFTS, INBOX, JUNK, SENT, TRASH
from stored.model.rows import UNREADABLE
from stored.model.submission import Recipient, Submission, Submissions
from stored.model.word import SEEN, flags_of, folder_of, uid_of
from stored.overview_types import Card
from stored.people import known
from stored.sending.fates import reported
from stored.store import UserStore

_LOG = log.get("digest")

CARD_OCTETS = 5_000
LETTERS = 20
LOOKED_AT = 2_000
SUBMISSIONS = 1_000
#: The relay has settled everything that is older: it tries for five days.
WAITING_SECONDS = 14 * 24 * 3600
_NOT_ARRIVED = (SENT, DRAFTS, TRASH, JUNK)


@dataclass(frozen=True)
class _New:
    uid: int
    account: str
    who: str
    address: str
    subject: str
    received_at: str


def digest(mail: UserStore, states: Sequence[AccountState], lease: Lease, now: int, seen: str = "") -> Card:
    """Return what is new since the card whose state was last told as `seen`; it is noted. 5 KB at most.

    A state that is none of this store's, as from before a backup was restored, is not noted: then nothing
    was seen. `states` are what the collector knows of the user's accounts; the `lease` is asked for where an
    account fails, which the user may have removed or switched off, or has no address known. Commits where
    `seen` is new.
    """
    if seen and mail.read(lambda account: account.step_of(seen)) is None:
        card = mail.read(lambda account: _card(account, states, "", now))
    else:
        if seen and mail.read(lambda account: personal(account).seen[0]) != seen:
            mail.write(lambda account: setattr(own(account), "seen", (seen, now)))
        card = mail.read(lambda account: _card(account, states, personal(account).seen[0], now))
    if card["failing"] or not all(one["address"] for one in card["accounts"]):
        _name(card, mail.user, lease)
    return cast(Card, _cut(card))


def _name(card: dict[str, Any], user: str, lease: Lease) -> None:
    """Put in the addresses of accounts; leave out what fails and is the user's no more, or switched off."""
    try:
        leased = lease(user)
    except RestanteError as error:
        _LOG.warning("digest.unnamed", user=user, cause=error)
        return
    known = leased.addresses
    collected = {account.id for account in leased.accounts if account.enabled}
    card["failing"] = [one for one in card["failing"] if one["account"] in collected]
    for one in (*card["failing"], *card["accounts"]):
        one["address"] = known.get(one["account"], one["address"])[:100]


def _card(account: Account, states: Sequence[AccountState], state: str, now: int) -> dict[str, Any]:
    changes = account.changes(state) if state else None
    uids = _unread(account) if changes is None else _arrived(account, changes.created)
    new = list(_read(account, uids[:LOOKED_AT]))
    familiar = {one.address for one in new if known(account, one.address)}
    new.sort(key=lambda one: (one.address in familiar, one.uid), reverse=True)
    return {
        "state": account.state_text(),
        "since": changes is not None,
        "new": len(uids),
        "accounts": _accounts(new, familiar, states),
        "letters": [_letter(one, one.address in familiar) for one in new[:LETTERS]],
        "failing": _failing(account, states),
        "bounced": _letters(account, _bounced(account, state)),
        "waiting": _letters(account, _waiting(account, now)),
        "cut": len(new) > LETTERS,
    }


def _arrived(account: Account, created: Iterable[int]) -> list[int]:
    """Return the uids that came in and are where mail comes in, the newest first."""
    here = (uid for uid in created if uid in account.state)
    return sorted((uid for uid in here if folder_of(account.state[uid]) not in _NOT_ARRIVED), reverse=True)


def _unread(account: Account) -> list[int]:
    keys = account.folders.members[INBOX].order.window(0, LOOKED_AT)
    return [uid for uid in map(uid_of, keys) if not flags_of(account.state[uid]) & SEEN]


def _read(account: Account, uids: Iterable[int]) -> Iterator[_New]:
    for uid in uids:
        try:
            row = orjson.loads(b"{" + account.rows.row(uid))
        except (*UNREADABLE, orjson.JSONDecodeError):
            continue
        writer = Address(row["from"]["name"], row["from"]["address"])
        yield _New(
            uid,
            row["account"],
            called(writer),
            writer.address.casefold(),
            unturned(row["subject"]),
            row["received_at"],
        )


def _letter(one: _New, familiar: bool) -> dict[str, Any]:
    return {
        "id": message_id(one.uid),
        "account": one.account,
        "from": one.who[:60],
        "subject": one.subject[:80],
        "received_at": one.received_at,
        "known": familiar,
    }


def _accounts(
    new: Sequence[_New], familiar: set[str], states: Sequence[AccountState]
) -> list[dict[str, Any]]:
    addresses = {state.account: state.address for state in states}
    count = Counter(one.account for one in new)
    people = Counter(one.account for one in new if one.address in familiar)
    return [
        {
            "account": account,
            "address": addresses.get(account, "")[:100],
            "new": count[account],
            "known": people[account],
        }
        for account, _ in count.most_common()
    ]


def _failing(account: Account, states: Sequence[AccountState]) -> list[dict[str, Any]]:
    """Return the accounts in trouble: by the last visit, or as is remembered from before a restart.

    One that had to leave mail at its server, for want of room perhaps, is in trouble too.
    """
    found: list[dict[str, Any]] = []
    for state in states:
        if state.error is not None and state.stage in ("failed", "done"):
            found.append(_trouble(state.account, state.address, state.error.kind, state.error.message))
    visited = {state.account for state in states}
    for id, drop in account.maildrops.items():
        if drop.trouble is not None and id not in visited:
            found.append(_trouble(id, "", drop.trouble.kind, drop.trouble.message))
    return found


def _trouble(account: str, address: str, kind: str, message: str) -> dict[str, Any]:
    return {"account": account, "address": address[:100], "kind": kind, "message": message[:300]}


#: A letter, and somebody whom it did not reach.
_Fate = tuple[Submission, Recipient]


def _bounced(account: Account, seen: str) -> Iterator[_Fate]:
    """Give what bounced after a state, the newest first; everything remembered where it is no state here."""
    step = account.step_of(seen)
    submissions = Submissions(account.submissions)
    for at, id, address in reversed(submissions.bounces()):
        submission = submissions.by_id(id)
        if submission is not None and (step is None or at > step):
            # The relay may have delivered meanwhile what a letter had said was not.
            told = (*submission.recipients, *submission.elsewhere)
            those = (one for one in told if one.address == address)
            yield from ((submission, one) for one in those if one.outcome == "failed")


def _waiting(account: Account, now: int) -> Iterator[_Fate]:
    for submission in Submissions(account.submissions).newest(SUBMISSIONS):
        if submission.submitted_at < now - WAITING_SECONDS:
            break
        for recipient in submission.recipients:
            if recipient.outcome in ("queued", "deferred"):
                yield submission, recipient


def _letters(account: Account, fates: Iterable[_Fate]) -> list[dict[str, Any]]:
    """Return one line a letter: the first of those it did not reach, and how many others there are."""
    found: dict[str, dict[str, Any]] = {}
    for submission, recipient in fates:
        line = found.get(submission.id)
        if line is None:
            found[submission.id] = _told(account, submission, recipient)
        else:
            line["others"] = line.get("others", 0) + 1
    return list(found.values())


def _told(account: Account, submission: Submission, recipient: Recipient) -> dict[str, Any]:
    return {
        "submission": submission.id,
        "subject": submission.subject[:80],
        "address": recipient.address[:100],
        "outcome": recipient.outcome,
        "detail": recipient.detail[:200],
        **reported(account, submission, recipient),
    }


def _cut(card: dict[str, Any]) -> dict[str, Any]:
    """Leave out what does not fit: of each list its end, the longest first."""
    lists = ("letters", "waiting", "bounced", "accounts", "failing")
    while len(dumps(card)) > CARD_OCTETS:
        longest = max(lists, key=lambda name: (len(card[name]), -lists.index(name)))
        if not card[longest]:
            break
        del card[longest][len(card[longest]) * 3 // 4 :]
        card["cut"] = True
    return card
