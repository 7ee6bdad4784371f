"""Sealing the passwords of people's POP3 accounts. Knows nothing of the database.

A box is `format (1) | key id (4) | nonce (12) | AES-256-GCM ciphertext and tag`. The user and the account
are associated data: a box moved to another account does not open. The key lies in a file of its own, mode
0600, apart from the database, and its id stands in each box, so that a second key can take over while old
boxes still open.
"""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from restante.credentials import load_or_make_secret
from restante.errors import ConfigError, Damaged

FORMAT = b"\x01"
KEY_OCTETS = 32
NONCE_OCTETS = 12
HEAD_OCTETS = 5


class Secrets:
    """Seal with the current key, open with any key that is known."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = {_key_id(each): AESGCM(each) for each in (key, *older)}
        self._current = _key_id(key)

    @property
    def key_id(self) -> str:
        """The id of the key that new boxes are sealed with; not secret."""
        return self._current.hex()

    def seal(self, user: str, account: str, secret: str) -> bytes:
        """Return the box that keeps `secret` for one account of one user."""
        nonce = os.urandom(NONCE_OCTETS)
        sealed = self._keys[self._current].encrypt(nonce, secret.encode(), _bound_to(user, account))
        return FORMAT + self._current + nonce + sealed

    def open(self, user: str, account: str, box: bytes) -> str:
        """Return what `seal` was given. Raises Damaged (permanent) for any other box."""
        key = self._keys.get(box[1:HEAD_OCTETS])
        if box[:1] != FORMAT or key is None:
            raise _damaged(account, "unknown box format or key id")
        nonce, sealed = box[HEAD_OCTETS : HEAD_OCTETS + NONCE_OCTETS], box[HEAD_OCTETS + NONCE_OCTETS :]
        try:
            return key.decrypt(nonce, sealed, _bound_to(user, account)).decode()
        except (InvalidTag, ValueError):
            raise _damaged(account, "the box fails its tag") from None


def load_secrets(path: Path, expected_key_id: str) -> Secrets:
    """Return the secrets sealed with the key in the file `path`, made when no box exists yet.

    `expected_key_id` is the one the database remembers, "" for a new database. Raises ConfigError when the
    file is gone or another one: going on would lock every account out.
    """
    if expected_key_id and not path.exists():
        raise ConfigError(
            f"The key file {path} is missing, and the account passwords in the database cannot be read "
            "without it. Put the file back from where you keep it."
        )
    secrets = Secrets(load_or_make_secret(path, KEY_OCTETS))
    if expected_key_id not in ("", secrets.key_id):
        raise ConfigError(
            f"The key file {path} is not the one that the account passwords in the database were sealed "
            "with. Put the right file back, or name it in secrets.key_file."
        )
    return secrets


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"restante key id\0" + key).digest()[:4]


def _bound_to(user: str, account: str) -> bytes:
    return b"restante account secret\0" + user.encode() + b"\0" + account.encode()


def _damaged(account: str, cause: str) -> Damaged:
    return Damaged(
        "The kept password of this account cannot be read any more. Type it again in the account's settings.",
        about=account,
        cause=cause,
    )
