"""What one story does to an axis by itself: severity × confidence × salience × criticality. Pure."""

from collections.abc import Mapping

from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution
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
    """The impact of a story on an axis, 0 to MAX_IMPACT. Rounded to 12 decimals, so that 0.30 by hand is 0.30."""
    product = severity(story, axis, topics) * story.confidence * story.salience
    return min(MAX_IMPACT, round(product * institution.criticality.factor, 12))


def term(story: StoryFacts, axis: Axis, topics: Mapping[str, Topic], institution: Institution) -> Term | None:
    """What ranks the story on the axis; None where it does nothing there."""
    value = impact(story, axis, topics, institution)
    return Term(value, micros(story.newest)) if value > 0 else None


def contribution(
    story: StoryFacts, axis: Axis, value: float, age: int, topics: Mapping[str, Topic], institution: Institution
) -> Contribution:
    """A record of `value`, what a story contributes at the `age` (µs) of its newest independent report."""
    return Contribution(
        story=story.story,
        title=story.title,
        topics=tuple(topic for topic, _ in story.topics),
        severity=severity(story, axis, topics),
        confidence=story.confidence,
        grade=story.grade,
        salience=story.salience,
        criticality=institution.criticality.factor,
        age_s=age / 1e6,
        value=value,
    )
