"""The tables. Ids are texts that mean the same everywhere; instants are exact microseconds.

sources ─< items ─< revisions ─< findings >─ cases        what was observed, and what it says about whom
cases ─< memberships >─ stories, story_events             which items report one event
cases ─< assessments, story_versions, story_rises         what stories amounted to, and when
cases ─< transitions ─< alerts >─ deliveries ─< attempts  what changed, the alerts and how they were delivered
decisions ─< alerts                                       what they hold, which is equal for many subscribers
desks ─< watches                                          what each subscriber was notified of so far
answers                                                   what readers answered to alerts: verdicts, preferences
clock, silences, links, sessions                          one row each of what all workers share
troubles                                                  incidents of the system itself, while they last
configurations                                            the generations of the configuration"""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Double, ForeignKey, Index, LargeBinary, MetaData, Table, UniqueConstraint, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

from alerts.store.types import Instant, Json, SafeText


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: Json, list[Any]: Json, str: SafeText}  # noqa: RUF012

    def __init_subclass__(cls, table: str) -> None:
        """`table` is the name of the table."""
        cls.__tablename__ = table
        super().__init_subclass__()


def table_of(row: type[Base]) -> Table:
    """The table behind a class of rows.

    A statement that is made of its columns once, when its module is imported, and gets what differs as bound
    parameters takes a quarter of the processor time of one that is made of the class's attributes at each use.
    Statements that run for every poll, assessment and message are made so."""
    return cast("Table", row.__table__)


class ClockRow(Base, table="clock"):
    """The stamp of the newest observation. Taking a stamp locks the row until its transaction ends, so the
    order of stamps is the order in which observations become visible."""

    id: Mapped[int] = mapped_column(primary_key=True)
    stamp: Mapped[datetime]


class SourceRow(Base, table="sources"):
    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    next_poll_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    last_poll_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    error: Mapped[str | None]
    error_streak: Mapped[int] = mapped_column(default=0)
    lost_leases: Mapped[int] = mapped_column(default=0)  # in a row: polls that ended without a result
    stale_at: Mapped[datetime | None]  # from then on the feed is silent for too long, unless it brings something
    state: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_sources_due", "active", "next_poll_at"),)


class HostRow(Base, table="hosts"):
    """When a host may be asked again: the gap between two requests holds across all workers."""

    host: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class ItemRow(Base, table="items"):
    """One entry of a feed, and what it is recognised by at the next poll."""

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    revision: Mapped[int]
    first_observed: Mapped[datetime]
    last_changed: Mapped[datetime]
    link_key: Mapped[str]
    title_key: Mapped[str]
    title: Mapped[str]
    link: Mapped[str]
    published: Mapped[datetime | None]
    fingerprint: Mapped[str]
    text_print: Mapped[str]
    withdrawn: Mapped[bool]
    __table_args__ = (Index("ix_items_link", "source", "link_key"), Index("ix_items_title", "source", "title_key"))


class RevisionRow(Base, table="revisions"):
    """An item as it was observed at an instant: the record that replay reads."""

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    observed: Mapped[datetime] = mapped_column(index=True)
    published: Mapped[datetime | None]
    title: Mapped[str]
    summary: Mapped[str]
    content: Mapped[str]
    url: Mapped[str]
    source: Mapped[str]
    publisher: Mapped[str]
    author: Mapped[str]
    origin: Mapped[str]
    language: Mapped[str]
    withdrawn: Mapped[bool]


class FindingRow(Base, table="findings"):
    """An institution found in a revision, with all that assessing it needs. Salience 0: no longer in it."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    observed: Mapped[datetime] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True, index=True)
    revision: Mapped[int] = mapped_column(index=True)
    title: Mapped[str]
    url: Mapped[str]
    source: Mapped[str]
    publisher: Mapped[str]
    published: Mapped[datetime | None]
    salience: Mapped[float]
    topics: Mapped[list[Any]]
    mentions: Mapped[list[Any]]
    quiet: Mapped[bool]
    features: Mapped[bytes] = mapped_column(LargeBinary)


class CaseRow(Base, table="cases"):
    """The state of one institution: up to where its findings are assessed, and when it is due again."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    cursor: Mapped[datetime]
    version: Mapped[int]
    configuration: Mapped[str]
    axes: Mapped[dict[str, Any]]
    reporter: Mapped[dict[str, Any]]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    claimed_until: Mapped[datetime | None]


