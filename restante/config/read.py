"""Reading settings: file, environment, command line; every mistake a sentence that names where and what."""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from restante.config.declare import is_section, section_in
from restante.config.show import keys, toml_value
from restante.errors import ConfigError

T = TypeVar("T")
_TRUTHS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_WORDS: dict[Any, str] = {
    str: "text, in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path, in quotes",
}
_EXAMPLES: dict[Any, str] = {str: '"text"', int: "1", float: "1.5", bool: "true", Path: '"path"'}


def load(
    cls: type[T],
    path: Path | str | None,
    *,
    env: Mapping[str, str] | None = None,
    prefix: str = "",
    overrides: Iterable[str] = (),
) -> T:
    """Return the settings `cls` as the file, then the environment, then `overrides` have them.

    `env` has `PREFIX_SECTION_KEY`, `overrides` are "section.key=value". Without a path: the defaults.
    Raises ConfigError (permanent). Reads one file.
    """
    settings = cls()
    if path is not None:
        text, tree = _read(Path(path))
        settings = _changed(settings, tree, _Where(f"The settings file {path}", text))
    for variable, dotted, raw in _from_environment(cls, env or {}, prefix):
        settings = _placed(settings, dotted, raw, f"The environment variable {variable}")
    for override in overrides:
        dotted, equals, raw = override.partition("=")
        if not equals:
            raise ConfigError(f"--set {override} has no value; write --set key=value.")
        settings = _placed(settings, dotted.strip(), raw.strip(), f"--set {override}")
    return settings


@dataclass(frozen=True)
class _Where:
    """A key in its place, to be named in a sentence."""

    origin: str
    text: str = ""
    key: str = ""

    def inside(self, name: str) -> "_Where":
        return dataclasses.replace(self, key=f"{self.key}.{name}" if self.key else name)

    def must_be(self, what: str) -> ConfigError:
        return ConfigError(f"{self}: {self.key} must be {what}.", about=self.key)

    def unknown(self, known: Iterable[str]) -> ConfigError:
        table, _, name = self.key.rpartition(".")
        near = difflib.get_close_matches(name, list(known), 1)
        hint = f"; did you mean {table + '.' if table else ''}{near[0]}?" if near else "."
        return ConfigError(f"{self}: there is no setting {self.key}{hint}", about=self.key)

    def __str__(self) -> str:
        line = _line_of(self.text, self.key)
        return f"{self.origin}, line {line}" if line else self.origin


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except FileNotFoundError:
        wrong = "does not exist"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        wrong = "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        wrong = f"is not TOML: {error}"
    raise ConfigError(f"The settings file {path} {wrong}.", about=str(path))


def _line_of(text: str, dotted: str) -> int:
    """Return the line (from 1) on which a key stands, or 0 where that cannot be told."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = re.sub(r"[\"'\s]", "", header[1])
            if table == dotted:
                return number
        elif entry := re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line):
            name = re.sub(r"[\"'\s]", "", entry[1])
            if (f"{table}.{name}" if table else name) == dotted:
                return number
    return 0


def _changed(settings: T, tree: Any, where: _Where) -> T:
    """Return `settings` with what `tree` says; what it does not say keeps the value it had."""
    if not isinstance(tree, dict):
        raise where.must_be(f"a table, written [{where.key}]")
    hints = get_type_hints(type(settings))
    fields = {field.name: field for field in dataclasses.fields(settings)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, value in tree.items():
        here = where.inside(name)
        if name not in fields:
            raise here.unknown(fields)
        values[name] = _value(getattr(settings, name), value, hints[name], fields[name].metadata, here)
    return dataclasses.replace(settings, **values)  # type: ignore[type-var]


def _value(old: Any, value: Any, kind: Any, bounds: Mapping[str, Any], where: _Where) -> Any:
    if is_section(kind):
        return _changed(old, value, where)
    if (item := section_in(kind)) is None:
        return _checked(value, kind, bounds, where)
    if not isinstance(value, dict):
        raise where.must_be(f"tables, written [{where.key}.1]")
    return {key: _changed(item(), one, where.inside(key)) for key, one in value.items()}


def _checked(value: Any, kind: Any, bounds: Mapping[str, Any], where: _Where) -> Any:
    """Return `value` as `kind`, or raise the sentence that says what it must be."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value not in inner:
            raise where.must_be("one of " + ", ".join(toml_value(word) for word in inner))
        return value
    if origin is list:
        if not isinstance(value, list):
            raise where.must_be(f"a list, such as [{_EXAMPLES[inner[0]]}]")
        return [_checked(item, inner[0], bounds, where) for item in value]
    if origin is dict:
        if not isinstance(value, dict):
            raise where.must_be(f"a table, written [{where.key}]")
        return {key: _checked(item, inner[1], bounds, where.inside(key)) for key, item in value.items()}
    return _checked_scalar(value, kind, bounds, where)


