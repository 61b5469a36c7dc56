"""The template environment of the pages, and the filters that format values."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alerts.model.counted import counted
from alerts.model.level import LEVELS, Axis
from alerts.model.times import format_duration, format_time, parse_time
from alerts.rendering import escape
from alerts.rendering.profile_forms import coverage_text
from alerts.rendering.tiers import ANALYSIS, DETAIL
from alerts.routing.reasons import Reason

_AS_INSTANT = Markup(' data-as="instant"')  # the script of the pages writes the instant in the zone of the reader


def environment() -> Environment:
    """The templates, in which every value is escaped that is not Markup already."""
    loader = PackageLoader("alerts.web")
    env = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters.update(
        words=lambda text: escape.clean(str(text)),  # on one line, without invisible and direction-changing characters
        headline=escape.headline,
        link=escape.safe_url,
        when=when,
        ago=ago,
        ahead=lambda at, now: "–" if at is None else f"in {_span(at - now)}" if at > now else "now",
        number=lambda value, digits=2: "–" if value is None else f"{value:.{digits}f}",
        seg=lambda text: quote(text, safe=""),  # as one segment of an address
        coverage_text=coverage_text,
        meaning=lambda reason: Reason(reason).meaning if reason in list(Reason) else reason,
        age=lambda seconds: format_duration(timedelta(seconds=seconds)),
        stamp=format_time,
        instant=parse_time,
        query=query,
    )
    env.globals.update(axes=list(Axis), levels=LEVELS, detail=DETAIL, analysis=ANALYSIS)
    return env


def when(at: datetime | None, *, day: bool = False) -> Markup:
    """An instant as people read it, with the exact one for programs."""
    if at is None:
        return Markup("–")
    at = at.astimezone(UTC)
    text = f"{at.day} {at:%b %Y}" if day else f"{at.day} {at:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}"{}>{}</time>').format(format_time(at), "" if day else _AS_INSTANT, text)


def ago(at: datetime | None, now: datetime) -> Markup:
    """How long ago an instant was, with the instant itself."""
    if at is None:
        return Markup("never")
    text = f"{_span(now - at)} ago" if now >= at else f"in {_span(at - now)}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(format_time(at), format_time(at), text)


def _span(value: timedelta) -> str:
    """One unit, as people say it."""
    seconds = int(abs(value.total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = seconds // size
        if count:
            return counted(count, unit)
    return f"{seconds} s"


def query(values: dict[str, str], **changes: object) -> str:
    """The query of an address: `values` with some of them changed, empty ones left out."""
    merged = {**values, **{name: str(value) for name, value in changes.items()}}
    kept = {name: value for name, value in merged.items() if value not in {"", "None"}}
    return "?" + urlencode(kept) if kept else "?"
