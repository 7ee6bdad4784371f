"""The foot of the window: what it counts, and that it is whole at any width and text size."""

from tests.ui.turning import spin


def test_another_visit_begins_to_count_anew(root, window):
    desk, meter = window.desk, window.desk.link.meter
    spin(root, lambda: not desk.tasks.waiting_seconds() and desk.mailbox.state, "the first screen")
    first = meter.octets
    for _ in range(20):
        desk.browsing.look_afresh()
        spin(root, lambda: not desk.tasks.waiting_seconds(), "an answer")
    assert meter.octets > 3 * first
    window.leave()
    spin(root, lambda: not desk.session.is_open, "leaving")
    desk.open("mary", "long-password", window._opened, lambda trouble: None)
    spin(
        root, lambda: desk.mailbox.folders and not desk.tasks.waiting_seconds(), "the mail of another person"
    )
    assert meter.octets < 1.2 * first
