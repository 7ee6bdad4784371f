"""How much may still be kept: of a user's quota, and on the disk above its floor."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path

from restante.errors import NoSpace, OverQuota, TooLarge
from stored.model.account import Account

#: Where nothing limits it.
UNLIMITED = 1 << 62
#: How long a look at the free space is believed.
_SPACE_SECONDS = 1.0


@dataclass(frozen=True)
class Room:
    """How many octets may be added to one user's mail: by the quota of `limit` octets (0: none), and by the
    disk. Less than nothing where more is kept than may be.
    """

    quota: int
    disk: int
    limit: int

    @property
    def octets(self) -> int:
        return min(self.quota, self.disk)

    @property
    def quota_told(self) -> str:
        """How much of the quota is free, as a part of a sentence."""
        return f"of the {told(self.limit)} that all of your mail may take, {told(self.quota)} are free"


class Space:
    """The disk that mail is kept on, and what each user may have of it. Safe to use from any thread."""

    def __init__(self, directory: Path, floor_octets: int, quota_octets: int, *, elsewhere: bool) -> None:
        """`elsewhere`: mail is kept by another server, which looks after its own disk."""
        self._directory = directory
        self._floor_octets = floor_octets
        self.quota_octets = quota_octets
        self._elsewhere = elsewhere
        self._looked: tuple[float, int] = (float("-inf"), 0)

    def free_octets(self) -> int:
        """Return how much space is left where mail is kept; a look is believed for a second."""
        at, octets = self._looked
        if time.monotonic() - at > _SPACE_SECONDS:
            octets = shutil.disk_usage(self._directory).free
            self._looked = (time.monotonic(), octets)
        return octets

    def room(self, account: Account) -> Room:
        """Return how much may be added to the mail of `account`. Reads."""
        quota = self.quota_octets - account.octets() if self.quota_octets else UNLIMITED
        disk = UNLIMITED if self._elsewhere else self.free_octets() - self._floor_octets
        return Room(quota, disk, self.quota_octets)

    def admit(self, account: Account) -> None:
        """Refuse what a unit of work has added where there is no room for it: OverQuota, NoSpace; TooLarge
        where there never can be, whatever is deleted.

        Work that adds nothing is never refused, so that deleting and packing make room again.
        """
        grown = account.grown()
        if not grown:
            return
        room = self.room(account)
        if room.quota < 0 and grown > room.limit:
            raise TooLarge(
                f"This takes {told(grown)}, and all of your mail together may take {told(room.limit)}. "
                "Make it smaller, or ask whoever runs the service for more."
            )
        if room.quota < 0:
            before = replace(room, quota=room.quota + grown)
            raise OverQuota(
                f"This takes {told(grown)}, and {before.quota_told}. "
                "Delete for good what you do not need, then try again."
            )
        if room.disk < 0:
            raise NoSpace("The server's disk is nearly full, so it takes nothing new. Try again later.")
        # What is taken counts at once: much can be written before the next look.
        at, octets = self._looked
        self._looked = (at, octets - grown)


def never_fits(never: int, *, of: int) -> str:
    """Return what to do about letters that are larger than the whole quota, `never` of so many. Pure."""
    which = "It is" if of == 1 else "Each of them is" if never == of else f"{never} of them {_is(never)}"
    return (
        f"{which} larger than all of your mail may be together, so no deleting makes room for that: "
        "ask whoever runs the service for more."
    )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def told(octets: int) -> str:
    """Return a size as people read it: "840 octets", "12 kB", "3.4 MB". Pure."""
    octets = max(octets, 0)
    if octets < 1000:
        return "1 octet" if octets == 1 else f"{octets} octets"
    size, unit = octets / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    text = f"{size:.1f}" if size < 9.95 else f"{size:.0f}"
    return f"{text.removesuffix('.0')} {unit}"
