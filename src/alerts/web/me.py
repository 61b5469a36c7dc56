"""My alerts: what a subscriber gets and why, what was held back, and what its readers chose."""

from collections import Counter
from datetime import timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.access.links import answer_token
from alerts.model.records import answer_record
from alerts.routing.rules import channels_of, name_of
from alerts.store.queries import dashboard
from alerts.store.repositories import answers, subscriber_state
from alerts.web.site import visit

SPAN: Final = timedelta(days=7)
READ: Final = 500
LISTED: Final = 50


def mine(request: Request) -> Response:
    """For the bearer of a subscriber's link about itself; an operator names a subscriber."""
    with visit(request) as (site, session, visitor):
        subscribers = sorted(site.settings.subscribers) if visitor.operator else []
        name = (
            request.query_params.get("subscriber") or next(iter(subscribers), "") if subscribers else visitor.subscriber
        )
        if not name:
            raise HTTPException(403, "This is for subscribers: open the link that you were given.")
        who, now, signer = site.settings.subscriber(name), site.now(), site.authenticator.signer
        alerts = dashboard.alerts_of(session, who.id, since=now - SPAN, limit=READ)
        held = [row for row in alerts if row.reason]
        chosen = [each for each in answers.preferences(session, who.id) if each.holds(now)]
        values = {
            "who": who,
            "subscribers": subscribers,
            "rules": [(name_of(place, each), each, channels_of(each, who)) for place, each in enumerate(who.watch)],
            "unsubscribed": subscriber_state.peek(session, who.id).muted,
            "sent": [row for row in alerts if not row.reason][:LISTED],
            "held": held[:LISTED],
            "reasons": Counter(row.reason for row in held).most_common(),
            "all_read": len(alerts) < READ,
            "institutions": site.settings.institutions,
            # With the link of a message, by which each can be taken back.
            "chosen": [(each, answer_token(signer, each.alert, each.channel, now)) for each in chosen],
            "answers": [answer_record(each) for each in answers.find(session, subscriber=who.id, limit=LISTED)],
        }
    return site.page(request, "me.html.j2", visitor, values)
