"""Whether alerts are right: those of recorded feeds under a configuration, judged by hand.

    .venv/bin/python evaluations/right_alerts.py [--data ../shared/data] [--config config] [--judge] [--list]

Twenty months of recorded feeds are played under the configuration by the functions of `alerts replay`. What its
subscribers would have been sent is held against verdicts: those of the data (`gold/alerts_recorded.jsonl`,
`gold/topics_items.jsonl`) and the project's own (`verdicts.jsonl` beside this file). A verdict belongs to an
institution, a story (the beginning of its headline and the day of its report) and the topic that carried it, so it
outlives changes of severities and thresholds; a story that is told with another topic is judged anew. `--judge`
prints what nobody has judged yet, with all that a judge needs, as lines to complete and add to `verdicts.jsonl`.

An alert is *right* where a reader who watches the institution wants to hear of it then: the event happened, is of
the topic, concerns the institution, and is news. Exit status 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from alerts.config.load import load_entries
from alerts.insight.feedback import RIGHT, VERDICTS, carrying, short
from alerts.model.alert import AlertState
from alerts.model.item import Item
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import On
from alerts.model.times import parse_time
from alerts.replay.backtest import Result, rehearse

sys.path.insert(0, str(Path(__file__).parents[1]))

from evaluations.recorded import observations

GOAL_RIGHT = 0.75
GOAL_KEPT = 11
GOAL_CRITICAL = 0.25
"""The largest share of time that an institution may be at critical."""

OWN = Path(__file__).with_name("verdicts.jsonl")
NEAR = timedelta(days=7)  # a right alert of the data is kept where its story is told within this time of it
SAME_EVENT = timedelta(days=2)  # or where the institution had another right alert within this time: of the same event

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Sent:
    """An alert as a judge sees it."""

    at: datetime
    institution: str
    level: Level
    story: str
    headline: str
    topic: str
    item: Item | None
    changes: tuple[str, ...]
    stories: frozenset[str]

    @property
    def source(self) -> str:
        return self.item.source if self.item is not None else ""

    @property
    def day(self) -> str:
        return (self.item.reported if self.item is not None else self.at).date().isoformat()

    @property
    def key(self) -> Key:
        return self.institution, self.day, short(self.headline), self.topic


def sent(result: Result, settings: Settings, items: Mapping[str, Item], backfill: frozenset[str]) -> list[Sent]:
    """What went out, once for each assessment, whatever the number of subscribers and channels.

    What a source held, old or undated, when it was first read is left out, as the live program does: a replay is not
    told of it.
    """
    found: dict[tuple[datetime, str], Sent] = {}
    for alert in result.alerts:
        lead = alert.lead
        if alert.state is AlertState.SUPPRESSED or lead is None or lead.item in backfill:
            continue
        if alert.on is On.LEVEL and not any(each.rises for each in alert.changes):
            continue
        found[alert.at, alert.institution] = Sent(
            alert.at,
            alert.institution,
            alert.level,
            lead.story,
            lead.title,
            carrying(lead.topics, alert.told_axis, settings),
            items.get(lead.item),
            tuple(f"{each.axis} {each.from_} > {each.to}" for each in alert.changes),
            frozenset({lead.story, *(each.story for each in alert.also)}),
        )
    return sorted(found.values(), key=lambda each: (each.at, each.institution))


# --- verdicts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Gold:
    """All verdicts that are known."""

    own: Mapping[Key, str]
    alerts: Mapping[tuple[str, str], str]
    topics: Mapping[str, Mapping[str, Any]]
    right: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, folder: Path, own: Path) -> Gold:
        alerts = list(lines(folder / "alerts_recorded.jsonl"))
        return cls(
            {key_of(each): checked(each) for each in lines(own)},
            # Where several rises were judged, one that is right says that the story was worth telling.
            {
                (each["institution"], short(each["title"])): each["verdict"]
                for each in sorted(alerts, key=lambda each: each["verdict"] == RIGHT)
            },
            {short(each["title"]): each for each in lines(folder / "topics_items.jsonl")},
            tuple(each for each in alerts if each["verdict"] == RIGHT),
        )

    def verdict(self, alert: Sent) -> str:
        """What is known of an alert; empty where nobody judged it."""
        if alert.key in self.own:
            return self.own[alert.key]
        labelled = self.topics.get(short(alert.headline))
        if labelled is not None:
            if alert.institution not in labelled["gold_institutions"]:
                return "wrong institution"
            if alert.topic not in labelled["gold_topics"]:
                return "wrong topic"
        judged = self.alerts.get((alert.institution, short(alert.headline)), "")
        # Noise and wrong topics were judged of the topics and the sums of then.
        return judged if judged in {RIGHT, "old news"} else ""


def lines(path: Path) -> Iterable[Mapping[str, Any]]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def key_of(record: Mapping[str, Any]) -> Key:
    return record["institution"], record["day"], short(record["headline"]), record["topic"]


def checked(record: Mapping[str, Any]) -> str:
    if record["verdict"] not in VERDICTS:
        raise SystemExit(f"{OWN}: {record['verdict']!r} is no verdict (there are {', '.join(VERDICTS)})")
    return str(record["verdict"])


def kept(gold: Gold, alerts: Sequence[Sent], result: Result) -> list[tuple[Mapping[str, Any], bool]]:
    """The right alerts of the data, and whether their story is still told about the institution."""
    told: dict[str, list[Sent]] = defaultdict(list)
    for alert in alerts:
        told[alert.institution].append(alert)
    found = []
    for each in gold.right:
        at = parse_time(each["at"])
        names = {short(each["title"]), short(each["note"].partition("top: ")[2])}
        case = result.cases.get(each["institution"])
        stories = {
            evidence.story
            for evidence in (case.evidence() if case is not None else ())
            for report in evidence.reports
            if short(report.title) in names
        }
        hit = any(
            (abs(alert.at - at) <= NEAR and (alert.stories & stories or short(alert.headline) in names))
            or (abs(alert.at - at) <= SAME_EVENT and gold.verdict(alert) == RIGHT)
            for alert in told[each["institution"]]
        )
        found.append((each, hit))
    return found


# --- figures -------------------------------------------------------------------------------------------------------


def share(alerts: Sequence[Sent], gold: Gold) -> str:
    judged = [gold.verdict(each) for each in alerts]
    known = [each for each in judged if each]
    right = judged.count(RIGHT)
    rate = f"{right / len(known):.2f}" if known else "  - "
    return f"{len(alerts):4} alerts, {right:3} right of {len(known):3} judged  {rate}"


def right_share(alerts: Sequence[Sent], gold: Gold) -> float:
    known = [verdict for each in alerts if (verdict := gold.verdict(each))]
    return known.count(RIGHT) / len(known) if known else 0.0


def time_at(result: Result, begin: datetime, end: datetime) -> dict[str, dict[Level, float]]:
    """The share of time that each institution's highest axis spent at each level."""
    moves: dict[str, list[tuple[datetime, Axis, Level]]] = defaultdict(list)
    for each in result.transitions:
        moves[each.institution].append((each.at, each.axis, each.to))
    shares: dict[str, dict[Level, float]] = {}
    for institution, changes in moves.items():
        levels = dict.fromkeys(Axis, Level.LOW)
        spent: dict[Level, float] = defaultdict(float)
        for (at, axis, to), after in pairwise([*changes, (end, Axis.PRIORITY, Level.LOW)]):
            levels[axis] = to
            highest = max(levels.values(), key=lambda level: level.rank)
            spent[highest] += max(0.0, (min(after[0], end) - max(at, begin)).total_seconds())
        span = (end - begin).total_seconds()
        shares[institution] = {level: seconds / span for level, seconds in spent.items()}
    return shares


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--judge", action="store_true", help="print the alerts that nobody has judged yet")
    parser.add_argument("--list", action="store_true", help="print every alert with its verdict")
    arguments = parser.parse_args()
    if not (arguments.data / "feeds_recorded").is_dir():
        print(f"{arguments.data}: not there, so there is nothing to play (--data FOLDER says where it is)")
        return 0

    found = observations(sorted((arguments.data / "feeds_recorded").iterdir()))
    items = [each.item for each in found]
    backfill = frozenset(each.item.id for each in found if each.backfill)
    settings = load_entries(arguments.config).settings
    result = rehearse(items, settings)
    gold = Gold.read(arguments.data / "gold", OWN)
    alerts = sent(result, settings, {each.id: each for each in items}, backfill)
    if arguments.judge:
        return judge(alerts, gold, result)

    begin, end = items[0].observed, items[-1].observed
    if arguments.list:
        for each in alerts:
            print(
                f"{each.at:%Y-%m-%d} {each.institution:14} {each.level:8} {gold.verdict(each) or '?':12} "
                f"{each.topic:20} {each.headline[:80]}"
            )
    return report(alerts, gold, result, begin, end)


