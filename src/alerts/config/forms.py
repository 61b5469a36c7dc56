"""The shape of the YAML: one pydantic model for each mapping a person writes.

The descriptions stand in the JSON Schema that editors show. Defaults are those of the model.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from alerts.config.values import (
    Boolean,
    ChannelAddress,
    Clock,
    Count,
    Domain,
    Duration,
    Id,
    Instant,
    Language,
    Rate,
    Share,
    Text,
    Threshold,
    Wait,
    WebAddress,
    Zone,
    problem,
)
from alerts.model.alert import AlertState
from alerts.model.institution import Criticality, Derivation
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.operators import Trouble
from alerts.model.source import Reliability, Source
from alerts.model.subscriber import Direction, On, Tier
from alerts.model.topic import Near, Signal

_SOURCE = Source("", "", "")
_LEVELS = LevelRules()


class Form(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceForm(Form):
    """A feed of one publisher."""

    id: Annotated[Id, Field(description="A short name, unique among the sources.")]
    url: Annotated[WebAddress, Field(description="Address of the feed: RSS, Atom or JSON Feed.")]
    publisher: Annotated[Text, Field(description="Who publishes the feed, as readers know it.")]
    reliability: Annotated[
        Reliability,
        Field(description="How far it can be trusted: A reliable … E unreliable, F cannot be judged."),
    ] = Reliability.F
    speaks_for: Annotated[
        tuple[Id, ...],
        Field(description="Ids of the institutions that this publisher speaks for: it is direct for them."),
    ] = ()
    interval: Annotated[Duration, Field(description="The least time between two polls.")] = _SOURCE.interval
    language: Annotated[Language, Field(description="Language of the feed, for example en or pt-BR.")] = ""
    tags: Annotated[tuple[Text, ...], Field(description="Free labels.")] = ()
    allow_private: Annotated[
        Boolean, Field(description="Whether the feed may be on a private network or this machine.")
    ] = False


class RelationForm(Form):
    """A relation to another institution."""

    kind: Annotated[Text, Field(description="What it is, for example investor, supplier, regulator.")]
    to: Annotated[Id, Field(description="Id of the other institution.")]


def _derivations(value: Any) -> Any:
    """`all`, `none` or a list, always as a list."""
    if isinstance(value, str):
        if value not in {"all", "none"}:
            raise problem(f"write all, none, or a list of {', '.join(Derivation)}")
        return list(Derivation) if value == "all" else []
    return value


class MatchForm(Form):
    """How the names of the institution are accepted in a text."""

    case_sensitive: Annotated[
        Boolean | None,
        Field(description="Whether case counts. Without it: for one-word names and acronyms."),
    ] = None
    require_any: Annotated[
        tuple[Text, ...], Field(description="Context words, one of which must stand in the item.")
    ] = ()
    exclude: Annotated[
        tuple[Text, ...], Field(description="Phrases within which a name does not count.")
    ] = ()
    derive: Annotated[
        tuple[Derivation, ...],
        BeforeValidator(_derivations),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["all", "none"]},
                    {"type": "array", "items": {"enum": [each.value for each in Derivation]}},
                ]
            }
        ),
        Field(description="Which further names are derived from the official one: all, none, or a list."),
    ] = tuple(Derivation)


class InstitutionForm(Form):
    """An organisation that is tracked."""

    id: Annotated[Id, Field(description="A short name, unique among the institutions.")]
    name: Annotated[Text, Field(description="The official name.")]
    aliases: Annotated[tuple[Text, ...], Field(description="Other names of the same organisation.")] = ()
    products: Annotated[
        tuple[Text, ...], Field(description="Products: a mention through one has less salience.")
    ] = ()
    domains: Annotated[tuple[Domain, ...], Field(description="Host names: a link to one is a mention.")] = ()
    category: Annotated[Text, Field(description="What kind of organisation, for example AI lab.")] = ""
    region: Annotated[Text, Field(description="Where it is at home, for example North America.")] = ""
    primary_domain: Annotated[Text, Field(description="The field it matters most for.")] = ""
    criticality: Annotated[
        Criticality, Field(description="How much depends on it; scales every contribution.")
    ] = Criticality.MEDIUM
    tags: Annotated[tuple[Text, ...], Field(description="Free labels that watch rules can select.")] = ()
    relations: Annotated[tuple[RelationForm, ...], Field(description="Relations to other institutions.")] = ()
    match: Annotated[MatchForm, Field(description="How its names are accepted.")] = MatchForm()


class SeverityForm(Form):
    """What one fully confirmed headline story does alone, on each axis."""

    priority: Annotated[Share, Field(description="On the axis priority (0 to 30 days), 0 to 1.")] = 0.0
    policy: Annotated[Share, Field(description="On the axis policy (30 to 120 days), 0 to 1.")] = 0.0
    continuity: Annotated[Share, Field(description="On the axis continuity (120 days on), 0 to 1.")] = 0.0


class TopicForm(Form):
    """What an item can be about."""

    id: Annotated[Id, Field(description="A short name, unique among the topics.")]
    signal: Annotated[Signal, Field(description="The signal class that the topic belongs to.")]
    any: Annotated[
        tuple[Text, ...],
        Field(min_length=1, description="Phrases, one of which must stand in the item; `word*` also longer."),
    ]
    none: Annotated[tuple[Text, ...], Field(description="Phrases that rule the topic out.")] = ()
    severity: Annotated[SeverityForm, Field(description="What one story does on each axis.")] = SeverityForm()
    near: Annotated[
        Near, Field(description="How close to a mention it must stand: in the item or the sentence.")
    ] = Near.ITEM
    negation: Annotated[
        Boolean, Field(description="Whether a denial in the text lowers the weight of the topic.")
    ] = True


class RaiseForm(Form):
    """Scores, each above the one before it."""

    medium: Annotated[Threshold, Field(description="Score at which the level becomes medium.")] = (
        _LEVELS.raise_[Level.MEDIUM]
    )
    high: Annotated[Threshold, Field(description="Score at which the level becomes high.")] = _LEVELS.raise_[
        Level.HIGH
    ]
    critical: Annotated[Threshold, Field(description="Score at which the level becomes critical.")] = (
        _LEVELS.raise_[Level.CRITICAL]
    )


class HalfLifeForm(Form):
    """How fast evidence fades."""

    priority: Annotated[Duration, Field(description="Half-life on the axis priority.")] = _LEVELS.half_life[
        Axis.PRIORITY
    ]
    policy: Annotated[Duration, Field(description="Half-life on the axis policy.")] = _LEVELS.half_life[
        Axis.POLICY
    ]
    continuity: Annotated[Duration, Field(description="Half-life on the axis continuity.")] = (
        _LEVELS.half_life[Axis.CONTINUITY]
    )


class LevelsForm(Form):
    """When a score lifts a level, how far it must fall back, and how fast evidence fades."""

    raise_: Annotated[RaiseForm, Field(alias="raise", description="The scores that lift a level.")] = (
        RaiseForm()
    )
    margin: Annotated[
        Share, Field(description="A level falls when the score is this much below the score that raised it.")
    ] = _LEVELS.margin
    half_life: Annotated[
        HalfLifeForm, Field(description="The time in which evidence loses half of its weight.")
    ] = HalfLifeForm()


class SelectionForm(Form):
    """Which institutions: those that any of the lists names."""

    institutions: Annotated[tuple[Id, ...], Field(description="Ids of institutions.")] = ()
    tags: Annotated[
        tuple[Text, ...], Field(description="Every institution that carries one of these tags.")
    ] = ()
    regions: Annotated[tuple[Text, ...], Field(description="Every institution of one of these regions.")] = ()
    categories: Annotated[
        tuple[Text, ...], Field(description="Every institution of one of these categories.")
    ] = ()
    all: Annotated[Boolean, Field(description="Every institution.")] = False


class WatchForm(SelectionForm):
    """What a subscriber is told about. At least one key must select institutions."""

    on: Annotated[
        tuple[On, ...],
        Field(min_length=1, description="What to react to: level, mention, spike, grade."),
    ] = (On.LEVEL,)
    axes: Annotated[tuple[Axis, ...], Field(min_length=1, description="On which axes. Without it: all.")] = (
        tuple(Axis)
    )
    at_least: Annotated[Level, Field(description="The lowest level that is told.")] = Level.MEDIUM
    direction: Annotated[Direction, Field(description="Whether rises, falls or both are told.")] = (
        Direction.RISE
    )
    to: Annotated[
        tuple[Text, ...], Field(description="Names of channels. Without it: all of the subscriber's.")
    ] = ()


class QuietForm(Form):
    """Local hours in which alerts wait."""

    from_: Annotated[Clock, Field(alias="from", description="When the quiet begins, local time.")]
    to: Annotated[Clock, Field(description="When it ends, local time; before `from` it is the next day.")]
    timezone: Annotated[Zone, Field(description="Name of the time zone.")] = "UTC"
    unless: Annotated[Level | None, Field(description="Alerts of this level and above do not wait.")] = None


class DigestForm(Form):
    """One message a day for what can wait."""

    at: Annotated[Clock, Field(description="When it is sent, local time.")]
    timezone: Annotated[Zone, Field(description="Name of the time zone.")] = "UTC"
    below: Annotated[Level, Field(description="Alerts of a lower level wait for the digest.")] = Level.HIGH


class SubscriberForm(Form):
    """A person or a desk that is told."""

    id: Annotated[Id, Field(description="A short name, unique among the subscribers.")]
    tier: Annotated[Tier, Field(description="How much of a profile they may see.")] = Tier.OPEN
    channels: Annotated[
        dict[Text, ChannelAddress],
        Field(default_factory=dict, description="Where messages go: a name and an Apprise address for each."),
    ]
    rates: Annotated[
        dict[Text, Rate],
        Field(
            default_factory=dict,
            description="The most messages that a channel takes in a time, by its name; others wait their turn.",
        ),
    ]
    watch: Annotated[tuple[WatchForm, ...], Field(description="What they are told about.")] = ()
    quiet_hours: Annotated[QuietForm | None, Field(description="Hours in which alerts wait.")] = None
    digest: Annotated[DigestForm | None, Field(description="One message a day for what can wait.")] = None
    repeat: Annotated[
        Duration | None,
        Field(description="Remind after this time while a level stays at or above `at_least`."),
    ] = None
    limit: Annotated[
        Rate | None, Field(description="The most messages in a time; above it one summary instead.")
    ] = None
    group: Annotated[
        Wait, Field(description="Rises within this time after the first go out as one message.")
    ] = timedelta(0)


class SilenceForm(SelectionForm):
    """Alerts on the selected institutions are held back. At least one key must select institutions."""

    until: Annotated[Instant, Field(description="When it ends.")]
    starts: Annotated[Instant | None, Field(description="When it begins. Without it: at once.")] = None
    reason: Annotated[Text, Field(description="Why, for people.")] = ""
    author: Annotated[Text, Field(description="Who set it, for people.")] = ""


class OperatorsForm(Form):
    """Who is told when the system itself is in trouble."""

    channels: Annotated[
        dict[Text, ChannelAddress],
        Field(default_factory=dict, description="Where it is told: a name and an Apprise address for each."),
    ]
    on: Annotated[
        tuple[Trouble, ...], Field(min_length=1, description="Of what: blind, stuck, dead, refused.")
    ] = tuple(Trouble)


class ItemForm(Form):
    """An item of a test, with the keys of a JSONL item; only the title is needed."""

    id: Annotated[Text, Field(description="Identity; the same id again is an edit of the item.")] = ""
    title: Annotated[str, Field(description="The headline.")]
    summary: Annotated[str, Field(description="The summary.")] = ""
    content: Annotated[str, Field(description="The text.")] = ""
    url: Annotated[str, Field(description="Address of the item.")] = ""
    source: Annotated[str, Field(description="Id of the source that carries it.")] = ""
    publisher: Annotated[
        str, Field(description="Who publishes it. Without it: the publisher of the source.")
    ] = ""
    published: Annotated[Instant | None, Field(description="When it was published.")] = None
    observed: Annotated[
        Instant | None, Field(description="When it was seen. Without it: when published, else `at`.")
    ] = None
    language: Annotated[str, Field(description="Language of the item.")] = ""
    origin: Annotated[str, Field(description="The publisher that the entry names as its origin.")] = ""
    author: Annotated[str, Field(description="Who wrote it.")] = ""
    withdrawn: Annotated[Boolean, Field(description="Whether this revision takes the item back.")] = False


class ExpectationForm(Form):
    """What must hold as of `at`. Only what is given is checked."""

    institution: Annotated[
        Id, Field(description="Id of the institution it is about; with a subscriber, only its alerts.")
    ] = ""
    axis: Annotated[
        Axis | None, Field(description="The axis whose level is checked, or whose alerts are counted.")
    ] = None
    level: Annotated[Level | None, Field(description="The level it must have.")] = None
    mentioned: Annotated[Boolean | None, Field(description="Whether the items mention the institution.")] = (
        None
    )
    topic: Annotated[Id, Field(description="Id of a topic that the institution's items must have.")] = ""
    subscriber: Annotated[Id, Field(description="Id of the subscriber whose alerts are checked.")] = ""
    channel: Annotated[Text, Field(description="Only alerts to this channel of the subscriber.")] = ""
    alerts: Annotated[Count | None, Field(description="How many alerts there must be.")] = None
    state: Annotated[AlertState | None, Field(description="Only alerts in this state.")] = None
    reason: Annotated[Text, Field(description="Only alerts with this reason.")] = ""
    text: Annotated[Text, Field(description="What a message must contain.")] = ""
    not_text: Annotated[Text, Field(description="What no message may contain.")] = ""


class ConfigTestForm(Form):
    """A unit test of the configuration."""

    name: Annotated[Text, Field(description="What the test shows, unique among the tests.")]
    at: Annotated[Instant, Field(description="The instant as of which is checked.")]
    items: Annotated[tuple[ItemForm, ...], Field(description="The items that are observed.")] = ()
    expect: Annotated[tuple[ExpectationForm, ...], Field(min_length=1, description="What must hold.")]


class ConfigurationForm(Form):
    """A file of the configuration. Several files may each hold parts; `levels` and `operators` stand in one of them."""

    sources: Annotated[tuple[SourceForm, ...], Field(description="Feeds to poll.")] = ()
    institutions: Annotated[tuple[InstitutionForm, ...], Field(description="Organisations to track.")] = ()
    topics: Annotated[tuple[TopicForm, ...], Field(description="What items can be about.")] = ()
    levels: Annotated[LevelsForm, Field(description="How scores become levels.")] = LevelsForm()
    subscribers: Annotated[tuple[SubscriberForm, ...], Field(description="Who is told.")] = ()
    silences: Annotated[tuple[SilenceForm, ...], Field(description="What is held back for a time.")] = ()
    operators: Annotated[
        OperatorsForm, Field(default_factory=OperatorsForm, description="Who looks after the system.")
    ]
    tests: Annotated[tuple[ConfigTestForm, ...], Field(description="Unit tests, run by `alerts test`.")] = ()


ENTRY_FORMS: dict[str, type[Form]] = {
    "sources": SourceForm,
    "institutions": InstitutionForm,
    "topics": TopicForm,
    "levels": LevelsForm,
    "subscribers": SubscriberForm,
    "silences": SilenceForm,
    "operators": OperatorsForm,
    "tests": ConfigTestForm,
}
"""The form of an entry of each section."""

SINGLE = frozenset({"levels", "operators"})
"""Sections that are one mapping; the others are lists."""
