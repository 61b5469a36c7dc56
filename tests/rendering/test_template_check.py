from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType

import pytest

from alerts.model.secret import Secret
from alerts.model.subscriber import Subscriber, Tier
from alerts.rendering.render import template_problems

DESK = Subscriber(
    "desk",
    Tier.LEADERSHIP_ALLIANCE,
    MappingProxyType({"chan": Secret("console://"), "mail": Secret("mailto://x.example")}),
)


def _problems(tmp_path: Path, **files: str) -> tuple[str, ...]:
    for name, source in files.items():
        file = tmp_path / (name.replace("__", "/").replace("_dot_", ".") + ".j2")
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
    return template_problems(tmp_path, [DESK])


def test_good_templates_and_none_at_all(tmp_path: Path) -> None:
    assert template_problems(tmp_path / "nowhere", [DESK]) == ()
    assert _problems(tmp_path) == ()
    assert (
        _problems(
            tmp_path,
            chan='{% extends "builtin/message.j2" %}{% block why %}{% include "_part.j2" %}{% endblock %}',
            _part="{{ institution.name }}",
            desk__mail_dot_html="<p>{{ message.title }}</p>",
        )
        == ()
    )


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("chan", "line one\n{{ message.nothing }}", "nothing"),
        ("chan", "line one\n{% if %}", "chan.j2:2"),
        ("desk__chan", "{% for each in message.institutions %}{{ each.nothing }}{% endfor %}", "nothing"),
        ("mail_dot_txt", "{{ nothing }}", "nothing"),
        ("desk__mail_dot_html", "{% include 'gone.j2' %}", "gone.j2"),
        ("slakc", "{{ message.title }}", "no channel has this name"),
    ],
)
def test_each_problem_is_one_line_that_names_its_file(name: str, source: str, said: str, tmp_path: Path) -> None:
    (line,) = _problems(tmp_path, **{name: source})
    assert said in line
    file = name.replace("__", "/").replace("_dot_", ".") + ".j2"
    assert re.search(rf"(^|[ /]){re.escape(file)}", line)
    assert ("desk/" in line) == ("desk__" in name)
    assert "\n" not in line
