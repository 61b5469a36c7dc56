"""A briefing and a report of a silence as JSON records, text and HTML, and as a message. They take what a tier may
see, and hide nothing; no clock is read, so that equal briefings give equal bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from alerts.model.briefing import DAYS, Briefing, InstitutionWeek, SilenceReport, WeekStory
from alerts.model.counted import counted
from alerts.model.level import Cause, Level
from alerts.model.records import as_record, transition_record
from alerts.model.secret import Secret
from alerts.rendering import escape
from alerts.rendering.formats import service_of
from alerts.rendering.mail_headers import mail_headers
from alerts.rendering.notice import notice
from alerts.rendering.view import MessageView, Rendered, Tone
from alerts.routing.reasons import Reason

_CAUSE: Final = {Cause.EVIDENCE: "reported", Cause.DECAY: "faded", Cause.CONFIG: "the configuration changed"}
_MAIL: Final = (100, 40, 20, 10, 5, 1)
"""So many institutions an e-mail lists, the first that fits; the page has all."""


def briefing_record(briefing: Briefing) -> dict[str, Any]:
    """The record of `alerts briefing --json`: always the same keys."""
    record: dict[str, Any] = {"kind": "briefing", **as_record(briefing)}
    for shown, each in zip(record["institutions"], briefing.institutions, strict=True):
        shown["changes"] = [transition_record(change) for change in each.changes]
        shown["days"] = list(each.days)
        for story in shown["stories"]:
            story["sources"] = [{**one, "url": escape.safe_url(one["url"]) or None} for one in story["sources"]]
    return record


def silence_record(report: SilenceReport) -> dict[str, Any]:
    """The record of `alerts silence-report --json`."""
    return {"kind": "silence", **as_record(report)}


def briefing_text(briefing: Briefing) -> str:
    """For a terminal and the text part of an e-mail."""
    return _environment().get_template("briefing.txt.j2").render(b=briefing)


def briefing_body(briefing: Briefing) -> Markup:
    """For a page, without its head; everything in it is escaped."""
    return Markup(_environment().get_template("briefing_body.html.j2").render(b=briefing))  # noqa: S704


def briefing_page(briefing: Briefing, *, note: str = "", address: str = "", unsubscribe: str = "") -> str:
    """An HTML document of its own."""
    values = {"note": note, "address": address, "unsubscribe": unsubscribe}
    return _environment().get_template("briefing.html.j2").render(b=briefing, **values)


def message(briefing: Briefing, view: MessageView, url: Secret) -> Rendered:
    """The briefing for a channel: all of it where there is room to read, else what changed and a link."""
    service = service_of(url.reveal())
    address = f"{view.base_url}/briefing/{briefing.week}" if view.base_url else ""
    note = "This may be a second copy: an earlier attempt may have arrived." if view.copy else ""
    lines = [
        *([note] if note else []),
        *(f"{each.name}: {one.axis} {one.from_} → {one.to}" for each, one in briefing.changes[:5]),
        *(f"{each.name}: {each.stories[0].title}" for each in briefing.institutions[:3] if each.stories),
        *(silence_lines(briefing.silence)[:1] if briefing.silence else ()),
        *([address] if address else []),
    ]
    title = f"Briefing {briefing.week}: {_totals(briefing)}"
    payload = {"schema": 1, "copy": view.copy, **briefing_record(briefing)} if service.structured else {}
    made = notice(url, id=view.id, title=title, lines=lines, tone=Tone.INFO, payload=payload)
    full = "\n".join(filter(None, (briefing_text(briefing), address, note)))
    if service.template == "message.j2" and service.measure(full) <= service.limit:
        made = replace(made, body=full)
    if not service.email:
        return made
    for most in _MAIL:
        listed = briefing.institutions[:most]
        fewer = replace(
            briefing, institutions=listed, omitted=briefing.omitted + len(briefing.institutions) - len(listed)
        )
        html = briefing_page(fewer, note=note, address=address, unsubscribe=view.unsubscribe or "")
        if service.measure(html) <= service.limit:
            break
    return replace(
        made, body="\n".join(filter(None, (briefing_text(fewer), address, note))), html=html, headers=mail_headers(view)
    )


# --- words ---------------------------------------------------------------------------------------------------


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("alerts.rendering"),
        autoescape=select_autoescape(("html.j2",), default=False),
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "headline": escape.headline,
        "link": escape.safe_url,
        "when": _when,
        "cause": lambda cause: _CAUSE[cause],
        "span": _span,
        "totals": _totals,
        "differences": _differences,
        "days": _days,
        "heat": _heat,
        "levels": _levels,
        "support": _support,
        "silence": silence_lines,
    }
    return env


def _shown(value: object) -> object:
    """Every value on one line, without what steers a terminal; markup of ours as it is."""
    return value if isinstance(value, Markup) else "" if value is None else escape.clean(str(value))


def _when(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def _span(briefing: Briefing) -> str:
    last = briefing.end - timedelta(days=1)
    return f"{briefing.start.day} {briefing.start:%b %Y} to {last.day} {last:%b %Y}"


def _totals(briefing: Briefing) -> str:
    about = sum(1 for each in briefing.institutions if each.story_count)
    said = f"{counted(len(briefing.changes), 'level change')}, {counted(briefing.stories, 'story', 'stories')}"
    said += f" about {about} of {counted(briefing.tracked, 'institution')}"
    said += f"; {briefing.quiet} with no story and no level above low" if briefing.quiet else ""
    return said + (f"; {briefing.omitted} more than are listed here" if briefing.omitted else "")


def _differences(briefing: Briefing) -> list[str]:
    last = briefing.last
    if last is None:
        return []
    lines = [f"{each.name}: highest level at the end {each.before} → {each.now}" for each in last.levels]
    lines += [f"new here: {', '.join(last.entered)}"] if last.entered else []
    lines += [f"no longer here: {', '.join(last.left)}"] if last.left else []
    corrected = len(briefing.corrected)
    return [
        *lines,
        f"level changes {last.changes} → {len(briefing.changes)}, stories {last.stories} → {briefing.stories}"
        + (f", corrected {last.corrected} → {corrected}" if last.corrected or corrected else ""),
    ]


def _days(briefing: Briefing) -> list[str]:
    days = (briefing.start + timedelta(days=day) for day in range(DAYS))
    return [f"{day:%a} {day.day}" for day in days]


def _heat(briefing: Briefing) -> list[Markup]:
    """The table of levels in columns; as markup, whose blanks stay."""
    names = [escape.shorten(escape.clean(each.name), 30) for each in briefing.institutions]
    width = max(map(len, names), default=0)
    rows = [("", _days(briefing)), *zip(names, (each.days for each in briefing.institutions), strict=True)]
    return [Markup(f"{name:<{width}}  " + " ".join(f"{day or '–':<8}" for day in days)) for name, days in rows]  # noqa: S704


def _levels(each: InstitutionWeek) -> str:
    above = [f"{axis} {level}" for axis, level in each.levels.items() if level is not Level.LOW]
    return ", ".join(above) or "all low"


def _support(story: WeekStory) -> str:
    return f"{counted(story.publishers, 'independent publisher')}, {counted(story.reports, 'report')}"


def silence_lines(report: SilenceReport) -> list[str]:
    """What was read and how near an alert was, a line each."""
    held = [f"{count} ({_meaning(reason)})" for reason, count in report.held_back.items()]
    lines = [
        f"{counted(report.items, 'item')} read, {counted(report.mentions, 'mention')} found of "
        + counted(report.institutions, "watched institution"),
        f"{report.up} of {counted(report.sources, 'source')} read throughout"
        + (f"; {report.blind_hours:g} source hours blind" if report.blind_hours else ""),
        *(f"{each.source} was not read for {each.hours:g} h" for each in report.blind[:20]),
        *([f"held back: {', '.join(held)}"] if held else []),
    ]
    for each in report.nearest:
        what = f"“{escape.headline(each.title)}”" if each.on == "story" else "its score"
        lines.append(
            f"nearest: {each.name}, {each.axis}: {what} came to {each.value:.2f} of {each.needed:g}, which "
            f"{each.level} needs ({each.rule}), on {_when(each.at)}"
            + (f"; with {each.crossing} it would have" if each.crossing else "; nothing tried would have crossed it")
        )
    return lines if report.nearest or not report.mentions else [*lines, "nothing came near a threshold of the rules"]


def _meaning(reason: str) -> str:
    return next((each.meaning for each in Reason if each.value == reason), reason)
