"""The shape of the YAML: one pydantic model for each mapping a person writes.

What each key is for stands in descriptions.yaml. Defaults are those of the model.
"""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

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
    Weekly,
    Zone,
    problem,
)
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
    ids: tuple[Id, ...] = ()
    tags: tuple[Text, ...] = ()


class SourceForm(Form):
    """A feed of one publisher."""

    id: Id
    url: WebAddress
    publisher: Text
    reliability: Reliability = Reliability.F
    speaks_for: tuple[Id, ...] = ()
    authority_on: AuthorityForm = AuthorityForm()
    interval: Duration = _SOURCE.interval
    at_most: Duration | None = None
    language: Language = ""
    tags: tuple[Text, ...] = ()
    allow_private: Boolean = False


class RelationForm(Form):
    """A relation to another institution."""

    kind: Text
    to: Id


_DERIVATIONS = WithJsonSchema(
    {"anyOf": [{"enum": ["all", "none"]}, {"type": "array", "items": {"enum": [each.value for each in Derivation]}}]}
)


def _derivations(value: Any) -> Any:
    """`all`, `none` or a list, always as a list."""
    if isinstance(value, str):
        if value not in {"all", "none"}:
            raise problem(f"write all, none, or a list of {', '.join(Derivation)}")
        return list(Derivation) if value == "all" else []
    return value


class MatchForm(Form):
    """How the names of the institution are accepted in a text."""

    case_sensitive: Boolean | None = None
    require_any: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    derive: Annotated[tuple[Derivation, ...], BeforeValidator(_derivations), _DERIVATIONS] = tuple(Derivation)


class AliasForm(ShortForm):
    """Another name, alone or with conditions of its own, which then hold in place of those of the institution."""

    short = ("name", str)
    name: Text
    case_sensitive: Boolean | None = None
    require_any: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()


class InstitutionForm(Form):
    """An organisation that is tracked."""

    id: Id
    name: Text
    aliases: tuple[AliasForm, ...] = ()
    products: tuple[Text, ...] = ()
    domains: tuple[Domain, ...] = ()
    ids: dict[str, Text] = {}
    category: Text = ""
    region: Text = ""
    primary_domain: Text = ""
    role: Role = Role.SUBJECT
    criticality: Criticality = Criticality.MEDIUM
    tags: tuple[Text, ...] = ()
    relations: tuple[RelationForm, ...] = ()
    match: MatchForm = MatchForm()


class SeverityForm(Form):
    """What one fully confirmed headline story does alone, on each axis."""

    priority: Share = 0.0
    policy: Share = 0.0
    continuity: Share = 0.0


class TopicForm(Form):
    """What an item can be about."""

    id: Id
    signal: Signal | None = None
    extends: Boolean = False
    any: tuple[Text, ...] = ()
    none: tuple[Text, ...] = ()
    patterns: Patterns = {}
    weak: Patterns = {}
    resolved_by: Patterns = {}
    except_: Annotated[Patterns, Field(alias="except")] = {}
    severity: SeverityForm = SeverityForm()
    near: Near = Near.ITEM
    negation: Boolean = True


class RaiseForm(Form):
    """Scores, each above the one before it."""

    medium: Threshold = _LEVELS.raise_[Level.MEDIUM]
    high: Threshold = _LEVELS.raise_[Level.HIGH]
    critical: Threshold = _LEVELS.raise_[Level.CRITICAL]


class HalfLifeForm(Form):
    """How fast evidence fades."""

    priority: Duration = _LEVELS.half_life[Axis.PRIORITY]
    policy: Duration = _LEVELS.half_life[Axis.POLICY]
    continuity: Duration = _LEVELS.half_life[Axis.CONTINUITY]


class LevelsForm(Form):
    """When a score lifts a level, how far it must fall back, and how fast evidence fades."""

    raise_: Annotated[RaiseForm, Field(alias="raise")] = RaiseForm()
    margin: Share = _LEVELS.margin
    half_life: HalfLifeForm = HalfLifeForm()


class SelectionForm(Form):
    """Which institutions: those that any of the lists names."""

    institutions: tuple[Id, ...] = ()
    tags: tuple[Text, ...] = ()
    regions: tuple[Text, ...] = ()
    categories: tuple[Text, ...] = ()
    all: Boolean = False


class ExclusionForm(SelectionForm):
    """What a rule leaves out."""

    topics: tuple[Id, ...] = ()
    signals: tuple[Signal, ...] = ()
    sources: tuple[Id, ...] = ()


class EscalateForm(Form):
    """Where an alert goes on to if nobody acknowledges it."""

    after: Duration
    to: Annotated[tuple[Text, ...], Field(min_length=1)]


