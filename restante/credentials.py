"""What proves who is asking: a daemon's key pair, session tokens, and secrets kept in files.

Each daemon has an Ed25519 key of its own, made at first start: `<name>.key` (mode 0600) and `<name>.pub`
in a directory that daemons on one machine share; between machines the operator copies the `.pub` files.
A daemon calls another with a token signed for that one listener, good for a minute, so that what is
overheard or handed on opens nothing else. This module knows nothing of HTTP.

A token is `base64url({"iss", "aud", "iat", "exp"}) . base64url(signature)`.
"""

import base64
import hashlib
import re
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from restante.durable import write_new
from restante.errors import ConfigError, Unauthenticated

LIFETIME_SECONDS = 60
SKEW_SECONDS = 30
#: The name of the key that operators' commands make for themselves at their first use.
OPERATOR = "operator"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_REFUSED = "This daemon does not know the credentials it was shown."


class Keys:
    """A daemon's own key and the public keys of the others. Safe for threads."""

    def __init__(
        self, directory: Path, own_name: str, key: Ed25519PrivateKey, now: Callable[[], float]
    ) -> None:
        self.own_name = own_name
        self._directory = directory
        self._key = key
        self._now = now
        self._known: dict[str, tuple[int, Ed25519PublicKey]] = {}

    @classmethod
    def load(cls, directory: Path | str, own_name: str, *, now: Callable[[], float] = time.time) -> "Keys":
        """Return the keys of `own_name`, made now if this is its first start.

        Raises ConfigError (permanent) where a key can be read by others or does not fit its public half.
        """
        directory = Path(directory)
        if not _NAME.fullmatch(own_name):
            raise ConfigError(f"{own_name} is no name for a daemon.", about=own_name)
        key = Ed25519PrivateKey.from_private_bytes(load_or_make_secret(directory / f"{own_name}.key", 32))
        _publish(directory / f"{own_name}.pub", key.public_key())
        return cls(directory, own_name, key, now)

    def issue(self, audience: str) -> str:
        """Return a token that tells `audience`, and nobody else, for a minute, who we are."""
        now = int(self._now())
        claims = {"iss": self.own_name, "aud": audience, "iat": now, "exp": now + LIFETIME_SECONDS}
        body = orjson.dumps(claims)
        return f"{_text(body)}.{_text(self._key.sign(body))}"

    def verify(self, token: str) -> str:
        """Return the name of the daemon that issued `token` for us. Raises Unauthenticated."""
        try:
            body_text, _, signature_text = token.partition(".")
            body, signature = _octets(body_text), _octets(signature_text)
            claims = orjson.loads(body)
            issuer, audience = str(claims["iss"]), str(claims["aud"])
            issued_at, expires_at = int(claims["iat"]), int(claims["exp"])
        except (ValueError, KeyError, TypeError):
            raise Unauthenticated(_REFUSED, cause="not a token") from None
        try:
            self._public_key(issuer).verify(signature, body)
        except InvalidSignature:
            raise Unauthenticated(_REFUSED, cause=f"bad signature of {issuer}") from None
        if audience != self.own_name:
            raise Unauthenticated(_REFUSED, cause=f"a token of {issuer} for {audience}")
        now = self._now()
        if not issued_at - SKEW_SECONDS <= now <= expires_at + SKEW_SECONDS:
            raise Unauthenticated(_REFUSED, cause=f"a token of {issuer} out of its time; compare the clocks")
        return issuer

    def _public_key(self, issuer: str) -> Ed25519PublicKey:
        """Return a daemon's public key, read again whenever its file changes."""
        if not _NAME.fullmatch(issuer):
            raise Unauthenticated(_REFUSED, cause="no such name for a daemon")
        path = self._directory / f"{issuer}.pub"
        try:
            changed_at = path.stat().st_mtime_ns
            known = self._known.get(issuer)
            if known is None or known[0] != changed_at:
                known = self._known[issuer] = (changed_at, _read_public(path))
        except OSError:
            raise Unauthenticated(_REFUSED, cause=f"{path} cannot be read") from None
        except ValueError:
            raise Unauthenticated(_REFUSED, cause=f"{path} is no Ed25519 public key") from None
        return known[1]


def new_token() -> str:
    """Return 256 bits of chance as text that fits a header."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return what is stored of a token: its SHA-256. A token has all its bits, so no salt is needed. Pure."""
    return hashlib.sha256(token.encode()).digest()


def load_or_make_secret(path: Path, octets: int) -> bytes:
    """Return the secret kept in `path`, made of chance (mode 0600) when there is none yet.

    Raises ConfigError (permanent) where others can read it or its length is wrong. Two processes that
    make it at the same time end up with the same one.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_new(path, _text(secrets.token_bytes(octets)).encode() + b"\n", 0o600)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"The key {path} can be read by others; run: chmod 600 {path}", about=str(path))
        secret = _octets(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be used: {error.strerror}.", about=str(path)) from None
    except ValueError:
        raise ConfigError(
            f"The key {path} is damaged; put it back from the backup.", about=str(path)
        ) from None
    if len(secret) != octets:
        raise ConfigError(f"The key {path} is damaged; put it back from the backup.", about=str(path))
    return secret


def _publish(path: Path, key: Ed25519PublicKey) -> None:
    """Write the public half beside the key, or make sure that the one there fits."""
    try:
        if not path.exists():
            pem = key.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            write_new(path, pem, 0o644)
        if _read_public(path).public_bytes_raw() == key.public_bytes_raw():
            return
    except (OSError, ValueError):
        pass
    raise ConfigError(
        f"The public key {path} does not belong to the key beside it; remove it and start again.",
        about=str(path),
    )


def _read_public(path: Path) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
