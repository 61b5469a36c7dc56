"""Who a text comes from: publishers' names made comparable, pages made comparable, news agencies credited."""

from __future__ import annotations

import re
from functools import lru_cache

# Agencies, as credits and publishers name them. Press-release wires count too: a copy of one release is a copy.
_AGENCIES = {
    "reuters": "reuters", "thomson reuters": "reuters", "associated press": "ap",
    "the associated press": "ap", "ap": "ap", "ap news": "ap", "afp": "afp", "agence france presse": "afp",
    "agence france-presse": "afp", "dpa": "dpa", "deutsche presse-agentur": "dpa", "upi": "upi",
    "united press international": "upi", "xinhua": "xinhua", "ansa": "ansa", "efe": "efe", "kyodo": "kyodo",
    "kyodo news": "kyodo", "tass": "tass", "interfax": "interfax", "pti": "pti",
    "press trust of india": "pti", "ani": "ani", "ians": "ians", "aap": "aap", "anp": "anp",
    "belga": "belga", "canadian press": "canadian press", "the canadian press": "canadian press",
    "pa media": "pa", "press association": "pa", "yonhap": "yonhap", "bloomberg news": "bloomberg",
    "bloomberg": "bloomberg", "dow jones newswires": "dow jones", "dow jones": "dow jones",
    "pr newswire": "pr newswire", "prnewswire": "pr newswire", "business wire": "business wire",
    "businesswire": "business wire", "globenewswire": "globenewswire", "globe newswire": "globenewswire",
    "accesswire": "accesswire",
}  # fmt: skip
_NAMES = "|".join(re.escape(name) for name in sorted(_AGENCIES, key=len, reverse=True))
# As in: LONDON (Reuters) - …; PARIS, March 3 (AFP) — …; NEW YORK--(BUSINESS WIRE)--…; /PRNewswire/ -- …
_DATELINE = re.compile(rf"(?:\(\s*({_NAMES})\s*\)|/\s*({_NAMES})\s*/)\s*[-–—:]", re.IGNORECASE)
_BYLINE = re.compile(rf"(?<!\w)(?:{_NAMES})(?!\w)", re.IGNORECASE)
_HEAD = 240  # characters in which a dateline stands
_NOTE = re.compile(r"\s*\\?\([^)]*\)\s*$")
_NOT_NAME = re.compile(r"[\W_]+")
_TRACKING = re.compile(
    r"(?:utm_|at_|mc_|ga_|fbclid|gclid|msclkid|igshid|ocid|cmpid|ref$|ref_?src|xtor|s?campaign|guccounter)"
)
_LINK = re.compile(
    r"(?:https?:)?//(?:[^/?#@]*@)?(?:(?:www\d?|m|mobile|amp)\.)?([^/?#]+)([^?#]*)\??([^#]*)", re.IGNORECASE
)


@lru_cache(maxsize=1 << 14)
def outlet(publisher: str) -> str:
    """A publisher's name for comparing: `The Seattle Times (blog)` and `Seattle Times` are one."""
    name = _NOTE.sub("", publisher)
    key = _NOT_NAME.sub(" ", name.casefold()).strip().removeprefix("the ")
    return key or publisher


@lru_cache(maxsize=1 << 14)
def agency(publisher: str) -> str:
    """The agency that a publisher is (`Reuters UK`: reuters), or empty."""
    name = outlet(publisher)
    found = _AGENCIES.get(name) or _AGENCIES.get(name.rpartition(" ")[0])
    return found or ""


def credited(author: str, head: str) -> str:
    """The agency that a byline or a dateline credits, or empty.

    `head` is the beginning of the text: only a dateline within its first characters counts.
    """
    if author:
        match = _BYLINE.search(author)
        if match is not None:
            return _AGENCIES[match[0].lower()]
    if "(" in head[:_HEAD] or "/" in head[:_HEAD]:
        match = _DATELINE.search(head, 0, _HEAD)
        if match is not None:
            return _AGENCIES[(match[1] or match[2]).lower()]
    return ""


def page(link: str) -> str:
    """A form in which two links to one page are equal, for comparing only; empty where there is none.

    Without scheme, `www.`/`m.`/`amp.`, tracking parameters, fragment, a final `/amp` and slash.
    """
    match = _LINK.match(link)
    if match is None:
        return link
    host, path, query = match.groups()
    if query:
        query = "&".join(sorted(part for part in query.split("&") if part and not _TRACKING.match(part)))
    path = path.rstrip("/").removesuffix("/amp")
    return f"{host.lower()}{path}?{query}" if query else host.lower() + path
