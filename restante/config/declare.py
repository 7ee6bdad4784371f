"""Declaring what can be set: a dataclass field that knows its help, its bounds and whether it is a secret."""

import dataclasses
from typing import Any, get_args, get_origin


def setting(
    default: Any,
    help: str,
    *,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """Declare one key with its default and the sentence that stands above it in `etc/`.

    `minimum` and `maximum` bound numbers, both included. The value of a `secret` is masked wherever
    settings are shown.
    """
    metadata = {"help": help, "secret": secret, "minimum": minimum, "maximum": maximum}
    if isinstance(default, list | dict):
        kept = default
        return dataclasses.field(default_factory=lambda: kept.copy(), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def section(cls: type[Any], help: str = "", **defaults: Any) -> Any:
    """Declare a TOML table whose keys are the fields of `cls`; `defaults` replace some of its defaults."""
    return dataclasses.field(default_factory=lambda: cls(**defaults), metadata={"help": help})


def is_section(kind: Any) -> bool:
    """Tell whether an annotation is a class of settings. Pure."""
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def section_in(kind: Any) -> type[Any] | None:
    """Return the class in `dict[str, Section]`, or None for any other annotation. Pure."""
    if get_origin(kind) is dict and is_section(get_args(kind)[1]):
        found: type[Any] = get_args(kind)[1]
        return found
    return None
