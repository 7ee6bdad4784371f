"""What is kept of a person beside the mail itself: whom they wrote to, what runs for them, what they saw.

Personal ─ people     address → second           whom the user has written to, and when last
         ─ jobs       number → Job               what runs for the user, or ran lately
         ─ forwarded  (day, count)               letters that rules forwarded on that day
         ─ seen       (state, second)            the last arrival card looked at, and when that was told
"""

from BTrees.LOBTree import LOBTree
from BTrees.OLBTree import OLBTree
from persistent import Persistent

from stored.model.account import Account

PEOPLE = 20_000
DAY_SECONDS = 24 * 3600


class People(OLBTree):  # type: ignore[misc]
    """Address in small letters → the second of the last letter to it."""

    max_leaf_size = 60
    max_internal_size = 100


class Jobs(LOBTree):  # type: ignore[misc]
    """number → Job."""

    max_leaf_size = 30
    max_internal_size = 100


class Personal(Persistent):  # type: ignore[misc]
    """One user's. Its own record is small and changes seldom."""

    version = 1

    def __init__(self) -> None:
        self.people = People()
        self.jobs = Jobs()
        self.forwarded = (0, 0)
        self.seen = ("", 0)

    def learn(self, address: str, at: int) -> None:
        """Note that the user wrote to `address`; of very many the alphabet's last are not noted."""
        if address in self.people or len(self.people) < PEOPLE:
            self.people[address] = max(at, self.people.get(address, 0))

    def forward(self, at: int, most: int) -> bool:
        """Count one more letter forwarded on the day of `at`; return whether it is among the `most`."""
        day, count = self.forwarded
        today = at // DAY_SECONDS
        count = count if day == today else 0
        if count >= most:
            return False
        self.forwarded = (today, count + 1)
        return True


_NOBODY = Personal()


def personal(account: Account) -> Personal:
    """Return what is kept of the user, for reading only: it may be nobody's."""
    return account.personal or _NOBODY


def own(account: Account) -> Personal:
    """Return what is kept of the user, to be changed inside a unit of work."""
    if account.personal is None:
        account.personal = Personal()
    return account.personal
