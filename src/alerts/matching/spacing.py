"""What may stand between the words of a name or a phrase."""

import re

_BLANK_LINE = re.compile(r"\n\s*\n")
_LOOSE = frozenset({" ", "-", ",", "/"})


def same_gap(given: str, seen: str, word: str) -> bool:
    """Whether `seen`, after `word` in a text, may stand for `given` between the same words of a name.

    A space, a hyphen and a single line break are the same; a comma or slash of the name may be missing; the
    full stop of an abbreviation (of at most three letters) may be missing or added. A blank line never is.
    """
    if given == seen:
        return True
    if "\n" in seen and _BLANK_LINE.search(seen):
        return False
    seen = " ".join(seen.split()) or (" " if seen else "")
    given = given.strip() or " "
    if given == seen:
        return True
    if given in _LOOSE:
        return seen in {" ", "-"} or (seen == "." and given == " " and len(word) <= 3)
    return given == "." and seen == " "
