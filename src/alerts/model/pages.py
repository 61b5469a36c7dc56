"""Whether two links lead to one page: the one canonical form that items and stories are compared by. Pure."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

# Parameters by which senders see where readers come from; they name nothing.
_TRACKING = re.compile(
    r"(?:utm_\w+|at_\w+|mc_\w+|ga_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|ocid|cmpid|ns_\w+|xtor|ref|ref_?src|cmp"
    r"|soc_\w+|wt_\w+|s?campaign|guccounter|_hs\w+|__\w+|spm)",
    re.IGNORECASE,
)
_EMBEDDED = re.compile(r"emb\w*", re.IGNORECASE)  # of `feature`, as YouTube's players add it
_WRAPPERS = {
    ("www.google.com", "/url"): ("url", "q"),
    ("news.google.com", "/news/url"): ("url",),
    ("www.bing.com", "/news/apiclick.aspx"): ("url",),
}
_PLAIN = re.compile(r"https?://([a-z0-9.-]*[a-z0-9])(/[A-Za-z0-9_.~/-]*)?")  # as most are
_VARIANT = re.compile(r"(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")  # of a host: the same page in another layout


@lru_cache(maxsize=1 << 13)  # a poll and the stories ask several times for each link
def canonical(link: str, *, wrapped: bool = True) -> str:
    """A form in which two links to one page are equal. For comparing only, never shown or fetched.

    Without scheme, credentials, `www.`, `m.` or `amp.`, default port, fragment, tracking parameters, a final `/amp` and
    slash; parameters in order. A link without a host is returned as it is. `wrapped`: of a search engine's link, the
    one inside counts."""
    if (plain := _PLAIN.fullmatch(link)) is not None:
        return _page(plain[1], plain[2] or "")
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return link
    if not host:
        return link
    query = parse_qsl(parts.query, keep_blank_values=True) if parts.query else []
    if wrapped and (inner := _wrapped(host, parts.path, query)):
        return canonical(inner, wrapped=False)
    kept = sorted(pair for pair in query if not _is_tracking(*pair))
    # Some pages are named by their fragment.
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    page = _page(host, unquote(parts.path), "" if port in {None, 80, 443} else f":{port}")
    return page + (f"?{urlencode(kept)}" if kept else "") + fragment


def _page(host: str, path: str, port: str = "") -> str:
    where = _VARIANT.sub("", host, count=1) if _VARIANT.match(host) else host
    return where + port + path.rstrip("/").removesuffix("/amp").rstrip("/")


def _wrapped(host: str, path: str, query: list[tuple[str, str]]) -> str:
    names = _WRAPPERS.get((host, path), ())
    return next((value for name, value in query if name in names and value.startswith(("http://", "https://"))), "")


def _is_tracking(name: str, value: str) -> bool:
    if name == "feature":
        return _EMBEDDED.fullmatch(value) is not None
    return _TRACKING.fullmatch(name) is not None
