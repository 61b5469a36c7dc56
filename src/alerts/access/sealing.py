"""Encryption of what is kept in the database and may hold a secret, under a key that is not there."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass

from alerts.access.signing import Purpose, Signer
from alerts.model.errors import AlertsError


class SealError(AlertsError):
    """Sealed data cannot be opened: it was sealed under another ALERTS_SECRET, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals bytes and opens them again (Fernet: AES-128-CBC with HMAC-SHA256), compressed.

    The library is imported on first use: most processes never publish or adopt anything.
    """

    signer: Signer

    def seal(self, plain: bytes) -> bytes:
        """The encrypted bytes."""
        from cryptography.fernet import Fernet

        return Fernet(self._key()).encrypt(zlib.compress(plain))

    def open(self, sealed: bytes) -> bytes:
        """Raises SealError where they were not sealed under this key."""
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return zlib.decompress(Fernet(self._key()).decrypt(sealed))
        except (InvalidToken, zlib.error):
            raise SealError("it was encrypted under another ALERTS_SECRET: give all hosts the same") from None

    def _key(self) -> bytes:
        return base64.urlsafe_b64encode(self.signer.derived_key(Purpose.SEAL))
