"""The shape of the YAML: one pydantic model for each mapping a person writes.

What each key is for stands in descriptions.yaml. Defaults are those of the model."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, TypeAdapter, model_validator
from pydantic_core import CoreSchema

from alerts.config import values
from alerts.model.alert import AlertState
from alerts.model.institution import Criticality, Derivation, Role
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.settings import FRESH
from alerts.model.source import Reliability, Source
from alerts.model.subscriber import Direction, IncidentKind, On, Tier
from alerts.model.topic import Near, Signal

_SOURCE = Source("", "", "")
_LEVELS = LevelRules()


class Form(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShortForm(Form):
    """A mapping in whose place the value of one of its keys may stand: `short` is that key and the value's type."""

    short: ClassVar[tuple[str, type]]

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, value: Any) -> Any:
        key, kind = cls.short
        return {key: value} if isinstance(value, kind) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        full = handler(schema)
        return {"anyOf": [handler.resolve_ref_schema(full)["properties"][cls.short[0]], full]}


class AuthorityForm(ShortForm):
    """Institutions upon which the publisher of a source acts; a list of ids is short for `{ids: …}`."""

    short = ("ids", list)
    ids: tuple[values.Id, ...] = ()
    tags: tuple[values.Text, ...] = ()


class SourceForm(Form):
    """A feed of one publisher."""

    id: values.Id
    url: values.WebAddress
    publisher: values.Text
    reliability: Reliability = Reliability.F
    speaks_for: tuple[values.Id, ...] = ()
    authority_on: AuthorityForm = AuthorityForm()
    interval: values.Duration = _SOURCE.interval
    at_most: values.Duration | None = None
    language: values.Language = ""
    tags: tuple[values.Text, ...] = ()
    allow_private: values.Boolean = False


class RelationForm(Form):
    """A relation to another institution."""

    kind: values.Text
    to: values.Id


class MatchForm(Form):
    """How the names of the institution are accepted in a text."""

    case_sensitive: values.Boolean | None = None
    require_any: tuple[values.Text, ...] = ()
    exclude: tuple[values.Text, ...] = ()
    derive: values.Derivations = tuple(Derivation)


class AliasForm(ShortForm):
    """Another name, alone or with conditions of its own, which then hold in place of those of the institution."""

    short = ("name", str)
    name: values.Text
    case_sensitive: values.Boolean | None = None
    require_any: tuple[values.Text, ...] = ()
    exclude: tuple[values.Text, ...] = ()


class InstitutionForm(Form):
    """An organisation that is tracked."""

    id: values.Id
    name: values.Text
    aliases: tuple[AliasForm, ...] = ()
    products: tuple[values.Text, ...] = ()
    domains: tuple[values.Domain, ...] = ()
    ids: dict[str, values.Text] = {}
    category: values.Text = ""
    region: values.Text = ""
    primary_domain: values.Text = ""
    role: Role = Role.SUBJECT
    criticality: Criticality = Criticality.MEDIUM
    tags: tuple[values.Text, ...] = ()
    relations: tuple[RelationForm, ...] = ()
    match: MatchForm = MatchForm()


class SeverityForm(Form):
    """What one fully confirmed headline story does alone, on each axis."""

    priority: values.Share = 0.0
    policy: values.Share = 0.0
    continuity: values.Share = 0.0


class TopicForm(Form):
    """What an item can be about."""

    id: values.Id
    signal: Signal | None = None
    extends: values.Boolean = False
    any: tuple[values.Text, ...] = ()
    none: tuple[values.Text, ...] = ()
    patterns: values.Patterns = {}
    weak: values.Patterns = {}
    resolved_by: values.Patterns = {}
    except_: Annotated[values.Patterns, Field(alias="except")] = {}
    severity: SeverityForm = SeverityForm()
    near: Near = Near.ITEM
    negation: values.Boolean = True


class RaiseForm(Form):
    """Scores, each above the one before it."""

    medium: values.Threshold = _LEVELS.raise_[Level.MEDIUM]
    high: values.Threshold = _LEVELS.raise_[Level.HIGH]
    critical: values.Threshold = _LEVELS.raise_[Level.CRITICAL]


class HalfLifeForm(Form):
    """How fast evidence fades."""

    priority: values.Duration = _LEVELS.half_life[Axis.PRIORITY]
    policy: values.Duration = _LEVELS.half_life[Axis.POLICY]
    continuity: values.Duration = _LEVELS.half_life[Axis.CONTINUITY]


class LevelsForm(Form):
    """When a score lifts a level, how far it must fall back, and how fast evidence fades."""

    raise_: Annotated[RaiseForm, Field(alias="raise")] = RaiseForm()
    margin: values.Share = _LEVELS.margin
    half_life: HalfLifeForm = HalfLifeForm()


class SelectionForm(Form):
    """Which institutions: those that any of the lists names."""

    institutions: tuple[values.Id, ...] = ()
    tags: tuple[values.Text, ...] = ()
    regions: tuple[values.Text, ...] = ()
    categories: tuple[values.Text, ...] = ()
    all: values.Boolean = False


class ExclusionForm(SelectionForm):
    """What a rule leaves out."""

    topics: tuple[values.Id, ...] = ()
    signals: tuple[Signal, ...] = ()
    sources: tuple[values.Id, ...] = ()


