"""Settings: frozen dataclasses read from TOML, the environment and the command line, in that order.

A daemon declares what can be set, once; everything else (reading, checking, the commented file in `etc/`,
the masked copy in the log) follows from the declaration:

    @dataclass(frozen=True)
    class PopSettings:
        allow_plain: bool = setting(False, "Whether accounts may be collected without TLS.")

    @dataclass(frozen=True)
    class Settings:
        http: HttpSettings = section(HttpSettings, listen="127.0.0.1:8611")
        pop3: PopSettings = section(PopSettings)

    settings = load(Settings, path, env=os.environ, prefix="RESTANTE_STORED", overrides=["log.level=debug"])

A value may be text, a whole number, a number, a truth, a path, one of a few words (`Literal`), a list of
those, a struct of those, or structs of sections (`[storage.1]`). Whatever is wrong is one sentence that
names the file, the line and the key. This module knows no daemon.
"""

import dataclasses
import difflib
import re
import tomllib
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import orjson

from restante.errors import ConfigError

T = TypeVar("T")

MASK = "********"
_KEYS = Path("var/keys")
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
_TYPE_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Path: "a path"}


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
    return dataclasses.field(default_factory=lambda: cls(**defaults), metadata={"help": help, "section": cls})


@dataclass(frozen=True)
class HttpSettings:
    listen: str = setting(
        "127.0.0.1:8600", 'Where the public listener answers: "address:port" or "unix:/path".'
    )
    internal_listen: str = setting(
        "127.0.0.1:8602",
        "Where other daemons and operators are answered; never to be reachable from outside.",
    )
    path: str = setting("/", "The path in front of every public address, as the proxy in front passes it on.")
    threads: int = setting(8, "Requests answered at the same time, per listener.", minimum=1, maximum=256)
    connection_limit: int = setting(
        1000, "Connections kept open at the same time.", minimum=10, maximum=60000
    )
    body_limit_octets: int = setting(1048576, "The largest body of a call, in octets.", minimum=16384)
    drain_seconds: int = setting(30, "How long running requests may take to finish when stopping.", minimum=0)


@dataclass(frozen=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "The least important line that is kept."
    )
    file: str = setting("", "The file that lines are added to; empty for standard error.")


@dataclass(frozen=True)
class KeySettings:
    directory: Path = setting(
        _KEYS,
        "Where this daemon's key and the public keys of the others are. Daemons on one machine share it.",
    )


@dataclass(frozen=True)
class DatabaseSettings:
    path: str = setting(
        "", "The file of the embedded store; empty for the daemon's own place in its data directory."
    )
    zconfig: str = setting(
        "",
        "ZODB configuration text, to keep everything on ZEO or PostgreSQL instead of the embedded store.",
        secret=True,
    )
    cache_objects: int = setting(2000, "Objects kept in memory, per connection.", minimum=10)
    cache_octets: int = setting(16777216, "Octets of objects kept in memory, per connection.", minimum=65536)
    connections: int = setting(8, "Connections kept ready.", minimum=1)


def load(
    cls: type[T],
    path: Path | str | None,
    *,
    env: Mapping[str, str] | None = None,
    prefix: str = "",
    overrides: Iterable[str] = (),
) -> T:
    """Return the settings `cls` as the file, then the environment, then `overrides` have them.

    Without a path: defaults. Raises ConfigError (permanent). Reads one file.
    """
    tree: dict[str, Any] = {}
    origin = "the defaults"
    text = ""
    if path is not None:
        origin = str(path)
        text, tree = _read(Path(path))
    for variable, dotted, raw in _from_environment(cls, env or {}, prefix):
        _place(cls, tree, dotted, raw, f"environment variable {variable}")
    for override in overrides:
        dotted, equals, raw = override.partition("=")
        if not equals:
            raise ConfigError(f"--set {override} has no value; write --set key=value")
        _place(cls, tree, dotted.strip(), raw.strip(), f"--set {override}")
    return _build(cls, tree, _Where(origin, text, ""))


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
        if dataclasses.is_dataclass(value):
            found += secrets(value)
        elif isinstance(value, dict) and any(dataclasses.is_dataclass(item) for item in value.values()):
            for item in value.values():
                found += secrets(item)
        elif field.metadata.get("secret") and value:
            found.append(str(value))
    return found


