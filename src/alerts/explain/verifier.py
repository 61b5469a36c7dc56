"""Derives every number of an exported alert again from the source records in its file, and says what is not equal.

It states the formula apart from the program that made the alert, and needs nothing but Python 3.11:
    python3 -c "import json, sys; exec(json.load(open(sys.argv[1]))['verifier'])" FILE"""

import hashlib
import json
import math
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Record = dict[str, Any]
LEVELS = ("low", "medium", "high", "critical")
DIRECT = {"A": 0.90, "B": 0.80, "C": 0.70, "D": 0.50, "E": 0.30, "F": 0.20}
SECONDARY = {"A": 0.60, "B": 0.50, "C": 0.40, "D": 0.25, "E": 0.15, "F": 0.10}
WEIGHTS = {True: DIRECT, False: SECONDARY}
BANDS = ((0.90, "A", "A"), (0.75, "A", "B"), (0.55, "B", "C"), (0.35, "C", "D"), (-1.0, "D", "D"))
CAP, MAX_IMPACT = 0.89, 0.95  # of a confidence without a direct publisher; of an impact
RESOLVED, REOPENED = 0.25, 6 * 3_600_000_000  # a topic that is over weighs less, unless it is reported so long after
PLACES, LISTED = 16, 5e-7  # stories that a score counts; smaller contributions are not listed


def micros(text: str) -> int:
    """An RFC 3339 instant as microseconds since 1970."""
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def evidence(story: Record) -> Record:
    """What a story proves. A report is as old as it was published, and never younger than it was observed."""
    reports = {each["item"]: each for each in story["items"]}
    seen = {item: micros(each["observed"]) for item, each in reports.items()}
    times = {
        item: min(at, micros(reports[item]["published"] or reports[item]["observed"])) for item, at in seen.items()
    }
    ordered = sorted(times, key=lambda item: (times[item], item))
    weights = {name: WEIGHTS[each["direct"]][each["reliability"]] for name, each in reports.items()}
    groups = [each["items"] for each in story["independent"]]
    confirming = [each for each in groups if not all(reports[item]["correction"] for item in each)] or groups
    best = sorted(max(weights[item] for item in group) for group in confirming)
    sure = 1.0 - math.prod(1.0 - each for each in best)
    direct = {each["direct"] for each in reports.values()}
    mix = "mixed" if len(direct) > 1 else "direct" if True in direct else "secondary"
    confidence = round(sure if True in direct else min(sure, CAP), 12)
    ended = {topic: times[item] for item in ordered for topic in reports[item]["resolved"]}
    topics: dict[str, float] = {}
    over = set(ended)
    for item in ordered:
        for name, found in ((each["topic"], each["weight"]) for each in reports[item]["topics"]):
            topics[name] = max(found, topics.get(name, 0.0))
            if name in ended and name not in reports[item]["resolved"] and times[item] > ended[name] + REOPENED:
                over.discard(name)
    return {
        "confidence": confidence,
        "grade": next((upper if mix == "direct" else lower) for least, upper, lower in BANDS if confidence >= least),
        "mix": mix,
        "salience": max(each["salience"] for each in reports.values()),
        "topics": {name: min(topics[name], RESOLVED) if name in over else topics[name] for name in sorted(topics)},
        "newest": max(min(times[item] for item in group) for group in confirming),
    }


def ranked(stories: list[Record], axis: str, configuration: Record) -> list[Record]:
    """What the stories that move an axis prove, each with its severity and impact, the largest contribution first."""
    known: dict[str, Record] = configuration["topics"]
    half_life, terms = configuration["levels"]["half_life_s"][axis] * 1e6, []
    for story in stories:
        proved = evidence(story)
        found = (known[name]["severity"][axis] * each for name, each in proved["topics"].items() if name in known)
        severity = max(found, default=0.0)
        product = severity * proved["confidence"] * proved["salience"] * configuration["criticality"]["factor"]
        if (impact := min(MAX_IMPACT, round(product, 12))) > 0:
            key = -math.log2(impact) - proved["newest"] / half_life  # time does not change the order
            terms.append({**proved, "story": story["story"], "severity": severity, "impact": impact, "key": key})
    return sorted(terms, key=lambda each: (each["key"], each["story"]))


def assessed(stories: list[Record], change: Record, configuration: Record) -> tuple[float, str, list[Record]]:
    """The score of an axis at a change, the level it leads to, the contributions; of a `story` its impact and level."""
    rules, at, level = configuration["levels"], micros(change["at"]), "low" if "story" in change else change["from"]
    half_life = rules["half_life_s"][change["axis"]] * 1e6
    terms = ranked(stories, change["axis"], configuration)
    since, listed = terms[0]["newest"] if terms else 0, []
    parts = [each["impact"] * math.exp2((each["newest"] - since) / half_life) for each in terms[:PLACES]]
    total = math.fsum(each / 3**place for place, each in enumerate(parts))
    own = max((each["impact"] for each in terms if each["story"] == change.get("story")), default=0.0)
    score = own if "story" in change else round(total * math.exp2(min(0, since - at) / half_life), 12)
    reached = next((each for each in LEVELS[:0:-1] if score >= rules["raise"][each]), "low")
    for each in terms[:PLACES] if "story" not in change else []:
        age = max(0, at - each["newest"])
        found = {key: each[key] for key in ("story", "severity", "confidence", "grade", "salience")}
        listed.append({**found, "age_s": age / 1e6, "contribution": each["impact"] * math.exp2(-age / half_life)})
    while LEVELS.index(level) > LEVELS.index(reached):
        least = round(rules["raise"][level] - rules["margin"], 12)
        # The first microsecond at which the score is below; 1/16 is what the logarithm may be off.
        left = since + math.floor(half_life * math.log2(total / least) + 1 / 16) + 1 if total > 0 < least else since
        if least <= 0 or at < left:
            break
        level = LEVELS[LEVELS.index(level) - 1]
    return score, max(level, reached, key=LEVELS.index), [each for each in listed if each["contribution"] >= LISTED]


