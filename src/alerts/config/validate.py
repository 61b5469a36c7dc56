"""Checks one entry against its form and says what is wrong, where it stands."""

from typing import Any, Final, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from alerts.config.document import Entry, Path
from alerts.config.schema import ConfigurationForm
from alerts.config.tree import Sequence
from alerts.model.errors import did_you_mean

_ADVICE: Final = {  # what to do, by the type of pydantic's error; the checks in `values` bring their own
    "tuple_type": "write a list: [one, two], or one `- …` a line",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "write a mapping: one `key: value` a line"),
    "string_type": "write one value",
    "string_too_short": "write something, an empty text means nothing",
    "string_too_long": "write at most {max_length} characters",
    "string_pattern_mismatch": "write letters, digits and . _ - : @ + without spaces, a letter or digit first",
    "too_short": "write at least one",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "write a whole number"),
    "int_parsing_size": "write a smaller number",
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "write a number, for example 0.25"),
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write a number of at least {ge:g}",
    "less_than_equal": "write a number of at most {le:g}",
}
_CHOICES: Final = frozenset({"enum", "literal_error"})


def validate(entry: Entry, kind: TypeAdapter[Any]) -> Entry:
    """Gives the entry its form, unless anything in it is wrong, which is then reported."""
    document = entry.document
    before = len(document.problems)
    try:
        checked = kind.validate_python(document.data(entry.find()))
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True, include_input=False):
            _report(entry, detail)
        return entry
    entry.form = checked if len(document.problems) == before else None
    return entry


def _report(entry: Entry, detail: ErrorDetails) -> None:
    kind, steps = detail["type"], detail["loc"]
    if steps and steps[-1] == "[key]":
        entry.report(*steps[:-1], message=f"{_explain(detail)} as a key", at_key=True)
    elif kind == "extra_forbidden":
        known = list(_fields_at((*entry.path, *steps[:-1])))
        message = f"unknown key {str(steps[-1])!r}{did_you_mean(str(steps[-1]), known)}"
        entry.report(*steps, message=f"{message} (known: {', '.join(known)})", at_key=True)
    elif kind == "missing":
        entry.report(*steps, message=f"{steps[-1]} is missing: add `{steps[-1]}:`", at_key=True)
    elif kind == "too_short" and isinstance(node := entry.find(*steps), Sequence) and node.items:
        return  # pydantic does not count items that were refused, and these have their own problem
    elif not entry.document.is_broken(entry.find(*steps)):
        name = next(step for step in reversed((*entry.path, *steps)) if step and isinstance(step, str))
        shown = entry.shown(*steps)
        suggestion = did_you_mean(shown.strip("'"), _choices(detail)) if kind in _CHOICES else ""
        got = f", not {shown}" if shown else ""
        entry.report(*steps, message=f"{name}: {_explain(detail)}{got}{suggestion}")


def _explain(detail: ErrorDetails) -> str:
    """What to write instead, by the type of pydantic's error."""
    if detail["type"] in _CHOICES:
        return "write " + ", ".join(_choices(detail))
    advice = _ADVICE.get(detail["type"])
    return detail["msg"] if advice is None else advice.format(**detail.get("ctx", {}))


def _choices(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    return [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(",")]


def _fields_at(path: Path) -> dict[str, FieldInfo]:
    """The fields of the mapping at a path of a document, by their keys as they are written."""
    fields = _fields_of(ConfigurationForm)
    for step in path:
        if isinstance(step, str):
            fields = _fields_of(fields[step].annotation) if step in fields else {}
    return fields


def _fields_of(annotation: Any) -> dict[str, FieldInfo]:
    """The same of the form in a type; none where there is no form."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {each.alias or name: each for name, each in annotation.model_fields.items()}
    return next((found for each in get_args(annotation) if (found := _fields_of(each))), {})
