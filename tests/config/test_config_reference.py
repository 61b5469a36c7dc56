"""docs/configuration.md says every key, with the type and the default that the program has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from alerts.config.forms import ConfigurationForm
from alerts.config.load import load
from alerts.model.channels import ALLOWED_SCHEMES

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def forms(form: type[BaseModel], heading: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Each form with the heading it is documented under."""
    yield heading, form
    for name, field in form.model_fields.items():
        if inner := form_in(field.annotation):
            key = field.alias or name
            yield from forms(inner, key if heading == "Files" else f"{heading}.{key}")


def form_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := form_in(each))), None)


def rows(heading: str) -> dict[str, str]:
    """The defaults by key in the table under a heading."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    assert found, f"docs/configuration.md has no heading {heading!r}"
    return dict(re.findall(r"^\| `(\w+)` \| .+? \| (.+?) \|", found[1], re.MULTILINE))


FORMS = list(forms(ConfigurationForm, "Files"))


@pytest.mark.parametrize(("heading", "form"), FORMS, ids=[heading for heading, _ in FORMS])
def test_every_key_is_documented_and_no_other(heading: str, form: type[BaseModel]) -> None:
    assert list(rows(heading)) == [field.alias or name for name, field in form.model_fields.items()]


@pytest.mark.parametrize(("heading", "form"), FORMS, ids=[heading for heading, _ in FORMS])
def test_the_defaults_are_those_of_the_program(heading: str, form: type[BaseModel]) -> None:
    documented = rows(heading)
    for name, field in form.model_fields.items():
        said = documented[field.alias or name]
        if field.is_required():
            assert said == "required", name
        elif (default := written(field)) is not None:
            assert said == f"`{default}`", name


def written(field: FieldInfo) -> str | None:
    """A plain default as YAML writes it; None where the page says it in words."""
    value = field.default
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else None


def test_the_examples_are_a_configuration(tmp_path: Path) -> None:
    for number, example in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    ):
        (tmp_path / f"{number}.yaml").write_text(example)
    environ = {"SLACK_POLICY": "slack://a/b/c", "MAIL_POLICY": "mailto://a@example.org"}
    settings = load(tmp_path, environ)
    assert settings.sources
    assert settings.tests


def test_every_scheme_of_a_channel_is_listed() -> None:
    text = PAGE.read_text()
    assert [scheme for scheme in sorted(ALLOWED_SCHEMES) if f"`{scheme}`" not in text] == []