def report(alerts: Sequence[Sent], gold: Gold, result: Result, begin: datetime, end: datetime) -> int:
    print(f"All         {share(alerts, gold)}")
    by_level = {level: [each for each in alerts if each.level is level] for level in Level if level.rank}
    for level, mine in by_level.items():
        print(f"  {level:9} {share(mine, gold)}")
    verdicts = Counter(gold.verdict(each) or "not judged" for each in alerts)
    print("  " + ", ".join(f"{count} {name}" for name, count in verdicts.most_common()))

    retained = kept(gold, alerts, result)
    print(
        f"\nRight alerts of the program of 2026-11 that are still told: "
        f"{sum(hit for _, hit in retained)} of {len(retained)}"
    )
    for each, hit in retained:
        if not hit:
            print(f"  not told: {each['at'][:10]} {each['institution']} {each['title'][:80]}")

    weeks = (end - begin) / timedelta(weeks=1)
    print(f"\nVolume over {weeks:.0f} weeks, and the share of time of the highest axis at each level")
    shares = time_at(result, begin, end)
    volume = Counter(each.institution for each in alerts)
    for institution in sorted(shares, key=lambda each: (-volume[each], each)):
        spent = shares[institution]
        shown = "  ".join(f"{level} {spent.get(level, 0.0):.3f}" for level in Level if level.rank)
        print(f"  {institution:20} {volume[institution]:3} alerts  {volume[institution] / weeks:.2f} a week   {shown}")

    print("\nFeed by feed: the share without it, and of it alone")
    for feed in sorted({each.source for each in alerts}):
        without = [each for each in alerts if each.source != feed]
        alone = [each for each in alerts if each.source == feed]
        print(f"  {feed:20} without: {share(without, gold)}   alone: {share(alone, gold)}")

    levels = [right_share(mine, gold) for mine in by_level.values() if mine]
    critical = max((each.get(Level.CRITICAL, 0.0) for each in shares.values()), default=0.0)
    goals = {
        f"right >= {GOAL_RIGHT}": right_share(alerts, gold) >= GOAL_RIGHT,
        "grows with the level": all(lower <= upper for lower, upper in pairwise(levels)),
        f"kept >= {GOAL_KEPT}": sum(hit for _, hit in retained) >= GOAL_KEPT,
        f"at critical <= {GOAL_CRITICAL}": critical <= GOAL_CRITICAL,
    }
    print("\n" + ", ".join(f"{name}: {'met' if met else 'MISSED'}" for name, met in goals.items()))
    unknown = verdicts["not judged"]
    if unknown:
        print(f"{unknown} not judged: run with --judge")
    return int(not all(goals.values()) or unknown > 0)


def judge(alerts: Sequence[Sent], gold: Gold, result: Result) -> int:
    """Prints what was not judged: what a judge needs as comments, and the line to complete."""
    seen: set[Key] = set()
    for alert in alerts:
        if gold.verdict(alert) or alert.key in seen:
            continue
        seen.add(alert.key)
        case = result.cases.get(alert.institution)
        evidence = case.evidence_of(alert.story) if case is not None else None
        print(f"# {alert.at:%Y-%m-%dT%H:%M} {alert.institution} {alert.level}: {alert.headline}")
        print(f"#   {', '.join(alert.changes) or 'no axis moved'}; topic {alert.topic}")
        if alert.item is not None:
            print(f"#   {alert.source}, {alert.item.url}: {(alert.item.summary or alert.item.content)[:300]!r}")
        for report in evidence.reports if evidence is not None else ():
            print(f"#   {report.reported:%Y-%m-%d} {report.source}: {report.title[:100]} {dict(report.topics)}")
        line = {
            "institution": alert.institution,
            "day": alert.day,
            "headline": short(alert.headline),
            "topic": alert.topic,
            "verdict": "",
            "why": "",
        }
        print(json.dumps(line, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
