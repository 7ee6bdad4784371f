"""Letters while they are written: kept in Drafts, prepared as answers, taken up again.

A draft is kept as an ordinary message, so that it lists, opens and is backed up like any other. What no
header can say (unfinished addresses, the identity, what it answers) stands in a field of its own,
`Restante-Draft`, which is never sent.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from restante import log
from restante.address import Address, format_address, parse, parse_list
from restante.errors import InvalidArgument, NotFound, OverQuota, Unavailable
from stored import mime
from stored.append import Incoming, append, prepare
from stored.blob_types import Blob, BlobId, no_blob, usable_type
from stored.blobs import Blobs
from stored.messages import message_id, served, uid_of_id
from stored.model.account import Account
from stored.model.word import DRAFT, SEEN, flags_of
from stored.sending.compose import LETTER_OCTETS, Attachment, Letter, compose, too_large
from stored.sending.identities import Identity, Writer, Writers
from stored.sending.phrases import attribution, forward_subject, forwarded_head, quoted, reply_subject
from stored.sending.types import Draft, DraftAttachment, DraftSaved
from stored.store import Store

RECIPIENTS = 100
TEXT_CHARACTERS = 262_144
QUOTED_CHARACTERS = 200_000
FIELD = "Restante-Draft"

_KEPT = ("from", "to", "cc", "bcc", "subject", "answers", "forwards")
_log = log.get("drafts")


@dataclass(frozen=True)
class Drafts:
    """Every user's drafts. Safe to use from any thread."""

    store: Store
    blobs: Blobs
    writers: Writers
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    # What somebody else's letter says, and whether that was cut; the daemon reads it where it can be killed.
    text_of: Callable[[mime.Octets], tuple[str, bool]] = mime.text_of

    # Keeping ------------------------------------------------------------------------------------

    def save(self, user: str, draft: Draft, id: str = "") -> DraftSaved:
        """Keep a draft in place of the one called `id`, if that is still there. Commits.

        Raises InvalidArgument, NotFound (an attachment), TooLarge, OverQuota, all permanent.
        """
        if len(draft["to"]) + len(draft.get("cc", [])) + len(draft.get("bcc", [])) > RECIPIENTS:
            raise too_many_recipients()
        attachments = self.attachments(user, draft, id)
        letter = Letter(
            sender=None,
            to=_readable(draft["to"]),
            cc=_readable(draft.get("cc", [])),
            subject=draft["subject"],
            text=draft["text"],
            sent_at=self.now(),
            attachments=attachments,
            private=[(FIELD, _remembered(draft))],
        )
        raw = compose(letter).octets
        incoming = Incoming(
            raw, mime.summarize(raw), "", "", b"", self.now(), folder="drafts", flags=DRAFT | SEEN
        )
        prepared = prepare(incoming)

        def work(account: Account) -> tuple[str, str]:
            uid = append(account, prepared)
            discard_draft(account, id)
            return message_id(uid), account.state_text()

        kept, state = self.store.open_account(user).write(work)
        return {"id": kept, "state": state, "attachments": _attached(kept, raw)}

    def get(self, user: str, id: str) -> Draft:
        """Return a draft as it was saved. Raises NotFound."""
        with self._opened(user, id) as raw:
            summary = mime.summarize(raw)
            text, _ = self.text_of(raw)
            attachments = _attached(id, raw)
        draft: Draft = {"to": [], "subject": summary.subject, "text": text}
        remembered = _recalled(summary)
        if remembered is None:
            draft["to"] = _texts(summary.to)
            draft["cc"] = _texts(summary.cc)
        else:
            draft = cast(Draft, draft | remembered)
        if attachments:
            draft["attachments"] = attachments
        return draft

    # Preparing ----------------------------------------------------------------------------------

    def reply(self, user: str, id: str, all: bool = False) -> Draft:
        """Return the beginning of an answer to message `id`, to everybody in it with `all`. Saves nothing."""
        writer = self._writer(user)
        summary, text, account = self._read(user, id)
        theirs = _addresses(summary.reply_to) or _addresses(summary.from_)
        written_to = [*summary.to, *summary.cc]
        if not account and theirs and writer.owns(theirs[0].address):
            # Answering what one sent goes on where it went, as whom one sent it.
            theirs, written_to = _addresses(summary.to), summary.from_
        to = _unique(theirs)
        others = _unique(_addresses([*summary.to, *summary.cc]), but=to, without=writer)
        identity = writer.addressed([a.address for a in written_to], account)
        author = next(iter(_shown(summary.from_)), None)
        said = quoted(text, QUOTED_CHARACTERS)
        body = f"\n\n{attribution(writer.language, summary.sent_at, author)}\n{said}\n"
        draft = _begun(identity, reply_subject(summary.subject), body)
        draft["to"] = list(map(format_address, to[:RECIPIENTS]))
        draft["answers"] = id
        if all and others:
            draft["cc"] = list(map(format_address, others[: RECIPIENTS - len(to[:RECIPIENTS])]))
        return draft

    def forward(self, user: str, id: str) -> Draft:
        """Return the beginning of a letter that passes message `id` on with its files. Saves nothing."""
        writer = self._writer(user)
        summary, text, account = self._read(user, id)
        identity = writer.addressed([a.address for a in [*summary.to, *summary.cc]], account)
        author = next(iter(_shown(summary.from_)), None)
        head = forwarded_head(writer.language, author, summary.sent_at, summary.subject, _shown(summary.to))
        draft = _begun(
            identity, forward_subject(summary.subject), f"\n\n{head}\n\n{text[:QUOTED_CHARACTERS]}\n"
        )
        draft["forwards"] = id
        with self._opened(user, id) as raw:
            attachments = _attached(id, raw)
        if attachments:
            draft["attachments"] = attachments[:100]
        return draft

    def _read(self, user: str, id: str) -> tuple[mime.Summary, str, str]:
        """Return what a message says, and by which account it was collected."""
        with self._opened(user, id) as raw:
            summary, (text, _) = mime.summarize(raw), self.text_of(raw)
        row = self.store.open_account(user).read(lambda account: served(account, uid_of_id(id)))
        return summary, text, str(orjson.loads(bytes(row)).get("account", ""))

    @contextmanager
    def _opened(self, user: str, id: str) -> Iterator[mime.Octets]:
        """Give the octets of message `id`. Raises NotFound, Damaged."""
        with ExitStack() as opened:
            try:
                raw, _ = opened.enter_context(self.blobs.raw(user, uid_of_id(id)))
            except NotFound:
                raise NotFound("That message does not exist (any more).", about=id[:80]) from None
            yield raw

    def _writer(self, user: str) -> Writer:
        """Return who is writing; an answer can be begun while `profiled` is away."""
        try:
            return self.writers(user)
        except Unavailable as exc:
            _log.warning("draft.writer_unknown", user=user, cause=exc)
            return Writer(())

    # Attachments --------------------------------------------------------------------------------

    def attachments(self, user: str, draft: Draft, id: str = "") -> list[Attachment]:
        """Return the files of a draft with their octets. Raises NotFound for one that is gone, TooLarge.

        A client that saved a draft twice may still name a part of the copy before the last: then the
        same file of the draft `id` is meant.
        """
        found: list[Attachment] = []

        def admit(blob: Blob) -> None:
            octets = blob.octets + sum(len(file.octets) for file in found)
            if octets > LETTER_OCTETS:
                raise too_large(octets)

        for wanted in draft.get("attachments", []):
            try:
                blob, octets = self.blobs.octets(user, wanted["blob"], admit)
            except NotFound:
                blob, octets = self.blobs.octets(user, self._same_file(user, wanted, id), admit)
            name = wanted["name"] or blob.name
            found.append(Attachment(name, usable_type(wanted["type"] or blob.type), octets))
        return found

    def _same_file(self, user: str, wanted: DraftAttachment, id: str) -> str:
        if id and BlobId.parse(wanted["blob"]).part:
            with self._opened(user, id) as raw:
                for kept in _attached(id, raw):
                    if (kept["name"], kept["octets"]) == (wanted["name"], wanted["octets"]):
                        return kept["blob"]
        raise no_blob(wanted["blob"])


