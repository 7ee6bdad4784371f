"""What a list, a rule and a thread need to know of a message, read once as it arrives."""

from dataclasses import dataclass, field
from datetime import datetime

from stored.mime.addresses import Address, addresses_of
from stored.mime.bounces import Bounce, bounces_in, may_bounce
from stored.mime.charsets import clean
from stored.mime.dates import date_of
from stored.mime.headers import Fields, decode_words, message_ids
from stored.mime.parts import parts_in
from stored.mime.scanner import Octets, Scan
from stored.mime.text import snippet_in

#: So many of those whom a letter is to stand in a list.
RECIPIENTS_SHOWN = 3
_LINE_LIMIT = 998
_REFERENCE_LIMIT = 100
_NOTHING = [""]


@dataclass(slots=True)
class Summary:
    """One message in few words. Every text is clean: fit for JSON, XML and one line of a list.

    `fields` holds every field of the header as it came; `header` gives one decoded. `body` is where the body
    begins. `attached` has the name of each attachment, empty for one without. `sent_at` is UTC, None where
    the message names no date. `bounces` are letters of which it reports that they did not reach somebody.
    """

    from_: list[Address] = field(default_factory=list)
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    subject: str = ""
    sent_at: datetime | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    snippet: str = ""
    attached: list[str] = field(default_factory=list)
    bounces: list[Bounce] = field(default_factory=list)
    fields: Fields = field(default_factory=list)
    body: int = 0

    @property
    def attachments(self) -> int:
        return len(self.attached)

    @property
    def writer(self) -> Address:
        """Return who wrote it, as a list shows it: of several the first who has an address, else the first.

        A name with a comma in it that was not quoted is whole again: Pérez, Ana <ana@uno.example>.
        """
        for place, one in enumerate(self.from_):
            if "@" in one.address:
                before = [said.name or said.address for said in self.from_[:place]]
                return Address(", ".join(filter(None, (*before, one.name))), one.address)
        return self.from_[0] if self.from_ else Address("", "")

    def header(self, name: str) -> list[str]:
        """Return the decoded values of every field called `name`, in order. Never raises."""
        wanted = name.casefold()
        try:
            return [decode_words(value) for known, value in self.fields if known.casefold() == wanted]
        except Exception:
            # As for a whole message too strange for us: it is kept, and says less.
            return []


def summary_of(raw: Octets, scan: Scan, *, body: bool = True) -> Summary:
    """Return the summary of a scanned message; without `body` only what its header says."""
    fields = scan.root.fields
    said: dict[str, list[str]] = {}
    for name, value in fields:
        said.setdefault(name.lower(), []).append(value)

    def first(name: str) -> str:
        return said.get(name, _NOTHING)[0]

    def addresses(name: str) -> list[Address]:
        # Some letters carry several To.
        return addresses_of(", ".join(said[name])) if name in said else []

    parts = parts_in(raw, scan, sized=False) if body else []
    return Summary(
        from_=addresses("from"),
        to=addresses("to"),
        cc=addresses("cc"),
        reply_to=addresses("reply-to"),
        subject=decode_words(first("subject"))[:_LINE_LIMIT],
        sent_at=date_of(first("date")),
        message_id=_message_id(first("message-id")),
        in_reply_to="".join(message_ids(first("in-reply-to"))[:1]),
        references=message_ids(first("references"))[-_REFERENCE_LIMIT:],
        snippet=snippet_in(raw, parts) if body else "",
        attached=[part.name for part in parts if not part.inline],
        bounces=bounces_in(raw, scan.root, parts) if body and may_bounce(scan.root) else [],
        fields=fields,
        body=scan.root.body,
    )


def _message_id(value: str) -> str:
    """Return a letter's own id; one without angle brackets and "@", too, is what answers will name."""
    found = message_ids(value)
    return found[0] if found else clean("".join(value.split()).strip("<>"))[:_LINE_LIMIT]
