"""What an invitation says, as a notice with its English sentence. Pure; takes anything."""

from collections.abc import Iterator

from stored.mime.calendar import CALENDAR_OCTETS, Invitation, invitation_of
from stored.mime.parts import Part, beginning
from stored.mime.reports import Notice
from stored.mime.scanner import Octets


def invitations_in(raw: Octets, part: Part) -> Iterator[Notice]:
    """Yield what a calendar asks, where it asks something."""
    invitation = invitation_of(beginning(raw, part, CALENDAR_OCTETS), part.charset)
    if invitation is not None:
        yield _invitation(invitation)


def _invitation(said: Invitation) -> Notice:
    notice: Notice = {
        "kind": "invitation",
        "method": said.method,
        "title": said.title,
        "place": said.place,
        "start": said.start.text,
        "end": said.end.text,
        "zone": said.start.zone,
        "repeats": said.repeats,
        "organizer": _address(*said.organizer),
    }
    if said.method == "reply":
        notice["answer"] = said.answer
    if any(said.guest):
        notice["guest"] = _address(*said.guest)
    return notice | {"sentence": _invitation_sentence(said)}


def _invitation_sentence(said: Invitation) -> str:
    who = said.organizer[0] or said.organizer[1] or "Somebody"
    what = f"“{said.title}”" if said.title else "an appointment"
    when = f", {said.start.text}" if said.start.text else ""
    when += f" ({said.start.zone})" if said.start.zone and said.start.text else ""
    where = f", {said.place}" if said.place else ""
    guest = said.guest[0] or said.guest[1] or "A guest"
    if said.method == "reply":
        answer = _ANSWERS.get(said.answer, "answered the invitation to")
        return f"{guest} {answer} {what}{when}."
    sentences = {
        "cancel": f"{who} called off {what}{when}{where}.",
        "publish": f"{who} announces {what}{when}{where}.",
        "add": f"{who} adds a date to {what}{when}{where}.",
        "counter": f"{guest} would like another time or place for {what}{when}{where}.",
        "declinecounter": f"{who} does not agree to another time or place for {what}{when}{where}.",
        "refresh": f"{guest} asks for the latest news of {what}{when}{where}.",
    }
    return sentences.get(said.method, f"{who} invites you to {what}{when}{where}.")


_ANSWERS = {
    "accepted": "accepted",
    "declined": "declined",
    "tentative": "may come to",
    "delegated": "asked somebody else to go to",
}


def _address(name: str, address: str) -> dict[str, str]:
    return {"name": name, "address": address}
