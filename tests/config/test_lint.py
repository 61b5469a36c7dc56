"""Warnings: in force all the same."""

from __future__ import annotations

from pathlib import Path

from alerts.config.lint import doubts
from alerts.config.load import load_entries


def warnings(directory: Path, text: str) -> list[str]:
    (directory / "a.yaml").write_text(text)
    return [str(problem).removeprefix(f"{directory}/a.yaml:") for problem in doubts(load_entries(directory))]


def test_a_feed_that_two_sources_poll(tmp_path: Path) -> None:
    text = "sources:\n- {id: a, url: https://x.org/f, publisher: X}\n- {id: b, url: https://x.org/f, publisher: X}\n"
    assert warnings(tmp_path, text) == ["3:16: warning: url: the source 'a' polls the same address: remove one"]


def test_selections_that_select_nobody(tmp_path: Path) -> None:
    text = (
        "institutions: [{id: a, name: Aleph Alpha, tags: [cloud], region: Europe}]\n"
        "subscribers: [{id: s, channels: {c: 'console://'}, watch: [{tags: [cluod]}, {regions: [Europe]}]}]\n"
        "silences: [{categories: [AI lab], until: 2027-01-01}]\n"
    )
    assert warnings(tmp_path, text) == [
        "2:68: warning: tags: no institution carries 'cluod'; did you mean 'cloud'?",
        "3:26: warning: categories: no institution carries 'AI lab'",
    ]


def test_subscribers_who_are_never_told(tmp_path: Path) -> None:
    text = "subscribers:\n- {id: s, channels: {c: 'console://'}}\n- {id: t, watch: [{all: true}]}\n"
    assert [warning.split(": ", 2)[2] for warning in warnings(tmp_path, text)] == [
        "the subscriber watches nothing and is never told: add `watch:`",
        "the subscriber has no channel and is never told: add `channels:`",
    ]


def test_doubtful_names_at_their_place(tmp_path: Path) -> None:
    text = (
        "institutions:\n"
        "- {id: a, name: Aleph Alpha, aliases: [Zyxel, Shared Name]}\n"
        "- {id: b, name: Zyxel Networks, aliases: [Shared Name]}\n"
    )
    found = warnings(tmp_path, text)
    assert [warning.split(" warning")[0] for warning in found] == ["2:47:", "3:43:"]
    assert all("Shared Name" in warning for warning in found)


def test_a_sound_configuration_has_none(tmp_path: Path) -> None:
    assert warnings(tmp_path, "institutions: [{id: a, name: Aleph Alpha}]") == []


PARTIES = (
    "institutions:\n"
    "- {id: fed, name: Federal Reserve Board, role: authority, tags: [regulator]}\n"
    "- {id: acme, name: Acme Bank Corp, tags: [bank]}\n"
)


def source(keys: str) -> str:
    return f"{PARTIES}sources:\n- {{id: s, url: https://x.org/f, publisher: Fed, {keys}}}\n"


def test_a_source_of_an_authority_and_of_what_it_supervises(tmp_path: Path) -> None:
    assert warnings(tmp_path, source("speaks_for: [fed, acme]")) == [
        (
            "5:67: warning: speaks_for: the source speaks for the authority 'fed' and for 'acme': write the latter "
            "under authority_on, or all that the authority says is about it"
        )
    ]
    assert warnings(tmp_path, source("speaks_for: [fed], authority_on: [acme]")) == []
    assert warnings(tmp_path, source("speaks_for: [fed], authority_on: {tags: [bank]}")) == []


def test_a_source_that_is_its_own_authority(tmp_path: Path) -> None:
    for keys in ("authority_on: [acme, fed]", "authority_on: {ids: [acme, fed]}"):
        (found,) = warnings(tmp_path, source(f"speaks_for: [fed], {keys}"))
        assert found.endswith("authority_on: the source speaks for 'fed' and is no authority on it: remove one")
    (found,) = warnings(tmp_path, source("speaks_for: [fed], authority_on: {tags: [regulator]}"))
    assert found.endswith("authority_on: 'fed' carries the tag 'regulator', and the source speaks for it")


def test_an_authority_on_nobody(tmp_path: Path) -> None:
    (found,) = warnings(tmp_path, source("speaks_for: [fed], authority_on: {tags: [banks]}"))
    assert found.endswith("tags: no institution carries 'banks'; did you mean 'bank'?")


def test_an_authority_without_sources(tmp_path: Path) -> None:
    assert warnings(tmp_path, source("authority_on: [acme]")) == [
        "2:48: warning: role: no source speaks for the authority 'fed': add its feed to the sources"
    ]


def test_thresholds_of_the_former_formula(tmp_path: Path) -> None:
    former = "levels: {raise: {medium: 0.25, high: 0.5, critical: 0.75}}\n"
    (warning,) = warnings(tmp_path, former)
    assert warning.startswith("1:17: warning: raise: these were the defaults while every story added to a score")
    assert warnings(tmp_path, "levels: {raise: {medium: 0.12, high: 0.3, critical: 0.5}}\n") == []
    assert warnings(tmp_path, "levels: {margin: 0.01}\n") == []