class MembershipRow(Base, table="memberships"):
    """Which story an item belongs to, for an institution."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    story: Mapped[str] = mapped_column(index=True)


class StoryColumns:
    """What a story proves about an institution, as last assessed or as it was for a while."""

    title: Mapped[str]
    newest: Mapped[datetime]
    confidence: Mapped[float]
    grade: Mapped[str]
    mix: Mapped[str]
    salience: Mapped[float]
    topics: Mapped[list[Any]]
    reports: Mapped[int]
    publishers: Mapped[int]


class StoryRow(StoryColumns, Base, table="stories"):
    """A story as last assessed; `merged_into` where it was found to be another one."""

    id: Mapped[str] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(index=True)
    first: Mapped[datetime]
    merged_into: Mapped[str | None]


class StoryEventRow(Base, table="story_events"):
    """An item joined a story, or a story was found to be another."""

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    institution: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    story: Mapped[str] = mapped_column(index=True)
    other: Mapped[str]
    why: Mapped[dict[str, Any]]


class StoryVersionRow(StoryColumns, Base, table="story_versions"):
    """What a story proved from `since` until `until` (None: it still does).

    `key_…` orders the stories of an institution by what they contribute to an axis at every instant
    (`scoring.score.order_key`), None where they contribute nothing: the few that a score counts are found by index
    among any number, now and at any past instant. `items` are the reports that a profile shows."""

    id: Mapped[int] = mapped_column(primary_key=True)
    institution: Mapped[str]
    story: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    items: Mapped[list[Any]]
    key_priority: Mapped[float | None] = mapped_column(Double)
    key_policy: Mapped[float | None] = mapped_column(Double)
    key_continuity: Mapped[float | None] = mapped_column(Double)
    __table_args__ = (
        Index("ix_story_versions_story", "story", "since"),
        Index("ix_story_versions_newest", "institution", "newest"),
        # Of versions that stand alone (0010_stream): to say so here would load PostgreSQL's dialect in all processes.
        Index("ix_story_versions_standing", "newest"),
        Index("ix_story_versions_priority", "institution", "key_priority"),
        Index("ix_story_versions_policy", "institution", "key_policy"),
        Index("ix_story_versions_continuity", "institution", "key_continuity"),
    )


class AssessmentRow(Base, table="assessments"):
    """What an institution's evidence amounted to from `at` on; written where an observation changed it.

    `scores` are by axis [value, its instant (µs), how many stories contribute]: the score fades from there."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    scores: Mapped[list[Any]]
    stories: Mapped[int]
    reports: Mapped[int]
    publishers: Mapped[int]
    direct: Mapped[int]


class StoryRiseRow(Base, table="story_rises"):
    """The own level of a story rose: what a later revision may take back."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    story: Mapped[str] = mapped_column(primary_key=True)
    axis: Mapped[str]
    from_level: Mapped[str]
    to_level: Mapped[str]
    item: Mapped[str]


class TransitionRow(Base, table="transitions"):
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    institution: Mapped[str]
    axis: Mapped[str]
    from_level: Mapped[str]
    to_level: Mapped[str]
    score: Mapped[float]
    cause: Mapped[str]
    contributions: Mapped[list[Any]]
    __table_args__ = (UniqueConstraint("institution", "axis", "at"),)


class DecisionRow(Base, table="decisions"):
    """What the alerts of one decision hold, equal for all of their subscribers. The id is that of the first of them."""

    id: Mapped[str] = mapped_column(primary_key=True)
    detail: Mapped[dict[str, Any]]


class AlertRow(Base, table="alerts"):
    """An alert's id is stable: computing it again finds the row. `detail` is read from its decision."""

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    subscriber: Mapped[str]
    channel: Mapped[str]
    institution: Mapped[str] = mapped_column(index=True)
    on: Mapped[str]
    transition: Mapped[int | None] = mapped_column(ForeignKey("transitions.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str]
    decision: Mapped[str] = mapped_column()
    detail: Mapped[dict[str, Any]] = column_property(
        select(DecisionRow.detail).where(DecisionRow.id == decision).scalar_subquery()
    )
    __table_args__ = (Index("ix_alerts_subscriber", "subscriber", "at"),)


class DeliveryRow(Base, table="deliveries"):
    """One message to one channel of one subscriber, written in the transaction that writes its alerts."""

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    subscriber: Mapped[str] = mapped_column(index=True)
    channel: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    message: Mapped[dict[str, Any]]
    state: Mapped[str]
    reason: Mapped[str]
    due_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None]
    attempts: Mapped[int]
    sent_at: Mapped[datetime | None]
    observed_at: Mapped[datetime | None]
    turn_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_deliveries_due", "due_at", sqlite_where=text("due_at IS NOT NULL")),)


class ChannelRow(Base, table="channels"):
    """When a channel takes the next message: the gap between two holds across all workers.

    `paused_until`: its service asked for that; turns given before count no more."""

    subscriber: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]


