"""Fixtures that several kinds of test share."""

import pytest
from hypothesis import settings

from demo import providers
from tests.daemons import House

# How long an example takes tells of the machine and of who else is at work on it, not of what is tested.
settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The three daemons beside the demonstration's two providers, for the tests of one module."""
    directory = tmp_path_factory.mktemp("house")
    with providers.running(directory) as both:
        running = House(directory, both)
        try:
            yield running.start_all()
        finally:
            running.stop()
