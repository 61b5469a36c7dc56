"""A small provider of OpenID Connect: a real server on the loopback address, real keys, real signatures."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from kit.local_server import LocalServer

CLIENT, CLIENT_SECRET = "alerts", "secret of the client"
Claims = dict[str, Any]


class Provider(LocalServer):
    """Signs in whoever comes, as `person`. A context manager. Tests make it lie:

    `forge` changes the claims of an ID token before it is signed, `sign` signs them otherwise, `user_info` is what
    the user info adds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.person: Claims = {"sub": "u-17", "email": "ann@example.org", "email_verified": True, "groups": ["staff"]}
        self.user_info: Claims = {}
        self.forge: Callable[[Claims], Claims] = lambda claims: claims
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.sign: Callable[[Claims], str] = lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        self.asked: list[str] = []
        self.now = now
        self._codes: dict[str, dict[str, str]] = {}
        super().__init__(_handler(self))
        self.issuer = f"http://127.0.0.1:{self.port}/realms/test"

    def environment(self) -> dict[str, str]:
        """What the pages need to know of it."""
        return {
            "ALERTS_OIDC_ISSUER": self.issuer,
            "ALERTS_OIDC_CLIENT_ID": CLIENT,
            "ALERTS_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def answer(self, path: str, query: dict[str, str], authorization: str) -> tuple[int, Claims | str]:
        """Status, and a document or where a browser is sent."""
        self.asked.append(path)
        match path.removeprefix("/realms/test"):
            case "/.well-known/openid-configuration":
                names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
                urls = {name: f"{self.issuer}/{place}" for name, place in names.items()}
                return 200, {"issuer": self.issuer, **urls, "userinfo_endpoint": f"{self.issuer}/info"}
            case "/auth":
                code = secrets.token_urlsafe(16)
                self._codes[code] = query
                return 303, f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
            case "/token":
                return self._token(query, authorization)
            case "/keys":
                return 200, {"keys": [self.key.as_dict(private=False)]}
            case "/info" if authorization == "Bearer access":
                return 200, {"sub": self.person["sub"], **self.user_info}
        return 404, {"error": "not_found"}

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims | str]:
        asked = self._codes.pop(form.get("code", ""), None)
        shown = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if [unquote(each) for each in shown.split(":")] != [CLIENT, CLIENT_SECRET]:
            return 401, {"error": "invalid_client"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or (asked["code_challenge_method"], asked["code_challenge"]) != ("S256", challenge):
            return 400, {"error": "invalid_grant"}
        if (asked["redirect_uri"], asked["client_id"]) != (form["redirect_uri"], CLIENT):
            return 400, {"error": "invalid_grant"}
        now = int(self.now())
        about = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = self.sign(self.forge(about | self.person))
        return 200, {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": token}


def by_secret(claims: Claims) -> str:
    """Signed with the secret of the client, which the provider does not have for itself alone."""
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET * 3), algorithms=["HS256"])


def unsigned(claims: Claims) -> str:
    """With `alg: none`."""
    parts = [json.dumps(each).encode() for each in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts) + "."


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        def _answer(self, query: str) -> None:
            path = urlsplit(self.path).path
            status, said = provider.answer(path, dict(parse_qsl(query)), self.headers.get("Authorization", ""))
            body = b"" if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header(
                "Location" if isinstance(said, str) else "Content-Type", str(said) if not body else "application/json"
            )
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the library
            pass

    return Handler
