"""What a subscriber's rules should ask for, by the verdicts of readers and a replay of the recorded history.

Every candidate is a subscriber of its own in one replay, so that each is judged as it would have been routed: earlier
alerts of a story or topic, levels told before and silences among it. A verdict is about a story of an institution."""

import math
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import product
from typing import Any, Final

from alerts.insight.feedback import RIGHT, interval, lower_bound
from alerts.model.alert import Alert
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.level import LEVELS, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import GRADE_LETTERS, Subscriber, WatchRule
from alerts.model.times import format_time
from alerts.replay.backtest import rehearse
from alerts.replay.work import Progress

DOUBT: Final = 0.05  # how probable it may be at most that what verdicts seem to show is chance
MOST: Final = 4  # so many topics, and sources, are left out at most


def narrowed(
    rule: WatchRule, at_least: Level, min_grade: str, topics: AbstractSet[str], sources: AbstractSet[str]
) -> WatchRule:
    """A rule that asks for this, too, and leaves out these topics and sources.

    A topic that the rule names is taken out of them; any other, or where none were left, `not` excludes it."""
    kept, out = rule.topics - topics, topics - rule.topics
    if not kept:
        kept, out = rule.topics, topics
    except_ = replace(rule.except_, topics=rule.except_.topics | out, sources=rule.except_.sources | sources)
    at_least, min_grade = max(rule.at_least, at_least), min(rule.min_grade, min_grade)
    return replace(rule, at_least=at_least, min_grade=min_grade, topics=kept, except_=except_)


def least_judged(wrong: float) -> int:
    """The fewest verdicts, all of them right, that show that no greater share of alerts is wrong."""
    return math.ceil(math.log(DOUBT) / math.log1p(-wrong))


def tune(
    items: Sequence[Item],
    settings: Settings,
    subscriber: Subscriber,
    verdicts: Mapping[tuple[str, str], str],
    rows: Sequence[Mapping[str, Any]],
    wrong: float,
    *,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The change that keeps the share of wrong alerts at `wrong` or below and loses the fewest right stories.

    `verdicts` are by institution and story, `rows` those of `feedback` for the subscriber. A topic or source is left
    out only where its verdicts show, beyond DOUBT, that more than `wrong` of its alerts are wrong."""
    needed = least_judged(wrong)
    found: dict[str, Any] = {"kind": "tune", "subscriber": subscriber.id, "wrong": wrong, "judged": len(verdicts)}
    found |= {"needed": needed, "abstains": "", "now": None, "then": None, "rules": [], "lost": []}
    if len(verdicts) < needed:
        why = f"of fewer than {needed} verdicts even right ones alone cannot show that {wrong:.0%} at most are wrong"
        return {**found, "abstains": why}
    tried = _candidates(subscriber, rows, wrong)
    settings = replace(settings, subscribers={each.id: each for each in tried})
    sent = rehearse(items, settings, progress=progress, processes=os.cpu_count() or 1).sent
    by_subscriber = grouped((each.subscriber, each) for each in sent)
    played = [by_subscriber.get(each.id, []) for each in tried]
    results = [_judged(alerts, verdicts) for alerts in played]
    found["now"] = results[0]
    good = [place for place, each in enumerate(results) if each["judged"] and each["wrong"] <= wrong * each["judged"]]
    best = min(good, key=lambda place: (-results[place]["right"], results[place]["wrong"], place), default=None)
    if best is None:
        return {**found, "abstains": f"no change that was tried leaves {wrong:.0%} of the alerts wrong at most"}
    kept, rules = set(map(story_of, played[best])), zip(subscriber.watch, tried[best].watch, strict=True)
    lost = {story_of(each): each for each in played[0] if story_of(each) not in kept}
    found["then"] = results[best]
    found["rules"] = [_changed(number, rule, then) for number, (rule, then) in enumerate(rules) if rule != then]
    found["lost"] = [
        {"at": format_time(each.at), "institution": each.institution, "title": each.lead.title if each.lead else ""}
        for story, each in lost.items()
        if verdicts.get(story) == RIGHT
    ]
    return found


def _candidates(subscriber: Subscriber, rows: Sequence[Mapping[str, Any]], wrong: float) -> list[Subscriber]:
    """The subscriber with the rules of today and with each other combination, once, the smaller changes first."""
    topics, sources = (_bad(rows, by, wrong) for by in ("topic", "source"))
    every = product(LEVELS, GRADE_LETTERS[::-1], range(len(topics) + 1), range(len(sources) + 1))
    watches = dict.fromkeys(
        tuple(narrowed(rule, level, grade, set(topics[:a]), set(sources[:b])) for rule in subscriber.watch)
        for level, grade, a, b in every
    )
    return [replace(subscriber, id=str(place), watch=watch) for place, watch in enumerate(watches)]


def story_of(alert: Alert) -> tuple[str, str]:
    """What a verdict on the alert is about: institution and story, or the instant where it leads with none."""
    return alert.institution, alert.lead.story if alert.lead is not None else format_time(alert.at)


def _bad(rows: Sequence[Mapping[str, Any]], by: str, wrong: float) -> list[str]:
    """The topics or sources of which too many alerts are surely wrong, the worst first."""
    mine = [(each["judged"] - each["right"], each["judged"], each["name"]) for each in rows if each["by"] == by]
    sure = [(lower_bound(bad, judged, DOUBT), name) for bad, judged, name in mine if judged]
    return [name for low, name in sorted(sure, key=lambda each: (-each[0], each[1])) if low > wrong][:MOST]


def _judged(alerts: Sequence[Alert], verdicts: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """How many alerts there are, and what is known of their stories; `interval` is that of the share of wrong ones."""
    known = [verdicts[story] for story in dict.fromkeys(map(story_of, alerts)) if story in verdicts]
    right = known.count(RIGHT)
    low, high = interval(len(known) - right, len(known))
    sent = len({(each.institution, each.at) for each in alerts})
    shares = [round(low, 4), round(high, 4)]
    return {"sent": sent, "judged": len(known), "right": right, "wrong": len(known) - right, "interval": shares}


def _changed(number: int, rule: WatchRule, then: WatchRule) -> dict[str, Any]:
    """The keys of a rule that are to be others, as the YAML writes them."""
    keys: dict[str, Any] = {"name": rule.name or f"rule {number + 1}"}
    if then.at_least is not rule.at_least:
        keys["at_least"] = then.at_least.value
    if then.min_grade != rule.min_grade:
        keys["min_grade"] = then.min_grade
    if then.topics != rule.topics:
        keys["topics"] = sorted(then.topics)
    if (out := then.except_) != rule.except_:
        lists = {name: getattr(out.select, name) for name in ("institutions", "tags", "regions", "categories")}
        lists |= {"topics": out.topics, "signals": {each.value for each in out.signals}, "sources": out.sources}
        keys["not"] = {name: sorted(some) for name, some in lists.items() if some}
    return keys
