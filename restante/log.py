"""Logs: one JSON object a line, made of a fixed list of fields, with no secret in any of them.

    log = get("collector")
    log.info("collect.finished", account="a1", messages=12)

gives `{"at": "…", "level": "info", "daemon": "stored", "event": "collect.finished", "request": "…", …}`.
`request_id` follows a call: it is set for each request that is served and passed on by `peer`. A field that
is not on the list is dropped (and named, so that it is missed); under the tests it raises. Of an
exception the log keeps its class and where it went through our code; its text only where that text is
known to speak of code or of the system and not of somebody's mail.
"""

import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from restante.config import MASK, LogSettings
from restante.errors import ConfigError, RestanteError

request_id: ContextVar[str] = ContextVar("request_id", default="")

FIELDS = frozenset(
    """
    about account accounts address addresses age_seconds attempt attempts audience candidates cause
    changed client code collected connections count created daemon database deferred delay_seconds
    deleted delivered destroyed directory domain done dropped due elapsed_seconds error event failed
    file flags folder folders free_octets host http_status identity internal interval_minutes issuer
    item items key kind limit line listen logger message messages method milliseconds missing name
    next_attempt_at octets outcome part path peer pid port position principal protocol public queue
    queued reason recipient recipients ref refused remote removed reply request retry_after_seconds
    retryable role route row rows rule rules schedule seconds security sender session settings
    signal skipped stage started state status step storage stored submission terminal threads total
    trace uid uids updated url user users version waiting
    """.split()  # noqa: SIM905
)

_RESERVED = frozenset({"at", "level", "daemon", "event", "request"})
_SECRETS: set[str] = set()
_DAEMON = "restante"
# Under the tests an unknown field is a mistake to be told at once; in a running daemon a line short of a
# field is better than a request that fails.
_STRICT = "PYTEST_VERSION" in os.environ

_PATTERNS = (
    re.compile(r"(?i)\b(pass|auth|apop|bearer|basic)\s+\S+(?:\s+\S+)?"),
    re.compile(r"""(?i)\b(password|passwd|secret|token|key)\b["']?\s*[=:]\s*\S+"""),
)

_LONG = re.compile(r"[A-Za-z0-9_+/=.-]{40,}")
# Between the slashes and dots of a path stand short words, in small letters or capitals. Random base64 may
# hold a "/" too, but hardly ever are all of its pieces short and of one case.
_PATH_PIECE = re.compile(r"[A-Za-z]?(?:[a-z0-9_=-]{0,30}|[A-Z0-9_=-]{0,30})")


def new_request_id() -> str:
    """Return a fresh id for a request that brought none: 16 letters and digits."""
    return secrets.token_hex(8)


def keep_secret(values: Iterable[str]) -> None:
    """Mask these exact texts in every line from now on; under 6 characters they would mask plain words."""
    _SECRETS.update(value for value in values if len(value) >= 6)


def masked(text: str) -> str:
    """Return `text` without anything that is, or looks like, a secret, and at most 500 characters. Pure."""
    for secret in _SECRETS:
        text = text.replace(secret, MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(lambda hit: (hit[1] + " " + MASK) if hit.re.groups else MASK, text)
    text = _LONG.sub(lambda hit: hit[0] if _is_path(hit[0]) else MASK, text)
    return text if len(text) <= 500 else text[:500] + "…"


def _is_path(run: str) -> bool:
    return "/" in run and all(_PATH_PIECE.fullmatch(piece) for piece in re.split(r"[/.]", run))


class Log:
    """Lines of one part of a daemon."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"restante.{name}")

    def debug(self, event: str, **fields: Any) -> None:
        self._write(logging.DEBUG, event, None, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write(logging.INFO, event, None, fields)

    def warning(self, event: str, *, cause: BaseException | str | None = None, **fields: Any) -> None:
        self._write(logging.WARNING, event, cause, fields)

    def error(self, event: str, *, cause: BaseException | str | None = None, **fields: Any) -> None:
        self._write(logging.ERROR, event, cause, fields)

    def _write(
        self, level: int, event: str, cause: BaseException | str | None, fields: dict[str, Any]
    ) -> None:
        unknown = [name for name in fields if name not in FIELDS or name in _RESERVED]
        if unknown and _STRICT:
            raise ValueError(f"log fields not on the list in restante/log.py: {', '.join(sorted(unknown))}")
        if not self._logger.isEnabledFor(level):
            return
        kept = {name: value for name, value in fields.items() if name not in unknown}
        if unknown:
            kept["dropped"] = sorted(unknown)
        if isinstance(cause, str):
            kept["cause"] = masked(cause)
        elif cause is not None:
            kept |= told(cause)
        # As `Logger.log` does, but for looking where it was called, which takes longer than all the rest.
        logger = self._logger
        logger.handle(logger.makeRecord(logger.name, level, "", 0, event, (), None, extra={"fields": kept}))


def get(name: str) -> Log:
    """Return the log of a part of a daemon. Cheap; call it once a module."""
    return Log(name)


def told(error: BaseException) -> dict[str, Any]:
    """Return what a log line may say of an exception: its class, a safe text, and the way it took. Pure."""
    described: dict[str, Any] = {"error": type(error).__name__, "trace": _trace(error)}
    text = _text_of(error)
    if text:
        described["reason"] = masked(text)
    if isinstance(error, RestanteError):
        described["kind"] = error.kind
        if error.cause:
            described["cause"] = masked(error.cause)
    elif error.__cause__ is not None:
        described["cause"] = masked(f"{type(error.__cause__).__name__} {_text_of(error.__cause__)}".strip())
    return described


def _text_of(error: BaseException) -> str:
    """Return an exception's text where it cannot contain mail or secrets, else nothing."""
    if isinstance(error, RestanteError):
        return error.message
    if isinstance(error, OSError):
        return error.strerror or ""
    if isinstance(error, TypeError | AttributeError | NameError | ImportError | RecursionError):
        return str(error)
    return ""


def _trace(error: BaseException) -> list[str]:
    """Return "file:line function" of the innermost 12 frames; never a source line nor a variable."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])


class _Lines(logging.Formatter):
    """Write a record as one line of JSON. Lines of libraries become the event `library`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", None)
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "daemon": _DAEMON,
            "event": record.getMessage() if fields is not None else "library",
        }
        if request_id.get():
            line["request"] = request_id.get()
        line |= fields if fields is not None else _of_library(record)
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _of_library(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {"logger": record.name, "message": masked(record.getMessage())}
    if record.exc_info and record.exc_info[1] is not None:
        fields |= told(record.exc_info[1])
    return fields


def setup(daemon: str, settings: LogSettings) -> None:
    """Send every log line of this process, libraries included, where `settings` say.

    May be called again: the last call counts. Raises ConfigError where the file cannot be written.
    """
    global _DAEMON
    _DAEMON = daemon
    handler = _handler(settings)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, _Lines):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("restante").setLevel(settings.level.upper())
    # waitress warns of every request that waits for a thread, which under load is every request.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    # Nothing of this stands in a line, so it need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _handler(settings: LogSettings) -> logging.Handler:
    if not settings.file:
        return logging.StreamHandler(sys.stderr)
    try:
        Path(settings.file).parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(settings.file, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"The log file {settings.file} (log.file) cannot be written: {error.strerror}.",
            about=settings.file,
        ) from None
