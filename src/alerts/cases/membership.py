"""Which items are in which story of one institution, and how that changed. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.cases.observation import Observation
from alerts.model.story import Evidence
from alerts.scoring.evidence import evidence
from alerts.stories.cluster import Event, Joined, surviving
from alerts.stories.independence import independent


class Membership:
    """The newest observation of each item, by story."""

    def __init__(
        self, merged: Mapping[str, str] | None = None, left: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """`merged` are the stories found to be others, `left` by item those that a revision took it out of."""
        self.merged = dict(merged or {})
        self.left = {item: set(stories) for item, stories in (left or {}).items()}
        self.story_of: dict[str, str] = {}
        self.by_story: dict[str, dict[str, Observation]] = {}

    def observation(self, item: str) -> Observation | None:
        story = self.story_of.get(item)
        return None if story is None else self.by_story[story].get(item)

    def observe(self, batch: Iterable[Observation], events: Iterable[Event]) -> set[str]:
        """Takes in the items of an instant and what happened to their stories; the stories that it touched."""
        touched: set[str] = set()
        incoming = {each.report.item: each for each in batch}
        for event in events:
            touched |= self.follow(event, incoming)
        for item, observation in incoming.items():
            story = self.story_of.get(item)
            if story is not None:
                self.place(observation, story)
                touched.add(story)
        return touched

    def place(self, observation: Observation, story: str) -> None:
        """Puts an item into a story, or a revision in the place of the item."""
        item = observation.report.item
        self.story_of[item] = story
        self.by_story.setdefault(story, {})[item] = observation

    def follow(self, event: Event, incoming: Mapping[str, Observation]) -> set[str]:
        """Takes in what happened among the stories; those that it touched. `incoming` are the items that may join."""
        if isinstance(event, Joined):
            former = self.story_of.get(event.item)
            if former is not None:
                del self.by_story[former][event.item]
                if former != event.story:
                    self.left.setdefault(event.item, set()).add(former)
            self.place(incoming[event.item], event.story)
            return {event.story} if former is None else {event.story, former}
        for observation in self.by_story.pop(event.story_from, {}).values():
            self.place(observation, event.into)
        self.merged[event.story_from] = event.into
        return {event.into, event.story_from}

    def surviving(self, story: str) -> str:
        """What a story is called now."""
        return surviving(story, self.merged)

    def left_by(self, item: str) -> set[str]:
        """The stories, as they are called now, that revisions took an item out of."""
        return {self.surviving(each) for each in self.left.get(item, ())} - {self.story_of[item]}

    def evidence(self, story: str, institution: str, upto: datetime | None = None) -> Evidence | None:
        """What a story proves, from what had been observed `upto` then, as those items read now."""
        seen = self.by_story.get(story, {}).values()
        return evidence_of(story, institution, (each for each in seen if upto is None or each.report.observed <= upto))


def evidence_of(story: str, institution: str, seen: Iterable[Observation]) -> Evidence | None:
    """What a story of these observations proves; None where none of them counts."""
    counting = [each for each in seen if each.counts]
    if not counting:
        return None
    groups = independent([each.features for each in counting])
    return evidence(story, institution, [each.report for each in counting], groups)
