"""Answers that are kept: bounded in octets, what nobody asked for longest goes first."""

from stored import opened
from stored.opened import Asked, Opened


def asked(uid, user="ana", text=True):
    return Asked(user, uid, b"hash", text, text)


def test_what_is_kept_is_found_by_all_of_what_was_asked():
    kept = Opened()
    kept.keep(asked(1), b"one")
    assert kept.get(asked(1), 3) == b"one"
    assert kept.get(asked(1), 2) is None
    for other in (asked(2), asked(1, "eva"), asked(1, text=False), asked(1)._replace(sha256=b"other")):
        assert kept.get(other, 3) is None


def test_those_not_asked_for_since_longest_go_first_and_all_of_it_is_bounded():
    kept = Opened(3 * (1_000 + opened._BESIDE_OCTETS))
    for uid in (1, 2, 3, 1, 4):
        kept.keep(asked(uid), b"x" * 1_000)
        kept.get(asked(1), 1_000)
    assert [uid for uid in range(1, 5) if kept.get(asked(uid), 1_000)] == [1, 3, 4]
    kept.keep(asked(5), b"x" * 2_300)
    assert [uid for uid in range(1, 6) if kept.get(asked(uid), 2_300)] == [4, 5]


def test_a_very_large_one_pushes_no_others_out():
    kept = Opened()
    kept.keep(asked(1), b"one")
    kept.keep(asked(2), bytes(opened.LARGEST_OCTETS + 1))
    assert (kept.get(asked(1), 3), kept.get(asked(2), 1 << 30)) == (b"one", None)
