"""What the tests of the wire share: servers of their own, a meter, a wire."""

import pytest

from tests.unit.tkclient.peers import Peer
from tkclient.line import Meter
from tkclient.rpc import Wire


@pytest.fixture
def peer():
    made = []

    def make(*scripts, **options):
        made.append(Peer(*scripts, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def wire(meter):
    wire = Wire(meter, seconds=0.6)
    yield wire
    wire.close()
