"""What was considered for an event and a subscriber, as lines for people and as a record."""

from __future__ import annotations

from typing import Any

from alerts.delivery.messages import ChannelVerdict, Explanation, RuleVerdict, Step


def explanation_lines(explanation: Explanation) -> list[str]:
    """Each rule and each check up to the one that decided, indented beneath what it is about."""
    if explanation.note:
        return [explanation.note]
    lines: list[str] = []
    for rule in explanation.rules:
        lines.append(f"rule {rule.rule + 1} for {rule.channel}: {_answer(rule)}")
        lines += [_line(step) for step in rule.steps]
    for channel in explanation.channels:
        lines.append(f"{channel.channel}: {_fate(channel)}")
        lines += [_line(step) for step in channel.steps]
    if not explanation.rules:
        lines.append("the subscriber has no rule with a channel")
    elif not explanation.channels:
        lines.append("no rule asks for it")
    return lines


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """The same for `--json`; rules are counted from 1."""
    return {
        "kind": "explanation",
        "event": explanation.event,
        "subscriber": explanation.subscriber,
        "note": explanation.note,
        "rules": [
            {
                "rule": rule.rule + 1,
                "channel": rule.channel,
                "matched": rule.matched,
                "follows": rule.follows,
                "steps": [_step_record(step) for step in rule.steps],
            }
            for rule in explanation.rules
        ],
        "channels": [
            {
                "channel": channel.channel,
                "state": channel.state.value,
                "reason": "" if channel.reason is None else channel.reason.value,
                "detail": channel.detail,
                "steps": [_step_record(step) for step in channel.steps],
            }
            for channel in explanation.channels
        ],
    }


def _answer(rule: RuleVerdict) -> str:
    if rule.matched:
        return "matches"
    return "does not match the rise, will tell of its fall" if rule.follows else "does not match"


def _fate(channel: ChannelVerdict) -> str:
    if channel.reason is None:
        return channel.state.value
    return f"{channel.state} ({channel.reason}): {channel.detail}"


def _line(step: Step) -> str:
    return f"  {'yes' if step.passed else 'no '} {step.name}" + (f": {step.detail}" if step.detail else "")


def _step_record(step: Step) -> dict[str, Any]:
    return {"name": step.name, "passed": step.passed, "detail": step.detail}
