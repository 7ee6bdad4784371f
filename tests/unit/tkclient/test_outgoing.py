"""Drafts kept on the server: which file is which afterwards."""

from typing import Any, cast

import pytest

from tkclient.compose import Attachment, Letter
from tkclient.outgoing import Outgoing


class Answering:
    """A link whose server answers at once."""

    def __init__(self, attachments: list[Any]) -> None:
        self.answer = {"id": "m2", "attachments": attachments}

    def storage(self, method: str, params: dict[str, Any], done: Any, failed: Any) -> None:
        done(self.answer)


@pytest.mark.parametrize(
    ("kept", "blobs"),
    [
        (["m2-2", "m2-3"], ["m2-2", "m2-3"]),
        (["m2-2"], ["u1", "u2"]),
        ([], ["u1", "u2"]),
    ],
)
def test_a_file_takes_no_others_place(kept, blobs):
    letter = Letter({"to": [], "subject": "", "text": "Hola"})
    letter.attachments = [
        Attachment("a.txt", "text/plain", 1, "u1"),
        Attachment("b.txt", "text/plain", 2, "u2"),
    ]
    link = Answering([{"blob": blob} for blob in kept])
    done = []
    outgoing = Outgoing(cast(Any, link), cast(Any, None), cast(Any, None))
    outgoing.keep(letter, lambda: done.append(letter.id), cast(Any, pytest.fail))
    assert done == ["m2"]
    assert [item.blob for item in letter.attachments] == blobs
