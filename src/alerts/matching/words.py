"""The word lists that matching reads, kept as data files beside the code.

A file under `data/` holds words parted by white space; lines that begin with `#` say what they are and where they
come from. They are written as matching compares words: in lower case, without accents."""

from functools import cache

from alerts.model.tables import text_lines


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of `data/NAME.txt`."""
    return words(" ".join(_lines(name)))


@cache
def phrase_list(name: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of `data/NAME.txt`, parted by commas or lines; longest first, so that the first that fits is it."""
    phrases = {tuple(phrase.split()) for phrase in ",".join(_lines(name)).split(",") if phrase.strip()}
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


@cache
def pair_list(name: str) -> tuple[tuple[str, str], ...]:
    """The pairs of `data/NAME.txt`, one a line: `left: right`."""
    pairs = (line.partition(":") for line in _lines(name) if line.strip())
    return tuple((left.strip(), right.strip()) for left, _, right in pairs)


def _lines(name: str) -> list[str]:
    return text_lines("alerts.matching", f"data/{name}.txt")
