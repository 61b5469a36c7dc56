"""A profile as a JSON record and as text for the command line. Both take a gated profile and hide nothing."""

from collections.abc import Iterable
from typing import Any

from alerts.model.profile import Confidence, Coverage, CoverageState, Profile
from alerts.model.records import as_record, transition_record
from alerts.model.story import Mix
from alerts.model.times import format_time
from alerts.rendering import escape
from alerts.rendering.formats import PLAIN
from alerts.rendering.templating import Safe, environment, render

RESOLVED = " (resolved)"  # what stands behind a headline whose story is over
_MIX = {Mix.DIRECT: "direct sources", Mix.MIXED: "direct and secondary sources", Mix.SECONDARY: "secondary sources"}


def profile_record(profile: Profile) -> dict[str, Any]:
    """The record of `alerts profile --json`, the profile page's JSON and webhooks: always the same keys."""
    return {
        "kind": "profile",
        **as_record(profile),
        "matrix": [{"axis": each.axis.value, "horizon": each.horizon, **as_record(each)} for each in profile.matrix],
        "evidence": [{**as_record(each), "url": escape.safe_url(each.url) or None} for each in profile.evidence],
        "contributions": [
            {"axis": each.axis.value, "stories": as_record(each.contributions)} for each in profile.contributions
        ],
        "history": [transition_record(each) for each in profile.history],
    }


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
    env = environment(PLAIN)
    env.filters.update(headline=escape.headline, time=format_time, numbers=numbers_text, web_link=escape.safe_url)
    env.filters["pad"] = lambda text, width: Safe(f"{escape.clean(str(text)):<{width}}")
    env.filters.update(confidence=confidence_text, coverage=coverage_text)
    lines = render(env, ["profile.txt.j2"], {"profile": profile}).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)
