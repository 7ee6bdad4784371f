"""Showing settings: masked for the log, as TOML for people, as a list of keys for the tests."""

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import orjson

from restante.config.declare import section_in

MASK = "********"


def effective(settings: Any) -> dict[str, Any]:
    """Return the settings as plain structs, secrets masked, for the log and for people. Pure."""
    return {
        field.name: _shown(getattr(settings, field.name), bool(field.metadata.get("secret")))
        for field in dataclasses.fields(settings)
    }


def secrets(settings: Any) -> list[str]:
    """Return the values of all secret keys, so that the log can mask them wherever they turn up. Pure."""
    found: list[str] = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        inside = list(value.values()) if isinstance(value, dict) else [value]
        for item in inside:
            if dataclasses.is_dataclass(item):
                found += secrets(item)
            elif field.metadata.get("secret") and item:
                found.append(str(item))
    return found


def render(settings: Any, *, comment_out: bool = False) -> str:
    """Return the settings as a TOML file, each key under the sentence that explains it, secrets masked. Pure.

    With `comment_out` every key is a comment, which is how the files in `etc/` show the defaults.
    """
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_rendered(settings, "", comment_out))).strip() + "\n"


def keys(cls: type[Any]) -> dict[str, str]:
    """Return every key of `cls` with its default as TOML; in a table of sections as `storage.*.url`. Pure."""
    return dict(_keys(cls()))


def documented_keys(path: Path) -> dict[str, str]:
    """Return every key that stands in a TOML file, also in comments, with the value written there.

    A line `# threads = 8` under `[http]` documents `http.threads`. A table whose name ends in a number
    (`[storage.1]`) documents `storage.*`. For the test that holds `etc/` and the settings together.
    """
    found: dict[str, str] = {}
    table = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        bare = re.sub(r"^\s*#?\s?", "", line)
        if header := re.fullmatch(r"\[([A-Za-z0-9_.\"-]+)\]\s*", bare):
            table = re.sub(r"\.\"?\d+\"?$", ".*", header[1]) + "."
        elif entry := re.fullmatch(r"([a-z][a-z0-9_]*) = (.+)", bare):
            found[table + entry[1]] = entry[2].strip()
    return found


def toml_value(value: Any) -> str:
    """Return one value in TOML's own notation. Pure."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        inside = ", ".join(f"{toml_value(str(key))} = {toml_value(item)}" for key, item in value.items())
        return "{ " + inside + " }" if inside else "{}"
    # A JSON string is a TOML basic string, apart from DEL, which no setting contains.
    return orjson.dumps(str(value)).decode()


def _shown(value: Any, secret: bool) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return effective(value)
    if secret:
        return MASK if value else value
    if isinstance(value, dict):
        return {key: _shown(item, False) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value


def _keys(settings: Any) -> Iterator[tuple[str, str]]:
    """Yield the keys of one section as it stands in its owner, with the defaults its owner gave it."""
    hints = get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            yield from ((f"{field.name}.{key}", text) for key, text in _keys(value))
        elif (item := section_in(hints[field.name])) is not None:
            yield from ((f"{field.name}.*.{key}", text) for key, text in _keys(item()))
        else:
            yield field.name, toml_value(value)


def _rendered(settings: Any, table: str, comment_out: bool) -> Iterator[str]:
    mark = "# " if comment_out else ""
    nested: list[tuple[str, str, Any]] = []
    hints, shown = get_type_hints(type(settings)), effective(settings)
    for field in dataclasses.fields(settings):
        value, name, help = getattr(settings, field.name), table + field.name, field.metadata.get("help", "")
        if dataclasses.is_dataclass(value):
            nested.append((name, help, value))
        elif (item := section_in(hints[field.name])) is not None:
            nested += [(f"{name}.{key}", help, one) for key, one in value.items()]
            if comment_out and not value:
                nested.append((f"{name}.1", help, item()))
        else:
            yield from (f"# {help}", f"{mark}{field.name} = {toml_value(shown[field.name])}", "")
    for name, help, inner in nested:
        yield from (f"# {help}" if help else "", f"[{name}]", *_rendered(inner, name + ".", comment_out), "")
