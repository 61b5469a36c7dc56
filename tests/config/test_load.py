"""Loading: what the YAML says becomes the model, and all that is wrong is said, with its place."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from alerts.config.load import fingerprint, load_entries
from alerts.config.schema import ConfigTestForm
from alerts.model.errors import ConfigError
from alerts.model.institution import Criticality, Derivation, NameRules, Relation, Role
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.settings import Settings
from alerts.model.source import Reliability
from alerts.model.subscriber import Direction, On, RateLimit, Tier, WeeklyBriefing
from alerts.model.topic import Near, Signal
from alerts.replay.configtests import items_of

EVERYTHING = """\
sources:
  - id: anthropic-news
    url: https://www.anthropic.com/news/feed.xml
    publisher: Anthropic
    reliability: A
    speaks_for: [anthropic]
    interval: 10m
    at_most: 1h
    language: en
    tags: [ai]
    allow_private: true
institutions:
  - id: anthropic
    name: Anthropic
    aliases: [Anthropic PBC, 3M, 1.10, NO, off]
    products: [Claude, Claude Code]
    domains: [Anthropic.com]
    category: AI lab
    region: North America
    primary_domain: Security
    criticality: high
    tags: [ai, frontier]
    relations: [{kind: investor, to: amazon}]
    match:
      case_sensitive: true
      require_any: [AI, model]
      exclude: ["anthropic principle"]
      derive: [acronym, legal-form]
  - {id: amazon, name: Amazon, match: {derive: none}}
topics:
  - id: export-controls
    signal: governance
    any: ["export control*", "entity list"]
    none: ["export settings"]
    severity: {priority: 0.25, policy: 0.45}
    near: sentence
    negation: false
levels:
  raise: {medium: 0.3, high: 0.4}
  margin: 0.1
  half_life: {priority: 1w}
subscribers:
  - id: policy-desk
    tier: strategic-circle
    channels: {slack: "${SLACK}", mail: "mailto://${WHO}@example.org"}
    watch:
      - institutions: [anthropic]
        tags: [ai]
        regions: [Europe]
        categories: [AI lab]
        on: [level, spike]
        axes: [policy, priority]
        at_least: high
        direction: both
        to: [slack]
      - all: true
    quiet_hours: {from: 22:00, to: "07:00", timezone: Europe/Paris, unless: critical}
    digest: {at: 08:30, timezone: Europe/Paris, below: high}
    briefing: {weekly: Monday 07:30, timezone: Europe/Paris}
    repeat: 24h
    limit: 20/h
    group: 5m
silences:
  - tags: [ai]
    until: 2026-12-01T00:00:00Z
    starts: 2026-11-01T00:00:00+01:00
    reason: planned launch week
    author: night desk
tests:
  - name: it works
    at: 2026-02-24T09:00:00Z
    items:
      - {source: anthropic-news, title: "On: the news", published: 2026-02-24T08:00:00Z}
      - {id: x, title: Later, observed: 2026-02-24T08:30:00Z, publisher: NO, withdrawn: true}
      - {title: Now}
    expect:
      - {institution: anthropic, axis: policy, level: medium, mentioned: true}
      - {subscriber: policy-desk, channel: slack, alerts: 1, state: sent, text: '$${x}'}