def render(settings: Any, *, comment_out: bool = False) -> str:
    """Return the settings as a TOML file, every key under the sentence that explains it. Pure.

    With `comment_out` every key is a comment, which is how the files in `etc/` show the defaults.
    """
    return "\n".join(_rendered(settings, "", comment_out)).strip() + "\n"


def keys(cls: type[Any], prefix: str = "") -> dict[str, str]:
    """Return every key of `cls` with its default as TOML; a table of sections is `storage.*.url`. Pure."""
    found: dict[str, str] = {}
    defaults = cls()
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        name, kind = prefix + field.name, hints[field.name]
        if dataclasses.is_dataclass(kind):
            nested = getattr(defaults, field.name)
            found |= {f"{name}.{key}": text for key, text in _keys_of(nested)}
        elif (item := _section_of(kind)) is not None:
            found |= {f"{name}.*.{key}": text for key, text in _keys_of(item())}
        else:
            found[name] = toml_value(getattr(defaults, field.name))
    return found


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


@dataclass(frozen=True)
class _Where:
    """A place in a file, to be named in a sentence."""

    origin: str
    text: str
    key: str

    def inside(self, name: str) -> "_Where":
        return dataclasses.replace(self, key=f"{self.key}.{name}" if self.key else name)

    def __str__(self) -> str:
        line = _line_of(self.text, self.key)
        return f"{self.origin}, line {line}" if line else self.origin


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"the settings file {path} does not exist", about=str(path)) from None
    except OSError as error:
        raise ConfigError(
            f"the settings file {path} cannot be read: {error.strerror}", about=str(path)
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"the settings file {path} is not UTF-8 text", about=str(path)) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the settings file {path} is not TOML: {error}", about=str(path)) from None


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


def _section_of(kind: Any) -> type[Any] | None:
    """Return the section class of `dict[str, Section]`, or None."""
    if (
        get_origin(kind) is dict
        and dataclasses.is_dataclass(item := get_args(kind)[1])
        and isinstance(item, type)
    ):
        return item
    return None


def _build(cls: type[T], tree: Mapping[str, Any], where: _Where) -> T:
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for name in tree:
        if name not in fields:
            raise _unknown(where.inside(name), name, list(fields))
    defaults = cls()
    return _replaced(defaults, hints, fields, tree, where)