def discard_draft(account: Account, id: str) -> None:
    """Let the draft `id` go for good, inside a unit of work; nothing but a draft is touched."""
    uid = uid_of_id(id)
    if uid in account.state and flags_of(account.state[uid]) & DRAFT:
        account.destroy(uid)


def too_many_recipients() -> OverQuota:
    return OverQuota(f"A letter may have at most {RECIPIENTS} recipients; send it in several.")


def _begun(identity: Identity | None, subject: str, text: str) -> Draft:
    """Return a draft with its sender and signature."""
    signature = identity.signature.rstrip() if identity else ""
    if signature:
        text = f"{text}\n-- \n{signature}\n"
    draft: Draft = {"to": [], "subject": subject, "text": text[:TEXT_CHARACTERS]}
    if identity:
        draft["from"] = identity.id
    return draft


# What a draft remembers -------------------------------------------------------------------------------


def _remembered(draft: Draft) -> str:
    kept = {name: value for name, value in draft.items() if name in _KEPT}
    return base64.b64encode(orjson.dumps(kept)).decode()


def _recalled(summary: mime.Summary) -> dict[str, Any] | None:
    """Return what a draft of ours remembers, None where the message is none (any words in Drafts may lie)."""
    value = next(iter(summary.header(FIELD)), "")
    try:
        kept = orjson.loads(base64.b64decode("".join(value.split()), validate=True))
    except (binascii.Error, ValueError):
        return None
    if not value or not isinstance(kept, dict):
        return None
    texts = {name: kept[name] for name in _KEPT if isinstance(kept.get(name), str)}
    lists = {
        name: [entry for entry in kept[name] if isinstance(entry, str)]
        for name in ("to", "cc", "bcc")
        if isinstance(kept.get(name), list)
    }
    return texts | lists


