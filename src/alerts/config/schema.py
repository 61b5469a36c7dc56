"""The shape of the YAML: one pydantic model for each mapping a person writes.

The descriptions stand in the JSON Schema that editors show. Defaults are those of the model.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

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
    Patterns,
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
from alerts.model.institution import Criticality, Derivation, Role
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.operators import IncidentKind
from alerts.model.settings import FRESH
from alerts.model.source import Reliability, Source
from alerts.model.subscriber import Direction, On, Tier
from alerts.model.topic import Near, Signal

_SOURCE = Source("", "", "")
_LEVELS = LevelRules()
_FRESH = "Reports that are older when they are observed set levels and alert nobody."


class Form(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AuthorityForm(Form):
    """Institutions upon which the publisher of a source acts."""

    ids: Annotated[tuple[Id, ...], Field(description="These institutions.")] = ()
    tags: Annotated[tuple[Text, ...], Field(description="Every institution that carries one of these tags.")] = ()


def _authority(value: Any) -> Any:
    """A list of ids is short for `{ids: …}`."""
    return {"ids": value} if isinstance(value, list) else value


class SourceForm(Form):
    """A feed of one publisher."""

    id: Annotated[Id, Field(description="A short name, unique among the sources.")]
    url: Annotated[WebAddress, Field(description="Address of the feed, `http://` or `https://`.")]
    publisher: Annotated[Text, Field(description="Who publishes it; items of one publisher count as one voice.")]
    reliability: Annotated[
        Reliability,
        Field(
            description="The Admiralty scale: A reliable, B usually, C fairly, D not usually, E unreliable, F "
            "cannot be judged."
        ),
    ] = Reliability.F
    speaks_for: Annotated[
        tuple[Id, ...],
        Field(
            description="Institutions, by id: the source is *direct* for them, which weighs more, and "
            "*secondary* for all others."
        ),
    ] = ()
    authority_on: Annotated[
        AuthorityForm,
        BeforeValidator(_authority),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {
                        "type": "object",
                        "properties": {
                            "ids": {"type": "array", "items": {"type": "string"}},
                            "tags": {"type": "array", "items": {"type": "string"}},
                        },
                        "additionalProperties": False,
                    },
                ]
            }
        ),
        Field(
            description="Institutions upon which it acts, as a regulator upon banks: `{tags: [bank]}`, `{ids: [acme]}` "
            "or a list of ids. It is *direct* for them where an item names them, and says nothing about them where not."
        ),
    ] = AuthorityForm()
    interval: Annotated[
        Duration,
        Field(description="The least time between two polls; the program waits longer by itself where it pays."),
    ] = _SOURCE.interval
    at_most: Annotated[
        Duration | None,
        Field(
            description="The longest time between two polls, however quiet the feed is; by default up to an hour, or a "
            "day where the server gives no validators. What the server itself asks for still counts."
        ),
    ] = None
    language: Annotated[Language, Field(description="For example `en` or `pt-BR`.")] = ""
    tags: Annotated[tuple[Text, ...], Field(description="Free labels.")] = ()
    allow_private: Annotated[
        Boolean, Field(description="Whether the feed may be on a private network or this machine.")
    ] = False


class RelationForm(Form):
    """A relation to another institution."""

    kind: Annotated[Text, Field(description="What it is, for example `investor`, `supplier`, `parent`.")]
    to: Annotated[Id, Field(description="Id of the other institution: here the investor, supplier or parent.")]


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
        Field(
            description="Whether case counts; without it, it does for one-word names and acronyms and not for others."
        ),
    ] = None
    require_any: Annotated[
        tuple[Text, ...], Field(description="Context words, one of which must stand in the item.")
    ] = ()
    exclude: Annotated[tuple[Text, ...], Field(description="Phrases within which a name does not count.")] = ()
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
        Field(description="Which further names are derived from the official one: `all`, `none`, or a list."),
    ] = tuple(Derivation)


class AliasForm(Form):
    """Another name, alone or with conditions of its own, which then hold in place of those of the institution."""

    name: Annotated[Text, Field(description="The name as texts write it.")]
    case_sensitive: Annotated[Boolean | None, Field(description="Whether case counts for this name.")] = None
    require_any: Annotated[
        tuple[Text, ...],
        Field(description="Context words, one of which must stand in the item for this name to count."),
    ] = ()
    exclude: Annotated[tuple[Text, ...], Field(description="Phrases within which this name does not count.")] = ()

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class InstitutionForm(Form):
    """An organisation that is tracked."""

    id: Annotated[Id, Field(description="A short name, unique among the institutions.")]
    name: Annotated[Text, Field(description="The official name; further names are derived from it.")]
    aliases: Annotated[
        tuple[AliasForm, ...],
        WithJsonSchema(
            {
                "type": "array",
                "items": {
                    "anyOf": [
                        {"type": "string"},
                        {
                            "type": "object",
                            "properties": {
                                "name": {"type": "string"},
                                "case_sensitive": {"type": "boolean"},
                                "require_any": {"type": "array", "items": {"type": "string"}},
                                "exclude": {"type": "array", "items": {"type": "string"}},
                            },
                            "required": ["name"],
                            "additionalProperties": False,
                        },
                    ]
                },
            }
        ),
        Field(
            description="Other names of the same organisation: a name, or `{name, require_any, exclude, "
            "case_sensitive}` with conditions of its own."
        ),
    ] = ()
    products: Annotated[
        tuple[Text, ...], Field(description="A mention through a product counts, with less salience.")
    ] = ()
    domains: Annotated[tuple[Domain, ...], Field(description="A link to one of them is a mention.")] = ()
    ids: Annotated[
        dict[str, Text], Field(description="Its ids in other systems, for example `{lei: …, wikidata: Q…}`.")
    ] = {}
    category: Annotated[Text, Field(description="What it is, for example `AI lab`; watch rules can select it.")] = ""
    region: Annotated[Text, Field(description="Where it is at home; watch rules can select it.")] = ""
    primary_domain: Annotated[Text, Field(description="The field it matters most for.")] = ""
    role: Annotated[
        Role,
        Field(
            description="`subject`: things happen to it; `authority`: it acts upon others. What an authority does "
            "raises nothing of its own, and an item that names it and others is about the others."
        ),
    ] = Role.SUBJECT
    criticality: Annotated[
        Criticality, Field(description="How much depends on it: every contribution is scaled by 0.8, 1.0 or 1.2.")
    ] = Criticality.MEDIUM
    tags: Annotated[tuple[Text, ...], Field(description="Free labels; watch rules can select them.")] = ()
    relations: Annotated[
        tuple[RelationForm, ...], Field(description="Relations to other institutions, shown in the profile.")
    ] = ()
    match: Annotated[MatchForm, Field(description="How its names are accepted in a text.")] = MatchForm()


class SeverityForm(Form):
    """What one fully confirmed headline story does alone, on each axis."""

    priority: Annotated[Share, Field(description="On the axis *priority* (now, 0 to 30 days).")] = 0.0
    policy: Annotated[Share, Field(description="On the axis *policy* (quarter, 30 to 120 days).")] = 0.0
    continuity: Annotated[Share, Field(description="On the axis *continuity* (year, 120 days and more).")] = 0.0


class TopicForm(Form):
    """What an item can be about."""

    id: Annotated[Id, Field(description="A short name, unique among the topics. That of a pack replaces it.")]
    signal: Annotated[
        Signal | None, Field(description="The signal class it belongs to. Not needed with `extends`.")
    ] = None
    extends: Annotated[
        Boolean,
        Field(
            description="Whether the topic of this id in a pack stays, with what is written here in addition: "
            "phrases and patterns are added, `severity` and `near` replaced where given."
        ),
    ] = False
    any: Annotated[
        tuple[Text, ...],
        Field(
            description="Phrases, one of which must stand in the item; one that ends in `*` also matches longer words."
        ),
    ] = ()
    none: Annotated[tuple[Text, ...], Field(description="Phrases that rule the topic out.")] = ()
    patterns: Annotated[
        Patterns,
        Field(
            description="Words in order within one sentence: `(a|b)` one of, `word*` longer words, `~4` up to four "
            "words, `{steal}` a verb in all forms, `#` a number, `@`, `@target`, `@actor` an institution; by language."
        ),
    ] = {}
    weak: Annotated[Patterns, Field(description="Patterns that are hints: half the severity.")] = {}
    resolved_by: Annotated[Patterns, Field(description="Patterns that say it is over: a quarter of the severity.")] = {}
    except_: Annotated[
        Patterns, Field(alias="except", description="Patterns that the topic's matches must not overlap.")
    ] = {}
    severity: Annotated[SeverityForm, Field(description="How much one story raises each axis.")] = SeverityForm()
    near: Annotated[
        Near,
        Field(
            description="`sentence`: the topic counts for an institution only in one sentence with it, or in the title."
        ),
    ] = Near.ITEM
    negation: Annotated[
        Boolean, Field(description="Whether a denial in the text (“no outage”) lowers the weight of the topic.")
    ] = True


class NameForm(Form):
    """An entry that is written as a name alone."""

    id: Id

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"id": value} if isinstance(value, str) else value


class RaiseForm(Form):
    """Scores, each above the one before it."""

    medium: Annotated[Threshold, Field(description="The level becomes medium at this score.")] = _LEVELS.raise_[
        Level.MEDIUM
    ]
    high: Annotated[Threshold, Field(description="The level becomes high at this score.")] = _LEVELS.raise_[Level.HIGH]
    critical: Annotated[Threshold, Field(description="The level becomes critical at this score.")] = _LEVELS.raise_[
        Level.CRITICAL
    ]


class HalfLifeForm(Form):
    """How fast evidence fades."""

    priority: Annotated[Duration, Field(description="On the axis *priority*.")] = _LEVELS.half_life[Axis.PRIORITY]
    policy: Annotated[Duration, Field(description="On the axis *policy*.")] = _LEVELS.half_life[Axis.POLICY]
    continuity: Annotated[Duration, Field(description="On the axis *continuity*.")] = _LEVELS.half_life[Axis.CONTINUITY]


class LevelsForm(Form):
    """When a score lifts a level, how far it must fall back, and how fast evidence fades."""

    raise_: Annotated[RaiseForm, Field(alias="raise", description="The scores that lift a level.")] = RaiseForm()
    margin: Annotated[
        Share,
        Field(
            description="A level falls when the score is this much below the one that raised it; less than "
            "`raise.medium`."
        ),
    ] = _LEVELS.margin
    half_life: Annotated[HalfLifeForm, Field(description="The time in which evidence loses half of its weight.")] = (
        HalfLifeForm()
    )


class SelectionForm(Form):
    """Which institutions: those that any of the lists names."""

    institutions: Annotated[tuple[Id, ...], Field(description="These institutions.")] = ()
    tags: Annotated[tuple[Text, ...], Field(description="Every institution that carries one of these tags.")] = ()
    regions: Annotated[tuple[Text, ...], Field(description="Every institution of one of these regions.")] = ()
    categories: Annotated[tuple[Text, ...], Field(description="Every institution of one of these categories.")] = ()
    all: Annotated[Boolean, Field(description="Every institution.")] = False


class ExclusionForm(SelectionForm):
    """What a rule leaves out."""

    topics: Annotated[tuple[Id, ...], Field(description="Stories with one of these topics.")] = ()
    signals: Annotated[
        tuple[Signal, ...], Field(description="Stories with a topic of one of these signal classes.")
    ] = ()
    sources: Annotated[tuple[Id, ...], Field(description="Stories that none but these sources report, by id.")] = ()


class WatchForm(SelectionForm):
    """What a subscriber is alerted to. At least one key must select institutions."""

    name: Annotated[
        Text, Field(description="What messages say after “You get this because”; unique in the subscriber.")
    ] = ""
    on: Annotated[
        tuple[On, ...],
        Field(
            min_length=1,
            description="What to react to: `story`, a story that reaches a level by itself; `level`, a level of "
            "the institution that changes; `mention`, any mention; `spike`, unusually many stories; `grade`, a "
            "grade that changes.",
        ),
    ] = (On.STORY, On.LEVEL)
    axes: Annotated[tuple[Axis, ...], Field(min_length=1, description="On which axes.")] = tuple(Axis)
    topics: Annotated[tuple[Id, ...], Field(description="Only stories with one of these topics; without it any.")] = ()
    signals: Annotated[
        tuple[Signal, ...],
        Field(description="Only stories with a topic of one of these signal classes; without it any."),
    ] = ()
    at_least: Annotated[Level, Field(description="The lowest level that is alerted.")] = Level.MEDIUM
    min_grade: Annotated[
        Literal["A", "B", "C", "D"],
        Field(description="The least grade of confidence; `D` is all above internal monitoring."),
    ] = "D"
    not_: Annotated[ExclusionForm | None, Field(alias="not", description="What the rule leaves out.")] = None
    direction: Annotated[Direction, Field(description="Which way; a fall goes only to those who got the rise.")] = (
        Direction.RISE
    )
    again: Annotated[
        Wait,
        Field(
            description="Another story of a topic alerted within this time alerts only at a higher level; `0s`: "
            "every story alerts."
        ),
    ] = timedelta(days=7)
    to: Annotated[
        tuple[Text, ...], Field(description="Names of the subscriber's channels; without it all of them.")
    ] = ()


class QuietForm(Form):
    """Local hours in which alerts wait."""

    from_: Annotated[Clock, Field(alias="from", description="When the quiet begins, local time.")]
    to: Annotated[Clock, Field(description="When it ends; earlier than `from` means the next day.")]
    timezone: Annotated[Zone, Field(description="Whose local time.")] = "UTC"
    unless: Annotated[Level | None, Field(description="Alerts of this level and above do not wait.")] = None


class DigestForm(Form):
    """One message a day for what can wait."""

    at: Annotated[Clock, Field(description="When it is sent, local time.")]
    timezone: Annotated[Zone, Field(description="Whose local time.")] = "UTC"
    below: Annotated[Level, Field(description="Alerts of a lower level wait for the digest.")] = Level.HIGH


class SubscriberForm(Form):
    """A person or a desk that is told."""

    id: Annotated[Id, Field(description="A short name, unique among the subscribers.")]
    tier: Annotated[Tier, Field(description="How much of a profile they may see.")] = Tier.OPEN
    channels: Annotated[dict[Text, ChannelAddress], Field(default_factory=dict, description="Where messages go.")]
    rates: Annotated[
        dict[Text, Rate],
        Field(
            default_factory=dict,
            description="The most messages a channel takes in a time. Without it: what its service asks for.",
        ),
    ]
    watch: Annotated[tuple[WatchForm, ...], Field(description="What they are told about.")] = ()
    quiet_hours: Annotated[QuietForm | None, Field(description="Hours in which alerts wait.")] = None
    digest: Annotated[DigestForm | None, Field(description="One message a day for what can wait.")] = None
    repeat: Annotated[
        Duration | None,
        Field(description="Remind after this time while a level stays at or above `at_least`; without it never."),
    ] = None
    limit: Annotated[Rate | None, Field(description="The most messages in a time; above it one summary instead.")] = (
        None
    )
    group: Annotated[
        Wait,
        Field(
            description="Alerts about one institution, or from one item, within this time after the first go out "
            "as one message; `0s`: each at once."
        ),
    ] = timedelta(minutes=1)


class FreshForm(Form):
    """How old news may be to alert."""

    fresh: Annotated[Duration, Field(description=_FRESH)]


class SilenceForm(SelectionForm):
    """Alerts on the selected institutions are held back. At least one key must select institutions."""

    until: Annotated[Instant, Field(description="When it ends.")]
    starts: Annotated[Instant | None, Field(description="When it begins; without it at once.")] = None
    reason: Annotated[Text, Field(description="Why, for people.")] = ""
    author: Annotated[Text, Field(description="Who set it, for people.")] = ""


class OperatorsForm(Form):
    """Who is told when the system itself is in trouble."""

    channels: Annotated[dict[Text, ChannelAddress], Field(default_factory=dict, description="Where they are told.")]
    on: Annotated[
        tuple[IncidentKind, ...],
        Field(
            min_length=1,
            description="Of what: `blind`, no source that would report on an institution works; `stuck`, work "
            "is overdue; `dead`, deliveries to a channel were given up; `refused`, an edit of the "
            "configuration is not in force.",
        ),
    ] = tuple(IncidentKind)


class ItemForm(Form):
    """An item of a test, with the keys of a JSONL item; only the title is needed."""

    id: Annotated[Text, Field(description="Identity; the same id again is an edit of the item.")] = ""
    title: Annotated[str, Field(description="The headline.")]
    summary: Annotated[str, Field(description="The summary.")] = ""
    content: Annotated[str, Field(description="The text.")] = ""
    url: Annotated[str, Field(description="Address of the item.")] = ""
    source: Annotated[
        str, Field(description="Id of the source that carries it; decides reliability and directness.")
    ] = ""
    publisher: Annotated[str, Field(description="Who publishes it; without it the publisher of the source.")] = ""
    published: Annotated[Instant | None, Field(description="When it was published.")] = None
    observed: Annotated[
        Instant | None,
        Field(
            description="When it was seen: the instant at which it takes effect, not after `at`; without it "
            "when published, else `at`."
        ),
    ] = None
    language: Annotated[str, Field(description="Language of the item.")] = ""
    origin: Annotated[str, Field(description="The publisher that the entry itself names as its origin.")] = ""
    author: Annotated[str, Field(description="Who wrote it.")] = ""
    withdrawn: Annotated[Boolean, Field(description="Whether this revision takes the item back.")] = False


class ExpectationForm(Form):
    """What must hold as of `at`. Only what is given is checked."""

    institution: Annotated[
        Id,
        Field(
            description="Id of the institution that `axis`, `level`, `mentioned` and `topic` are about; beside "
            "`subscriber`, only alerts about it."
        ),
    ] = ""
    axis: Annotated[
        Axis | None,
        Field(
            description="The axis whose level is checked, the highest where none is given; beside "
            "`subscriber`, only alerts on it."
        ),
    ] = None
    level: Annotated[Level | None, Field(description="The level it must have at `at`.")] = None
    mentioned: Annotated[Boolean | None, Field(description="Whether any item mentions the institution.")] = None
    topic: Annotated[Id, Field(description="Id of a topic that the institution's items must have.")] = ""
    subscriber: Annotated[Id, Field(description="Id of the subscriber whose alerts are checked.")] = ""
    channel: Annotated[Text, Field(description="Only alerts to this channel of the subscriber.")] = ""
    alerts: Annotated[
        Count | None,
        Field(description="How many alerts there must be up to `at`, those that were held back not counted."),
    ] = None
    state: Annotated[
        AlertState | None, Field(description="Only alerts in this state; without `alerts`, there must be one.")
    ] = None
    reason: Annotated[
        Text, Field(description="Only alerts held back for this reason; without `alerts`, there must be one.")
    ] = ""
    text: Annotated[Text, Field(description="What a message must contain.")] = ""
    not_text: Annotated[Text, Field(description="What no message may contain.")] = ""


class ConfigTestForm(Form):
    """A unit test of the configuration."""

    name: Annotated[Text, Field(description="What the test shows, unique among the tests.")]
    at: Annotated[Instant, Field(description="The instant as of which is checked.")]
    items: Annotated[tuple[ItemForm, ...], Field(description="What is observed.")] = ()
    expect: Annotated[tuple[ExpectationForm, ...], Field(min_length=1, description="What must hold.")]


class ConfigurationForm(Form):
    """A file of the configuration. Several files may each hold parts; `levels` and `operators` stand in one of them."""

    sources: Annotated[tuple[SourceForm, ...], Field(description="Feeds to poll.")] = ()
    institutions: Annotated[tuple[InstitutionForm, ...], Field(description="Organisations to track.")] = ()
    topic_packs: Annotated[
        tuple[Id, ...], Field(description="Topics that are shipped: `alerts topics --packs` lists the packs.")
    ] = ()
    topics_off: Annotated[tuple[Id, ...], Field(description="Topics of the packs that are left out.")] = ()
    topics: Annotated[tuple[TopicForm, ...], Field(description="What items can be about.")] = ()
    levels: Annotated[LevelsForm, Field(description="How scores become levels.")] = LevelsForm()
    fresh: Annotated[Duration, Field(description=_FRESH)] = FRESH
    subscribers: Annotated[tuple[SubscriberForm, ...], Field(description="Who is told.")] = ()
    silences: Annotated[tuple[SilenceForm, ...], Field(description="What is held back for a time.")] = ()
    operators: Annotated[
        OperatorsForm,
        Field(default_factory=OperatorsForm, description="Who is told of trouble with the system itself."),
    ]
    tests: Annotated[tuple[ConfigTestForm, ...], Field(description="Unit tests of the configuration.")] = ()


ENTRY_FORMS: dict[str, type[Form]] = {
    "sources": SourceForm,
    "institutions": InstitutionForm,
    "topic_packs": NameForm,
    "topics_off": NameForm,
    "topics": TopicForm,
    "levels": LevelsForm,
    "fresh": FreshForm,
    "subscribers": SubscriberForm,
    "silences": SilenceForm,
    "operators": OperatorsForm,
    "tests": ConfigTestForm,
}
"""The form of an entry of each section."""

SINGLE = frozenset({"levels", "operators", "fresh"})
"""Sections that stand once; the others are lists."""

VALUES = frozenset({"fresh"})
"""Single sections that are one value; their form has one key, the section's own name."""
