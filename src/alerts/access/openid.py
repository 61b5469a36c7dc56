"""OpenID Connect by Authlib: the authorization code flow with PKCE, and the checks of what a provider says.

The libraries are imported on first use: most deployments have no provider.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from alerts.access.sign_on import SignOn
from alerts.model.errors import AlertsError

TIMEOUT_SECONDS: Final = 10.0  # of silence of the provider
LEEWAY_SECONDS: Final = 60  # that the provider's clock may differ
# Signatures that only the provider can make: never `none`, nor one by the secret that we hold, too.
ALGORITHMS: Final = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)] + ["EdDSA"]


class SignInError(AlertsError):
    """The provider does not answer, refuses, or says what cannot be verified."""


def authorization_url(provider: SignOn, callback: str, state: str, nonce: str, verifier: str) -> str:
    """Where a browser signs in, and then comes back to `callback`. Raises SignInError."""
    with connected(provider, callback) as (client, about):
        address = about["authorization_endpoint"]
        return str(client.create_authorization_url(address, state=state, nonce=nonce, code_verifier=verifier)[0])


def claims(
    provider: SignOn, callback: str, nonce: str, verifier: str, code: str, wanted: str, now: datetime
) -> dict[str, Any]:
    """What the provider says about who came back with a code; the claim `wanted` may come from the user info.

    Raises SignInError.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet

    with connected(provider, callback) as (client, about):
        grant = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        token = client.fetch_token(about["token_endpoint"], **grant)
        signed = jwt.decode(token["id_token"], KeySet.import_key_set(_json(client, about["jwks_uri"])), ALGORITHMS)
        needed = {"iss": provider.issuer, "aud": provider.client_id, "nonce": nonce}
        options = {name: {"essential": True, "value": value} for name, value in needed.items()}
        known = {"client_id": provider.client_id, "nonce": nonce, "access_token": token["access_token"]}
        found = CodeIDToken(signed.claims, signed.header, options, known)
        found.validate(int(now.timestamp()), LEEWAY_SECONDS)
        if wanted in found or "userinfo_endpoint" not in about:
            return {**found}
        more = _json(client, about["userinfo_endpoint"], withhold_token=False)
        return {**more, **found} if more.get("sub") == found["sub"] else {**found}


@contextmanager
def connected(provider: SignOn, callback: str = "") -> Iterator[tuple[Any, dict[str, Any]]]:
    """A client of the provider, and what that publishes about itself.

    Raises SignInError, which shows no secret, for whatever goes wrong with it.
    """
    from authlib.common.errors import AuthlibBaseError
    from authlib.integrations.requests_client import OAuth2Session
    from joserfc.errors import JoseError
    from requests import RequestException

    options = {"scope": provider.scope, "redirect_uri": callback, "code_challenge_method": "S256"}
    secret = provider.client_secret.reveal() or None
    try:
        with OAuth2Session(provider.client_id, secret, default_timeout=TIMEOUT_SECONDS, **options) as client:
            about = _json(client, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
            if about["issuer"] != provider.issuer:
                raise SignInError(f"{provider.issuer} calls itself {about['issuer']}: write that in ALERTS_OIDC_ISSUER")
            yield client, about
    except (AuthlibBaseError, JoseError, RequestException, LookupError, TypeError, ValueError, AttributeError) as error:
        raise SignInError(f"{provider.issuer}: {type(error).__name__}: {error}") from error


def _json(client: Any, address: str, *, withhold_token: bool = True) -> Any:
    answer = client.get(address, withhold_token=withhold_token)
    answer.raise_for_status()
    return answer.json()
