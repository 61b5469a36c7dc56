"""Laws of every message: it fits, it says what it must, it hides what it must, whatever feeds say."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.model.channels import ALLOWED_SCHEMES
from alerts.model.level import Level
from alerts.model.secret import Secret
from alerts.model.subscriber import On, Tier
from alerts.rendering import escape
from alerts.rendering.formats import service_of
from alerts.rendering.news import calm
from alerts.rendering.render import Renderer, mail_headers
from alerts.rendering.view import Role
from alerts.routing.alerts import Kind

if TYPE_CHECKING:
    from kit.messages import Sample

RENDERER = Renderer()
# One scheme for each service that is spoken to in its own way.
URLS = sorted({service_of(url): url for url in sorted(f"{each}://x/y/z" for each in ALLOWED_SCHEMES)}.values())
# A mail, a page of markup, a text message, a webhook: the others take seconds each.
TYPICAL = [url for url in URLS if url.partition(":")[0] in {"mailtos", "slack", "vonage", "jsons"}]
# Short enough that no channel has to leave anything out.
HOSTILE = st.text(max_size=40) | st.text("<>&|*_~`[]()@!\\#\n\r \u202e\u200bab:/.", max_size=40)
FUZZ = settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


@pytest.mark.parametrize(
    "url", [pytest.param(url, marks=() if url in TYPICAL else (pytest.mark.slow,)) for url in URLS]
)
def test_a_message_fits_its_service_however_long_the_titles_are(url: str, sample: Sample) -> None:
    service = service_of(url)
    huge = "𝔘 <b>&*_" * 12_000
    several = tuple(
        sample.entry(
            alert=replace(
                sample.alert(
                    number,
                    lead=sample.lead(huge, url="https://e.example/" + "x" * 1500, publisher=huge),
                    also=(sample.lead(huge),) * 9,
                ),
                institution=f"i{number % 35}",
            )
        )
        for number in range(100)
    )
    for view in (
        sample.view(huge),
        sample.view(kind=Kind.DIGEST, entries=several, omitted=5),
        sample.view(kind=Kind.TEST, entries=(), profiles={}),
    ):
        shown = RENDERER.render(view, Secret(url))
        assert 0 < service.measure(shown.body) <= service.limit
        assert len(shown.title) <= service.title_limit
        assert shown.title or not service.title_limit
        if shown.html is not None:
            assert service.measure(shown.html) <= service.limit


@pytest.mark.parametrize("kind", [each for each in Kind if each not in {Kind.BRIEFING, Kind.OPERATORS}])  # of their own
@pytest.mark.parametrize("url", ["console://", "slack://a/b/c", "discord://1/t"])
def test_a_message_says_what_it_must(url: str, kind: Kind, sample: Sample) -> None:
    if kind is Kind.TEST:
        shown = RENDERER.render(sample.view(kind=kind, entries=(), profiles={}), Secret(url))
        assert "desk" in shown.title + shown.body
        return
    role = Role.REMINDER if kind is Kind.REMINDER else Role.NEW
    view = sample.view(kind=kind, entries=(sample.entry(role=role),))
    shown = RENDERER.render(view, Secret(url))
    text = f"{shown.title}\n{shown.body}"
    must = ["Acme", "policy", "high", "2026-02-24 10:00 CET", "Chip maker told to stop exports"]
    must += ["https://news.example/a?id=1", "2 independent publishers", "grade B", "policy of the labs"]
    must += ["https://alerts.example/unsubscribe/token", "https://alerts.example/institutions/acme"]
    if kind not in {Kind.REMINDER, Kind.CORRECTION}:
        must.append("medium")
    if url == "console://":
        must += ["policy (Quarter)", "Decision trigger matrix", "direct and secondary sources"]
    if url != "console://" and kind in {Kind.DIGEST, Kind.SUMMARY}:
        must.remove("2026-02-24 10:00 CET") if "2026-02-24" not in text else None
    for part in must:
        assert part in text, part


@pytest.mark.parametrize("url", ["slack://a/b/c", "discord://1/t", "tgram://1/2", "mmost://h/t", "gchat://a/b/c"])
def test_a_chat_gets_five_lines(url: str, sample: Sample) -> None:
    shown = RENDERER.render(sample.view(), Secret(url))
    lines = [each for each in (*shown.title.splitlines(), *shown.body.splitlines()) if each.strip("\u00a0 ")]
    assert len(lines) == 5
    assert "Chip maker told to stop exports" in lines[0]


def test_a_text_message_is_the_headline_and_a_link(sample: Sample) -> None:
    shown = RENDERER.render(sample.view(), Secret("twilio://sid:token@15551234567/15557654321"))
    assert shown.body.splitlines() == [
        "Acme & Sons: Chip maker told to stop exports [policy medium → high]",
        "https://news.example/a?id=1&x=2",
    ]


def test_the_subject_is_the_news_and_what_moved(sample: Sample) -> None:
    long = "Regulator tells the maker of chips to stop all of its exports to a long list of countries at once " * 3
    for text in ("Chip maker fined", long):
        shown = RENDERER.render(sample.view(text), Secret("mailto://h.example?from=a@h.example"))
        assert shown.title.startswith(f"Acme & Sons: {text[:12]}")
        assert shown.title.endswith(" [policy medium → high]")
        assert len(shown.title) <= 200
    assert "… [policy" in shown.title
    assert shown.title.partition("…")[0].removeprefix("Acme & Sons: ") + " " in long, "cut at a word"
    assert shown.body.startswith("Acme & Sons: Regulator tells")


@pytest.mark.parametrize(
    ("loud", "calmed"),
    [
        ("REGULATOR ORDERS ACME TO STOP ALL EXPORTS!!!", "Regulator orders Acme to stop all exports!"),
        ("ECB FINES BNP OVER REPORTS OF RISKS", "ECB fines BNP over reports of risks"),
        ("ECB fines BNP", "ECB fines BNP"),
        ("EU AI ACT", "EU AI ACT"),
        ("", ""),
    ],
)
def test_capitals_are_calmed(loud: str, calmed: str) -> None:
    assert calm(loud, "Acme & Sons") == calmed


def test_what_a_later_alert_of_the_story_says_is_said_once(sample: Sample) -> None:
    first = sample.alert(1, transition=sample.transition(from_=Level.LOW, to=Level.MEDIUM))
    second = replace(sample.alert(2), at=sample.at + timedelta(seconds=20))
    view = sample.view(entries=(sample.entry(alert=second), sample.entry(alert=first, role=Role.SUPERSEDED)))
    shown = RENDERER.render(view, Secret("console://"))
    assert "rose from low to high" in shown.body
    assert "superseded" not in shown.body
    assert RENDERER.render(view, Secret("json://x")).title.endswith("[policy low → high]")


def test_a_correction_says_what_is_left(sample: Sample) -> None:
    low = sample.profile()
    gone = replace(low, matrix=tuple(replace(row, level=Level.LOW) for row in low.matrix))
    for profile, said in (
        (low, "it stays high until 2026-03-05 10:00 CET if nothing happens"),
        (gone, "medium → high is taken back, it is low now"),
    ):
        view = sample.view(kind=Kind.CORRECTION, why="withdrawn", profiles={"acme": profile})
        body = RENDERER.render(view, Secret("console://")).body
        assert said in body
        assert ("taken back" in body) is (profile is gone)
        assert "Contributions" not in body


@given(text=HOSTILE)
@FUZZ
def test_a_title_is_one_harmless_line(text: str, sample: Sample) -> None:
    for url in ("slack://a/b/c", "workflows://h/1/2", "matrix://h", "mailto://h.example?from=a@h.example"):
        shown = RENDERER.render(sample.view(f"News {text}"), Secret(url)).title
        assert shown == escape.clean(shown).replace("\u200b", "") or "\u200b" in shown
        assert not re.search(r"[\n\r\u202e]", shown)
        if not url.startswith("mailto"):
            assert not re.search(r"@\w|[<>]|\]\(", shown)


@given(text=HOSTILE, url=HOSTILE)
@FUZZ
def test_hostile_text_adds_no_line_and_no_link(text: str, url: str, sample: Sample) -> None:
    tame = sample.profile("tame", "https://tame.example/")
    wild = sample.profile(f"tame{text}", f"https://tame.example/{url}")
    for channel in ("console://", "slack://a/b/c", "discord://1/t", "tgram://1/2", "mmost://h/t", "workflows://h/1/2"):
        shown = [RENDERER.render(sample.view(profiles={"acme": each}), Secret(channel)).body for each in (tame, wild)]
        assert shown[0].count("\n") == shown[1].count("\n")
        if channel.startswith("slack"):
            assert all(
                re.fullmatch(r"<https?://[^<>|\s]+\|[^<>]*>", each) for each in re.findall(r"<[^>]*>?", shown[1])
            )
        if channel.startswith("tgram"):
            assert set(re.findall(r"<[^>]*>", shown[1])) - set(re.findall(r"<[^>]*>", shown[0])) <= {
                f'<a href="{html.escape(escape.safe_url("https://tame.example/" + url))}">'
            }


def test_html_of_an_email_holds_only_our_tags(sample: Sample) -> None:
    text = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\"'><a href=javascript:alert(1)>"
    shown = RENDERER.render(sample.view(text), Secret("mailto://h.example?from=a@h.example"))
    assert shown.html is not None
    assert "<script" not in shown.html
    assert "<img" not in shown.html
    assert 'href="javascript' not in shown.html
    assert {tag.lower() for tag in re.findall(r"<\s*(\w+)", shown.html)} <= {
        "html", "head", "meta", "title", "style", "body", "div", "span", "details", "summary",
        "h1", "h2", "p", "ul", "ol", "li", "b", "br", "a",
    }  # fmt: skip


def test_confidence_and_likelihood_never_share_a_sentence(sample: Sample) -> None:
    for tier in Tier:
        body = RENDERER.render(sample.view(tier=tier), Secret("console://")).body
        for line in body.split("\n"):
            if "grade" in line.lower() or "confidence" in line.lower():
                assert not re.search(r"\b(likely|probab|risk|level|low|medium|high|critical)\b", line, re.IGNORECASE)


def test_a_second_copy_says_so_and_has_the_same_id(sample: Sample) -> None:
    for url in ("console://", "json://x", "mailto://h.example?from=a@h.example"):
        first, second = (RENDERER.render(sample.view(copy=copy), Secret(url)) for copy in (False, True))
        assert "second copy" in second.body
        assert "second copy" not in first.body
        assert first.id == second.id
        assert first.headers == second.headers
        if second.payload is not None:
            assert (second.payload["id"], second.payload["copy"]) == ("message-1", True)


def test_without_a_link_it_says_how_an_operator_unsubscribes(sample: Sample) -> None:
    shown = RENDERER.render(sample.view(unsubscribe=None), Secret("console://"))
    assert "alerts unsubscribe desk" in shown.body
    assert not any(name.startswith("List-Unsubscribe") for name, _ in mail_headers(sample.view(unsubscribe=None)))


def test_the_most_urgent_institution_comes_first(sample: Sample) -> None:
    low = replace(sample.alert(1, transition=sample.transition(from_=Level.HIGH, to=Level.LOW)), institution="other")
    top = replace(sample.alert(2, transition=sample.transition(to=Level.CRITICAL)), institution="acme")
    view = sample.view(kind=Kind.DIGEST, entries=(sample.entry(alert=low), sample.entry(alert=top)))
    body = RENDERER.render(view, Secret("console://")).body
    assert body.index("Acme") < body.index("other")


def test_mail_headers_are_stable_and_thread_by_institution_and_axis(sample: Sample) -> None:
    first = dict(mail_headers(sample.view()))
    again = dict(mail_headers(sample.view(id="message-2", at=sample.at.replace(year=2027))))
    other = dict(mail_headers(sample.view(entries=(sample.entry(alert=sample.alert(3, On.MENTION)),))))
    assert first == dict(mail_headers(sample.view()))
    assert first["Message-ID"] != again["Message-ID"]
    assert first["References"] == again["References"] != other["References"]
    assert first["List-Unsubscribe"] == "<https://alerts.example/unsubscribe/token>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all("\n" not in value and "\r" not in value for value in first.values())
    assert all(len(f"{name}: {value}") <= 78 for name, value in first.items())


def test_a_header_cannot_be_smuggled_in(sample: Sample) -> None:
    view = sample.view(id="m\r\nBcc: x@e.example", unsubscribe="https://e.example/\r\nBcc: x@e.example")
    for name, value in mail_headers(view):
        assert re.fullmatch(r"[\x20-\x7e]*", value), name


def test_a_time_zone_is_that_of_the_subscriber(sample: Sample) -> None:
    body = RENDERER.render(sample.view(timezone="Asia/Tokyo"), Secret("console://")).body
    assert "2026-02-24 18:00 JST" in body


@pytest.mark.parametrize("scheme", ["goalert", "hassio", "mmost", "nctalk", "rocket", "webex"])
def test_a_headline_writes_no_link_where_markdown_is_shown(scheme: str, sample: Sample) -> None:
    shown = RENDERER.render(sample.view("Paid in full [here](https://evil.example)"), Secret(f"{scheme}://x/y/z"))
    assert "[here](" not in shown.title + shown.body
    assert r"\[here\](https" in shown.body
