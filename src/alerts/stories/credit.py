"""Who a text comes from: publishers' names made comparable, news agencies credited."""

import re
from functools import lru_cache

from alerts.stories.lexicon import table

_LONG = {name: key.replace("_", " ") for name, key in table("agencies").items()}
_SHORT = {"AP", "AFP", "dpa", "DPA", "UPI", "PTI", "ANI", "IANS", "AAP", "ANP", "EFE", "ANSA", "TASS"}


def _any(names: set[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))


# Short names only as the agencies write them: "Ani" and "Pa" are people's names.
_AGENCY = rf"(?i:{_any(set(_LONG))})|{_any(_SHORT)}"
# As in: LONDON (Reuters) - …; PARIS, March 3 (AFP) — …; NEW YORK--(BUSINESS WIRE)--…; /PRNewswire/ -- …
_DATELINE = re.compile(rf"(?:\(\s*({_AGENCY})\s*\)|/\s*({_AGENCY})\s*/)\s*[-–—:]")
_BYLINE = re.compile(rf"(?:^|[\s,/|;&(])({_AGENCY})(?: (?i:staff))?(?:$|[,/|;&)])")
_SIGNED = re.compile(r"\bReporting by [^\n]{3,300}?\bEditing by ", re.IGNORECASE)  # the way Reuters ends
_HEAD, _TAIL = 240, 500  # characters in which a dateline stands, and a signature

_NOTE = re.compile(r"\s*\\?\([^)]*\)\s*$")
_NOT_NAME = re.compile(r"[\W_]+")


@lru_cache(maxsize=1 << 14)
def outlet(publisher: str) -> str:
    """A publisher's name for comparing: `The Seattle Times (blog)` and `Seattle Times` are one."""
    name = _NOTE.sub("", publisher)
    key = _NOT_NAME.sub(" ", name.casefold()).strip().removeprefix("the ")
    return key or publisher


@lru_cache(maxsize=1 << 14)
def agency(publisher: str) -> str:
    """The agency that a publisher is (`Reuters UK`: reuters), or empty."""
    name = _NOTE.sub("", publisher).strip()
    for each in (name, name.rpartition(" ")[0]):
        if each in _SHORT:
            return each.lower()
        if each.lower() in _LONG:
            return _LONG[each.lower()]
    return "bloomberg" if name.lower() == "bloomberg" else ""


def credited(author: str, text: str) -> str:
    """The agency that a byline, the dateline or the signature of a text credits, or empty."""
    match = _BYLINE.search(author) if author else None
    if match is None and ("(" in text[:_HEAD] or "/" in text[:_HEAD]):
        match = _DATELINE.search(text, 0, _HEAD)
    if match is not None:
        name = match[1] or match[2]
        return _LONG.get(name.lower()) or name.lower()
    # Without regard to case a pattern looks at each character: few texts need it.
    signed = "editing by " in text[-_TAIL:].lower() and _SIGNED.search(text, max(0, len(text) - _TAIL))
    return "reuters" if signed else ""
