"""What may be asked of a measurement, and what it needs of the machine."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import dovecot

TOP = Path(__file__).parents[1]


@dataclass(frozen=True)
class Options:
    """`messages` and `runs` are 0 where the measurement's own count is wanted.

    Measured work shares `core`; the wire between (the delay proxy) and servers that are not measured run
    beside it on `other`. `directory` keeps the corpus from one time to the next.
    """

    core: int
    other: int
    directory: Path
    messages: int = 0
    runs: int = 0
    quick: bool = False

    def pick(self, asked: int, usual: int, quick: int) -> int:
        """Return what was asked for, else the usual, or the small count of a quick run. Pure."""
        return asked or (quick if self.quick else usual)


class Missing(Exception):
    """Something that is measured or compared with is not here; the text says which package brings it."""


def need(program: str, package: str) -> str:
    """Return the path of a program, installing its Debian package where that is ours to do.

    Raises Missing.
    """
    if found := shutil.which(program):
        return found
    install = f'. etc/environment.sh; is_root_on_debian && debian_install "{package}"'
    subprocess.run(["sh", "-c", install], cwd=TOP, check=False)
    if found := shutil.which(program):
        return found
    raise Missing(f"The peer {program} is not here: install the Debian package {package}.")


def need_dovecot(*, imap: bool = False) -> None:
    """Make sure that there can be a Dovecot, likewise. Raises Missing."""
    if why := dovecot.missing(imap=imap):
        packages = "dovecot-core dovecot-pop3d dovecot-imapd"
        install = f". etc/environment.sh; is_root_on_debian && debian_install {packages}"
        subprocess.run(["sh", "-c", install], cwd=TOP, check=False)
        if dovecot.missing(imap=imap):
            raise Missing(why)
