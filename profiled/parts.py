"""Finding a profile in the database, and the states by which clients tell what of it changed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from profiled.model import PARTS, Profile, Root
from restante.errors import InvalidArgument, NotFound, SessionEnded, StateMismatch


def find(root: Root, user: str) -> Profile:
    """Return the profile of somebody who is logged in. Raises SessionEnded when it is gone."""
    profile = root.profiles.get(user)
    if profile is None:
        raise SessionEnded("This profile is not here any more. Log in again.")
    return profile


def state_of(profile: Profile, part: str = "") -> str:
    """Return the state of one part, or of the whole profile."""
    return str(profile.steps[part] if part else profile.step)


def states_of(profile: Profile) -> dict[str, str]:
    """Return the state of each part."""
    return {part: state_of(profile, part) for part in PARTS}


def check_state(profile: Profile, part: str, if_state: str) -> None:
    """Raise StateMismatch unless `if_state` is empty or the state of the part (of all, when part is "")."""
    if if_state and if_state != state_of(profile, part):
        raise StateMismatch(
            "This was changed elsewhere in the meantime. Read it again, then make your change.",
            about=part or "profile",
        )


def changed_since(profile: Profile, since: str) -> list[str]:
    """Return the parts that changed after the state `since`; all of them for a state we never gave."""
    step = int(since) if since.isdecimal() and len(since) < 20 else 0
    if not 0 < step <= profile.step:
        return list(PARTS)
    return [part for part in PARTS if profile.steps[part] > step]


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a time."""
    return datetime.fromtimestamp(int(seconds), UTC)


def merged(kept: dict[str, Any], change: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return `kept` under `change["set"]`, with what `change["unset"]` names back at its default."""
    put: dict[str, Any] = change.get("set", {})
    unset: list[str] = change.get("unset", [])
    refuse_both(put, unset)
    bare = {key: value for key, value in kept.items() if key not in unset}
    return bare | {key: defaults[key] for key in unset if key in defaults} | put


def refuse_both(put: Iterable[str], unset: Iterable[str]) -> None:
    """Raise InvalidArgument when the same thing is to be set and unset."""
    if both := sorted(set(put) & set(unset)):
        raise InvalidArgument(
            f"“{both[0]}” stands in set and in unset. Leave it in one of them.", about=both[0]
        )


def one_of(things: Iterable[Any], thing_id: str, what: str) -> Any:
    """Return the thing with this id, whether a record or plain data. Raises NotFound."""
    for thing in things:
        if (thing["id"] if isinstance(thing, dict) else thing.id) == thing_id:
            return thing
    raise NotFound(f"There is no {what} “{thing_id}” in this profile. Read the list again.", about=thing_id)
