"""What one story does to an axis by itself: severity × confidence × salience × criticality. Pure."""

from collections.abc import Mapping

from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.story import StoryFacts
from alerts.model.times import micros
from alerts.model.topic import Topic
from alerts.scoring.score import Term

MAX_IMPACT = 0.95  # no story is worth more, however grave and however sure


def severity(story: StoryFacts, axis: Axis, topics: Mapping[str, Topic]) -> float:
    """The largest of the story's topics on the axis, each times its weight; 0 without a topic.

    The weight is 1, or less where the topic is denied, resolved or only hinted at."""
    weighted = [topics[topic].severity.on(axis) * weight for topic, weight in story.topics if topic in topics]
    return max(weighted, default=0.0)


def impact(story: StoryFacts, axis: Axis, topics: Mapping[str, Topic], institution: Institution) -> float:
    """The impact of a story on an axis, 0 to MAX_IMPACT."""
    found = term(story, axis, topics, institution)
    return 0.0 if found is None else found.impact


def term(story: StoryFacts, axis: Axis, topics: Mapping[str, Topic], institution: Institution) -> Term | None:
    """What ranks the story on the axis; None where it does nothing there.

    Rounded to 12 decimals, so that an impact that is 0.30 by hand is 0.30."""
    grave = severity(story, axis, topics)
    value = min(MAX_IMPACT, round(grave * story.confidence * story.salience * institution.criticality.factor, 12))
    return Term(value, micros(story.newest), grave) if value > 0 else None
