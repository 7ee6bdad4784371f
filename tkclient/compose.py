"""A letter being written: who it is for, what is attached, and the key that keeps it from going twice.

No network, no window.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import Any, Dict, List, Tuple

_ADDRESS = re.compile(r"^[^\s@<>,;\"()\[\]]{1,64}@[^\s@<>,;\"()\[\]_]+\.[^\s@<>,;\"()\[\].]{2,}$")


class Attachment:
    """A file on its way into the letter. `blob` is empty until it is on the server."""

    def __init__(self, name: str, type_: str, octets: int, blob: str = "") -> None:
        self.name = name
        self.type = type_
        self.octets = octets
        self.blob = blob
        self.sent_octets = octets if blob else 0

    def as_struct(self) -> Dict[str, Any]:
        return {"blob": self.blob, "name": self.name, "type": self.type, "octets": str(self.octets)}


class Letter:
    """What the writer shows and the server keeps as a draft."""

    def __init__(self, draft: Dict[str, Any], id_: str = "") -> None:
        self.id = id_
        self.identity = str(draft.get("from", ""))
        self.to = ", ".join(draft.get("to", []))
        self.cc = ", ".join(draft.get("cc", []))
        self.bcc = ", ".join(draft.get("bcc", []))
        self.subject = str(draft.get("subject", ""))
        self.text = str(draft.get("text", ""))
        self.linked: Dict[str, Any] = {key: draft[key] for key in ("answers", "forwards") if key in draft}
        self.attachments = [
            Attachment(item["name"], item["type"], int(item["octets"]), item["blob"])
            for item in draft.get("attachments", [])
        ]
        self.saved = self.fingerprint()
        self._key = ("", "")

    def draft(self) -> Dict[str, Any]:
        """Return the Draft struct; attachments still on their way are left out."""
        draft: Dict[str, Any] = {
            "to": split_addresses(self.to),
            "subject": " ".join(self.subject.split()),
            "text": self.text,
        }
        optional = {"from": self.identity, "cc": split_addresses(self.cc), "bcc": split_addresses(self.bcc)}
        draft.update({key: value for key, value in optional.items() if value})
        draft.update(self.linked)
        attached = [item.as_struct() for item in self.attachments if item.blob]
        if attached:
            draft["attachments"] = attached
        return draft

    def fingerprint(self) -> str:
        """Return what tells this letter from any other; the server renames its blobs at each saving."""
        draft = self.draft()
        draft["attachments"] = [(item.name, item.type, item.octets) for item in self.attachments if item.blob]
        written = json.dumps(draft, sort_keys=True).encode("utf-8", "replace")
        return hashlib.sha256(written).hexdigest()

    @property
    def changed(self) -> bool:
        """Say whether there is something the server does not have yet."""
        return self.fingerprint() != self.saved

    @property
    def is_empty(self) -> bool:
        written = (self.to, self.cc, self.bcc, self.subject, self.text)
        return not self.attachments and not any(part.strip() for part in written)

    @property
    def uploading(self) -> bool:
        return any(not item.blob for item in self.attachments)

    def key(self) -> str:
        """Return the submission key: the same as long as the letter is the same, so it cannot go twice."""
        fingerprint = self.fingerprint()
        if self._key[0] != fingerprint:
            self._key = (fingerprint, uuid.uuid4().hex)
        return self._key[1]

    def recipients(self) -> Tuple[List[str], List[str]]:
        """Return every recipient, and those that cannot be an address."""
        everyone = [address for part in (self.to, self.cc, self.bcc) for address in split_addresses(part)]
        return everyone, [address for address in everyone if not is_address(address)]


def split_addresses(text: str) -> List[str]:
    """Cut "Ana <ana@uno.example>, b@dos.example; c" at commas, semicolons and line ends outside quotes."""
    pieces = re.findall(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,;\n])+', text)
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def is_address(text: str) -> bool:
    """Say whether `text`, with or without a name before it, may be an address."""
    match = re.match(r"^(?P<name>.*)<(?P<address>[^<>]*)>$", text)
    return bool(_ADDRESS.match(match.group("address").strip() if match else text))


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].strip(" >").lower()
