"""Links: made absolute, fit to be shown and fit to be stored. Pure. (`alerts.model.pages` compares them.)"""

import hashlib
import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote_plus, urljoin, urlsplit, urlunsplit

_MAX = 4096  # characters of a link
_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_LENGTH = 4  # characters; a shorter value is no secret
_BLANK = re.compile(r"[\x00-\x20\x7f]+")
_UNSOUND = re.compile('[<>"\ud800-\udfff]')
# Most links: what is made of these is these.
_SOUND = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,4})?(?:/[\w.~%+@,=&/-]*)?(?:\?[\w.~%+@,=&/-]+)?", re.ASCII)


def absolute(link: str, base: str = "") -> str:
    """The link as an absolute http(s) URL, or empty: no other scheme may reach a message."""
    if len(link) <= _MAX and _SOUND.fullmatch(link):
        return link
    link = _BLANK.sub("", link)
    if not link or len(link) > _MAX:
        return ""
    try:
        joined = urljoin(base, link) if base else link
        parts = urlsplit(joined)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host or _UNSOUND.search(joined):
        return ""
    if parts.username is not None:  # "https://bank.example@evil.example/" is made to deceive
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return joined


def shown(url: str) -> str:
    """A URL as logs and messages may show it: without credentials and without the values of its query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable URL)"
    return urlunsplit((parts.scheme, host + port, parts.path, "…" if parts.query else "", ""))


@lru_cache(maxsize=1 << 12)  # every poll asks for those of its source, again and again
def storable(url: str) -> str:
    """A URL as the database may hold it: without credentials and query values, which may be secrets.

    A digest in their place keeps two such URLs distinct. A URL that has neither is stored as it is."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if not parts.query and "@" not in parts.netloc:
            return url
    digest = hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{shown(url)} {digest}"


def masked(url: str, own: str) -> str:
    """A URL as the database may hold it: without credentials and the query values of `own`, the operator's URL.

    Each value is replaced by its name in braces, which no URL has. `unmasked` puts the values back."""
    url = _CREDENTIALS.sub("", url)
    for name, value in _query_values(own) if url else ():
        plain = unquote_plus(value)
        for form in dict.fromkeys((value, plain, quote(plain, safe=""), quote_plus(plain))):
            url = url.replace(form, f"{{{name}}}")
    return url


def unmasked(url: str, own: str) -> str:
    """The URL from what `masked` made of it."""
    for name, value in reversed(_query_values(own)):  # a value may have been found in the name of another
        url = url.replace(f"{{{name}}}", value)
    return url


def _query_values(url: str) -> list[tuple[str, str]]:
    """Names and values, as they are written, of a query; the longest value first. Short ones are no secrets."""
    query = url.partition("#")[0].partition("?")[2]
    parts = (part.partition("=") for part in query.split("&"))
    secrets = [(name, value) for name, _, value in parts if len(value) >= _SECRET_LENGTH]
    return sorted(secrets, key=lambda pair: len(pair[1]), reverse=True)


def has_credentials(url: str) -> bool:
    """Whether a URL names a user or a password."""
    return _CREDENTIALS.search(url) is not None


@lru_cache(maxsize=1 << 12)
def host_key(url: str) -> str:
    """The name by which a server is recognised: its host in lower case and ASCII, without port and credentials."""
    name = ""
    with suppress(ValueError):  # of the parts, or, as UnicodeError, of what IDNA cannot encode
        name = (urlsplit(url).hostname or "").rstrip(".")
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    return name