class WatchForm(SelectionForm):
    """What a subscriber is alerted to. At least one key must select institutions."""

    name: Text = ""
    on: Annotated[tuple[On, ...], Field(min_length=1)] = (On.STORY, On.LEVEL)
    axes: Annotated[tuple[Axis, ...], Field(min_length=1)] = tuple(Axis)
    topics: tuple[Id, ...] = ()
    signals: tuple[Signal, ...] = ()
    at_least: Level = Level.MEDIUM
    min_grade: Literal["A", "B", "C", "D"] = "D"
    except_: Annotated[ExclusionForm | None, Field(alias="not")] = None
    direction: Direction = Direction.RISE
    again: Wait = timedelta(days=7)
    to: tuple[Text, ...] = ()
    escalate: EscalateForm | None = None


class QuietForm(Form):
    """Local hours in which alerts wait."""

    from_: Annotated[Clock, Field(alias="from")]
    to: Clock
    timezone: Zone = "UTC"
    unless: Level | None = None


class DigestForm(Form):
    """One message a day for what can wait."""

    at: Clock
    timezone: Zone = "UTC"
    below: Level = Level.HIGH


class BriefingForm(Form):
    """What the week before brought, in one message."""

    weekly: Weekly
    timezone: Zone = "UTC"


class SubscriberForm(Form):
    """A person or a team that gets alerts."""

    id: Id
    tier: Tier = Tier.OPEN
    channels: Annotated[dict[Text, ChannelAddress], Field(default_factory=dict)]
    rates: Annotated[dict[Text, Rate], Field(default_factory=dict)]
    fallback: Annotated[dict[Text, Text], Field(default_factory=dict)]
    watch: tuple[WatchForm, ...] = ()
    quiet_hours: QuietForm | None = None
    digest: DigestForm | None = None
    briefing: BriefingForm | None = None
    repeat: Duration | None = None
    limit: Rate | None = None
    group: Wait = timedelta(minutes=1)


class SilenceForm(SelectionForm):
    """Alerts on the selected institutions are held back. At least one key must select institutions."""

    until: Instant
    starts: Instant | None = None
    reason: Text = ""
    author: Text = ""


class OperatorsForm(Form):
    """Who is notified of incidents of the system itself."""

    channels: Annotated[dict[Text, ChannelAddress], Field(default_factory=dict)]
    on: Annotated[tuple[IncidentKind, ...], Field(min_length=1)] = tuple(IncidentKind)


class AccessForm(Form):
    """What people who sign on may see and do, by their groups."""

    claim: Text = "groups"
    operators: tuple[Text, ...] = ()
    tiers: dict[Text, Tier] = {}
    subscribers: dict[Text, Id] = {}


class ItemForm(Form):
    """An item of a test, with the keys of a JSONL item; only the title is needed."""

    id: Text = ""
    title: str
    summary: str = ""
    content: str = ""
    url: str = ""
    source: str = ""
    publisher: str = ""
    published: Instant | None = None
    observed: Instant | None = None
    language: str = ""
    origin: str = ""
    author: str = ""
    withdrawn: Boolean = False


class ExpectationForm(Form):
    """What must hold as of `at`. Only what is given is checked."""

    institution: Id = ""
    axis: Axis | None = None
    level: Level | None = None
    mentioned: Boolean | None = None
    topic: Id = ""
    subscriber: Id = ""
    channel: Text = ""
    alerts: Count | None = None
    state: AlertState | None = None
    reason: Text = ""
    text: Text = ""
    not_text: Text = ""


class ConfigTestForm(Form):
    """A unit test of the configuration."""

    name: Text
    at: Instant
    items: tuple[ItemForm, ...] = ()
    expect: Annotated[tuple[ExpectationForm, ...], Field(min_length=1)]


class ConfigurationForm(Form):
    """A file of the configuration. Several files may each hold parts; mappings such as `levels` stand in one."""

    sources: tuple[SourceForm, ...] = ()
    institutions: tuple[InstitutionForm, ...] = ()
    topic_packs: tuple[Id, ...] = ()
    topics_off: tuple[Id, ...] = ()
    topics: tuple[TopicForm, ...] = ()
    levels: LevelsForm = LevelsForm()
    fresh: Duration = FRESH
    subscribers: tuple[SubscriberForm, ...] = ()
    silences: tuple[SilenceForm, ...] = ()
    operators: Annotated[OperatorsForm, Field(default_factory=OperatorsForm)]
    access: AccessForm = AccessForm()
    tests: tuple[ConfigTestForm, ...] = ()


_PARTS = get_type_hints(ConfigurationForm, include_extras=True)
SINGLE = frozenset(name for name, kind in _PARTS.items() if get_origin(kind) is not tuple)  # sections that stand once
# What checks an entry of each section: of a form, or of a plain value.
ENTRIES = {name: TypeAdapter(kind if name in SINGLE else get_args(kind)[0]) for name, kind in _PARTS.items()}
