"""The self-check: notifies operators of incidents of the system itself, once when one opens and once when it closes.

Runs about once a minute. The messages go through the outbox like all others, to `operators.channels`."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.insight.coverage import blind
from alerts.insight.health import disagreements, stuck
from alerts.model.counted import counted
from alerts.model.records import fields_of
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.subscriber import IncidentKind, Operators
from alerts.model.times import format_time, parse_time
from alerts.rendering.render import notice
from alerts.rendering.view import Rendered, Tone
from alerts.routing.alerts import Kind, stable_id
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state
from alerts.store.queries import listings
from alerts.store.repositories import incidents
from alerts.store.repositories.deliveries import Leased
from alerts.store.repositories.incidents import Known

# Debounce: the least duration of a problem before its incident is notified, and of its absence before it closes.
DEBOUNCE = timedelta(minutes=2)
_MIN_INTERVAL = timedelta(seconds=30)
_LISTED = 50  # incidents in one message


def selfcheck(runtime: Runtime) -> list[str]:
    """Checks the system, notifies what opened and what closed, and returns the deliveries. Two at once are harmless."""
    now = runtime.clock()
    active = runtime.configuration.current()
    with runtime.database.read() as session:
        last = system_state.get(session, "selfcheck")
        if last is not None and abs(now - last.at) < _MIN_INTERVAL:  # a clock that was ahead must not stop the checks
            return []
        seen = look(session, active.settings, len(runtime.configuration.problems), now)
    with runtime.database.write() as session:
        # Locks the row: another check waits and finds this one's work.
        system_state.put(session, "selfcheck", now, {})
        begun, over = _follow(session, seen, now)
        made = _notify(session, active.settings.operators, begun, over, now)
    for each in begun:
        logs.event("incident.opened", logging.WARNING, **fields_of(each, "kind", "subject", "line"))
    for each in over:
        logs.event("incident.closed", logging.WARNING, **fields_of(each, "kind", "subject", "line"))
    runtime.enqueue(TaskRequests(send=made))
    return made


def look(session: Session, settings: Settings, refused: int, now: datetime) -> list[Known]:
    """The problems of now. `refused` is how many problems the files of the configuration have."""
    found = [
        (IncidentKind.BACKLOG, kind, f"{line}: see `alerts status`")
        for kind, line in stuck(listings.overdue(session, now), now).items()
    ]
    for (subscriber, channel), count in incidents.dead_channels(session).items():
        given_up = f"{counted(count, 'message')} to {subscriber} by {channel} given up"
        line = f"{given_up}: see `alerts deliveries --state dead`"
        found.append((IncidentKind.DEAD_LETTERS, f"{subscriber}/{channel}", line))
    for institution in blind(session, settings, now):
        name = settings.institutions[institution].name
        line = f"no source that would report on {name} works: its silence means nothing"
        found.append((IncidentKind.NO_COVERAGE, institution, line))
    if refused:
        line = f"an edit of the configuration was refused, {counted(refused, 'problem')}: see `alerts check`; "
        line += "the last good one stays in force"
        found.append((IncidentKind.CONFIG_REJECTED, "configuration", line))
    found += [(IncidentKind.CONFIG_REJECTED, "hosts", line) for line in disagreements(session, now)]
    return [Known(kind, subject, line, since=now, seen=now, told=False) for kind, subject, line in found]


def _follow(session: Session, seen: Sequence[Known], now: datetime) -> tuple[list[Known], list[Known]]:
    """Updates the record of incidents; returns those that opened and those that closed."""
    known = {(each.kind, each.subject): each for each in incidents.known(session)}
    current: list[Known] = []
    begun: list[Known] = []
    for each in seen:
        former = known.pop((each.kind, each.subject), each)
        begins = not former.told and now - former.since >= DEBOUNCE
        row = replace(each, since=former.since, told=former.told or begins)
        current.append(row)
        if begins:
            begun.append(row)
    gone = [each for each in known.values() if now - each.seen >= DEBOUNCE]
    incidents.keep(session, current)
    incidents.forget(session, gone)
    return begun, [each for each in gone if each.told]


def _notify(
    session: Session, operators: Operators, begun: Sequence[Known], over: Sequence[Known], now: datetime
) -> list[str]:
    """Writes one message for each channel, about the kinds of incidents that operators asked for."""
    shown = ("kind", "subject", "line", "since", "seen")
    record = {
        "begun": [fields_of(each, *shown) for each in begun if each.kind in operators.on],
        "over": [fields_of(each, *shown) for each in over if each.kind in operators.on],
    }
    if not any(record.values()):
        return []
    made = {stable_id("operators", channel, format_time(now)): channel for channel in operators.channels}
    for delivery, channel in made.items():
        incidents.add_message(session, delivery, channel, record, now)
    return list(made)


def rendered(leased: Leased, url: Secret) -> Rendered:
    """A message to operators, ready to be sent."""
    begun, over = leased.message["begun"], leased.message["over"]
    lines = [f"since {_clock(each['since'])}: {each['line']}" for each in begun[:_LISTED]]
    lines += [f"over, {_clock(each['since'])} to {_clock(each['seen'])}: {each['line']}" for each in over[:_LISTED]]
    left = len(begun) + len(over) - len(lines)
    if left:
        lines.append(f"… and {left} more: `alerts status` shows them")
    said = [f"{len(begun)} began"] if begun else []
    said += [f"{len(over)} over"] if over else []
    if leased.copy:
        lines.append("This may be a second copy: an earlier attempt may have arrived.")
    title, tone = f"Alerts, for operators: {', '.join(said)}", Tone.WARNING if begun else Tone.INFO
    about = {"schema": 1, "kind": Kind.OPERATORS.value, "at": format_time(leased.at), "copy": leased.copy}
    payload = {**about, "alerts": [], "begun": begun, "over": over}
    return notice(url, id=leased.id, title=title, lines=lines, tone=tone, payload=payload)


def _clock(text: str) -> str:
    return f"{parse_time(text):%Y-%m-%d %H:%M} UTC"
