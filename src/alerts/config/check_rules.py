"""Watch rules that contradict themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts.config.entries import Entry
from alerts.config.references import Known, check_ids
from alerts.config.schema import ExclusionForm, TopicForm, WatchForm
from alerts.model.subscriber import Direction, On
from alerts.model.topic import Topic

Steps = tuple[str | int, ...]


def check_rule(entry: Entry, steps: Steps, rule: WatchForm, known: Known, shipped: Mapping[str, Topic]) -> None:
    """References of a watch rule, and keys that leave nothing to alert."""
    check_ids(entry, (*steps, "topics"), rule.topics, known, "topics", shipped)
    if rule.direction is Direction.FALL and On.LEVEL not in rule.on:
        message = "direction: fall: only a level falls, so this rule never alerts: add `level` to `on`"
        entry.report(*steps, "direction", message=message)
    forms = (each.form for each in known["topics"].values())
    signals = {topic.id: topic.signal for topic in shipped.values()}
    signals |= {form.id: form.signal for form in forms if isinstance(form, TopicForm) and form.signal}
    for index, topic in enumerate(rule.topics):
        if rule.signals and topic in signals and signals[topic] not in rule.signals:
            message = f"topics: {topic} is of {signals[topic]}, which `signals` does not name: a story needs both"
            entry.report(*steps, "topics", index, message=message)
    if rule.not_ is not None:
        _check_exclusion(entry, steps, rule, rule.not_, known, shipped)


def _check_exclusion(
    entry: Entry, steps: Steps, rule: WatchForm, left_out: ExclusionForm, known: Known, shipped: Mapping[str, Topic]
) -> None:
    """`not` must leave something out, and not what the rule asks for by name."""
    here = (*steps, "not")
    check_ids(entry, (*here, "institutions"), left_out.institutions, known, "institutions")
    check_ids(entry, (*here, "topics"), left_out.topics, known, "topics", shipped)
    check_ids(entry, (*here, "sources"), left_out.sources, known, "sources")
    if not left_out.model_fields_set:
        entry.report(*here, message=f"not: leaves nothing out: add one of {', '.join(_LEFT_OUT)}")
    if left_out.all:
        entry.report(*here, "all", message="all: the rule would leave out every institution: remove it")
    for key in ("institutions", "tags", "regions", "categories", "topics", "signals"):
        wanted = getattr(rule, key)
        for index, value in enumerate(getattr(left_out, key)):
            if value in wanted:
                message = f"not: {key} has {entry.shown(*here, key, index)}, which the rule asks for: remove one"
                entry.report(*here, key, index, message=message)


_LEFT_OUT: Final = tuple(each for each in ExclusionForm.model_fields if each != "all")
