"""How well topics are found in labelled texts, beside plain phrases and beside what words alone can teach a model.

    .venv/bin/python evaluations/topics.py [--data ../shared/data] [--errors 8] [--config DIR] [--no-ceiling]

Three sets: reports of cyber incidents (title and 300 characters: a kind is right where the whole text has it, and
missed where its beginning has it), sentences of company news, and hand-labelled items of recorded feeds. For each kind:
precision, recall, and the worst errors. A topic that the text denies or says is over counts; one that only a weak
pattern found does not.

Leave one set out: the column `others` counts only patterns that found something right in another set or in the pack's
own headlines, so that what a pattern learned from the set itself does not count.

The ceiling is a logistic regression on TF-IDF of words and pairs of words, in five folds by document; its threshold
is the one with the highest recall at a precision somewhat above the goal's, taken on the training folds.

The sets label no institutions. So that `@` stands for something, the capitalised sequences of a text are taken as
institutions (of a document its most frequent ones), as the README of the data proposes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from alerts.config.load import load_entries
from alerts.config.packs import pack_topics
from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.topic import Topic

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from kit.headlines import pack_headlines

Array = np.ndarray[Any, np.dtype[Any]]
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PRECISION = 0.65  # goals are recall at this precision
FOLDS = 5

Kinds = Mapping[str, tuple[tuple[str, ...], float]]
"""By kind of a set the topics that mean it, and the goal for recall."""

CASIE: Kinds = {
    "breach": (("data-breach",), 0.80),
    "ransom": (("cyberattack",), 0.85),
    "phishing": (("phishing",), 0.70),
    "vulnerability": (("vulnerability",), 0.85),
}
SENTIVENT: Kinds = {
    "Merger/Acquisition": (("acquisition",), 0.55),
    "Legal": (("lawsuit", "fine", "investigation"), 0.50),
    "Employment": (("leadership",), 0.45),
    "Deal": (("partnership",), 0.35),
    "Investment": (("investment",), 0.0),
}
ITEMS_PRECISION, ITEMS_RECALL = 0.80, 0.65

_NAME = re.compile(r"\b[A-Z][\w&.'’-]*(?: (?:of |and |& )?[A-Z][\w&.'’-]*)*")


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled text."""

    id: str
    document: str
    title: str
    kinds: frozenset[str]
    content: str = ""
    visible: frozenset[str] | None = None  # the kinds that must be found; None: all


@dataclass(slots=True)
class Score:
    right: int = 0
    found: int = 0  # of those that must be found
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def add(self, found: bool, true: bool, text: str, wanted: bool | None = None) -> None:
        """One decision. `wanted` where it must be found; all that are true must where nothing else is said."""
        self.right += found and true
        wanted = true if wanted is None else wanted
        self.found += found and wanted
        if found and not true:
            self.wrong.append(text)
        if wanted and not found:
            self.missed.append(text)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + len(self.missed))

    def __str__(self) -> str:
        return f"{self.precision:.2f} {self.recall:.2f}"


def casie(path: Path) -> list[Case]:
    """A kind of the whole text is right where it is found; what the beginning, which is all we see, holds is missed."""
    return [
        Case(
            row["id"], row["id"], row["title"], frozenset(row["kinds"]), row["content"], frozenset(row["kinds_in_lead"])
        )
        for row in _rows(path)
    ]


def sentivent(path: Path) -> list[Case]:
    return [Case(row["id"], row["document"], row["title"], frozenset(row["kinds"])) for row in _rows(path)]


def items(path: Path) -> list[Case]:
    """The hand-labelled items; what is resolved counts as the topic itself."""
    same = {"degradation-resolved": "outage"}
    return [
        Case(str(number), str(number), row["title"], frozenset(same.get(topic, topic) for topic in row["gold_topics"]))
        for number, row in enumerate(_rows(path))
    ]


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


Found = frozenset[tuple[str, str]]
"""The topics found in a text, each with the pattern that found it."""


def found_topics(cases: Sequence[Case], topics: Iterable[Topic], weak: bool = False) -> list[Found]:
    """The topics of each case with their patterns. Documents share their institutions."""
    topics = tuple(topics)
    by_document: dict[str, list[int]] = defaultdict(list)
    for index, case in enumerate(cases):
        by_document[case.document].append(index)
    matchers: dict[tuple[str, ...], Matcher] = {}
    found: list[Found] = [frozenset()] * len(cases)
    names = _names(cases)
    for indexes in by_document.values():
        matcher = matchers.get(names)
        if matcher is None:
            institutions = [Institution(f"i{number}", name) for number, name in enumerate(names)]
            matcher = matchers.setdefault(names, Matcher(institutions, topics, {}))
        for index in indexes:
            case = cases[index]
            hits = matcher.match(Item(case.id, case.title, WHEN, content=case.content)).topics
            found[index] = frozenset((hit.topic, hit.pattern) for hit in hits if weak or not hit.weak)
    return found


