"""How fast institutions are found, from 100 to 100,000 tracked names.

    .venv/bin/python benchmarks/matching.py [--names 100,1000,10000,100000] [--texts 3000]

Names and texts are made up from syllables and common words with a fixed seed. Texts have 100 words in sentences;
three in four mention one to three institutions. For each number of names the whole of `Matcher.match` is timed
on one core, beside two peers on the same texts in the same run: Aho-Corasick (ahocorasick_rs, leftmost-longest,
only finding the strings, without case) and, up to 10,000 names, a case-sensitive alternation of regular expressions.
"""

from __future__ import annotations

import argparse
import random
import re
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.matcher import Matcher
from alerts.matching.vocabulary import COMMON_WORDS, FUNCTION_WORDS
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.topic import Signal, Topic

SYLLABLES = (
    "ba be bo ca ce co da de do fa fe fi ga go ha he ka ke la le li lo ma me mi mo na ne no pa pe po ra re ri ro "
    "sa se si ta te ti to va ve vi za zo tron dex lum nor vik sen tal mar gen syn"
)
FRAGMENTS = {"d", "ll", "m", "re", "s", "t", "ve", "i"}  # of "didn't", "we'll"
FORMS = ("", "", "", " Inc.", " Corporation", " Ltd", " GmbH", " Group", " Systems", " Bank", " Holdings")
TOPICS = [
    Topic("outage", Signal.CONTINUITY, ("outage*", "service disruption*", "went offline", "data breach*")),
    Topic("policy", Signal.GOVERNANCE, ("lawsuit*", "export control*", "sanctions", "under investigation")),
    Topic("deal", Signal.RELATIONSHIP, ("acquires", "partnership with", "invests in", "merger*")),
]


def names(count: int, rng: random.Random) -> list[str]:
    """Distinct names of one to three made-up words, some with an ordinary word, some with a legal form."""
    ordinary = sorted(word for word in COMMON_WORDS - FUNCTION_WORDS if len(word) > 3)
    syllables = SYLLABLES.split()
    made: dict[str, None] = {}
    while len(made) < count:
        words = [
            "".join(rng.choices(syllables, k=rng.randint(2, 4))).capitalize() for _ in range(rng.choice((1, 1, 2)))
        ]
        if rng.random() < 0.3:
            words.insert(rng.randint(0, len(words)), rng.choice(ordinary).capitalize())
        made[" ".join(words) + rng.choice(FORMS)] = None
    return list(made)


def texts(count: int, tracked: Sequence[str], rng: random.Random) -> list[str]:
    """Texts of 100 words: ordinary words by Zipf's law, with up to three of the names in them."""
    ordinary, function = sorted(COMMON_WORDS - FUNCTION_WORDS), sorted(FUNCTION_WORDS - FRAGMENTS)
    rng.shuffle(ordinary)
    weights = [1 / (rank + 5) for rank in range(len(ordinary))]
    made = []
    for _ in range(count):
        words = rng.choices(ordinary, weights, k=100)
        for at in range(100):
            if rng.random() < 0.45:
                words[at] = rng.choice(function)
        for start in range(0, 100, 14):
            words[start] = words[start].capitalize()
            words[min(99, start + 13)] += "."
        for _ in range(rng.choice((0, 1, 2, 3))):
            words[rng.randrange(1, 98)] = rng.choice(tracked)
        made.append(" ".join(words))
    return made


def searching(matcher: Matcher, items: Mapping[str, Item]) -> Callable[[str], object]:
    """The whole of `Matcher.match` on a text."""
    match = matcher.match
    return lambda text: match(items[text])


def finding(automaton: AhoCorasick) -> Callable[[str], object]:
    """Aho-Corasick alone, which only finds the strings."""
    find = automaton.find_matches_as_indexes
    return lambda text: find(text.lower())


def rate(work: Callable[[str], object], batch: Sequence[str]) -> float:
    """Texts a second of processor time, the best of three runs."""
    best = float("inf")
    for _ in range(3):
        begin = time.process_time()
        for text in batch:
            work(text)
        best = min(best, time.process_time() - begin)
    return len(batch) / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--names", default="100,1000,10000,100000")
    parser.add_argument("--texts", type=int, default=3000)
    options = parser.parse_args()
    print("names    match/s  build s    MB  ahocorasick/s  regex/s  match : ahocorasick  mentions")
    for count in map(int, options.names.split(",")):
        rng = random.Random(count)
        tracked = names(count, rng)
        batch = texts(options.texts, tracked, rng)
        institutions = [Institution(id=str(number), name=name) for number, name in enumerate(tracked)]
        begin = time.process_time()
        matcher = Matcher(institutions, TOPICS, {})
        build = time.process_time() - begin
        when = datetime(2026, 1, 1, tzinfo=UTC)
        items = {text: Item(id="1", title="", content=text, observed=when) for text in batch}
        ours = rate(searching(matcher, items), batch)
        mentions = sum(len(matcher.match(items[text]).mentions) for text in batch)
        automaton = AhoCorasick([name.lower() for name in tracked], matchkind=MatchKind.LeftmostLongest)
        peer = rate(finding(automaton), batch)
        regex = 0.0
        if count <= 10_000:
            ordered = sorted(tracked, key=len, reverse=True)
            alternation = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)")
            regex = rate(alternation.findall, batch[: 300_000 // count])
        print(
            f"{count:7,} {ours:8,.0f} {build:8.2f} {memory(institutions):5.0f} {peer:14,.0f} {regex:8,.0f}"
            f" {ours / peer:20.2f}  {mentions}"
        )


def memory(institutions: Sequence[Institution]) -> float:
    """Megabytes that a matcher for these institutions holds."""
    tracemalloc.start()
    matcher = Matcher(institutions, TOPICS, {})
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del matcher
    return held / 1e6


if __name__ == "__main__":
    main()
