"""Fixtures that several kinds of test share."""

import pytest

from demo import providers
from tests.daemons import House


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
