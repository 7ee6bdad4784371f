"""The counted order of a folder agrees with a sorted list, whatever is done to it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stored.model import order
from stored.model.order import Order


@pytest.fixture
def small_nodes(monkeypatch):
    """Nodes so small that a few hundred keys make a tree of several levels."""
    monkeypatch.setattr(order, "BLOCK_KEYS", 4)
    monkeypatch.setattr(order, "INDEX_CHILDREN", 3)
    monkeypatch.setattr(order, "HEAD_KEYS", 3)


def assert_agrees(kept, expected):
    newest_first = sorted(expected, reverse=True)
    assert len(kept) == len(expected)
    assert kept.window(0, len(expected) + 1) == newest_first
    for position in range(0, len(expected) + 2, 5):
        assert kept.window(position, 7) == newest_first[position : position + 7]
    for key in range(0, 400, 13):
        assert kept.position(key) == sum(other > key for other in expected)
        assert (key in kept) == (key in expected)


@pytest.mark.parametrize("arrange", [list, reversed, None], ids=["rising", "falling", "shuffled"])
def test_agrees_with_a_sorted_list(small_nodes, arrange):
    keys = list(range(0, 400, 2))
    arriving = random.Random(1).sample(keys, len(keys)) if arrange is None else list(arrange(keys))
    kept, expected = Order(), set()
    for key in arriving:
        kept.insert(key)
        expected.add(key)
    assert_agrees(kept, expected)
    for key in random.Random(2).sample(keys, len(keys)):
        assert kept.remove(key)
        expected.remove(key)
        if len(expected) % 40 == 0:
            assert_agrees(kept, expected)
    assert_agrees(kept, set())
    kept.insert(8)
    kept.insert(4)
    assert_agrees(kept, {4, 8})


keys = st.integers(0, 399)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.booleans(), keys), max_size=300))
def test_agrees_after_any_steps(steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "BLOCK_KEYS", 4)
        patch.setattr(order, "INDEX_CHILDREN", 3)
        patch.setattr(order, "HEAD_KEYS", 3)
        kept, expected = Order(), set()
        for adding, key in steps:
            if adding:
                kept.insert(key)
                expected.add(key)
            else:
                assert kept.remove(key) == (key in expected)
                expected.discard(key)
        assert_agrees(kept, expected)


def test_rising_keys_leave_full_blocks_behind():
    kept = Order()
    for key in range(order.BLOCK_KEYS * 3 + order.HEAD_KEYS):
        kept.insert(key)
    assert kept.root.counts == [order.BLOCK_KEYS] * 3


def test_falling_keys_leave_full_blocks_behind():
    kept = Order()
    for key in reversed(range(order.BLOCK_KEYS * 3)):
        kept.insert(key)
    assert kept.root.counts[1:] == [order.BLOCK_KEYS] * 2


def test_times_beyond_the_clock_keep_their_place():
    kept = Order()
    largest = (1 << 62) - 1
    for key in (largest, 0, 1 << 40):
        kept.insert(key)
    assert kept.window(0, 5) == [largest, 1 << 40, 0]
