"""Whether all is well, from what the database knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from alerts.model.counted import counted_of
from alerts.model.times import format_duration, format_time
from alerts.runtime.configuration import Files
from alerts.store import system_state
from alerts.store.queries import listings
from alerts.store.repositories import generations, sources
from alerts.store.repositories.generations import Generation
from alerts.store.repositories.sources import Health
from alerts.store.system_state import Fact

TICK_LATE = timedelta(seconds=60)
FIRST_TICK_LATE = timedelta(minutes=2)  # after the database was made: long enough for all processes to start
RUN_LATE = timedelta(hours=26)  # for `alerts run --once`: a run a day is the least that is expected
LATE = timedelta(minutes=5)  # overdue for longer, a queue is stuck; with other files for longer, hosts disagree
CONTEST = timedelta(hours=1)  # two hosts that put back each other's configuration within it publish against each other


@dataclass(frozen=True, slots=True)
class Report:
    """`facts` are for people, in order. `problems_of` has by fact the lines of what is wrong; none means healthy."""

    facts: tuple[tuple[str, str], ...]
    problems_of: Mapping[str, Sequence[str]]
    data: Mapping[str, Any]

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(line for lines in self.problems_of.values() for line in lines)

    @property
    def healthy(self) -> bool:
        return not self.problems

    def record(self) -> dict[str, Any]:
        return {"healthy": self.healthy, **self.data, "problems": list(self.problems)}


def health(session: Session, files: Files, now: datetime) -> Report:
    """The state of the whole system as of now."""
    more = f" (and {len(files.problems) - 1} more)" if len(files.problems) > 1 else ""
    refused = [f"configuration refused: {first}{more}" for first in files.problems[:1]]
    tick = system_state.get(session, system_state.TICK)
    last_tick, unticked = _ticking(session, tick, now)
    known = [each for each in sources.health(session) if each.active]
    failing = sorted(each.id for each in known if each.error)
    # None is a fault of the system: the first ends by itself, the second is polled at its new address, and of the third
    # only its publisher knows whether it is dead.
    held = sorted(each.id for each in known if each.state.held)
    moved = sorted(each.id for each in known if each.state.adopted_url)
    stale = sorted(each.id for each in known if each.state.stale_at is not None and each.state.stale_at <= now)
    notes = [f"{len(held)} in quarantine"] if held else []
    notes += [f"{len(stale)} stale: see `alerts sources`"] if stale else []
    notes += [f"{len(moved)} moved for good: see `alerts sources`"] if moved else []
    overdue = listings.overdue(session, now)
    ticking = tick is not None and now - tick.at <= TICK_LATE  # else that is the cause
    number = system_state.in_force(session).number
    states = listings.delivery_states(session)
    dead = states.get("dead", 0)
    are = "is" if dead == 1 else "are"
    lost = [f"{counted_of(dead, 'deliveries')} {are} dead: see `alerts deliveries --state dead`"] if dead else []
    return Report(
        facts=(
            ("last tick", last_tick),
            ("sources", ", ".join([str(len(known)), f"{len(failing)} failing", *notes])),
            ("waiting", ", ".join(counted_of(count, kind) for kind, (count, _) in overdue.items())),
            ("deliveries", ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none yet"),
            ("configuration", "refused" if refused else files.hash[:12] + (f", generation {number}" if number else "")),
        ),
        problems_of={
            "configuration": [*refused, *disagreements(session, now)],
            "last tick": unticked,
            "sources": _unread(known),
            "waiting": list(stuck(overdue, now).values()) if ticking else [],
            "deliveries": lost,
        },
        data={
            "at": format_time(now),
            "last_tick": None if tick is None else format_time(tick.at),
            "sources": {"active": len(known), "failing": failing, "held": held, "moved": moved, "stale": stale},
            "waiting": {kind: count for kind, (count, _) in overdue.items()},
            "deliveries": states,
            "configuration": None if refused else files.hash,
            "generation": number or None,
        },
    )


def stuck(overdue: Mapping[str, tuple[int, datetime | None]], now: datetime) -> dict[str, str]:
    """By kind, a plural, what has waited for too long although it is due."""
    return {
        kind: f"{counted_of(count, kind)} overdue, the oldest for {format_duration(now - since)}"
        for kind, (count, since) in overdue.items()
        if since is not None and now - since > LATE
    }


def _ticking(session: Session, tick: Fact | None, now: datetime) -> tuple[str, list[str]]:
    """When a tick last looked for what is due, and the problem where that is too long ago."""
    if tick is None:
        created = system_state.get(session, system_state.CREATED)
        if created is not None and now - created.at <= FIRST_TICK_LATE:
            return "never", []
        past = f", {format_duration(now - created.at)} after the database was made" if created is not None else ""
        return "never", [f"no tick yet{past}: is `alerts run`, or beat with a worker, up?"]
    past = format_duration(now - tick.at)
    if tick.value.get("once"):
        late = f"no run for {past}: does cron still call `alerts run --once`?"
        return f"{past} ago, by `alerts run --once`", [late] if now - tick.at > RUN_LATE else []
    late = f"no tick for {past}: is `alerts run`, or beat with a worker, up?"
    return f"{past} ago", [late] if now - tick.at > TICK_LATE else []


def _unread(known: Sequence[Health]) -> list[str]:
    """What is wrong with sources."""
    lasting = [each for each in known if each.error and each.error_streak >= 3]
    problems = [f"source {each.id} failed {each.error_streak} times in a row: {each.error}" for each in lasting[:20]]
    if known and all(each.error for each in known):
        all_of_them = "the only source" if len(known) == 1 else f"all {len(known)} sources"
        problems.append(f"{all_of_them} failed at the last poll: is the network up?")
    problems += [f"source {each.id} {each.state.stopped}" for each in known if each.state.stopped][:20]
    return problems


def disagreements(session: Session, now: datetime) -> list[str]:
    """One line for each host whose files are not in force for long, and for hosts that publish against each other."""
    newest = generations.newest(session)
    if newest is None:
        return []
    return _contest(generations.recent(session, now - CONTEST)) + [
        f"the files of {each.host} are not in force, but generation {newest.number} of {newest.host}: make them the "
        "same, or run `alerts check --publish` on the host that is right"
        for each in generations.hosts(session)
        if each.hash != newest.hash and now - each.seen < 2 * LATE and now - each.since >= LATE
    ]


def _contest(recent: Sequence[Generation]) -> list[str]:
    """Whether a host has put back what another had replaced."""
    for first, second, third in zip(recent, recent[1:], recent[2:], strict=False):
        if first.hash == third.hash and second.host != third.host:
            numbers = f"generations {first.number} to {third.number}"
            hosts = f"{second.host} and {third.host}"
            return [f"{hosts} publish against each other ({numbers}): give both the same files"]
    return []
