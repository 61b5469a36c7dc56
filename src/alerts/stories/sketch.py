"""Fingerprints by which copies of a text are recognised.

A shingle is four words in a row, hashed. The *opening* keeps all shingles of the first words, so that a summary
is recognised in the full text that it opens; the *sketch* keeps the smallest hashes of the whole text (bottom-k
sampling, Cohen and Kaplan 2007), so that a copy with another opening is recognised too."""

from heapq import nsmallest
from zlib import crc32

Prints = tuple[int, ...]  # fingerprints of a text, ascending
OPENING = 48  # words
SIZE = 32
_LONGEST = 1500  # words of a text that are looked at
COMPARABLE = 6  # an opening of fewer shingles (less than nine words) cannot be compared


def _shingles(words: list[str]) -> list[int]:
    """Every four words in a row, with a space between two, hashed, in order."""
    written = " ".join(words).encode("utf-8", "replace").split(b" ")
    fours = zip(written, written[1:], written[2:], written[3:], strict=False)
    # crc32 is linear; the multiplication spreads it over the range that the smallest are taken from.
    return [crc32(b" ".join(four)) * 0x9E3779B1 & 0xFFFFFFFF for four in fours]


def fingerprints(words: list[str]) -> tuple[Prints, Prints]:
    """The opening and the sketch of a text, given its words (lower case), each ascending.

    A text of less than four words has no opening, and one that is nothing but its opening no sketch."""
    shingles = _shingles(words[:_LONGEST])
    start = tuple(sorted(set(shingles[: OPENING - 3])))
    return start, tuple(sorted(set(shingles))[:SIZE]) if len(words) > OPENING else ()


def containment(a: Prints, b: Prints) -> float:
    """How much of the shorter opening stands in the other, 0 to 1; 0 where one is too short to say."""
    shorter = min(len(a), len(b))
    return len(set(a).intersection(b)) / shorter if shorter >= COMPARABLE else 0.0


def resemblance(a: Prints, b: Prints) -> float:
    """The Jaccard similarity of two texts as their sketches estimate it, 0 to 1; 0 where one has none."""
    if not a or not b:
        return 0.0
    union = nsmallest(SIZE, {*a, *b})
    return len({*union}.intersection(a).intersection(b)) / len(union)
