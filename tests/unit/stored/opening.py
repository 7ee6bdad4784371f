"""What the tests of opened messages share: `message.get` without the wire."""

from stored.parsing import Parsers
from stored.reading import Reader

#: Its processes are started by the first letter that needs one, and end with the tests.
READER = Reader(Parsers(1))


def get(mail, ids, **options):
    return READER.get(mail, ids, **options)
