"""Headlines that begin with a correction mark: "CORRECTED: …", "Berichtigung – …", "更正：…"."""

import re

from alerts.stories.lexicon import lines

_MARKS = "|".join(re.escape(mark).replace(r"\ ", r"\s+") for mark in lines("correction_marks"))
# "Correction: …", "[Corrected] …", "CORRECTED-UPDATE 2-…", "(Berichtigung) …"; a sentence about one has no mark.
_MARK = re.compile(
    rf"\s*(?:[\[(【]\s*(?:{_MARKS})(?:\W*update\s*\d*)?\s*[\])】]\s*[:：\-–—]?"
    rf"|(?:{_MARKS})(?:[\s\-]+update\s*\d*)?(?:\s*[:：]|\s+[-–—|]\s)"
    r"|corrected[-–—](?=\S))\s*",
    re.IGNORECASE,
)


def is_correction(headline: str) -> bool:
    """Whether a headline says that it corrects what was reported."""
    return _MARK.match(headline) is not None


def without_mark(headline: str) -> str:
    """The headline without its correction mark; as it is where nothing would be left."""
    match = _MARK.match(headline)
    return headline if match is None else headline[match.end() :] or headline
