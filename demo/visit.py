"""One visit at an unknown terminal, without a screen: each step is a call that any script may make.

Mail is collected from both providers, a letter is read, an attachment saved, one letter answered through
Restante's own relay, and the answer is seen delivered at the other provider and collected again.
"""

import time
from collections.abc import Callable
from typing import Any

from demo import profile, texts
from demo.rpc import Service

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.2


class VisitFailed(Exception):
    """A step did not come out as it should; the text says which and how."""


def visit(server: str, tell: Callable[[str], None]) -> None:
    """Make the whole visit at `server`, telling each step in a line. Raises VisitFailed or RpcFailed."""
    profiled, stored = profile.create(server)
    tell(f"profile {profile.NAME!r} created and opened; nothing was configured here")
    for address in profile.ADDRESSES:
        account = profile.add_account(profiled, address)
        tell(f"account {address} added: found at {account['host']}:{account['port']} ({account['security']})")
    collected = _collect(stored, tell)
    _look_around(stored, tell)
    letter = _read(stored, tell)
    _save_an_attachment(stored, tell)
    submission, subject = _answer(stored, letter, tell)
    delivered = _wait_delivered(stored, submission, tell)
    collected += _collect_until_it_comes(stored, subject, tell)
    profiled.call("session.close")
    tell("session closed; nothing stays at this terminal")
    tell(f"round trip ok: collected {collected}, answered 1, delivered {delivered}")


def _until(what: str, done: Callable[[], Any]) -> Any:
    """Return the first true answer of `done`, asking again for PATIENCE_SECONDS at most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if answer := done():
            return answer
        time.sleep(PAUSE_SECONDS)
    raise VisitFailed(f"waited {PATIENCE_SECONDS} s in vain for {what}")


def _collect(stored: Service, tell: Callable[[str], None]) -> int:
    """Collect from every account and return how many letters came."""
    stored.call("collect.start")

    def finished() -> Any:
        status = stored.call("collect.status")
        return None if status["running"] else status

    total = 0
    for account in _until("the accounts to be collected", finished)["accounts"]:
        if "error" in account:
            raise VisitFailed(f"{account['address']}: {account['error']['message']}")
        tell(f"collected {account['collected']} from {account['address']} ({account['octets']} octets)")
        total += account["collected"]
    return total


def _look_around(stored: Service, tell: Callable[[str], None]) -> None:
    folders = stored.call("folder.list")["folders"]
    counts = ", ".join(f"{folder['name']} {folder['total']}" for folder in folders if folder["total"])
    tell(f"folders: {counts}")


def _find(stored: Service, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """Return the newest row of the inbox that is `wanted`, or None."""
    position = 0
    while rows := stored.call("message.page", folder="inbox", position=position, limit=100)["rows"]:
        for row in rows:
            if wanted(row):
                return dict(row)
        position += len(rows)
    return None


def _read(stored: Service, tell: Callable[[str], None]) -> dict[str, Any]:
    row = _find(stored, lambda row: row["subject"] == texts.REMINDER_SUBJECT)
    if row is None:
        raise VisitFailed("the letter to be answered is not in the inbox")
    letter: dict[str, Any] = stored.call("message.get", ids=[row["id"]])["messages"][0]
    stored.call("message.set", ids=[row["id"]], set={"seen": True})
    tell(f"read «{letter['subject']}» from {letter['from']['address']}: {letter['text'].split('.')[0]!r}")
    return letter


def _save_an_attachment(stored: Service, tell: Callable[[str], None]) -> None:
    row = _find(stored, lambda row: row["attachments"] > 0)
    if row is None:
        raise VisitFailed("no letter with an attachment is in the inbox")
    part = stored.call("message.get", ids=[row["id"]])["messages"][0]["parts"][-1]
    octets = stored.download(part["blob"], "attachment")
    if len(octets) != int(part["octets"]):
        raise VisitFailed(f"the attachment {part['name']} has {len(octets)} octets, not {part['octets']}")
    tell(f"fetched the attachment «{part['name']}» ({part['octets']} octets)")


def _answer(
    stored: Service, letter: dict[str, Any], tell: Callable[[str], None]
) -> tuple[dict[str, Any], str]:
    """Answer `letter`; return the submission and the answer's subject."""
    draft = stored.call("draft.reply", id=letter["id"])
    draft["text"] = "Leído en una terminal cualquiera. ¡Ahí estaré!\n\n" + draft["text"]
    submission = stored.call("outbox.submit", key=f"visit-{letter['id']}", draft=draft)
    tell(f"answered to {', '.join(draft['to'])} through our own relay")
    return dict(submission), str(draft["subject"])


def _wait_delivered(stored: Service, submission: dict[str, Any], tell: Callable[[str], None]) -> int:
    """Wait until the answer is delivered; return to how many recipients."""

    def fates() -> Any:
        known = stored.call("outbox.list")["submissions"]
        mine = next(each for each in known if each["submission"] == submission["submission"])
        waiting = [one for one in mine["recipients"] if one["outcome"] in ("queued", "deferred")]
        return None if waiting else mine["recipients"]

    recipients = _until("the answer to be delivered", fates)
    for recipient in recipients:
        tell(f"{recipient['outcome']}: {recipient['address']} ({recipient['detail']})")
        if recipient["outcome"] != "delivered":
            raise VisitFailed(f"the answer to {recipient['address']} was not delivered")
    return len(recipients)


def _collect_until_it_comes(stored: Service, subject: str, tell: Callable[[str], None]) -> int:
    """Collect again until the answer is in the inbox; return how many letters that brought."""
    brought = 0

    def came() -> dict[str, Any] | None:
        nonlocal brought
        brought += _collect(stored, lambda _: None)
        return _find(stored, lambda row: row["subject"] == subject)

    row = _until("the answer to come back", came)
    tell(f"collected again: «{row['subject']}» came in by the other provider")
    return brought
