"""What there is to know about a maildrop, each as a sentence."""

from typing import get_args

import pytest

from stored.collecting.notices import notice
from stored.collecting.types import NoticeKind


@pytest.mark.parametrize("kind", get_args(NoticeKind))
def test_each_kind_is_a_sentence_about_its_host(kind):
    fill = {"count": 1, "days": 1, "said": "", "allow": "", "why": "Prove one of them."}
    told = notice(kind, "pop.uno.example", **fill)
    assert (told.kind, told.about) == (kind, "pop.uno.example")
    assert told.message.endswith(".") and "{" not in told.message
