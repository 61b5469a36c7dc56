"""Bodies that are shared between readers say to each what one made for him alone would say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kit.messages import Sample

from alerts.model.level import Level
from alerts.model.secret import Secret
from alerts.model.subscriber import Tier
from alerts.rendering.render import Renderer
from alerts.rendering.templating import render
from alerts.rendering.view import MessageView, Role
from alerts.rendering.webhook import payload
from alerts.routing.alerts import Kind

URLS = (
    *("json://h/x", "mailto://u:p@h", "slack://a/b/c", "discord://1/t", "tgram://1/2", "gchat://a/b/c", "mmost://h/t"),
    *("workflows://h/a/b/c", "ntfy://h/t", "console://"),
)
WORDS = ("plain", "*rule* _of_ <b>@all</b> & [x](y)", "https://rules.example/a_b?x=1")


def for_reader(view: MessageView, name: str, **of: Any) -> MessageView:
    """The view as a reader gets it; ids and tokens are of letters that need no escape in an address, as ours are."""
    token = name.replace("*", "_")
    entries = tuple(
        replace(
            entry,
            alert=replace(entry.alert, id=f"{token}{number}", subscriber=name, rules=(*WORDS, f"a rule of {name}")),
        )
        for number, entry in enumerate(view.entries)
    )
    answers = {each.alert.id: f"https://a.example/answer/{token}_-.{each.alert.id}" for each in entries}
    unsubscribe = f"https://a.example/unsubscribe/{token}__-x"
    return replace(
        view,
        **{"id": f"m{name}", "subscriber": name, "entries": entries, "answers": answers, "unsubscribe": unsubscribe}
        | of,
    )


@pytest.mark.slow
@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("kind", [Kind.ALERT, Kind.GROUP, Kind.CORRECTION, Kind.TEST])
def test_what_is_shared_reads_as_what_is_made_for_one(url: str, kind: Kind, sample: Sample, tmp_path: Path) -> None:
    """With a directory of templates of one's own, even an empty one, nothing is shared."""
    view = replace(sample.view(), kind=kind)
    one, other = for_reader(view, "first_desk"), for_reader(view, "second*desk")
    left_out = replace(other, unsubscribe=None, answers={}, tier=Tier.OPEN)
    sharing = Renderer(tmp_path / "missing")
    for each in (one, other, left_out, one):
        assert sharing.render(each, Secret(url)) == Renderer(tmp_path).render(each, Secret(url))


def test_a_burst_is_rendered_once_for_each_tier(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []

    def counting(env: Any, names: list[str], context: dict[str, object]) -> str:
        rendered.extend(names)
        return render(env, names, context)

    monkeypatch.setattr("alerts.rendering.render.render", counting)
    renderer, view = Renderer(), sample.view()
    bodies = {
        renderer.render(for_reader(view, f"desk{number}", tier=tier), Secret("json://h/x")).body
        for number in range(5)
        for tier in (Tier.STRATEGIC_CIRCLE, Tier.OPEN)
    }
    assert len(rendered) == 2
    assert len(bodies) == 10, "each has the links and the rules of its reader"


def test_the_record_of_an_alert_names_its_own_reader_and_nothing_else_differs(sample: Sample) -> None:
    view = sample.view()
    (entry,) = view.entries
    superseded = replace(entry, role=Role.SUPERSEDED, now={change.axis: Level.LOW for change in entry.alert.changes})
    seen: dict[Any, Any] = {}
    for name in ("first", "second"):
        for shown, tier in (
            (entry, Tier.LEADERSHIP_ALLIANCE),
            (superseded, Tier.LEADERSHIP_ALLIANCE),
            (entry, Tier.OPEN),
        ):
            reader = for_reader(replace(view, entries=(shown,)), name, tier=tier)
            ((record,),) = [payload(reader, "title")["alerts"]]
            assert (record.pop("id"), record.pop("answer")) == (
                f"{name}0",
                f"https://a.example/answer/{name}_-.{name}0",
            )
            assert record.pop("rules") == [*WORDS, f"a rule of {name}"]
            assert seen.setdefault((shown.role, tier), record) == record
            assert record["role"] == shown.role
            assert {each["now"] for each in record["changes"]} == ({"low"} if shown is superseded else {None})
            assert (record["score"] is None) == (tier is Tier.OPEN)


def test_a_feed_cannot_write_a_mark(sample: Sample) -> None:
    """Marks hold what only this process knows, so a headline stays what it is."""
    headline = "markw0x marktt0x mark0123456789abcdefw0x"
    view = for_reader(sample.view(headline), "desk")
    assert headline in Renderer().render(view, Secret("json://h/x")).body