class ThreadRow(Base, table="threads"):
    """The first message in a channel about an institution and an axis, as its service calls it."""

    subscriber: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    posted: Mapped[str]
    at: Mapped[datetime]


class AttemptRow(Base, table="attempts"):
    """One try to send a delivery: written before the send, completed after it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery: Mapped[str] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    state: Mapped[str]
    line: Mapped[str]


class CarriedRow(Base, table="carried"):
    """Which delivery carried which alert."""

    alert: Mapped[str] = mapped_column(primary_key=True)
    delivery: Mapped[str] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True, index=True)


class SnapshotRow(Base, table="snapshots"):
    """The profile of an institution as it was when its alerts were made: what their messages show."""

    institution: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    profile: Mapped[bytes] = mapped_column(LargeBinary)


class DeskRow(Base, table="desks"):
    """What one subscriber's routing remembers: windows, backlog, digest."""

    subscriber: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    claimed_until: Mapped[datetime | None]


class WatchRow(Base, table="watches"):
    """What one subscriber was notified of about one institution, on all axes."""

    subscriber: Mapped[str] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    due_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_watches_due", "subscriber", "due_at", sqlite_where=text("due_at IS NOT NULL")),)


class SilenceRow(Base, table="silences"):
    """A silence made by command; those of the YAML are not stored."""

    id: Mapped[str] = mapped_column(primary_key=True)
    select: Mapped[dict[str, Any]]
    starts: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[str]
    author: Mapped[str]


class AnswerRow(Base, table="answers"):
    """What a reader answered to an alert (`alerts.model.answer`). Rows are only added; taking back sets `undone_at`."""

    id: Mapped[str] = mapped_column(primary_key=True)
    alert: Mapped[str] = mapped_column(index=True)
    subscriber: Mapped[str]
    channel: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str | None]
    institution: Mapped[str] = mapped_column(index=True)
    days: Mapped[int | None]
    at: Mapped[datetime]
    who: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str]
    __table_args__ = (Index("ix_answers_subscriber", "subscriber", "kind"),)


class LinkRow(Base, table="links"):
    """A link that lets its bearer see more of the pages than an open visitor; `subscriber` is empty for most.

    With `scopes` it is a token for programs."""

    id: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[str]
    subscriber: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    scopes: Mapped[list[Any] | None]


class SessionRow(Base, table="sessions"):
    """A session of somebody who signed in. `id` is a digest of what the cookie holds, `credential` one of what was
    shown, and `request` one of the sign-in request that it answers: each is answered once."""

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str]
    groups: Mapped[list[Any]]
    credential: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    request: Mapped[str | None] = mapped_column(unique=True)


class IncidentRow(Base, table="troubles"):
    """An open incident of the system itself; `told`: operators were notified of it."""

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    seen: Mapped[datetime]
    line: Mapped[str]
    told: Mapped[bool]


class ConfigurationRow(Base, table="configurations"):
    """A configuration that was put in force; the newest is in force now.

    `content` are its YAML files before `${NAME}` is replaced, encrypted; `outline` counts what they hold."""

    number: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    published_at: Mapped[datetime]
    host: Mapped[str]
    outline: Mapped[dict[str, Any]]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LockRow(Base, table="locks"):
    """A named lease, for example the one of beat."""

    name: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class FactRow(Base, table="facts"):
    """Small facts that ops ask for: the last tick, a refused configuration, …"""

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    value: Mapped[dict[str, Any]]
