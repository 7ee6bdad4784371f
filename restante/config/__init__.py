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
names the file, the line and the key. This package knows no daemon.
"""

from restante.config.declare import section, setting
from restante.config.read import load
from restante.config.shared import DatabaseSettings, HttpSettings, KeySettings, LogSettings
from restante.config.show import MASK, documented_keys, effective, keys, render, secrets

__all__ = [
    "MASK",
    "DatabaseSettings",
    "HttpSettings",
    "KeySettings",
    "LogSettings",
    "documented_keys",
    "effective",
    "keys",
    "load",
    "render",
    "secrets",
    "section",
    "setting",
]
