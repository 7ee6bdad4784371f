"""When a maildrop that could not be visited is tried again."""

import pytest

from restante.errors import (
    CertificateBad,
    ConnectionFailed,
    Draining,
    HostDenied,
    InvalidArgument,
    MaildropInUse,
    NoSpace,
    RemoteLoginRefused,
    RemoteProtocol,
    RemoteTemporary,
)
from stored.collecting.backoff import REFUSALS, after_failure, pause_seconds, stopped, told_stopped, waiting

LOGIN = b"l" * 16
NOW = 1_800_000_000


def failed(error, times, *, login=LOGIN, now=NOW, before=None):
    for _ in range(times):
        before = after_failure(before, error("no"), login, now, 0)
    return before


@pytest.mark.parametrize(
    ("error", "pauses"),
    [
        (MaildropInUse, [120, 240, 480, 900, 900]),
        (ConnectionFailed, [120, 240, 480, 960, 1920]),
        (RemoteTemporary, [120, 240, 480, 960, 1920]),
        (RemoteLoginRefused, [900, 1800, 3600, 7200, 14400]),
        (CertificateBad, [900, 1800, 3600, 7200, 14400]),
        (RemoteProtocol, [900, 1800, 3600, 7200, 14400]),
        (HostDenied, [900, 1800, 3600, 7200, 14400]),
        (InvalidArgument, [900, 1800, 3600, 7200, 14400]),
    ],
)
def test_each_kind_has_its_own_pauses(error, pauses):
    assert [pause_seconds(error("no"), n, 0) for n in range(1, 6)] == pauses


def test_pauses_end_somewhere_and_are_spread():
    assert pause_seconds(ConnectionFailed("no"), 1000, 0) == 4 * 3600
    assert pause_seconds(RemoteTemporary("no"), 1, 1) == 144
    assert pause_seconds(RemoteTemporary("no"), 1, -1) == 96
    assert pause_seconds(RemoteTemporary("no", retry_after_seconds=3000), 1, 0) == 3000


def test_failures_of_one_kind_add_up_and_another_kind_begins_anew():
    trouble = failed(ConnectionFailed, 3)
    assert (trouble.failures, trouble.kind) == (3, "connection_failed")
    assert failed(MaildropInUse, 1, before=trouble).failures == 1


def test_a_password_refused_three_times_is_not_tried_until_it_is_given_anew():
    trouble = failed(RemoteLoginRefused, REFUSALS - 1)
    assert not stopped(trouble, LOGIN)
    # Trouble in between does not make the refusals forgotten.
    trouble = failed(RemoteLoginRefused, 1, before=failed(ConnectionFailed, 1, before=trouble))
    assert stopped(trouble, LOGIN)
    assert waiting(trouble, LOGIN, NOW + 365 * 86400)
    assert not stopped(trouble, b"other")
    assert failed(RemoteLoginRefused, 1, login=b"other", before=trouble).refusals == 1
    assert "refused 3 times" in told_stopped(trouble).message


def test_waiting_ends_and_a_clock_set_back_does_not_make_it_longer():
    trouble = failed(ConnectionFailed, 1)
    assert waiting(trouble, LOGIN, NOW + 119)
    assert not waiting(trouble, LOGIN, NOW + 121)
    assert not waiting(trouble, LOGIN, NOW - 10 * 365 * 86400)
    assert not waiting(trouble, b"other", NOW)
    assert not waiting(None, LOGIN, NOW)


@pytest.mark.parametrize("error", [NoSpace, Draining])
def test_trouble_of_our_own_is_not_the_servers(error):
    assert failed(error, 3) is None
    before = failed(ConnectionFailed, 1)
    assert failed(error, 1, before=before) == before
