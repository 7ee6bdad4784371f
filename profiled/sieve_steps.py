"""What understanding one Sieve script may take: counted, so that no script can be slow. Pure.

A step is about a microsecond, or less. Two hundred rules as Roundcube writes them, as many as a profile
keeps, take sixty thousand.
"""

STEPS = 250_000


class TooMuch(Exception):
    """The steps are used up."""


class Steps:
    """What is left for one script."""

    def __init__(self, left: int = STEPS) -> None:
        self.left = left

    def take(self, steps: int) -> None:
        """Take so many steps. Raises TooMuch where they are not left, and from then on."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch
