"""What an account's collecting says to people: trouble, what was left at its server, what is good to know."""

from typing import get_args

import pytest

from stored.collecting.types import NoticeKind
from tkclient.collecting import notices_told, trouble_told
from tkclient.ui.collecting import trouble_of
from tkclient.words import LANGUAGES, Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_of_the_storage_server_has_a_sentence(language):
    notices = [{"kind": kind, "message": "", "about": "pop.test\n"} for kind in get_args(NoticeKind)]
    said = notices_told(Words(language), {"notices": [*notices, {"kind": "of_the_future"}]})
    assert len(set(said)) == len(notices)
    assert all("pop.test" in sentence and "\n" not in sentence for sentence in said)
    assert notices_told(Words(language), {}) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["over_quota", "no_space", "too_large"])
def test_what_was_left_at_a_server_is_told_although_the_visit_went_well(language, kind):
    words = Words(language)
    error = {"kind": kind, "message": "", "about": "pop.test", "retryable": False}
    assert trouble_of({"stage": "done", "error": error}) == error
    assert "pop.test" in trouble_told(words, error)
    assert words.short_error(kind) != words("short.other")
    assert trouble_of({"stage": "done"}) is None


def test_other_trouble_is_told_as_everywhere():
    error = {"kind": "remote_silent", "message": "", "about": "pop.test", "retryable": True}
    assert trouble_told(Words("en"), error).startswith("pop.test ")