def _attached(id: str, raw: mime.Octets) -> list[DraftAttachment]:
    """Return the files of message `id` as a draft names them; a part of nothing without a name is none."""
    return [
        {
            "blob": f"{id}-{part.part}",
            "name": part.name or ("letter.eml" if part.type == "message/rfc822" else ""),
            "type": part.type,
            "octets": str(part.octets),
        }
        for part in mime.parts_of(raw)
        if not part.body and (part.name or part.end > part.start)
    ]


# Addresses --------------------------------------------------------------------------------------------


def _readable(entries: Sequence[str]) -> list[Address]:
    """Return those of what a user typed that are addresses already."""
    found: list[Address] = []
    for entry in entries:
        try:
            found += parse_list(entry)
        except InvalidArgument:
            continue
    return found


def _addresses(strangers: Sequence[mime.Address]) -> list[Address]:
    """Return those addresses of a header that mail can be sent to."""
    found = []
    for stranger in strangers:
        try:
            address = parse(stranger.address).address
        except InvalidArgument:
            continue
        found.append(Address(_one_line(stranger.name), address))
    return found


def _shown(strangers: Sequence[mime.Address]) -> list[Address]:
    """Return addresses of a header as they are, for people to read."""
    return [Address(_one_line(stranger.name), _one_line(stranger.address)) for stranger in strangers]


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200]


def _texts(strangers: Sequence[mime.Address]) -> list[str]:
    return list(map(format_address, _addresses(strangers)))[:RECIPIENTS]


def _unique(
    addresses: Sequence[Address], but: Sequence[Address] = (), without: Writer | None = None
) -> list[Address]:
    """Return `addresses` each once, without those of `but` and of the user `without`."""
    seen = {address.address.casefold() for address in but}
    kept = []
    for address in addresses:
        key = address.address.casefold()
        if key not in seen and not (without and without.owns(address.address)):
            seen.add(key)
            kept.append(address)
    return kept
