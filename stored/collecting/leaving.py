"""What a visit leaves in the maildrop: what there is no room for here, or cannot be taken; and what is told.

Whatever is left stays there, is never deleted, and is looked at again in the next visit.
"""

from restante.errors import NoSpace, OverQuota, RestanteError, TooLarge
from stored.space import Room, never_fits, told
from stored.store import UserStore


class Leaving:
    """What one visit leaves at `host`. For one thread."""

    def __init__(self, mail: UserStore, host: str) -> None:
        self._mail = mail
        self._host = host
        self._room: Room | None = None
        self._taken = 0
        self._unfit: list[int] = []
        self._others: list[RestanteError] = []

    def look(self) -> None:
        """See how much room there is now. Reads."""
        self._room = self._mail.room()
        self._taken = 0

    def has_room_for(self, octets: int) -> bool:
        """Return whether a message that is listed with `octets` fits beside those that were asked for since
        the last look; and count it among them where it does. Where the size is not told, any room will do.
        """
        assert self._room is not None, "nobody has looked"
        octets = max(octets, 1)
        if self._taken + octets > self._room.octets:
            return False
        self._taken += octets
        return True

    def for_room(self, octets: int) -> None:
        """Note a message that is left because it does not fit."""
        self._unfit.append(max(octets, 0))

    def because(self, why: RestanteError) -> None:
        """Note a message that is left for another reason."""
        self._others.append(why)

    @property
    def error(self) -> RestanteError | None:
        """What is to be told of all that was left, if anything."""
        if self._unfit:
            return self._no_room()
        return self._others[0] if self._others else None

    def _no_room(self) -> RestanteError:
        room, messages = self._mail.room(), len(self._unfit)
        stay = "1 message stays" if messages == 1 else f"{messages} messages stay"
        what = f"{stay} on {self._host} ({told(sum(self._unfit))})"
        if room.quota > room.disk:
            return NoSpace(
                f"{what}, since the server's disk is nearly full. "
                f"{'It is' if messages == 1 else 'They are'} collected once there is space; "
                "tell whoever runs the service.",
                about=self._host,
            )
        what = f"{what}: {room.quota_told}."
        never = sum(octets > room.limit for octets in self._unfit)
        if never == messages:
            return TooLarge(f"{what} {never_fits(never, of=messages)}", about=self._host)
        advice = "Delete for good what you do not need, then collect again."
        if never:
            advice = f"{advice} {never_fits(never, of=messages)}"
        return OverQuota(f"{what} {advice}", about=self._host)
