"""Signed tokens and encrypted data that only this installation can make and read."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alerts.config.environment import setting
from alerts.model.errors import AlertsError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

SECRET_ENV: Final = "ALERTS_SECRET"  # noqa: S105 - the name of a variable
OPERATOR_ENV: Final = "ALERTS_OPERATOR_TOKEN"
METRICS_ENV: Final = "ALERTS_METRICS_TOKEN"
LEAST_SECRET: Final = 16  # characters that a secret from the environment must have
_MAC_BYTES: Final = 20
_LONGEST: Final = 2000


class Purpose(StrEnum):
    """What a token is for. A token of one purpose is none of another."""

    LINK = "link"
    TOKEN = "token"  # noqa: S105 - the name of a purpose
    UNSUBSCRIBE = "unsubscribe"
    ANSWER = "answer"
    SESSION = "session"
    SIGN_IN = "sign-in"
    FORM = "form"
    SEAL = "seal"
    HUB = "hub"
    HUB_SECRET = "hub-secret"  # noqa: S105 - the name of a purpose


class SecretError(AlertsError):
    """A secret is missing, too short, or its file cannot be used."""


class SealError(AlertsError):
    """Sealed data cannot be opened: it was sealed under another ALERTS_SECRET, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs short texts and reads them back; encrypts bytes and decrypts them."""

    key: bytes = field(repr=False)

    def sign(self, purpose: Purpose, *parts: str) -> str:
        """A token of URL-safe characters that holds `parts`, readable by anybody, and proves them."""
        payload = json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()
        return f"{_encode(payload)}.{_encode(self._mac(purpose, payload))}"

    def read(self, purpose: Purpose, token: str) -> tuple[str, ...] | None:
        """The parts of a token; None where it is not one of ours for this purpose."""
        if len(token) > _LONGEST:
            return None
        body, _, mac = token.partition(".")
        try:
            payload, given = _decode(body), _decode(mac)
        except (ValueError, binascii.Error):
            return None
        if not hmac.compare_digest(given, self._mac(purpose, payload)):
            return None
        return tuple(json.loads(payload))

    def derived_key(self, purpose: Purpose) -> bytes:
        """A key of 32 bytes for this purpose alone."""
        return hmac.digest(self.key, purpose.value.encode(), hashlib.sha256)

    def _mac(self, purpose: Purpose, payload: bytes) -> bytes:
        return hmac.digest(self.derived_key(purpose), payload, hashlib.sha256)[:_MAC_BYTES]

    def seal(self, plain: bytes) -> bytes:
        """The bytes compressed and encrypted (Fernet: AES-128-CBC with HMAC-SHA256)."""
        return self._fernet().encrypt(zlib.compress(plain))

    def open(self, sealed: bytes) -> bytes:
        """Raises SealError where they were not sealed under this key."""
        from cryptography.fernet import InvalidToken

        try:
            return zlib.decompress(self._fernet().decrypt(sealed))
        except (InvalidToken, zlib.error):
            raise SealError("it was encrypted under another ALERTS_SECRET: give all hosts the same") from None

    def _fernet(self) -> "Fernet":
        """The library is imported on first use: most processes never publish or adopt anything."""
        from cryptography.fernet import Fernet

        return Fernet(base64.urlsafe_b64encode(self.derived_key(Purpose.SEAL)))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def signer(state: Path, environment: Mapping[str, str]) -> Signer:
    """The signer of this installation: ALERTS_SECRET, else a file of the state directory, made if need be.

    Raises SecretError where the secret is too short or the file cannot be used."""
    return Signer((_given(environment, SECRET_ENV) or kept(state / "secret")).encode())


def operator_token(state: Path, environment: Mapping[str, str]) -> str:
    """What operators show to act: ALERTS_OPERATOR_TOKEN, else a file of the state directory, made if need be.

    Raises SecretError as `signer` does."""
    return _given(environment, OPERATOR_ENV) or kept(state / "operator-token")


def _given(environment: Mapping[str, str], name: str) -> str:
    given = setting(environment, name)
    if given and len(given) < LEAST_SECRET:
        example = "for example the output of `openssl rand -hex 32`"
        raise SecretError(f"{name} has {len(given)} characters; give at least {LEAST_SECRET}, {example}")
    return given


def kept(path: Path) -> str:
    """The secret in a file that only its owner can read; made on first use, by whoever comes first.

    Raises SecretError where it cannot be made or read."""
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError as error:
        raise SecretError(f"{path}: holds no secret; delete it to make a new one") from error
    except OSError as error:
        raise SecretError(
            f"{path}: {error.strerror}; choose another state directory with --state, or set {SECRET_ENV} and "
            f"{OPERATOR_ENV}"
        ) from error
    if len(text) < LEAST_SECRET:
        raise SecretError(f"{path}: holds no secret of {LEAST_SECRET} characters; delete it to make a new one")
    return text


def _make(path: Path) -> None:
    """Written to a temporary file first, so that no process reads half a secret."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):  # another process was first
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
