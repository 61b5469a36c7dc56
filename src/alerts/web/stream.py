"""The stream: the newest stories of all institutions, filtered by the address, a page at a time.

Open pages learn by server-sent events that there is something newer: one look at the database a second serves all."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from alerts.model.errors import NotFoundError, StoreError
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Tier
from alerts.model.times import EPOCH, MICROSECOND, micros
from alerts.rendering.tiers import DETAIL, gate_stream_story
from alerts.runtime.runtime import Runtime
from alerts.scoring.impact import impact
from alerts.scoring.score import level_of
from alerts.store.queries import stream
from alerts.store.repositories.assessments import summary_of
from alerts.web.connections import ANSWER_SECONDS
from alerts.web.institutions import Asked, levels_of
from alerts.web.site import visit

PAGE: Final = 40
SCANNED: Final = 2000  # stories that a page with filters looks through at most; the next page looks further back
READ_ALONE: Final = 40  # so many institutions are read each by its index; of more, what is in the newest of all

SEEN_COOKIE: Final = "alerts_seen"
VISIT: Final = timedelta(minutes=30)  # after so long without a look at the stream, the next one is another visit
LISTENERS: Final = 100  # in a process; a further one is told to come back later, and its page stays as it is
SECONDS: Final = 1.0
LASTING: Final = 0.8 * ANSWER_SECONDS  # seconds: it ends before its connection is given up, and the browser asks again
_LIST_ONLY: Final = {"q", "sort", "page", "category"}


def home(request: Request) -> Response:
    """The stream. Addresses of the list of institutions, which was here before, lead to it."""
    if _LIST_ONLY & request.query_params.keys():
        return RedirectResponse(f"/institutions?{request.url.query}", status_code=308)
    asked = Asked.of(request.query_params)
    with visit(request) as (site, session, visitor):
        found = read_stream(session, site.settings, asked, visitor.tier)
        newest = stream.newest_change(session)
    before, cookie = visits(request.cookies.get(SEEN_COOKIE, ""), site.now())
    values = {"stream": found, "asked": asked, "choices": site.settings.carried(), "newest": newest, "seen": before}
    names = {"institutions": site.settings.institutions, "topics": site.settings.topics}
    response = site.page(request, "stream.html.j2", visitor, {**values, **names})
    site.authenticator.set_cookie(response, SEEN_COOKIE, cookie, 365 * 86400, "lax")
    return response


def visits(cookie: str, now: datetime) -> tuple[datetime, str]:
    """When the visit before this one ended, and what the cookie is to hold from now on: that, and this look.

    On a first visit nothing is new."""
    known = re.fullmatch(r"(\d{1,10})\.(\d{1,10})", cookie, re.ASCII)
    this = int(now.timestamp()) + 1  # what this second brings is seen
    before, last = (min(int(each), this) for each in known.groups()) if known else (this, this)
    before = last if this - last > VISIT.total_seconds() else before
    return datetime.fromtimestamp(before, UTC), f"{before}.{this}"


def read_stream(session: Session, settings: Settings, asked: Asked, tier: Tier) -> dict[str, Any]:
    """A page as asked for, gated, and as `older` where the next one begins, None at the end of the record. An open
    visitor gets the newest story of each institution alone.

    Raises NotFoundError for an institution, topic or source that is not configured, HTTPException for what the tier
    may not filter by."""
    wanted, before, sees_all = _wanted(settings, asked, tier), _place(asked.before), tier.allows(DETAIL)
    if sees_all:
        rows, bound = _read(session, wanted, asked, before)
    else:
        rows, bound = [row for row in stream.heads(session) if _key(row) > (-micros(before[0]), before[1])], None
        highest = {each: max(levels.values()) for each, levels in levels_of(session, settings).items()}
    fitting = [row for row in rows if row.institution in (settings.institutions if wanted is None else wanted)]
    if asked.source:
        of_source = stream.reported_by(session, [row.story for row in fitting], asked.source)
        fitting = [row for row in fitting if row.story in of_source]
    shown: list[tuple[Any, Level]] = []
    for row in fitting:
        if asked.topic and all(name != asked.topic for name, *_ in row.topics):
            continue
        level = _level(row, settings) if sees_all else highest[row.institution]
        if level >= asked.at_least:
            if len(shown) == PAGE:
                bound = _key(shown[-1][0])
                break
            shown.append((row, level))
    found = [gate_stream_story(each, tier) for each in _merged(session, settings, shown, sees_all)]
    return {"stories": found, "older": None if bound is None else f"{-bound[0]}-{bound[1]}"}


def _merged(
    session: Session, settings: Settings, rows: Sequence[tuple[Any, Level]], sees_all: bool
) -> list[dict[str, Any]]:
    """One record for those with a report in common: one event, about several institutions.

    `at` is the time of its newest independent report, `since` when that was observed; `level` is the highest that the
    story reaches by itself, or that of its institution where a tier may not see the story."""
    found: list[dict[str, Any]] = []
    of_item: dict[str, dict[str, Any]] = {}
    for row, level in rows:
        story = next((of_item[item] for item in row.items if item in of_item), None)
        if story is None:
            named = {"story": row.story, "title": row.title, "at": row.newest, "since": row.since, "grade": row.grade}
            lists: dict[str, Any] = {"institutions": [], "topics": [], "publishers": {}}
            over = any(state for _, _, *state in row.topics)
            found.append(story := {**named, **lists, "level": level, "resolved": over})
        story |= {"level": max(story["level"], level), "since": max(story["since"], row.since)}
        story["institutions"] += [row.institution] if row.institution not in story["institutions"] else []
        story["topics"] += [name for name, *_ in row.topics if name not in story["topics"]]
        of_item |= dict.fromkeys(row.items, story)
    for report in stream.reports(session, of_item) if sees_all else ():
        story = of_item[report.item]
        story["publishers"].setdefault(report.source, report.publisher)
        if report.institution in settings.institutions and report.institution not in story["institutions"]:
            story["institutions"].append(report.institution)
    return found


def _wanted(settings: Settings, asked: Asked, tier: Tier) -> frozenset[str] | None:
    """The institutions that are asked for; None for all."""
    for key, known, kind in ((asked.topic, settings.topics, "topic"), (asked.source, settings.sources, "source")):
        if key and not tier.allows(DETAIL):
            raise HTTPException(403, f"Stories by {kind} are for members of the strategic circle.")
        if key and key not in known:
            raise NotFoundError(kind, key)
    if asked.institution:
        settings.institution(asked.institution)
    if not (asked.tag or asked.region or asked.institution):
        return None
    return frozenset(each.id for each in settings.institutions.values() if asked.wants(each, Level.CRITICAL))


def _read(
    session: Session, wanted: frozenset[str] | None, asked: Asked, before: stream.Place
) -> tuple[list[Any], tuple[int, str] | None]:
    """The stories to look through, and the key of the last one where there may be more after it."""
    alone = wanted is not None and len(wanted) <= READ_ALONE
    parts: Iterable[str | None] = sorted(wanted) if alone and wanted is not None else (None,)
    filtered = asked.topic or asked.source or asked.at_least > Level.LOW or (wanted is not None and not alone)
    most = max(PAGE + 1, SCANNED // max(1, len(wanted or ()) if alone else 1)) if filtered else PAGE + 1
    rows, bounds = [], []
    for part in parts:
        found = stream.page(session, part, before, most)
        rows += found
        if len(found) == most:
            bounds.append(_key(found[-1]))
    bound = min(bounds, default=None)
    return sorted((row for row in rows if bound is None or _key(row) <= bound), key=_key), bound


def _key(row: Any) -> tuple[int, str]:
    """Sorts as the stream does."""
    return -micros(row.newest), row.story


def _place(text: str) -> stream.Place:
    """Raises HTTPException where it is no place that a page gave."""
    if not text:
        return stream.START
    found = re.fullmatch(r"(\d{1,17})-([\w-]{1,64})", text, re.ASCII)
    if found is None:
        raise HTTPException(400, "“before” is no place in the stream: follow a link of a page.")
    return EPOCH + int(found[1]) * MICROSECOND, found[2]


def _level(row: Any, settings: Settings) -> Level:
    """The highest level that a story reaches by itself."""
    story, institution = summary_of(row), settings.institutions[row.institution]
    strongest = max(impact(story, axis, settings.topics, institution) for axis in Axis)
    return level_of(strongest, settings.levels)


class Live:
    """The newest change, as far as this process knows. Used by the event loop alone."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._looked_at = -SECONDS
        self._newest = 0
        self.listeners = 0

    async def newest(self) -> int:
        """Looks unless somebody has within the last second."""
        if time.monotonic() - self._looked_at >= SECONDS:
            self._looked_at = time.monotonic()
            self._newest = await run_in_threadpool(self._read)
        return self._newest

    def _read(self) -> int:
        with self._runtime.database.read() as session:
            return stream.newest_change(session)

    async def events(self, known: int) -> AsyncIterator[str]:
        """One event as soon as something is newer than what a page knows; none where nothing comes in time."""
        self.listeners += 1
        ends = time.monotonic() + LASTING
        try:
            yield "retry: 5000\n\n"
            while (newest := await self.newest()) <= known and time.monotonic() < ends:
                await asyncio.sleep(SECONDS)
            if newest > known:
                yield f"event: newer\nid: {newest}\ndata: {newest}\n\n"
        except StoreError:  # the database is away: the browser asks again
            return
        finally:
            self.listeners -= 1


async def live(request: Request) -> Response:
    """`?known=` is the number of the newest change on the page. Says nothing but that there is a newer one."""
    known, source = request.query_params.get("known", ""), request.app.state.live
    if not (known.isascii() and known.isdigit() and len(known) < 20):
        raise HTTPException(400, "“known” is the number of a change.")
    if source.listeners >= LISTENERS:
        raise HTTPException(503, "Too many pages are listening.", {"Retry-After": "60"})
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(source.events(int(known)), media_type="text/event-stream", headers=headers)
