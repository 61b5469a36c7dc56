"""Operators write templates; what feeds say stays harmless in them whatever they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerts.model.errors import DeliveryError
from alerts.model.secret import Secret
from alerts.model.subscriber import Tier
from alerts.rendering import formats
from alerts.rendering.render import Renderer
from alerts.rendering.templating import environment, render

if TYPE_CHECKING:
    from kit.messages import Sample

SLACK = Secret("slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc")
CONSOLE = Secret("console://")
MAIL = Secret("mailto://h.example?from=a@h.example")
HOSTILE = "<!channel> & *bold*"
ESCAPED = "&lt;!channel&gt; &amp; ∗bold∗"


def _slack(source: str, tmp_path: Path, **context: object) -> str:
    (tmp_path / "t.j2").write_text(source, encoding="utf-8")
    return render(environment(formats.SLACK, tmp_path), ["t.j2"], {"x": HOSTILE, **context})


@pytest.mark.parametrize(
    "source",
    [
        "{{ x }}",
        "{% macro m(v) %}{{ v }}{% endmacro %}{{ m(x) }}",
        "{% set y %}{{ x }}{% endset %}{{ y }}",
        "{% set y = x %}{{ y }}",
        "{% for each in [x] %}{{ each }}{% endfor %}",
        "{{ x | trim }}",
        "{{ [x] | join }}",
        "{{ x | default('none') }}",
        "{{ '%s' | format(x) }}",
        "{{ '' ~ x }}",
        "{{ x if x else '' }}",
        "{% block b %}{{ x }}{% endblock %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}",
        "{% with y = x %}{{ y }}{% endwith %}",
    ],
)
def test_every_way_to_print_escapes_exactly_once(source: str, tmp_path: Path) -> None:
    assert _slack(source, tmp_path) == ESCAPED


@pytest.mark.parametrize(
    "source",
    [
        "{% macro m(v) %}{{ v }}{% endmacro %}{{ m('a') ~ x }}",
        "{{ bold('a') ~ x }}",
        "{{ bold(x) | upper }}",
        "{{ bold(x) | replace('&lt;', '<') }}",
        "{{ link('a', 'https://e.example/') + x }}",
        "{{ [bold('a'), x] | join }}",
        "{{ '%s' | format(bold(x)) }}",
        "{{ x | title }}",
        "{{ x | list | join }}",
        "{{ {'k': x} }}",
        "{{ [x] }}",
        "{% filter upper %}{{ x }}{% endfilter %}",
        "{{ x | striptags }}",
        "{{ x | indent }}",
        "{{ x | wordwrap(4) }}",
    ],
)
def test_no_way_to_print_lets_a_mention_through(source: str, tmp_path: Path) -> None:
    assert "<!" not in _slack(source, tmp_path)


@pytest.mark.parametrize("name", ["safe", "e", "escape", "forceescape", "urlize", "tojson", "xmlattr"])
def test_filters_that_know_html_alone_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=f"No filter named '{name}'"):
        _slack("{{ x | " + name + " }}", tmp_path)


def test_links_are_web_links_or_text(tmp_path: Path) -> None:
    assert _slack("{{ link(x, 'https://e.example/?a=1&b=2') }}", tmp_path) == (
        f"<https://e.example/?a=1&amp;b=2|{ESCAPED}>"
    )
    assert _slack("{{ link(x, 'javascript:alert(1)') }}", tmp_path) == ESCAPED
    assert _slack("{{ link(x, '') }}{{ link(x) }}", tmp_path) == ESCAPED * 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ missing }}",
        "{{ x.missing }}",
        "{% if missing %}a{% endif %}",
        "{{ x.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ x.nothing() }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ x[",
        "{% include 'nowhere.j2' %}",
        "{{ lst.append(1) }}",
    ],
)
def test_what_a_template_may_not_do_is_one_clear_line(source: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError) as caught:
        _slack(source, tmp_path, lst=[])
    assert "\n" not in str(caught.value)
    assert "t.j2" in str(caught.value)


def test_the_most_particular_template_is_taken(sample: Sample, tmp_path: Path) -> None:
    view, other = sample.view(), sample.view(subscriber="someone")
    shipped = Renderer().render(view, CONSOLE)
    (tmp_path / "chan.j2").write_text("for all: {{ message.title }}", encoding="utf-8")
    assert Renderer(tmp_path).render(view, CONSOLE).body.startswith("for all: Acme & Sons: Chip maker")
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "chan.j2").write_text("for the desk", encoding="utf-8")
    renderer = Renderer(tmp_path)
    assert renderer.render(view, CONSOLE).body == "for the desk"
    assert renderer.render(other, CONSOLE).body.startswith("for all")
    assert renderer.render(sample.view(channel="else"), CONSOLE).body == shipped.body


def test_a_block_of_the_shipped_template_can_be_replaced(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "chan.j2").write_text(
        '{% extends "builtin/message.j2" %}{% block intro %}{{ super() }}Call {{ bold("<us>") }}.\n{% endblock %}',
        encoding="utf-8",
    )
    shown = Renderer(tmp_path).render(sample.view(HOSTILE), SLACK)
    assert not shown.problem
    assert "Call *&lt;us&gt;*." in shown.body
    assert ESCAPED in shown.body
    assert "&amp;lt;" not in shown.body


def test_an_edited_template_is_taken_without_a_restart(sample: Sample, tmp_path: Path) -> None:
    renderer = Renderer(tmp_path)
    file = tmp_path / "chan.j2"
    assert "Decision trigger matrix" in renderer.render(sample.view(), CONSOLE).body
    file.write_text("first", encoding="utf-8")
    assert renderer.render(sample.view(), CONSOLE).body == "first"
    file.write_text("second one", encoding="utf-8")
    assert renderer.render(sample.view(), CONSOLE).body == "second one"


@pytest.mark.parametrize("source", ["{{ nothing }}", "{% if %}", "{{ message.nothing }}"])
def test_a_broken_template_costs_nobody_an_alert(source: str, sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "chan.j2").write_text(source, encoding="utf-8")
    shown = Renderer(tmp_path).render(sample.view(), CONSOLE)
    assert shown.body == Renderer().render(sample.view(), CONSOLE).body
    assert "chan.j2" in shown.problem
    assert "\n" not in shown.problem


def test_the_two_parts_of_an_email_have_templates_of_their_own(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "chan.html.j2").write_text("<p>{{ message.title }}</p>", encoding="utf-8")
    shown = Renderer(tmp_path).render(sample.view(), MAIL)
    assert shown.html == "<p>Acme &amp; Sons: Chip maker told to stop exports [policy medium → high]</p>"
    assert shown.body == Renderer().render(sample.view(), MAIL).body


def test_a_template_sees_no_more_than_its_tier(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "chan.j2").write_text("{{ message }}", encoding="utf-8")
    secret = "qxzzyqxz"
    view = sample.view(secret, tier=Tier.STRATEGIC_CIRCLE)
    assert secret in Renderer(tmp_path).render(view, CONSOLE).body
    profile = sample.profile("harmless")
    hidden = sample.transition(secret)
    view = sample.view(
        tier=Tier.OPEN, profiles={"acme": profile}, entries=(sample.entry(alert=sample.alert(transition=hidden)),)
    )
    shown = Renderer(tmp_path).render(view, CONSOLE).body
    assert secret not in shown
    assert "https://news.example" not in shown


@pytest.mark.parametrize(
    "source",
    [
        "{% include 't.j2' %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in range(200000) %}{% endfor %}",
    ],
)
def test_a_template_without_an_end_is_one_clear_line(source: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=r"^template t\.j2: ") as caught:
        _slack(source, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_template_without_an_end_costs_nobody_an_alert(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "chan.j2").write_text("{% include 'chan.j2' %}", encoding="utf-8")
    shown = Renderer(tmp_path).render(sample.view(), CONSOLE)
    assert shown.body == Renderer().render(sample.view(), CONSOLE).body
    assert "without an end" in shown.problem