def _checked_scalar(value: Any, kind: Any, bounds: Mapping[str, Any], where: _Where) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    # In Python a truth is a whole number; in a settings file that is a mistake.
    truth = isinstance(value, bool)
    if kind is float and isinstance(value, int) and not truth:
        value = float(value)
    if not isinstance(value, kind) or (truth and kind is not bool):
        raise where.must_be(_WORDS[kind])
    low, high = bounds.get("minimum"), bounds.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        raise where.must_be(
            f"from {low} to {high}"
            if None not in (low, high)
            else f"at most {high}"
            if low is None
            else f"at least {low}"
        )
    return value


def _from_environment(cls: type[Any], env: Mapping[str, str], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield (variable, dotted key, text) of every variable with the prefix. An unknown one is an error."""
    if not prefix:
        return
    variables = {f"{prefix}_{key}".upper().replace(".", "_"): key for key in keys(cls) if "*" not in key}
    for variable, text in env.items():
        if not variable.startswith(prefix + "_"):
            continue
        if variable not in variables:
            near = difflib.get_close_matches(variable, variables, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise ConfigError(f"The environment variable {variable} is no setting{hint}", about=variable)
        yield variable, variables[variable], text


def _placed(settings: T, dotted: str, raw: str, origin: str) -> T:
    """Return `settings` with one key set from text, which is read as the key's type wants it."""
    names = dotted.split(".")
    where = _Where(origin)
    kind: Any = type(settings)
    for name in names:
        where = where.inside(name)
        kind = _kind_inside(kind, name, where)
    if is_section(kind) or section_in(kind) is not None:
        raise ConfigError(f"{origin}: {dotted} is a table; name a key of it.", about=dotted)
    tree: Any = _from_text(raw, kind)
    for at in range(len(names) - 1, -1, -1):
        tree = {names[at]: tree}
    return _changed(settings, _with_siblings(settings, tree), _Where(origin))


def _with_siblings(settings: Any, tree: dict[str, Any]) -> dict[str, Any]:
    """Add to a tree of one key what stands beside it in a table without fixed keys, which is replaced."""
    ((name, inner),) = tree.items()
    old = getattr(settings, name)
    if dataclasses.is_dataclass(old):
        return {name: _with_siblings(old, inner)}
    if isinstance(old, dict) and isinstance(inner, dict):
        plain = {key: _plain(item) for key, item in old.items()}
        for key, item in inner.items():
            plain[key] = plain.get(key, {}) | item if isinstance(item, dict) else item
        return {name: plain}
    return tree


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return str(value) if isinstance(value, Path) else value


def _kind_inside(kind: Any, name: str, where: _Where) -> Any:
    if is_section(kind):
        hints = get_type_hints(kind)
        if name in hints:
            return hints[name]
        raise where.unknown(hints)
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    raise where.unknown([])


def _from_text(raw: str, kind: Any) -> Any:
    """Return text of the environment or the command line as what TOML would have made of it."""
    if kind in (str, Path) or get_origin(kind) is Literal:
        return raw
    if kind is bool:
        return _TRUTHS.get(raw.lower(), raw)
    if get_origin(kind) is list and not raw.lstrip().startswith("["):
        return [_from_text(item.strip(), get_args(kind)[0]) for item in raw.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw
