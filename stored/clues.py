"""What a letter says of its thread: by name, or by a subject that is about something. Pure.

Everything is bounded, and what a letter links to follows from the letter alone: so threads do not depend on
the order in which letters come, and one letter cannot join everything.
"""

from stored.mime import Summary
from stored.mime.subjects import base_subject, says_something
from stored.model.threads import Clues

#: Of References the first, which all of a thread have in common, and so many of the last.
LAST_REFERENCES = 2
#: A letter to more people than these is about its subject with the first of them.
CORRESPONDENTS = 3


def clues_of(summary: Summary) -> Clues:
    """Return the clues in a letter's header."""
    references = summary.references
    names = (*references[:1], *references[-LAST_REFERENCES:], summary.in_reply_to)
    named = tuple(dict.fromkeys(name for name in names if name and name != summary.message_id))
    base, marked = base_subject(summary.subject)
    topics = _topics(summary, base) if says_something(base) else ()
    return Clues(summary.message_id, named, topics, answers=marked and not named)


def _topics(summary: Summary, base: str) -> tuple[str, ...]:
    """Return the subject with each pair of writer and recipient, whichever of the two wrote.

    So an answer joins only what its writer was a party to, and to whose writer it is addressed.
    """
    if not summary.from_:
        return ()
    writer = summary.writer.address.casefold()
    others = dict.fromkeys(one.address.casefold() for one in (*summary.to, *summary.cc)[: CORRESPONDENTS + 1])
    others.pop(writer, None)
    pairs = (" ".join(sorted((writer, other))) for other in list(others)[:CORRESPONDENTS])
    return tuple(f"{pair} {base}" for pair in pairs)
