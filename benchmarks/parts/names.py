"""(e) Matching, from 100 to 100,000 tracked names."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item
from benchmarks.matching import TOPICS, finding, names, rate, searching, texts
from benchmarks.results import Figure, Part, Table, Target, exponent

SIZES, TEXTS = (100, 1_000, 10_000, 100_000), 1_500


def measure() -> Part:
    part = Part(
        "e",
        "Matching 100 to 100,000 names",
        f"{TEXTS:,} texts of 100 words through all of `Matcher.match` (names, derived forms, context, topics), beside "
        "ahocorasick_rs, which only finds the strings, on the same texts; processor time, the best of three passes.",
    )
    rows, points = [], {}
    for size in SIZES:
        chance = random.Random(size)
        tracked = names(size, chance)
        batch = texts(TEXTS, tracked, chance)
        began = time.process_time()
        matcher = Matcher([Institution(id=str(n), name=name) for n, name in enumerate(tracked)], TOPICS, {})
        build = time.process_time() - began
        when = datetime(2026, 1, 1, tzinfo=UTC)
        items = {text: Item(id="1", title="", content=text, observed=when) for text in batch}
        ours = rate(searching(matcher, items), batch)
        automaton = AhoCorasick([name.lower() for name in tracked], matchkind=MatchKind.LeftmostLongest)
        peer = rate(finding(automaton), batch)
        rows.append([f"{size:,}", f"{ours:,.0f}", f"{build:.2f}", f"{peer:,.0f}", f"{ours / peer:.2f}"])
        points[float(size)] = 1 / ours
    bound = "Python: judging each candidate; the automaton leaves the processor's caches at 100,000 names"
    part.figures.append(Figure("texts a second at 100,000 names", "texts/s", [ours], bound, Target(least=12_000)))
    columns = ["names", "texts/s", "built in s", "ahocorasick_rs texts/s", "ours : ahocorasick_rs"]
    part.tables.append(Table("Speed", columns, rows))
    part.notes.append(f"Cost of a text grows with the number of names to the power of {exponent(points):.2f}.")
    return part