class EscalateForm(Form):
    """Where an alert goes on to if nobody acknowledges it."""

    after: values.Duration
    to: Annotated[tuple[values.Text, ...], Field(min_length=1)]


class WatchForm(SelectionForm):
    """What a subscriber is alerted to. At least one key must select institutions."""

    name: values.Text = ""
    on: Annotated[tuple[On, ...], Field(min_length=1)] = (On.STORY, On.LEVEL)
    axes: Annotated[tuple[Axis, ...], Field(min_length=1)] = tuple(Axis)
    topics: tuple[values.Id, ...] = ()
    signals: tuple[Signal, ...] = ()
    at_least: Level = Level.MEDIUM
    min_grade: Literal["A", "B", "C", "D"] = "D"
    except_: Annotated[ExclusionForm | None, Field(alias="not")] = None
    direction: Direction = Direction.RISE
    again: values.Wait = timedelta(days=7)
    to: tuple[values.Text, ...] = ()
    escalate: EscalateForm | None = None


class QuietForm(Form):
    """Local hours in which alerts wait."""

    from_: Annotated[values.Clock, Field(alias="from")]
    to: values.Clock
    timezone: values.Zone = "UTC"
    unless: Level | None = None


class DigestForm(Form):
    """One message a day for what can wait."""

    at: values.Clock
    timezone: values.Zone = "UTC"
    below: Level = Level.HIGH


class BriefingForm(Form):
    """What the week before brought, in one message."""

    weekly: values.Weekly
    timezone: values.Zone = "UTC"


class SubscriberForm(Form):
    """A person or a team that gets alerts."""

    id: values.Id
    tier: Tier = Tier.OPEN
    channels: Annotated[dict[values.Text, values.ChannelAddress], Field(default_factory=dict)]
    rates: Annotated[dict[values.Text, values.Rate], Field(default_factory=dict)]
    fallback: Annotated[dict[values.Text, values.Text], Field(default_factory=dict)]
    watch: tuple[WatchForm, ...] = ()
    quiet_hours: QuietForm | None = None
    digest: DigestForm | None = None
    briefing: BriefingForm | None = None
    repeat: values.Duration | None = None
    limit: values.Rate | None = None
    group: values.Wait = timedelta(minutes=1)


class SilenceForm(SelectionForm):
    """Alerts on the selected institutions are held back. At least one key must select institutions."""

    until: values.Instant
    starts: values.Instant | None = None
    reason: values.Text = ""
    author: values.Text = ""


class OperatorsForm(Form):
    """Who is notified of incidents of the system itself."""

    channels: Annotated[dict[values.Text, values.ChannelAddress], Field(default_factory=dict)]
    on: Annotated[tuple[IncidentKind, ...], Field(min_length=1)] = tuple(IncidentKind)


class AccessForm(Form):
    """What people who sign on may see and do, by their groups."""

    claim: values.Text = "groups"
    operators: tuple[values.Text, ...] = ()
    tiers: dict[values.Text, Tier] = {}
    subscribers: dict[values.Text, values.Id] = {}


class ItemForm(Form):
    """An item of a test, with the keys of a JSONL item; only the title is needed."""

    id: values.Text = ""
    title: str
    summary: str = ""
    content: str = ""
    url: str = ""
    source: str = ""
    publisher: str = ""
    published: values.Instant | None = None
    observed: values.Instant | None = None
    language: str = ""
    origin: str = ""
    author: str = ""
    withdrawn: values.Boolean = False


class ExpectationForm(Form):
    """What must hold as of `at`. Only what is given is checked."""

    institution: values.Id = ""
    axis: Axis | None = None
    level: Level | None = None
    mentioned: values.Boolean | None = None
    topic: values.Id = ""
    subscriber: values.Id = ""
    channel: values.Text = ""
    alerts: values.Count | None = None
    state: AlertState | None = None
    reason: values.Text = ""
    text: values.Text = ""
    not_text: values.Text = ""


class ConfigTestForm(Form):
    """A unit test of the configuration."""

    name: values.Text
    at: values.Instant
    items: tuple[ItemForm, ...] = ()
    expect: Annotated[tuple[ExpectationForm, ...], Field(min_length=1)]


class ConfigurationForm(Form):
    """A file of the configuration. Several files may each hold parts; mappings such as `levels` stand in one."""

    sources: tuple[SourceForm, ...] = ()
    institutions: tuple[InstitutionForm, ...] = ()
    topic_packs: tuple[values.Id, ...] = ()
    topics_off: tuple[values.Id, ...] = ()
    topics: tuple[TopicForm, ...] = ()
    levels: LevelsForm = LevelsForm()
    fresh: values.Duration = FRESH
    subscribers: tuple[SubscriberForm, ...] = ()
    silences: tuple[SilenceForm, ...] = ()
    operators: Annotated[OperatorsForm, Field(default_factory=OperatorsForm)]
    access: AccessForm = AccessForm()
    tests: tuple[ConfigTestForm, ...] = ()


_PARTS = get_type_hints(ConfigurationForm, include_extras=True)
SINGLE = frozenset(name for name, kind in _PARTS.items() if get_origin(kind) is not tuple)  # sections that stand once
# What checks an entry of each section: of a form, or of a plain value.
ENTRIES = {name: TypeAdapter(kind if name in SINGLE else get_args(kind)[0]) for name, kind in _PARTS.items()}
