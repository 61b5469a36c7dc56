"""A profile as a JSON record and as text for the command line. Both take a gated profile and hide nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerts.model.profile import (
    Confidence,
    Coverage,
    CoverageState,
    MatrixRow,
    Profile,
    SignalLine,
    SourceRecord,
    Statement,
)
from alerts.model.records import as_record, contribution_record, transition_record
from alerts.model.story import Mix
from alerts.model.times import format_time
from alerts.rendering import escape

RESOLVED = " (resolved)"
"""What stands behind a headline whose story is over."""


def profile_record(profile: Profile) -> dict[str, Any]:
    """The record of `alerts profile --json`, the profile page's JSON and webhooks: always the same keys."""
    confidence = profile.confidence
    governance = profile.governance_surface
    return {
        "kind": "profile",
        "at": format_time(profile.at),
        "institution": profile.institution,
        "name": profile.name,
        "category": profile.category,
        "region": profile.region,
        "signal_focus": profile.signal_focus.value if profile.signal_focus else None,
        "primary_domain": profile.primary_domain,
        "topic": profile.topic,
        "impact": profile.impact.value,
        "confidence": {"number": None, **as_record(confidence)} if confidence else None,
        "coverage": as_record(profile.coverage),
        "counts": as_record(profile.counts),
        "headline": _statement(profile.headline) if profile.headline else None,
        "key_points": [_statement(each) for each in profile.key_points],
        "what_happened": [_statement(each) for each in profile.what_happened],
        "entity_brief": as_record(profile.brief),
        "service_surface": [_signal(each) for each in profile.service_surface],
        "governance_surface": {**as_record(governance), "signals": [_signal(each) for each in governance.signals]}
        if governance
        else None,
        "matrix": [{"axis": each.axis.value, "horizon": each.horizon, **as_record(each)} for each in profile.matrix],
        "relations": as_record(profile.relations),
        "relationship_signals": [_signal(each) for each in profile.relationship_signals],
        "evidence": [{**as_record(each), "url": escape.safe_url(each.url) or None} for each in profile.evidence],
        "contributions": [
            {"axis": each.axis.value, "stories": [contribution_record(one) for one in each.contributions]}
            for each in profile.contributions
        ],
        "history": [transition_record(each) for each in profile.history],
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {**as_record(statement), "story": statement.story or None}


def _signal(line: SignalLine) -> dict[str, Any]:
    return {
        "topic": line.topic,
        "signal": line.signal.value,
        "stories": line.stories,
        "statement": _statement(line.statement),
    }


_MIX = {Mix.DIRECT: "direct sources", Mix.MIXED: "direct and secondary sources", Mix.SECONDARY: "secondary sources"}


def confidence_text(confidence: Confidence | None) -> str:
    """For example `grade B (0.78), direct and secondary sources`; `no evidence` without any."""
    if confidence is None:
        return "no evidence"
    number = "" if confidence.number is None else f" ({confidence.number:.2f})"
    return f"grade {confidence.grade}{number}, {_MIX[confidence.mix]}"


def coverage_text(coverage: Coverage) -> str:
    """For example `partial, 1 of 3 sources failing: reuters`."""
    said = coverage.state.value
    if coverage.failing:
        said += f", {len(coverage.failing)} of {coverage.sources} sources failing: {', '.join(coverage.failing)}"
    if coverage.state is CoverageState.BLIND:
        said += "; silence is not an all-clear"
    return said


def numbers_text(numbers: Iterable[int]) -> str:
    """`[1][4]`."""
    return "".join(f"[{number}]" for number in numbers)


def profile_text(profile: Profile) -> str:
    """The profile for a terminal. Nothing that a feed says can move the cursor or colour the screen."""
    say = escape.headline
    lines = [f"{say(profile.name)} ({profile.institution}) at {format_time(profile.at)}"]
    facts = (
        ("Category", profile.category),
        ("Region", profile.region),
        ("Primary domain", profile.primary_domain),
        ("Signal focus", profile.signal_focus.value if profile.signal_focus else ""),
        ("Topic", profile.topic or ""),
        ("Impact", profile.impact.value),
        ("Confidence", confidence_text(profile.confidence)),
        ("Coverage", coverage_text(profile.coverage)),
        (
            "Counts",
            (
                f"{profile.counts.stories} stories, {profile.counts.reports} reports, "
                f"{profile.counts.publishers} publishers ({profile.counts.direct} direct)"
            ),
        ),
        ("Newest", profile.headline.text if profile.headline else ""),
    )
    lines += [f"  {name + ':':<16}{say(value)}" for name, value in facts if value]
    lines += _section("Decision trigger matrix", map(_row_text, profile.matrix))
    lines += _section("Key points", map(_statement_text, profile.key_points))
    lines += _section("What happened", map(_statement_text, profile.what_happened))
    if profile.brief:
        brief = (
            ("also known as", profile.brief.also_known_as),
            ("products", profile.brief.products),
            ("domains", profile.brief.domains),
            ("tags", profile.brief.tags),
        )
        lines += _section("Entity brief", (f"{name}: {say(', '.join(of))}" for name, of in brief if of))
    lines += _section("Service and control surface", map(_signal_text, profile.service_surface))
    if profile.governance_surface:
        surface = profile.governance_surface
        head = f"operational criticality {surface.criticality}, time horizon {surface.horizon}"
        lines += _section("Governance and policy surface", [head, *map(_signal_text, surface.signals)])
    lines += _section(
        "Relations",
        [f"{say(each.kind)}: {say(each.name)}" for each in profile.relations]
        + [_signal_text(each) for each in profile.relationship_signals],
    )
    for of_axis in profile.contributions:
        lines += _section(
            f"Contributions to {of_axis.axis}",
            (
                f"{each.value:.3f}  severity {each.severity:.2f}, confidence {each.confidence:.2f} "
                f"({each.grade}), salience {each.salience:.2f}: {say(each.title)}"
                for each in of_axis.contributions
            ),
        )
    lines += _section(
        "History", (f"{format_time(each.at)}  {each.axis} {each.from_} → {each.to}" for each in profile.history)
    )
    lines += _section("Evidence", map(_source_text, profile.evidence))
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"  {line}" for line in lines]
    return ["", title, *body] if body else []


def _statement_text(statement: Statement) -> str:
    numbers = numbers_text(statement.evidence)
    said = escape.headline(statement.text) + (RESOLVED if statement.resolved else "")
    return f"{format_time(statement.at)}  {said} {numbers}".rstrip()


def _signal_text(line: SignalLine) -> str:
    more = f" ({line.stories} stories)" if line.stories > 1 else ""
    return f"{line.topic}{more}: {_statement_text(line.statement)}"


def _row_text(row: MatrixRow) -> str:
    parts = [f"{row.axis:<11}{row.horizon:<9}{row.level:<9}"]
    if row.score is not None:
        parts.append(f"{row.score:.2f}")
    if row.trend is not None:
        parts.append(row.trend.value)
    if row.since is not None:
        parts.append(f"since {format_time(row.since)}")
    if row.next_fall is not None:
        parts.append(f"falls {format_time(row.next_fall)} if nothing happens")
    if row.evidence:
        parts.append(numbers_text(row.evidence))
    return "  ".join(parts).rstrip()


def _source_text(record: SourceRecord) -> str:
    said = "direct" if record.direct else "secondary"
    when = format_time(record.published or record.observed)
    url = escape.safe_url(record.url)
    who = escape.clean(record.publisher)
    first = f"[{record.number}] {who} ({record.reliability}, {said}) {when}: {escape.headline(record.title)}"
    return f"{first}\n      {url}" if url else first
