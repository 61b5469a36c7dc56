"""Atom feeds (RFC 4287): level changes of an institution, alerts of a subscriber or of one watch rule."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.model.errors import NotFoundError
from alerts.model.level import Transition
from alerts.model.subscriber import Subscriber, Tier
from alerts.model.times import EPOCH, format_time
from alerts.rendering.escape import clean
from alerts.rendering.tiers import DETAIL, gate_changes, gate_transition
from alerts.store.queries import dashboard
from alerts.store.repositories import transitions
from alerts.store.schema import AlertRow
from alerts.web.auth import Visitor
from alerts.web.site import Site, unless_known, visit

ENTRIES: Final = 50
READ: Final = 600  # alerts that are looked at: with several channels there are several of one event
# Ids depend on what an entry is about alone: the same in every feed, on every machine, after every restart.
_NAMESPACE: Final = uuid.UUID("5f3a2c1e-8d47-4b7e-9a55-2f6c1d0b7e43")


def stable_urn(*parts: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, chr(0).join(parts))}"


def institution_feed(request: Request) -> Response:
    """The level changes of an institution."""
    with visit(request) as (site, session, visitor):
        institution = site.settings.institution(request.path_params["institution"])
        known = transitions.find(session, institution.id, limit=200)
    changes = gate_changes(reversed(known), visitor.tier, site.now())[:ENTRIES]
    base = site.address(request)
    page = f"{base}/institutions/{quote(institution.id, safe='')}"
    entries = [change_entry(each, institution.name, page) for each in changes]
    title = f"{institution.name}: level changes"
    return _feed(site, request, stable_urn("feed", "institution", institution.id), title, page, entries)


def change_entry(change: Transition, name: str, page: str) -> dict[str, Any]:
    """The entry of a level change as a tier may see it."""
    title = f"{name}, {change.axis} ({change.axis.horizon}): {change.from_} to {change.to}"
    score = "" if change.score is None else f" Score {change.score:.2f}."
    why = "".join(f"\n{each.value:.3f} {clean(each.title)} (grade {each.grade})" for each in change.contributions[:5])
    urn = stable_urn("transition", change.institution, change.axis, format_time(change.at))
    tags = change.axis.value, change.to.value, "rise" if change.rises else "fall"
    text = f"{title} by {change.cause}.{score}{why}"
    return {"id": urn, "title": title, "at": change.at, "url": page, "text": text, "tags": tags}


def subscriber_feed(request: Request) -> Response:
    """A subscriber's alerts, for the bearer of that subscriber's link and for operators."""
    subscriber = request.path_params["subscriber"]
    with visit(request) as (site, session, visitor):
        known = readable(site, visitor, subscriber)
        rule = asked_rule(known, request.path_params.get("rule", ""))
        rows, moved = read_alerts(session, known, rule, ENTRIES)
    base = site.address(request)
    entries = [alert_entry(site, row, moved.get(row.transition or 0), known.tier, base) for row in rows]
    about = f"{subscriber}, rule {rule}" if rule is not None else subscriber
    feed_id = stable_urn("feed", "subscriber", subscriber, str(rule or ""))
    return _feed(site, request, feed_id, f"Alerts for {about}", base, entries)


def _feed(
    site: Site, request: Request, feed_id: str, title: str, page: str, entries: Sequence[Mapping[str, Any]]
) -> Response:
    # A feed without entries never changed: any instant is right, so long as it stays.
    updated = max((each["at"] for each in entries), default=EPOCH)
    values = {"id": feed_id, "title": title, "page": page, "own": request.url.path, "updated": updated}
    body = site.render("feed.atom.j2", {**values, "entries": entries}).encode("utf-8", "replace")
    return unless_known(request, body, "application/atom+xml", "private, max-age=60")


def asked_rule(subscriber: Subscriber, text: str) -> int | None:
    """The watch rule (from 1) that was asked for; None for all. Raises NotFoundError where there is no such one."""
    rules = {str(place): place for place in range(1, len(subscriber.watch) + 1)}
    if text and text not in rules:
        raise NotFoundError("rule", text, f"{subscriber.id} has {len(rules)}")
    return rules.get(text)


def readable(site: Site, visitor: Visitor, subscriber: str) -> Subscriber:
    """Raises HTTPException where the visitor may not read this subscriber's alerts."""
    if not visitor.may_read(subscriber):
        raise HTTPException(403, "These alerts are for their subscriber: `alerts link --subscriber` makes a link.")
    return site.settings.subscriber(subscriber)


def read_alerts(
    session: Session, subscriber: Subscriber, rule: int | None, most: int
) -> tuple[list[AlertRow], dict[int, Transition]]:
    """A subscriber's newest alerts, one of each event, whatever the number of channels, of one watch rule (from 1)
    where asked for; and the level changes that they are about."""
    found: dict[tuple[object, ...], AlertRow] = {}
    for row in dashboard.alerts(session, subscriber=subscriber.id, limit=READ):
        rules = (row.detail.get("considered") or {}).get("rules", ())
        if rule is None or any(each["rule"] == rule and each["matched"] for each in rules):
            found.setdefault((row.at, row.institution, row.on), row)
    rows = list(found.values())[:most]
    return rows, dashboard.transitions_by_id(session, [row.transition for row in rows if row.transition is not None])


def alert_entry(site: Site, row: AlertRow, transition: Transition | None, tier: Tier, base: str) -> dict[str, Any]:
    """The entry of an alert as its subscriber's tier may see it."""
    institution = site.settings.institutions.get(row.institution)
    name = institution.name if institution is not None else row.institution
    page = f"{base}/institutions/{quote(row.institution, safe='')}"
    held = f" Held back: {row.reason}." if row.reason else ""
    if transition is not None:
        entry = change_entry(gate_transition(transition, tier), name, page)
    else:
        lead = row.detail.get("lead") or row.detail
        headline = clean(str(lead.get("title", "")))
        title = f"{name}: {row.on}" + (f": {headline}" if headline else "")
        entry = {"title": title, "text": title, "tags": (row.on,)}
    urn = stable_urn("alert", row.institution, row.on, format_time(row.at), str(row.detail.get("item", "")), row.id)
    url = f"{base}/alerts/{quote(row.id, safe='')}" if tier.allows(DETAIL) else page
    return {**entry, "id": urn, "at": row.at, "url": url, "text": entry["text"] + held}
