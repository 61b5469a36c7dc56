"""How well institutions are found in hand-labelled news, beside a plain dictionary.

    .venv/bin/python evaluations/matching.py [--data ../shared/data] [--errors 15]

For every gold/mentions_*.jsonl the labelled organisations become the institutions of a configuration, once
with all the surfaces under which the set mentions them as aliases, once with their official name alone. The
texts go through `alerts match` as an operator would run it. A mention is right when span and institution are
those of the label; only what lies inside `evaluated` counts, and mentions marked `skip` count neither way.

The baseline is a case-sensitive dictionary with word boundaries, the longest entry first. Where a set labels only
some mentions (rss-500), the precision of both means little.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TARGETS = {  # set: (with all surfaces, with the official name alone)
    "news-fair": (0.88, 0.80),
    "oke-2015": (0.98, 0.88),
    "derczynski": (0.98, 0.80),
}

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
    parser.add_argument("--errors", type=int, default=0, help="list so many errors of each set")
    options = parser.parse_args()
    files = sorted((options.data / "gold").glob("mentions_*.jsonl"))
    if not files:
        print(f"skipped: no gold/mentions_*.jsonl under {options.data}")
        return 0
    print("set          names given   matcher: P      R     F1   goal   baseline: P      R     F1")
    failed = False
    for file in files:
        texts = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        name = file.stem.removeprefix("mentions_")
        for column, surfaces in enumerate((True, False)):
            institutions = tracked(texts, surfaces)
            gold = labelled(texts)
            found, reasons = matched(texts, institutions)
            ours = score(found, gold, texts)
            plain = score(dictionary(texts, institutions), gold, texts)
            goal = TARGETS[name][column] if name in TARGETS else None
            failed |= goal is not None and round(ours.f1, 3) < goal
            given = "all surfaces" if surfaces else "official name"
            print(
                f"{name:12} {given:13} {ours.precision:10.3f} {ours.recall:6.3f} {ours.f1:6.3f} {goal or '-':>6}"
                f"   {plain.precision:11.3f} {plain.recall:6.3f} {plain.f1:6.3f}"
            )
            show_errors(found, gold, reasons, texts, institutions, options.errors)
    return int(failed)


def identity(entity: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", entity.lower()).strip("-")


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
    texts: Iterable[Mapping[str, Any]], institutions: Iterable[Institution]
) -> tuple[set[Mention], dict[Mention, str]]:
    """What `alerts match --explain` finds, and why it turned others down."""
    entries = [
        {"id": each.id, "name": each.name, **({"aliases": list(each.aliases)} if each.aliases else {})}
        for each in institutions
    ]
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "institutions.yaml"
        config.write_text(yaml.safe_dump({"institutions": entries}, allow_unicode=True), encoding="utf-8")
        items = "".join(
            json.dumps({"id": each["id"], "title": "", "content": each["text"]}) + "\n" for each in texts
        )
        command = [str(Path(sys.executable).with_name("alerts")), "--config", directory, "match", "--explain"]
        done = subprocess.run(command, input=items, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"alerts match failed:\n{done.stderr}")
    found: set[Mention] = set()
    reasons: dict[Mention, str] = {}
    for record in map(json.loads, done.stdout.splitlines()):
        for each in record["mentions"]:
            found.add((record["id"], each["start"], each["end"], each["institution"]))
        for each in record["explain"]:
            reasons[record["id"], each["start"], each["end"], each["institution"]] = each["why"]
    return found, reasons


def dictionary(texts: Iterable[Mapping[str, Any]], institutions: Iterable[Institution]) -> set[Mention]:
    """The baseline; where institutions share an entry the first by id has it."""
    entries: dict[str, str] = {}
    for institution in institutions:
        for surface in (institution.name, *institution.aliases):
            entries.setdefault(surface, institution.id)
    longest_first = sorted(entries, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")
    return {
        (text["id"], match.start(), match.end(), entries[match.group()])
        for text in texts
        for match in pattern.finditer(text["text"])
    }


def score(found: set[Mention], gold: set[Mention], texts: Iterable[Mapping[str, Any]]) -> Score:
    inside: dict[str, tuple[int, int]] = {}
    skipped: dict[str, list[tuple[int, int]]] = {}
    for text in texts:
        inside[text["id"]] = tuple(text["evaluated"] or (0, len(text["text"])))
        skipped[text["id"]] = [(each["start"], each["end"]) for each in text["mentions"] if each["skip"]]

    def counts(mention: Mention) -> bool:
        text, start, end, _ = mention
        first, last = inside[text]
        return first <= start and end <= last and not any(a < end and start < b for a, b in skipped[text])

    found, gold = set(filter(counts, found)), set(filter(counts, gold))
    return Score(len(found & gold), len(found - gold), len(gold - found))


def show_errors(
    found: set[Mention],
    gold: set[Mention],
    reasons: Mapping[Mention, str],
    texts: Iterable[Mapping[str, Any]],
    institutions: Iterable[Institution],
    limit: int,
) -> None:
    words = {text["id"]: text for text in texts}
    names = {each.id: each.name for each in institutions}
    errors = sorted(
        (mention, kind)
        for kind, mentions in (("wrong", found - gold), ("missed", gold - found))
        for mention in mentions
    )
    shown = 0
    for mention, kind in errors:
        ident, start, end, institution = mention
        text = words[ident]["text"]
        first, last = words[ident]["evaluated"] or (0, len(text))
        if shown == limit or not (first <= start and end <= last):
            continue
        shown += 1
        around = " ".join(text[max(0, start - 40) : end + 40].split())
        why = reasons.get(mention, "")
        print(
            f"    {kind:6} {text[start:end]!r} ({names[institution]}) in {around!r}"
            + (f": {why}" if why else "")
        )


if __name__ == "__main__":
    sys.exit(main())