def without(stories: list[Record], key: str, value: str) -> list[Record]:
    """The stories as they were without a report (key `item`), the reports of a publisher, or a topic."""
    found = []
    for story in stories:
        items = [each for each in story["items"] if each.get(key) != value]
        items = [{**each, "topics": [one for one in each["topics"] if one.get(key) != value]} for each in items]
        kept = {each["item"] for each in items}
        groups = [{"items": [item for item in each["items"] if item in kept]} for each in story["independent"]]
        if items:
            found.append({**story, "items": items, "independent": [each for each in groups if each["items"]]})
    return found


def decisive(document: Record) -> list[Record]:
    """The single facts without which a level that rose would not have been reached."""
    reports = [each for story in document["stories"] for each in story["items"]]
    facts = {("item", each["item"]): f"the report of {each['publisher']}: {each['title']}" for each in reports}
    names = [each["publisher"] for each in reports]
    facts |= {("publisher", name): f"all reports of {name}" for name in names if names.count(name) > 1}
    facts |= {("topic", name): f"the topic {name}" for each in document["stories"] for name in each["topics"]}
    found = []
    for change in document["rises"] + document["transitions"]:
        of = change["axis"] + (f" of story {change['story']}" if "story" in change else "")
        for (key, value), words in facts.items():
            left = without(document["stories"], key, value)
            score, level, _ = assessed(left, change, document["configuration"])
            if LEVELS.index(level) < LEVELS.index(change["to"]) > LEVELS.index(change["from"]):
                fact = {"without": words, key: value, "level": f"{of} {change['to']}", "score": round(score, 6)}
                found.append({**fact, "needs": document["configuration"]["levels"]["raise"][change["to"]]})
    return found


def derived(document: Record) -> list[Record]:
    """Every value that follows from others: `value` names it, as `recorded`, as `derived`, and whether `equal`."""
    rows: list[Record] = []
    alert, moved, rises, stories = (document[key] for key in ("alert", "transitions", "rises", "stories"))

    def row(name: str, recorded: Any, value: Any) -> None:
        value = round(value, 6) if isinstance(value, float) else value
        rows.append({"value": name, "recorded": recorded, "derived": value, "equal": recorded == value})

    for story in stories:
        for key, value in evidence(story).items():
            known = micros(story[key]) if key == "newest" else story[key]
            row(f"{key} of story {story['story']}", known, list(value) if key == "topics" else value)
        for each in story["items"]:
            best = max((one["salience"] for one in each["mentions"]), default=each["salience"])
            row(f"weight of report {each['item']}", each["weight"], WEIGHTS[each["direct"]][each["reliability"]])
            row(f"salience of report {each['item']}", each["salience"], best)
    for change in rises + moved:
        score, level, listed = assessed(stories, change, document["configuration"])
        of = change["axis"] + (f" of story {change['story']}" if "story" in change else "")
        row(f"level of {of} after {change['from']}", change["to"], level)
        row(f"score of {of}", change["score"], score)
        row(f"stories counted on {of}", len(change["contributions"]), len(listed))
        for each, expected in zip(change["contributions"], listed, strict=False):
            for key, value in expected.items():
                row(f"{key} of story {each['story']} on {of}", each[key], value)
    moves = [{key: each[key] for key in ("axis", "from", "to", "score")} for each in moved]
    row("changes of the alert", alert["changes"], moves)
    message, said = document["message"], [f"{each['axis']} {each['from']} → {each['to']}" for each in moved + rises]
    if message and message["kind"] == "alert" and message["text"] and said:
        row("message says what moved", True, any(each in message["title"] + message["text"] for each in said))
    reached = max((each["to"] for each in rises + moved), key=LEVELS.index, default=alert["level"])
    row("level of the alert", alert["level"], reached)
    for part, recorded in document["checksums"].items():
        row(f"checksum of {part}", recorded, checksum(document[part]))
    return rows


def checksum(part: Any) -> str:
    """The sha256 of a part of the file, as JSON with sorted keys."""
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()


def verified(file: str) -> list[Record]:
    """The derived values, the decisive facts, and the verdict. Raises an error of any kind for another file."""
    document = json.loads(Path(file).read_bytes())
    rows = derived(document)
    different = [each["value"] for each in rows if not each["equal"]]
    return [*rows, *decisive(document), {"verified": not different, "values": len(rows), "different": different}]


def main(arguments: list[str]) -> int:
    """Prints one JSON object a line. Exit status 0: all values are equal, 1: some are not, 2: no exported alert."""
    try:
        records = verified(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a file holds that is none
        sys.stderr.write(f"verify {arguments!a}: no exported alert: {type(error).__name__} {error!a}\n")
        return 2
    sys.stdout.write("".join(json.dumps(each) + "\n" for each in records))
    return 0 if records[-1]["verified"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
