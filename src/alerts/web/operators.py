"""The pages of operators: the state of the system, the history of a source, configurations, and who did what."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from alerts.config.differences import differences
from alerts.feeds import links as feed_links
from alerts.insight.health import LATE, health
from alerts.insight.search import whole_number
from alerts.insight.source_history import history
from alerts.model.alert import AlertState, DeliveryState
from alerts.model.errors import ConfigError
from alerts.model.times import EPOCH
from alerts.pipeline.route import silenced
from alerts.store import system_state
from alerts.store.queries import dashboard, listings
from alerts.store.repositories import answers, generations, links, sources
from alerts.store.repositories.sources import Health
from alerts.web.site import Site, visit

MOST: Final = 50
AUDITED: Final = 200
RECENT: Final = timedelta(days=7)  # how old what was held back may be
STATES: Final = ("", *(state.value for state in DeliveryState))
KINDS: Final = ("", "failing", "held", "stopped", "stale")  # of sources; all are the first


def overview(request: Request) -> Response:
    """The state of the system."""
    asked = {name: request.query_params.get(name, "") for name in ("state", "sources", "q")}
    with visit(request, operators=True) as (site, session, visitor):
        now = site.now()
        known = [each for each in sources.health(session) if each.active]
        # What is stopped, holds something back or fails comes first.
        known.sort(key=lambda each: (not each.state.stopped, not each.state.held, -each.error_streak, each.id))
        named = [each for each in known if asked["q"].casefold() in each.id.casefold()]
        state = [asked["state"]] if asked["state"] in STATES[1:] else ()
        values = {
            "report": health(session, site.runtime.configuration.files, now),
            "suppressed": dashboard.alerts(session, state=AlertState.SUPPRESSED.value, since=now - RECENT, limit=MOST),
            "dead": listings.deliveries(session, state=[DeliveryState.DEAD.value], limit=MOST),
            "deliveries": listings.deliveries(session, state=state, limit=MOST),
            "silences": [each for each in silenced(session, site.settings) if each.until > now],
            "known": known,
            "fitting": [each for each in named if asked["sources"] in kinds(each, now)],
            "queues": listings.overdue(session, now),
            "plan": system_state.get(session, system_state.PLAN),
            "config_problems": site.runtime.configuration.problems,
            "settings": site.settings,
        }
    values |= {"states": STATES, "kinds": KINDS, "asked": asked, "most": MOST, "late": LATE}
    return site.page(request, "operate.html.j2", visitor, values)


def kinds(source: Health, now: datetime) -> set[str]:
    """Which of KINDS a source is."""
    stale = source.state.stale_at is not None and source.state.stale_at <= now
    facts = zip(KINDS, (True, source.error, source.state.held, source.state.stopped, stale), strict=True)
    return {kind for kind, holds in facts if holds}


def source(request: Request) -> Response:
    """What one source brought, when it was not read, and whether it is first or redundant."""
    with visit(request, operators=True) as (site, session, visitor):
        found = history(session, request.path_params["source"], site.now())
        known = site.settings.sources.get(found["source"])
    values = {"found": found, "known": known, "address": known and feed_links.shown(known.url), "most": MOST}
    return site.page(request, "operate_source.html.j2", visitor, values)


def configurations(request: Request) -> Response:
    """The generations of the configuration, and what differs between two of them."""
    with visit(request, operators=True) as (site, session, visitor):
        values = read_configurations(site, session, request.query_params)
    return site.page(request, "operate_configurations.html.j2", visitor, values)


def read_configurations(site: Site, session: Session, asked: Mapping[str, str]) -> dict[str, Any]:
    """The generations on record, the newest first, and what differs in one (`to`) from another (`from`): in the newest
    from the one before, where none is named; of one alone there is nothing to say. `problem`: why it cannot be said."""
    kept, recorded = site.runtime.configuration.generations, generations.recent(session, EPOCH)[::-1]
    values: dict[str, Any] = {"generations": recorded, "from": None, "to": None, "files": [], "problem": ""}
    if len(recorded) > 1 and kept is not None:
        last = recorded[0].number
        values["to"] = whole_number(asked, "to", last, last)
        values["from"] = whole_number(asked, "from", max(1, values["to"] - 1), last)
        try:
            found = differences(kept.contents(values["from"]), kept.contents(values["to"]))
            values["files"] = [{"file": name, "lines": lines} for name, lines in found]
        except ConfigError as error:
            values["problem"] = f"{error.problems[0].file}: {error.problems[0].message}"
    return values


def audit(request: Request) -> Response:
    """What people did, by time, as far as it is on record."""
    with visit(request, operators=True) as (site, session, visitor):
        values = {"acts": read_audit(session), "most": AUDITED}
    return site.page(request, "audit.html.j2", visitor, values)


def read_audit(session: Session) -> list[tuple[datetime, str, str, str]]:
    """The newest acts, the newest first: those of the audit trail, answers, configurations and links."""
    acts = system_state.newest_acts(session, AUDITED)
    for each in answers.find(session, limit=AUDITED):
        about = f"{each.institution}, for {each.subscriber}"
        acts.append((each.at, each.who, each.in_words(), about))
        if each.undone_at is not None:
            acts.append((each.undone_at, each.undone_by, f"took back: {each.in_words()}", about))
    for edition in generations.recent(session, EPOCH):
        said = f"configuration {edition.number} ({edition.hash[:12]})"
        acts.append((edition.published_at, f"host {edition.host}", said, ""))
    for link in links.all_links(session):
        about = f"{link.id} {link.name}, {link.subscriber or link.tier.value}"
        acts.append((link.created_at, "", "made a link", about))
        if link.revoked_at is not None:
            acts.append((link.revoked_at, "", "revoked a link", about))
    return sorted(acts, key=lambda act: act[0], reverse=True)[:AUDITED]
