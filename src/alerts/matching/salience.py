"""How much an item is about what it mentions."""

from alerts.model.mention import Rule

HEAD_OF_CONTENT = 300  # characters of the content that count as much as a summary

_RULES = {Rule.NAME: 1.0, Rule.ALIAS: 1.0, Rule.PRODUCT: 0.8, Rule.DOMAIN: 0.8, Rule.PUBLISHER: 0.8}
VOICE = 0.3  # of an institution that only speaks about others, whatever the rule
AMBIGUOUS = 0.5  # times this, where other institutions have the name too and nothing tells which is meant


def mention_salience(field: str, start: int, rule: Rule, *, voice: bool = False, ambiguous: bool = False) -> float:
    """Field (title 1.0, summary or the first 300 characters of the content 0.7, the rest 0.4) times rule.

    `start` is the offset of the mention in the field. A mention in no field (`source`) counts as a title.
    """
    if field in {"title", "source"}:
        weight = 1.0
    elif field == "summary" or start < HEAD_OF_CONTENT:
        weight = 0.7
    else:
        weight = 0.4
    weight *= VOICE if voice else _RULES[rule]
    return round(weight * AMBIGUOUS if ambiguous else weight, 6)