def rightly(cases: Sequence[Case], found: Sequence[Found], kinds: Kinds) -> Found:
    """The patterns that found something right, by topic."""
    return frozenset(
        each for case, patterns in zip(cases, found, strict=True) for each in patterns if each[0] in _true(case, kinds)
    )


def _true(case: Case, kinds: Kinds) -> frozenset[str]:
    """The topics that are true of a case; of kinds that have no topics of their own, the kinds."""
    return frozenset(topic for kind in case.kinds for topic in kinds.get(kind, ((kind,), 0.0))[0])


def headlines(pack: str) -> list[Case]:
    """The English headlines that ship with the pack."""
    english = [each for each in pack_headlines(pack) if each.language == "en"]
    return [Case(str(number), "", each.title, frozenset(each.expected)) for number, each in enumerate(english)]


def _names(cases: Iterable[Case]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for case in cases:
        counts.update(each.group() for each in _NAME.finditer(f"{case.title}\n{case.content}"))
    return tuple(sorted(name for name, _ in counts.most_common(2000)))


def judge(cases: Sequence[Case], found: Sequence[Found], kinds: Kinds, only: Found | None = None) -> dict[str, Score]:
    """The score of each kind; with `only`, of these patterns alone."""
    scores = {kind: Score() for kind in kinds}
    for case, topics in zip(cases, _topics(found, only), strict=True):
        for kind, (wanted, _) in kinds.items():
            must = None if case.visible is None else kind in case.visible
            scores[kind].add(not topics.isdisjoint(wanted), kind in case.kinds, case.title, must)
    return scores


def _topics(found: Sequence[Found], only: Found | None) -> Iterable[frozenset[str]]:
    for patterns in found:
        yield frozenset(topic for topic, _ in (patterns if only is None else patterns & only))


def judge_items(cases: Sequence[Case], found: Sequence[Found], only: Found | None = None) -> Score:
    score = Score()
    for case, topics in zip(cases, _topics(found, only), strict=True):
        for topic in sorted(topics | case.kinds):
            score.add(topic in topics, topic in case.kinds, f"{topic}: {case.title}")
    return score


# The ceiling: logistic regression on TF-IDF.


def ceiling(cases: Sequence[Case], kinds: Iterable[str]) -> dict[str, Score]:
    """Five folds by document; the threshold is chosen on the training folds."""
    documents = sorted({case.document for case in cases})
    fold_of = {document: index % FOLDS for index, document in enumerate(documents)}
    folds = np.array([fold_of[case.document] for case in cases])
    words = [_terms(f"{case.title} {case.content}") for case in cases]
    scores = {kind: Score() for kind in kinds}
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        vocabulary, weights = _vocabulary([words[index] for index in train.tolist()])
        seen = _matrix([words[index] for index in train.tolist()], vocabulary, weights)
        unseen = _matrix([words[index] for index in test.tolist()], vocabulary, weights)
        for kind, score in scores.items():
            truth = np.array([kind in cases[index].kinds for index in train.tolist()], dtype=float)
            model = _fit(seen, truth)
            limit = _threshold(_predict(seen, model), truth)
            for index, value in zip(test.tolist(), _predict(unseen, model).tolist(), strict=True):
                case = cases[index]
                must = None if case.visible is None else kind in case.visible
                score.add(bool(value >= limit), kind in case.kinds, case.title, must)
    return scores


def _terms(text: str) -> Counter[str]:
    words = re.findall(r"[a-z0-9$%]+", text.lower())
    return Counter(words + [f"{one} {two}" for one, two in pairwise(words)])


def _vocabulary(texts: Sequence[Counter[str]]) -> tuple[dict[str, int], Array]:
    counts = Counter(term for text in texts for term in text)
    kept = [term for term, count in counts.most_common(4_000) if count >= 3]
    weights = np.array([1 + np.log((1 + len(texts)) / (1 + counts[term])) for term in kept])
    return {term: index for index, term in enumerate(kept)}, weights


def _matrix(texts: Sequence[Counter[str]], vocabulary: Mapping[str, int], weights: Array) -> Array:
    matrix = np.zeros((len(texts), len(vocabulary)), dtype=np.float32)
    for row, text in enumerate(texts):
        for term, count in text.items():
            if term in vocabulary:
                matrix[row, vocabulary[term]] = (1 + np.log(count)) * weights[vocabulary[term]]
    scaled: Array = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    return scaled


def _fit(matrix: Array, truth: Array, penalty: float = 1e-4, steps: int = 80) -> Array:
    """Weighted logistic regression by Nesterov's gradient method; the last weight is the intercept."""
    x = np.hstack([matrix, np.ones((len(matrix), 1), dtype=np.float32)])
    share = np.where(truth > 0, len(truth) / (2 * max(1, truth.sum())), len(truth) / (2 * max(1, (1 - truth).sum())))
    weights: Array = np.zeros(x.shape[1])
    ahead = weights
    rate = 4.0 / (0.5 * share.max() * 2)
    for step in range(steps):
        error = share * (1 / (1 + np.exp(-(x @ ahead))) - truth)
        new = ahead - rate * (x.T @ error / len(truth) + penalty * ahead)
        ahead, weights = new + step / (step + 3) * (new - weights), new
    return weights


def _predict(matrix: Array, weights: Array) -> Array:
    found: Array = matrix @ weights[:-1] + weights[-1]
    return found


def _threshold(values: Array, truth: Array) -> float:
    """The lowest one with the precision on the training folds a little above what is wanted of unseen texts."""
    order = np.argsort(-values)
    right = np.cumsum(truth[order])
    precision = right / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= min(0.95, PRECISION + 0.2))
    return float(values[order[good[-1]]]) if len(good) else float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--config", type=Path, help="also measure the topics of this configuration, as phrases")
    parser.add_argument("--errors", type=int, default=0, help="show so many errors of each kind")
    parser.add_argument("--kind", default="", help="show the errors of this kind only")
    parser.add_argument("--no-ceiling", action="store_true")
    arguments = parser.parse_args()
    gold = arguments.data / "gold"
    if not gold.is_dir():
        print(f"skipped: {gold} is not there (labelled texts, see its README)")
        return 0
    pack = pack_topics("core")
    other = tuple(load_entries(arguments.config).settings.topics.values()) if arguments.config else ()
    sets: dict[str, tuple[list[Case], Kinds]] = {
        "casie": (casie(gold / "topics_casie_a.jsonl"), CASIE),
        "sentivent": (sentivent(gold / "topics_sentivent_a.jsonl"), SENTIVENT),
        "items": (items(gold / "topics_items.jsonl"), {}),
        "headlines": (headlines("core"), {}),
    }
    found = {name: found_topics(cases, pack) for name, (cases, _) in sets.items()}
    right = {name: rightly(cases, found[name], kinds) for name, (cases, kinds) in sets.items()}
    elsewhere = {name: frozenset().union(*(right[other] for other in sets if other != name)) for name in sets}
    print(f"{'':24}{'goal':>6}{'core pack':>12}{'others':>12}{'phrases':>12}{'ceiling':>12}   (precision recall)")
    for name in ("casie", "sentivent"):
        cases, kinds = sets[name]
        mine = judge(cases, found[name], kinds)
        transferred = judge(cases, found[name], kinds, elsewhere[name])
        theirs = judge(cases, found_topics(cases, other), kinds) if other else {}
        best = {} if arguments.no_ceiling else ceiling(cases, kinds)
        print(f"{name}, {len(cases)} texts")
        for kind, score in mine.items():
            row = f"  {kind:22}{kinds[kind][1]:>6.2f}{score!s:>12}{transferred[kind]!s:>12}"
            print(f"{row}{theirs.get(kind, '')!s:>12}{best.get(kind, '')!s:>12}")
            if arguments.errors and arguments.kind in ("", kind):
                _errors(score, arguments.errors)
    cases = sets["items"][0]
    score = judge_items(cases, found["items"])
    transferred_items = judge_items(cases, found["items"], elsewhere["items"])
    theirs_items = judge_items(cases, found_topics(cases, other)) if other else ""
    print(
        f"hand-labelled items, {len(cases)}\n  {'all topics':22}{ITEMS_RECALL:>6.2f}{score!s:>12}"
        f"{transferred_items!s:>12}{theirs_items!s:>12}"
    )
    if arguments.errors and arguments.kind in ("", "items"):
        _errors(score, arguments.errors)
    return 0


def _errors(score: Score, most: int) -> None:
    for name, texts in (("wrong ", score.wrong), ("missed", score.missed)):
        for text in texts[:most]:
            print(f"      {name} {text[:200]}")


if __name__ == "__main__":
    sys.exit(main())
