"""Fingerprints by which copies of a text are told from other texts.

A shingle is four words in a row, hashed. The *opening* keeps all shingles of the first words, so that a summary
is recognised in the full text that it opens; the *sketch* keeps the smallest hashes of the whole text (bottom-k
sampling, Cohen and Kaplan 2007), so that a copy with another opening is recognised too.
"""

from __future__ import annotations

from heapq import nsmallest
from zlib import crc32

OPENING = 48  # words
SIZE = 32
_LONGEST = 1500  # words of a text that are looked at
COMPARABLE = 6  # an opening of fewer shingles (less than nine words) says nothing


def _shingles(words: list[str]) -> set[int]:
    joined = zip(words, words[1:], words[2:], words[3:], strict=False)
    # crc32 is linear; the multiplication spreads it over the range that the smallest are taken from.
    return {crc32(" ".join(each).encode("utf-8", "replace")) * 0x9E3779B1 & 0xFFFFFFFF for each in joined}


def opening(words: list[str]) -> tuple[int, ...]:
    """The shingles of the first words (lower case), ascending; a text of less than four words has none."""
    return tuple(sorted(_shingles(words[:OPENING])))


def sketch(words: list[str]) -> tuple[int, ...]:
    """The smallest shingles of the whole text, ascending; empty where the opening is the whole text."""
    return tuple(nsmallest(SIZE, _shingles(words[:_LONGEST]))) if len(words) > OPENING else ()


def containment(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """How much of the shorter opening stands in the other, 0 to 1; 0 where one is too short to say."""
    shorter = min(len(a), len(b))
    return len(set(a).intersection(b)) / shorter if shorter >= COMPARABLE else 0.0


def resemblance(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """The Jaccard similarity of two texts as their sketches estimate it, 0 to 1; 0 where one has none."""
    if not a or not b:
        return 0.0
    union = nsmallest(SIZE, {*a, *b})
    return len({*union}.intersection(a).intersection(b)) / len(union)
