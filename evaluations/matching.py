"""How well institutions are found in hand-labelled news and in plain headlines, beside a plain dictionary.

    .venv/bin/python evaluations/matching.py [--data ../shared/data] [--only es,nl] [--errors 15] [--ablation]

For every gold/mentions_*.jsonl the labelled organisations become tracked institutions, once with all the surfaces
under which the set mentions them as aliases, once with their official name alone. Two measures, both F1:

    spans   a mention is right when span and institution are those of the label
    texts   a text names an institution, or not: where in it does not matter

Only what lies inside `evaluated` counts, and mentions marked `skip` count neither way. The baseline is a
case-sensitive dictionary with word boundaries (none between letters of scripts without spaces), the longest entry
first. Where a set labels only some mentions (rss-500), the precision of both means little.

Then the plain headlines of `data/plain_headlines.yaml`: each names its institution, and one that is not found in it
is hidden.

`--ablation` leaves out one filter at a time and prints by how much the F1 of spans (all surfaces given) falls: what a
filter is worth on each set. Then each set is left out in turn: the filters that gain on all others together are tried
on it, beside none of them, all of them, and the dictionary. What such a choice leaves out is worth something only on
the set that it was written from, and should go, unless only that set is in its language.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from alerts.matching.filters import FILTERS, Filter
from alerts.matching.matcher import Matcher
from alerts.model import institution as model
from alerts.model.item import Item

HEADLINES = Path(__file__).with_name("data") / "plain_headlines.yaml"
GOALS = {  # set: F1 of spans with all surfaces, F1 of texts with the official name alone
    "de_germeval": (0.97, None),
    "derczynski": (0.98, 0.87),
    "es_conll2002": (0.93, None),
    "fr_wikineural": (0.985, None),
    "news-fair": (0.93, 0.87),
    "nl_conll2002": (0.96, None),
    "oke-2015": (0.98, 0.87),
    "zh_cluener": (0.975, None),
}
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u30ff\u31f0-\u9fff"

Mention = tuple[str, int, int, str]  # text id, start, end, institution


@dataclass(frozen=True, slots=True)
class Institution:
    id: str
    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def main() -> int:
    parser = argparse.ArgumentParser(description="Precision, recall and F1 of the matcher on labelled news.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", default="", help="sets whose name contains one of these, parted by commas")
    parser.add_argument("--errors", type=int, default=0, help="list so many errors of each set")
    parser.add_argument("--ablation", action="store_true", help="what each filter is worth on each set")
    options = parser.parse_args()
    files = sorted((options.data / "gold").glob("mentions_*.jsonl"))
    sets = {
        file.stem.removeprefix("mentions_"): _read(file)
        for file in files
        if not options.only or any(part in file.stem for part in options.only.split(","))
    }
    if not files:
        print(f"skipped the labelled news: no gold/mentions_*.jsonl under {options.data}")
    if options.ablation:
        ablation(sets)
        return 0
    failed = evaluate(sets, options.errors)
    return int(headlines(options.errors) or failed)


def evaluate(sets: Mapping[str, Sequence[Mapping[str, Any]]], errors: int) -> bool:
    """Prints the scores of every set; whether a goal is missed."""
    print(f"{'':30}{'matcher':^34}   {'dictionary':^20}")
    print(f"{'set':14} {'names given':14}   P      R    spans  texts  goal     P      R    spans  texts")
    failed = False
    for name, texts in sets.items():
        for column, surfaces in enumerate((True, False)):
            institutions = tracked(texts, surfaces)
            gold = labelled(texts)
            found = matched(texts, institutions)
            plain = dictionary(texts, institutions)
            ours, theirs = score(found, gold, texts), score(plain, gold, texts)
            named, named_by_dictionary = score_texts(found, gold, texts), score_texts(plain, gold, texts)
            goal = GOALS.get(name, (None, None))[column]
            failed |= goal is not None and round((named if column else ours).f1, 3) < goal
            print(
                f"{name:14} {'all surfaces' if surfaces else 'official name':13} "
                f"{ours.precision:6.3f} {ours.recall:6.3f} {ours.f1:6.3f} {named.f1:6.3f} {goal or '-':>6}  "
                f"{theirs.precision:6.3f} {theirs.recall:6.3f} {theirs.f1:6.3f} {named_by_dictionary.f1:6.3f}",
                flush=True,
            )
            show_errors(found, gold, texts, institutions, errors)
    return failed


def headlines(errors: int) -> bool:
    """Prints how many plain headlines hide the name that they are about; whether any does."""
    cases = list(plain_headlines())
    institutions = {name: Institution(name, name, ()) for _, name, _ in cases}
    hidden = []
    for language, name, headline in cases:
        matcher = _matcher([institutions[name]], FILTERS)
        if not matcher.match(Item("1", headline, WHEN)).mentions:
            hidden.append((language, name, headline))
    print(f"plain headlines: {len(hidden)} of {len(cases)} hide the name that they are about")
    for language, name, headline in hidden[:errors]:
        (reason, *_) = [
            *(
                each.reason
                for each in _matcher([institutions[name]], FILTERS)
                .match(Item("1", headline, WHEN), explain=True)
                .rejections
            ),
            "not looked for",
        ]
        print(f"    {language} {headline!r}: {reason}")
    return bool(hidden)


def plain_headlines() -> Iterator[tuple[str, str, str]]:
    """Language, name, headline."""
    data = yaml.safe_load(HEADLINES.read_text(encoding="utf-8"))
    for language, templates in data["templates"].items():
        for template in templates:
            for name in data["names"]:
                written = name.removesuffix(" Corporation")  # as headlines write it
                if template.startswith("#"):
                    written = written.replace(" ", "")
                yield language, name, template.replace("_", written)


def ablation(sets: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """What each filter is worth on each set, and what the filters are worth on a set that did not choose them."""
    print("filter".ljust(22), *(name[:10].rjust(10) for name in sets), "  (thousandths of F1 lost without it)")
    whole = {name: _f1(texts, FILTERS) for name, texts in sets.items()}
    print("with all of them".ljust(22), *(f"{each:10.3f}" for each in whole.values()), flush=True)
    gains: dict[str, dict[str, float]] = {}
    for left_out in FILTERS:
        some = {name: each for name, each in FILTERS.items() if name != left_out}
        gains[left_out] = {name: 1000 * (whole[name] - _f1(texts, some)) for name, texts in sets.items()}
        print(left_out.ljust(22), *(f"{each:10.1f}" for each in gains[left_out].values()), flush=True)
    print("\nleave one set out: the filters that gain on the other sets together, tried on the one left out")
    print(f"{'set':14} {'none':>6} {'chosen':>6} {'all':>6} {'dictionary':>10}  not chosen")
    for held, texts in sets.items():
        chosen = {
            name: each
            for name, each in FILTERS.items()
            if sum(gain for other, gain in gains[name].items() if other != held) > 0
        }
        plain = score(dictionary(texts, tracked(texts, surfaces=True)), labelled(texts), texts).f1
        left = ", ".join(FILTERS.keys() - chosen.keys())
        ours = f"{_f1(texts, {}):6.3f} {_f1(texts, chosen):6.3f} {whole[held]:6.3f}"
        print(f"{held:14} {ours} {plain:10.3f}  {left or '-'}", flush=True)


def _f1(texts: Sequence[Mapping[str, Any]], filters: Mapping[str, Filter]) -> float:
    return score(matched(texts, tracked(texts, surfaces=True), filters), labelled(texts), texts).f1


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def identity(entity: str) -> str:
    return re.sub(r"[\W_]+", "-", entity.lower()).strip("-")


def tracked(texts: Iterable[Mapping[str, Any]], surfaces: bool) -> list[Institution]:
    """The labelled organisations as institutions."""
    names: dict[str, str] = {}
    written: dict[str, set[str]] = {}
    for mention in (each for text in texts for each in text["mentions"] if each["org"]):
        names[identity(mention["entity"])] = mention["name"]
        written.setdefault(identity(mention["entity"]), set()).add(mention["text"])
    return [
        Institution(key, name, tuple(sorted(written[key] - {name})) if surfaces else ())
        for key, name in sorted(names.items())
    ]


def labelled(texts: Iterable[Mapping[str, Any]]) -> set[Mention]:
    return {
        (text["id"], each["start"], each["end"], identity(each["entity"]))
        for text in texts
        for each in text["mentions"]
        if each["org"] and not each["skip"]
    }


def matched(
    texts: Iterable[Mapping[str, Any]], institutions: Iterable[Institution], filters: Mapping[str, Filter] = FILTERS
) -> set[Mention]:
    matcher = _matcher(institutions, filters)
    return {
        (text["id"], each.start, each.end, each.institution)
        for text in texts
        for each in matcher.match(Item(text["id"], "", WHEN, content=text["text"])).mentions
    }


def _matcher(institutions: Iterable[Institution], filters: Mapping[str, Filter]) -> Matcher:
    known = [model.Institution(each.id, each.name, each.aliases) for each in institutions]
    return Matcher(known, [], {}, filters)


def dictionary(texts: Iterable[Mapping[str, Any]], institutions: Iterable[Institution]) -> set[Mention]:
    """The baseline; where institutions share an entry the first by id has it."""
    entries: dict[str, str] = {}
    for institution in institutions:
        for surface in (institution.name, *institution.aliases):
            entries.setdefault(surface, institution.id)
    pattern = re.compile("|".join(map(_bounded, sorted(entries, key=len, reverse=True))))
    return {
        (text["id"], match.start(), match.end(), entries[match.group()])
        for text in texts
        for match in pattern.finditer(text["text"])
    }


def _bounded(entry: str) -> str:
    """An entry between word boundaries; a Latin letter is one for a character of a script without spaces."""
    before, after = (
        "" if re.match(f"[{_UNSPACED}]", char) else f"{look}[^\\W{_UNSPACED}])"
        for char, look in ((entry[0], "(?<!"), (entry[-1], "(?!"))
    )
    return before + re.escape(entry) + after


def score(found: set[Mention], gold: set[Mention], texts: Iterable[Mapping[str, Any]]) -> Score:
    found, gold = _counted(found, gold, texts)
    return Score(len(found & gold), len(found - gold), len(gold - found))


def score_texts(found: set[Mention], gold: set[Mention], texts: Iterable[Mapping[str, Any]]) -> Score:
    """The same without spans: does a text name an institution?"""
    found, gold = _counted(found, gold, texts)
    named, right = ({(text, institution) for text, _, _, institution in each} for each in (found, gold))
    return Score(len(named & right), len(named - right), len(right - named))


def _counted(
    found: set[Mention], gold: set[Mention], texts: Iterable[Mapping[str, Any]]
) -> tuple[set[Mention], set[Mention]]:
    inside: dict[str, tuple[int, int]] = {}
    skipped: dict[str, list[tuple[int, int]]] = {}
    for text in texts:
        inside[text["id"]] = tuple(text["evaluated"] or (0, len(text["text"])))
        skipped[text["id"]] = [(each["start"], each["end"]) for each in text["mentions"] if each["skip"]]

    def counts(mention: Mention) -> bool:
        text, start, end, _ = mention
        first, last = inside[text]
        return first <= start and end <= last and not any(a < end and start < b for a, b in skipped[text])

    return set(filter(counts, found)), set(filter(counts, gold))


def show_errors(
    found: set[Mention],
    gold: set[Mention],
    texts: Sequence[Mapping[str, Any]],
    institutions: Iterable[Institution],
    limit: int,
) -> None:
    if not limit:
        return
    words = {text["id"]: text for text in texts}
    known = {each.id: each for each in institutions}
    matcher = _matcher(known.values(), FILTERS)
    counted, right = _counted(found, gold, texts)
    errors = sorted(
        (mention, kind)
        for kind, mentions in (("wrong", counted - right), ("missed", right - counted))
        for mention in mentions
    )
    for (ident, start, end, institution), kind in errors[:limit]:
        text = words[ident]["text"]
        around = " ".join(f"{text[max(0, start - 40) : start]}[{text[start:end]}]{text[end : end + 40]}".split())
        reasons = {
            each.reason
            for each in matcher.match(Item("1", "", WHEN, content=text), explain=True).rejections
            if each.institution == institution and each.start < end and start < each.end
        }
        print(f"    {kind:6} ({known[institution].name}) {around}: {'; '.join(sorted(reasons))}")


if __name__ == "__main__":
    sys.exit(main())
