"""What a router takes in: all that one assessment of an institution brought, or a correction of one before.

An assessment has parts, each of a kind that a watch rule can be on. Together they make at most one alert for a
channel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from alerts.model.alert import Alert, Lead, StoryRise, gravest
from alerts.model.level import Axis, Contribution, Level, Transition
from alerts.model.subscriber import On
from alerts.routing.alerts import assessment_key


def strongest(contributions: Iterable[Contribution]) -> Contribution | None:
    """The contribution of the story that adds most; of equals the one with the smaller id."""
    return min(contributions, key=lambda each: (-each.value, each.story), default=None)


@dataclass(frozen=True, slots=True)
class Mention:
    """The institution was found in an item. `fresh` is false where it was old when found: no news."""

    lead: Lead
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Spike:
    """`count` stories started within a day, where `threshold` is what the institution's rhythm allows."""

    count: int
    expected: float
    threshold: int


@dataclass(frozen=True, slots=True)
class GradeChange:
    """The confidence grade of the institution's strongest story changed."""

    from_: str
    to: str
    lead: Lead


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of an assessment: exactly one of `rise`, `change`, `mention`, `spike`, `grade` is given.

    `level` is the level it reports, low where it has none. `lead` is the story behind it, None where there is none."""

    on: On
    level: Level
    lead: Lead | None = None
    rise: StoryRise | None = None
    change: Transition | None = None
    mention: Mention | None = None
    spike: Spike | None = None
    grade: GradeChange | None = None

    @property
    def falls(self) -> bool:
        return self.change is not None and not self.change.rises

    @property
    def rises(self) -> bool:
        return self.rise is not None or (self.change is not None and self.change.rises)

    @property
    def about(self) -> str:
        """In words, for explanations: `story s1 low → high on policy`, `policy low → high`, `mention in i1`."""
        if self.rise is not None:
            return f"story {self.rise.story}: {self.rise.axis} {self.rise.from_} → {self.rise.to}"
        if self.change is not None:
            return f"{self.change.axis} {self.change.from_} → {self.change.to}"
        if self.mention is not None:
            return f"mention in {self.mention.lead.item}"
        return self.on.value


@dataclass(frozen=True)
class InstitutionEvent:
    """All that happened to an institution at one instant.

    `rises` are stories whose own level rose, the gravest first; `changes` the level changes of the institution;
    `reported` the stories that its evidence touched, `leads` those behind the changes, by id. `fresh` is false where
    every report that brought it is older than `fresh` allows, or was found undated at a source's first poll: levels are
    set and no alert is sent (`backfill`)."""

    institution: str
    at: datetime
    rises: tuple[StoryRise, ...] = ()
    changes: tuple[Transition, ...] = ()
    fresh: bool = True
    reported: frozenset[str] = frozenset()
    leads: Mapping[str, Lead] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()
    spike: Spike | None = None
    grade: GradeChange | None = None

    @property
    def key(self) -> str:
        return assessment_key(self.institution, self.at)

    @property
    def level(self) -> Level:
        """The level of what is most urgent in it; a fall is as urgent as what remains."""
        spoken = [each.to for each in self.rises] + [each.to for each in self.changes]
        return max(spoken, key=lambda each: each.rank, default=Level.LOW)

    def behind(self, change: Transition) -> Contribution | None:
        """The story that brought a rise: of those reported at its instant the largest contribution.

        Of a fall, and where none of the stories behind it was reported, the largest of all; of equals the smaller id.
        """
        brought = [each for each in change.contributions if each.story in self.reported] if change.rises else ()
        return strongest(brought or change.contributions)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The gravest kind first, and within a kind what is gravest."""
        risen = (each for rise in self.rises for each in (rise, *rise.others))
        rises = [Part(On.STORY, each.to, each.lead, rise=each) for each in risen]
        changes = sorted(self.changes, key=lambda each: (not each.rises, -each.to.rank))
        levels = [Part(On.LEVEL, each.to, self._behind(each), change=each) for each in changes]
        mentions = [Part(On.MENTION, Level.LOW, each.lead, mention=each) for each in self.mentions]
        spikes = [] if self.spike is None else [Part(On.SPIKE, Level.LOW, spike=self.spike)]
        grades = [] if self.grade is None else [Part(On.GRADE, Level.LOW, self.grade.lead, grade=self.grade)]
        return (*rises, *levels, *mentions, *spikes, *grades)

    def _behind(self, change: Transition) -> Lead | None:
        """The story that brought a level change, as far as it is known."""
        top = self.behind(change)
        if top is None:
            return None
        risen = {each.story: each.lead for each in self.rises}
        known = risen.get(top.story) or self.leads.get(top.story)
        return known or Lead(top.story, top.title, topics=top.topics, grade=top.grade, confidence=top.confidence)

    def lead(self, parts: Iterable[Part]) -> Lead | None:
        """The story that an alert of some parts leads with: the one that brought it, else the largest contribution
        to the gravest change."""
        listed = list(parts)
        chosen = next((each for each in listed if each.rise is not None), None)
        if chosen is not None:
            return chosen.lead
        change = gravest(tuple(each.change for each in listed if each.change is not None))
        if change is not None:
            return next(each.lead for each in listed if each.change is change)
        return next((each.lead for each in listed if each.lead is not None), None)


@dataclass(frozen=True, slots=True)
class CorrectionEvent:
    """A withdrawn or corrected item takes back `axes` and `stories` of what the assessment at `assessed` brought.

    `alerts` are those that reported any of it, once they are looked up. They may be of any subscriber and state: a
    router picks its own, and of those the ones that were really delivered. It is handled before the fall that the same
    withdrawal causes."""

    institution: str
    assessed: datetime
    at: datetime
    item: str
    why: str = "withdrawn"  # or "corrected"
    axes: frozenset[Axis] = frozenset()
    stories: frozenset[str] = frozenset()
    alerts: tuple[Alert, ...] = ()

    def concerns(self, alert: Alert) -> bool:
        """Whether the alert reported any of what is taken back."""
        leads = (*((alert.lead,) if alert.lead else ()), *alert.also)
        return any(each.rises and each.axis in self.axes for each in alert.changes) or any(
            each.axis is not None and each.story in self.stories for each in leads
        )


Event = InstitutionEvent | CorrectionEvent