"""
ENVIRON = {"SLACK": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "WHO": "desk"}


def write(directory: Path, **files: str) -> Path:
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory


def load(directory: Path) -> Settings:
    return load_entries(directory).settings


def problems_of(directory: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(directory)
    prefix = f"{directory}/"
    return [str(problem).removeprefix(prefix) for problem in caught.value.problems]


def test_everything_written_is_in_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    loaded = load_entries(write(tmp_path, all=EVERYTHING))
    settings = loaded.settings

    source = settings.sources["anthropic-news"]
    assert (source.reliability, source.interval, source.allow_private) == (Reliability.A, timedelta(minutes=10), True)
    assert source.at_most == timedelta(hours=1)
    assert source.speaks_for == {"anthropic"}

    institution = settings.institutions["anthropic"]
    assert institution.aliases == ("Anthropic PBC", "3M", "1.10", "NO", "off")
    assert institution.domains == ("anthropic.com",)
    assert institution.criticality is Criticality.HIGH
    assert institution.relations == (Relation("investor", "amazon"),)
    assert institution.match.case_sensitive is True
    assert institution.match.derive == {Derivation.ACRONYM, Derivation.LEGAL_FORM}
    assert settings.institutions["amazon"].match.derive == frozenset()

    topic = settings.topics["export-controls"]
    assert (topic.signal, topic.near, topic.negation) == (Signal.GOVERNANCE, Near.SENTENCE, False)
    assert topic.severity.on(Axis.POLICY) == 0.45
    assert topic.severity.on(Axis.CONTINUITY) == 0.0

    assert dict(settings.levels.raise_) == {Level.MEDIUM: 0.3, Level.HIGH: 0.4, Level.CRITICAL: 0.5}
    assert settings.levels.half_life[Axis.PRIORITY] == timedelta(weeks=1)
    assert settings.levels.half_life[Axis.POLICY] == timedelta(days=45)

    subscriber = settings.subscribers["policy-desk"]
    assert subscriber.tier is Tier.STRATEGIC_CIRCLE
    assert subscriber.channels["slack"].reveal() == ENVIRON["SLACK"]
    assert subscriber.channels["mail"].reveal() == "mailto://desk@example.org"
    assert subscriber.watch[0].on == {On.LEVEL, On.SPIKE}
    assert subscriber.watch[0].direction is Direction.BOTH
    assert subscriber.watch[0].to == ("slack",)
    assert subscriber.watch[0].select.regions == {"Europe"}
    assert subscriber.watch[1].select.all
    assert subscriber.quiet_hours is not None
    assert (subscriber.quiet_hours.from_, subscriber.quiet_hours.to) == (time(22), time(7))
    assert subscriber.briefing == WeeklyBriefing((0, time(7, 30)), "Europe/Paris")
    assert subscriber.digest is not None
    assert subscriber.digest.at == time(8, 30)
    assert subscriber.limit == RateLimit(20, timedelta(hours=1))
    assert (subscriber.repeat, subscriber.group) == (timedelta(days=1), timedelta(minutes=5))

    (silence,) = settings.silences
    assert silence.starts == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert silence.author == "night desk"

    ((entry, test),) = loaded.entries.valid("tests", ConfigTestForm)
    items = items_of(test)
    assert [item.id for item in items] == ["item-1", "x", "item-3"]
    assert [item.observed.hour for item in items] == [8, 8, 9]
    assert items[0].title == "On: the news"
    assert items[1].publisher == "NO"
    assert items[1].withdrawn
    assert test.expect[0].level is Level.MEDIUM
    assert test.expect[1].text == "${x}"
    assert entry.where("expect", 1) == f"{tmp_path}/all.yaml:78"


def test_what_is_left_out_has_the_defaults_of_the_model(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path, a="sources: [{id: s, url: 'http://x.org/f', publisher: X}]\nsubscribers: [{id: d}]\nsilences:\n"
        )
    )
    assert settings.levels == LevelRules()
    assert settings.sources["s"].reliability is Reliability.F
    assert settings.sources["s"].interval == timedelta(minutes=15)
    assert settings.subscribers["d"].tier is Tier.OPEN
    assert settings.silences == ()


def test_parts_in_several_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.yml").write_text("institutions: [{id: b, name: Bee}]")
    (tmp_path / ".hidden.yaml").write_text("nonsense: true")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("nonsense: true")
    (tmp_path / "notes.txt").write_text("nonsense: true")
    write(tmp_path, c="institutions: [{id: c, name: Cee}]", a="institutions: [{id: a, name: Ay}]", empty="# nothing\n")
    assert list(load(tmp_path).institutions) == ["a", "c", "b"]


def test_links_to_directories_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "real")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "linked").symlink_to(tmp_path / "real")
    write(tmp_path / "real", a="institutions: [{id: a, name: Ay}]")
    assert list(load(tmp_path / "config").institutions) == ["a"]


TEST = "subscribers: [{id: s}]\ntests: [{name: t, at: 2026-01-01, %s}]"
# One line each: what is wrong, marked by » where it stands, and a part of what is said.
WRONG = [
    ("»sourcs: []", "unknown key 'sourcs'; did you mean 'sources'?"),
    ("sources: »{id: a}", "write a list"),
    ("sources: [»a]", "write a mapping"),
    ("sources: [{id: a, url: https://x.org, publisher: X, »relability: A}]", "did you mean 'reliability'?"),
    ("sources: [»{id: a, url: https://x.org}]", "publisher is missing"),
    ("sources: [{id: »a b, url: https://x.org, publisher: X}]", "not 'a b'"),
    ("sources: [{id: a, url: »ftp://x.org, publisher: X}]", "http:// or https://"),
    ("sources: [{id: a, url: »https://, publisher: X}]", "http:// or https://"),
    ("sources: [{id: a, url: »'https://x.org:99999/', publisher: X}]", "http:// or https://"),
    ("sources: [{id: a, url: »'http://[x/', publisher: X}]", "http:// or https://"),
    ("sources: [{id: a, url: https://x.org, publisher: »''}]", "an empty text"),
    ("sources: [{id: a, url: https://x.org, publisher: »}]", "there is no value here"),
    ("sources: [{id: a, url: https://x.org, publisher: »[X]}]", "write one value"),
    ("sources: [{id: a, url: https://x.org, publisher: X, reliability: »Z}]", "write A, B, C, D, E, F, not 'Z'"),
    ("sources: [{id: a, url: https://x.org, publisher: X, interval: »15}]", "15m"),
    ("sources: [{id: a, url: https://x.org, publisher: X, interval: »0s}]", "above zero"),
    ("sources: [{id: a, url: https://x.org, publisher: X, interval: »-5m}]", "not '-5m'"),
    ("sources: [{id: a, url: https://x.org, publisher: X, interval: »99999999999999999999w}]", "duration"),
    ("sources: [{id: a, url: https://x.org, publisher: X, allow_private: »maybe}]", "write true or false"),
    ("sources: [{id: a, url: https://x.org, publisher: X, language: »english please}]", "language code"),
    ("sources: [{id: a, url: https://x.org, publisher: X, tags: »ai}]", "write a list: [one, two]"),
    ("sources: [{id: a, url: https://x.org, publisher: X, speaks_for: [»open]}]", "no institution has the id 'open'"),
    ("institutions: [{id: a, name: A}, {id: »a, name: B}]", "is taken already, by"),
    ("institutions: [{id: a, name: A, »name: B}]", "stands twice"),
    ("institutions: [{id: a, name: »'?!'}]", "a letter or a digit"),
    ("institutions: [{id: a, name: A, aliases: [B, »--]}]", "a letter or a digit"),
    ("institutions: [{id: a, name: A, domains: [»https://a.org]}]", "the host name alone"),
    ("institutions: [{id: a, name: A, criticality: »hihg}]", "did you mean 'high'?"),
    ("sources: [{id: s, url: 'https://x.org', publisher: X, authority_on: [»x]}]", "no institution has the id 'x'"),
    (
        "sources: [{id: s, url: 'https://x.org', publisher: X, authority_on: {ids: [»x]}}]",
        "no institution has the id 'x'",
    ),
    ("institutions: [{id: a, name: A, relations: [{kind: x, to: »b}]}]", "no institution has the id 'b'"),
    ("institutions: [{id: a, name: A, relations: [{kind: x, to: »a}]}]", "no relation to itself"),
    ("institutions: [{id: a, name: A, match: {derive: »some}}]", "write all, none, or a list"),
    ("institutions: [{id: a, name: A, match: {derive: [»acronim]}}]", "did you mean 'acronym'?"),
    ("institutions: [{id: a, name: A, match: {»requires: [x]}}]", "unknown key 'requires'"),
    ("topics: [{id: t, signal: »governence, any: [x]}]", "did you mean 'governance'?"),
    ("topics: [{id: t, signal: governance, any: »[]}]", "no phrase and no pattern"),
    ("topics: [{id: t, signal: governance, any: [»'*']}]", "a letter or a digit"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {policy: »1.5}}]", "at most 1"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {policy: »-0.1}}]", "at least 0"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {policy: ».nan}}]", "write a number"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {policy: »nan}}]", "write a number"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {policy: »high}}]", "write a number"),
    ("topics: [{id: t, signal: governance, any: [x], severity: {»prority: 0.1}}]", "did you mean 'priority'?"),
    ("levels: {raise: {medium: 0.4, high: »0.35}}", "high must be above medium"),
    ("levels: {raise: {critical: »0.3}}", "critical must be above high"),
    ("levels: {raise: {medium: »0}}", "above 0"),
    ("levels: {margin: »0.25}", "no level ever falls"),
    ("levels: {half_life: {policy: »never}}", "duration"),
    ("levels: »[]", "write a mapping"),
    ("subscribers: [{id: s, tier: »gold}]", "write open, strategic-circle, leadership-alliance"),
    ("subscribers: [{id: s, channels: {x: »'syslog://'}}]", "write a channel address"),
    ("subscribers: [{id: s, channels: {x: »'http://x.org'}}]", "write json://HOST/PATH"),
    ("subscribers: [{id: s, channels: {x: »me@x.org}}]", "for e-mail write mailtos://"),
    ("subscribers: [{id: s, watch: [»{on: [level]}]}]", "selects no institution"),
    ("subscribers: [{id: s, watch: [{all: true, on: [»levle]}]}]", "did you mean 'level'?"),
    ("subscribers: [{id: s, watch: [{all: true, to: [»x]}]}]", "the subscriber has no channel 'x'; it has none"),
    (
        "subscribers: [{id: s, channels: {a: 'console://'}, watch: [{all: true, escalate: {after: 30m, to: [»b]}}]}]",
        "to: the subscriber has no channel 'b'; it has a",
    ),
    (
        "subscribers: [{id: s, channels: {b: json://h}, watch: [{all: true,to: [b],escalate: {after: 1m, to: [»b]}}]}]",
        "to: b is in the rule's own `to`",
    ),
    (
        "subscribers: [{id: s, channels: {a: 'console://'}, watch: [{all: true, escalate: {after: 30m, to: »[a]}}]}]",
        "no channel is left that gets the alert at once",
    ),
    (
        "subscribers: [{id: s, channels: {a: 'console://'}, watch: [{all: true, escalate: {after: »soon, to: [a]}}]}]",
        "duration",
    ),
    ("subscribers: [{id: s, channels: {aa: 'console://'}, fallback: {aa: »ab}}]", "fallback: the subscriber has no"),
    (
        "subscribers: [{id: s, channels: {aa: 'console://'}, fallback: {»ab: aa}}]",
        "fallback: the subscriber has no channel 'ab'",
    ),
    ("subscribers: [{id: s, channels: {a: 'console://'}, fallback: {a: »a}}]", "a → a is a circle"),
    ("subscribers: [{id: s, watch: [{institutions: [»x]}]}]", "no institution has the id 'x'"),
    ("subscribers: [{id: s, quiet_hours: {from: »25:00, to: '07:00'}}]", "time of day"),
    ("subscribers: [{id: s, quiet_hours: {from: '07:00', to: »'07:00'}}]", "end when they begin"),
    ("subscribers: [{id: s, quiet_hours: {from: '22:00', to: '07:00', timezone: »Mars/Olympus}}]", "time zone"),
    ("subscribers: [{id: s, digest: {at: '07:00', timezone: »Europe}}]", "time zone"),
    ("subscribers: [{id: s, briefing: {weekly: »07:00}}]", "write a day of the week and a time of day"),
    ("subscribers: [{id: s, briefing: {weekly: »monk 07:00}}]", "for example mon 07:30"),
    ("subscribers: [{id: s, briefing: {weekly: »mon 7.30}}]", "for example mon 07:30"),
    ("subscribers: [{id: s, digest: {at: '07:00', timezone: »../../etc/passwd}}]", "time zone"),
    ("subscribers: [{id: s, limit: »20}]", "20/h"),
    ("subscribers: [{id: s, limit: »0/h}]", "20/h"),
    ("subscribers: [{id: s, limit: »5/fortnight}]", "20/h"),
    ("subscribers: [{id: s, repeat: »}]", "there is no value here"),
    ("silences: [»{until: '2026-12-01T00:00:00Z'}]", "selects no institution"),
    ("silences: [{all: true, until: »tomorrow}]", "2026-02-24T09:00:00Z"),
    ("silences: [{all: true, until: »0001-01-01T00:00:00+23:00}]", "2026-02-24T09:00:00Z"),
    ("silences: [{all: true, until: 2026-01-01, starts: »2026-02-01}]", "begin after it ends"),
    (
        "sources: [{id: a, url: 'https://a.example/f', publisher: A, interval: 1h, at_most: »30m}]",
        "at_most: 30m is less than the interval, 1h",
    ),
    ("tests: [{name: t, at: 2026-01-01, expect: »[]}]", "at least one"),
    ("tests: [{name: t, at: 2026-01-01, expect: [»{}]}]", "expects nothing"),
    ("tests: [{name: t, at: 2026-01-01, expect: [{»level: high}]}]", "without `institution`"),
    (TEST % "expect: [»{subscriber: s}]", "expects nothing"),
    ("tests: [{name: t, at: 2026-01-01, expect: [{institution: »x, level: low}]}]", "no institution has the id 'x'"),
    ("tests: [{name: t, at: 2026-01-01, expect: [{subscriber: »x, alerts: 1}]}]", "no subscriber has the id 'x'"),
    (
        "institutions: [{id: a, name: A}]\ntests: [{name: t, at: 2026-01-01, expect: [{institution: a, topic: »x}]}]",
        "no topic has the id 'x'",
    ),
    (TEST % "expect: [{»text: x}]", "without `subscriber`"),
    (TEST % "expect: [{subscriber: s, alerts: »-1}]", "at least 0"),
    (TEST % "items: [{title: x, source: »y}], expect: [{subscriber: s, alerts: 0}]", "no source has the id 'y'"),
    (
        TEST % "items: [{title: x, published: »2026-01-02}], expect: [{subscriber: s, alerts: 0}]",
        "would not be there yet",
    ),
    ("»- a", "a file holds a mapping"),
    ("»just text", "a file holds a mapping"),
    ("sources:\n»\t- a", "use spaces"),
    ("sources: [»", "not YAML"),
    ("a: b»: c", "put the value in quotes"),
    ("a: »@b", "put the value in quotes"),
    ("a: »'b\n\nc: d\n", "the closing quote is missing"),
    ("a: [b,\n  c\n\nd»: e\n", "a comma or a closing bracket is missing"),
    ("a:\n  - b\n »- c\n", "check the indentation"),
    ("subscribers: [{id: s, channels: {x: $»{X}}}]", "put ${…} in quotes"),
    ("a: 1\n»---\nb: 2", "a second document"),
    ("sources: [»*x]", "refers to no &x above it: put the value in quotes"),
    ("sources: »!!python/object:os.system []", "the tag tag:yaml.org,2002:python/object:os.system has no meaning"),
    ("x-a: {»[1]: 2}", "a key must be plain text"),
    ("x-a: {<<: »1}", "<< takes a mapping"),
    ("x-a: »\x07", "control characters are not allowed"),
]


@pytest.mark.parametrize(("marked", "message"), WRONG, ids=[text for text, _ in WRONG])
def test_a_problem_is_said_where_it_stands(tmp_path: Path, marked: str, message: str) -> None:
    before, _, after = marked.partition("»")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    (problem,) = problems_of(write(tmp_path, a=before + after))
    assert problem.startswith(f"a.yaml:{line}:{column}: ")
    assert message in problem


def test_all_problems_come_at_once_in_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        a=("institutions:\n  - {id: a, nme: A, criticality: x}\n  - {id: b, name: B, relations: [{kind: k, to: z}]}\n"),
        b="sources: {a: b}\n",
        c="subscribers: [{id: s, channels: {x: '${UNSET}'}}]\n",
        d="sources: [{id: s, url: https://x.org, publisher: X, speaks_for: [a, b]}]\n",
    )
    assert [problem.split(": ")[0] for problem in problems_of(tmp_path)] == [
        "a.yaml:2:5",  # name is missing
        "a.yaml:2:13",  # unknown key
        "a.yaml:2:34",  # criticality
        "a.yaml:3:48",  # relation to nobody
        "b.yaml:1:10",  # no list
        "c.yaml:1:37",  # variable; the ids of refused entries are known, so d.yaml is fine
    ]


def test_where_a_file_cannot_be_read_nobody_is_told_that_its_entries_are_missing(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="institutions:\n  - {id: a, name: A}\n  - {id: b\n",
        b="sources: [{id: s, url: https://x.org, publisher: X, speaks_for: [a], intervall: 5m}]\n",
    )
    assert [problem.split(": ")[0] for problem in problems_of(tmp_path)] == ["a.yaml:4:1", "b.yaml:1:70"]


def test_levels_stand_once(tmp_path: Path) -> None:
    write(tmp_path, a="levels: {margin: 0.1}", b="levels: {margin: 0.1}")
    assert problems_of(tmp_path) == [f"b.yaml:1:1: levels stand in {tmp_path}/a.yaml:1 already: keep them in one place"]


def test_an_alias_may_have_conditions_of_its_own(tmp_path: Path) -> None:
    text = (
        "institutions:\n  - id: ico\n    name: Information Commissioner's Office\n"
        "    aliases: [Commissioner, {name: ICO, require_any: [privacy, fine*], case_sensitive: true}]\n"
    )
    (tmp_path / "a.yaml").write_text(text)
    institution = load(tmp_path).institutions["ico"]
    assert institution.aliases == ("Commissioner", "ICO")
    assert institution.match.of_names == (NameRules("ICO", True, ("privacy", "fine*")),)


def test_an_alias_with_an_unknown_condition_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("institutions: [{id: a, name: A, aliases: [{name: B, needs: [x]}]}]\n")
    with pytest.raises(ConfigError, match="needs"):
        load(tmp_path)


def test_anchors_aliases_and_merges_within_bounds(tmp_path: Path) -> None:
    write(
        tmp_path,
        a=(
            "x-lab: &lab {category: AI lab, region: Europe, tags: &tags [ai]}\n"
            "institutions:\n"
            "  - {<<: *lab, id: a, name: A}\n"
            "  - {id: b, name: B, region: Asia, <<: [*lab, {category: other}], aliases: *tags}\n"
        ),
    )
    institutions = load(tmp_path).institutions
    assert [(each.category, each.region) for each in institutions.values()] == [
        ("AI lab", "Europe"),
        ("AI lab", "Asia"),
    ]
    assert institutions["b"].aliases == ("ai",)


def test_a_problem_in_an_anchored_value_is_said_once(tmp_path: Path) -> None:
    write(tmp_path, a="x-a: &a {criticality: hihg}\ninstitutions: [{<<: *a, id: a, name: A}, {<<: *a, id: b, name: B}]")
    (problem,) = problems_of(tmp_path)
    assert problem.startswith("a.yaml:1:23: criticality")


def test_an_explosion_of_aliases_is_refused(tmp_path: Path) -> None:
    lines = ["x-0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    lines += [f"x-{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 30)]
    (problem,) = problems_of(write(tmp_path, a="\n".join(lines)))
    assert "the aliases up to here stand for more than" in problem


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 5_000, "a: " + "{a: " * 100_000, "? " * 5_000])
def test_nesting_is_bounded(tmp_path: Path, text: str) -> None:
    (problem,) = problems_of(write(tmp_path, a=text))
    assert "nested more than 40 deep" in problem


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"# caf\xc3\xa9\ninstitutions:\n  - {id: a, name: Caf\xe9}\n")
    assert problems_of(tmp_path) == ["a.yaml:3:22: byte 0xe9 is not UTF-8: save the file as UTF-8"]


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfinstitutions: [{id: a, name: A}]")
    assert list(load(tmp_path).institutions) == ["a"]


def test_directories_that_hold_no_configuration(tmp_path: Path) -> None:
    assert "does not exist" in problems_of(tmp_path / "none")[0]
    assert "no *.yaml file" in problems_of(tmp_path)[0]
    (tmp_path / "file").touch()
    assert "is a file, not a directory" in problems_of(tmp_path / "file")[0]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "directory.yaml").mkdir()
    assert problems_of(tmp_path) == [
        "gone.yaml:1:1: no regular file, or a link to nothing: remove it",
        "pipe.yaml:1:1: no regular file, or a link to nothing: remove it",
    ]


def test_the_hash_names_paths_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a="institutions: [{id: a, name: A}]")
    first = load(tmp_path).hash
    monkeypatch.setenv("ANYTHING", "else")
    assert first == load(tmp_path).hash == fingerprint(tmp_path)
    write(tmp_path, a="institutions: [{id: a, name: A}] # remark")
    second = load(tmp_path).hash
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert len({first, second, load(tmp_path).hash}) == 3


def test_the_id_of_a_silence_names_its_content(tmp_path: Path) -> None:
    one = "{all: true, until: 2026-12-01}"
    write(tmp_path, a=f"silences: [{one}, {{all: true, until: 2026-12-02}}]")
    first, second = load(tmp_path).silences
    write(tmp_path, a=f"# moved\nsilences:\n  - {one}\n")
    assert load(tmp_path).silences[0].id == first.id != second.id


@pytest.mark.slow
def test_a_hundred_thousand_aliases(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="institutions:\n"
        + "".join(
            f"  - id: i{n}\n    name: Name {n}\n    aliases: [{', '.join(f'Alias {n} {k}' for k in range(50))}]\n"
            for n in range(2_000)
        ),
    )
    institutions = load(tmp_path).institutions
    assert sum(len(each.aliases) for each in institutions.values()) == 100_000


def test_who_speaks_and_who_has_authority(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "institutions:\n"
        "- {id: fed, name: Federal Reserve Board, role: authority}\n"
        "- {id: acme, name: Acme Bank Corp, tags: [bank]}\n"
        "- {id: zeta, name: Zeta Bank Corp}\n"
        "sources:\n"
        "- {id: tagged, url: 'https://x.org/a', publisher: Fed, speaks_for: [fed], authority_on: {tags: [bank]}}\n"
        "- {id: listed, url: 'https://x.org/b', publisher: Fed, authority_on: [acme, zeta]}\n"
        "- {id: both, url: 'https://x.org/c', publisher: Fed, authority_on: {ids: [zeta], tags: [bank]}}\n"
    )
    settings = load(tmp_path)
    assert [each.id for each in settings.institutions.values() if each.role is Role.AUTHORITY] == ["fed"]
    assert settings.sources["tagged"].authority_on == {"acme"}
    assert settings.sources["listed"].authority_on == settings.sources["both"].authority_on == {"acme", "zeta"}
    assert [settings.sources["tagged"].is_direct_for(each) for each in ("fed", "acme", "zeta")] == [True, True, False]