def _replaced(
    defaults: T,
    hints: Mapping[str, Any],
    fields: Mapping[str, dataclasses.Field[Any]],
    tree: Mapping[str, Any],
    where: _Where,
) -> T:
    """Return `defaults` with what `tree` says, a section keeping the defaults its owner gave it."""
    values: dict[str, Any] = {}
    for name, value in tree.items():
        here, kind = where.inside(name), hints[name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            values[name] = _section(getattr(defaults, name), kind, value, here)
        elif (item := _section_of(kind)) is not None:
            table = _table(value, here)
            values[name] = {
                key: _build(item, _table(one, here.inside(key)), here.inside(key))
                for key, one in table.items()
            }
        else:
            values[name] = _checked(value, kind, fields[name].metadata, here)
    return dataclasses.replace(defaults, **values)  # type: ignore[type-var]


def _section(defaults: Any, kind: type[Any], value: Any, where: _Where) -> Any:
    table = _table(value, where)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in table:
        if name not in fields:
            raise _unknown(where.inside(name), name, list(fields))
    return _replaced(defaults, get_type_hints(kind), fields, table, where)


def _table(value: Any, where: _Where) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {where.key} must be a table, written [{where.key}]", about=where.key)
    return value


def _unknown(where: _Where, name: str, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {where.key.removesuffix(name)}{near[0]}?" if near else ""
    return ConfigError(f"{where}: there is no setting {where.key}{hint}", about=where.key)


def _checked(value: Any, kind: Any, bounds: Mapping[str, Any], where: _Where) -> Any:
    """Return `value` as `kind`, or raise the sentence that says what it must be."""
    origin = get_origin(kind)
    if origin is Literal:
        if value not in get_args(kind):
            raise _wrong(where, "one of " + ", ".join(toml_value(word) for word in get_args(kind)))
        return value
    if origin is list:
        if not isinstance(value, list):
            raise _wrong(where, f"a list, such as [{toml_value(_example(get_args(kind)[0]))}]")
        return [_checked(item, get_args(kind)[0], bounds, where) for item in value]
    if origin is dict:
        return {
            key: _checked(item, get_args(kind)[1], bounds, where.inside(key))
            for key, item in _table(value, where).items()
        }
    if kind is Path and isinstance(value, str):
        return Path(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    # In Python a truth is a whole number; in a settings file that is a mistake.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(where, _TYPE_WORDS[kind])
    low, high = bounds.get("minimum"), bounds.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        raise _wrong(where, _range_words(low, high))
    return value


def _range_words(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"from {low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}"


def _wrong(where: _Where, must_be: str) -> ConfigError:
    return ConfigError(f"{where}: {where.key} must be {must_be}", about=where.key)


def _example(kind: Any) -> Any:
    return {str: "text", int: 1, float: 1.5, bool: True}.get(kind, "text")


def _from_environment(cls: type[Any], env: Mapping[str, str], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield (variable, dotted key, text) of every variable with the prefix. A dangling one is an error."""
    if not prefix:
        return
    variables = {f"{prefix}_{key}".upper().replace(".", "_"): key for key in keys(cls) if "*" not in key}
    for variable, text in env.items():
        if not variable.startswith(prefix + "_"):
            continue
        if variable not in variables:
            near = difflib.get_close_matches(variable, variables, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"environment variable {variable} is no setting{hint}", about=variable)
        yield variable, variables[variable], text


def _place(cls: type[Any], tree: dict[str, Any], dotted: str, raw: str, origin: str) -> None:
    """Put the text of one key into the tree, read as its type wants it, and check it at once."""
    names = dotted.split(".")
    kind: Any = cls
    for name in names:
        kind = _kind_inside(kind, name, _Where(origin, "", dotted))
    if kind is not Path and (dataclasses.is_dataclass(kind) or _section_of(kind) is not None):
        raise ConfigError(f"{origin}: {dotted} is a table; name a key of it", about=dotted)
    for name in names[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"{origin}: {name} must be a table", about=dotted)
    value = _from_text(raw, kind, _Where(origin, "", dotted))
    tree[names[-1]] = _checked(value, kind, {}, _Where(origin, "", dotted))


def _kind_inside(kind: Any, name: str, where: _Where) -> Any:
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and not isinstance(kind, types.GenericAlias):
        hints = get_type_hints(kind)
        if name in hints:
            return hints[name]
        raise _unknown(where, name, list(hints))
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    raise _unknown(where, name, [])


def _from_text(raw: str, kind: Any, where: _Where) -> Any:
    """Return text of the environment or the command line as what TOML would have made of it."""
    if kind in (str, Path) or get_origin(kind) is Literal:
        return raw
    if kind is bool:
        return _TRUTHS.get(raw.lower(), raw)
    if get_origin(kind) is list and not raw.lstrip().startswith("["):
        return [_from_text(item.strip(), get_args(kind)[0], where) for item in raw.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _shown(value: Any, secret: bool) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return effective(value)
    if secret:
        return MASK if value else type(value)()
    if isinstance(value, dict):
        return {key: _shown(item, False) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value


def _keys_of(settings: Any) -> Iterator[tuple[str, str]]:
    """Yield the keys of one section as it stands in its owner, with the defaults its owner gave it."""
    hints = get_type_hints(type(settings))
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if dataclasses.is_dataclass(value):
            yield from ((f"{field.name}.{key}", text) for key, text in _keys_of(value))
        elif (item := _section_of(hints[field.name])) is not None:
            yield from ((f"{field.name}.*.{key}", text) for key, text in _keys_of(item()))
        else:
            yield field.name, toml_value(value)


def _rendered(settings: Any, table: str, comment_out: bool) -> Iterator[str]:
    mark = "# " if comment_out else ""
    nested: list[tuple[str, str, Any]] = []
    shown = _shown(settings, False)
    for field in dataclasses.fields(settings):
        value, help = getattr(settings, field.name), field.metadata.get("help", "")
        if dataclasses.is_dataclass(value):
            nested.append((table + field.name, help, value))
        elif isinstance(value, dict) and any(dataclasses.is_dataclass(item) for item in value.values()):
            nested += [(f"{table}{field.name}.{key}", help, item) for key, item in value.items()]
        elif _section_of(get_type_hints(type(settings))[field.name]) is None:
            yield f"# {help}"
            yield f"{mark}{field.name} = {toml_value(shown[field.name])}"
            yield ""
    for name, help, inner in nested:
        if help:
            yield f"# {help}"
        yield f"[{name}]"
        yield from _rendered(inner, name + ".", comment_out)
