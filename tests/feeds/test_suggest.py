"""Well-known addresses: what is tried for an institution, and what is offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from kit.feeds import Entry, FeedServer, Page, rss

from alerts.cli.main import status_of
from alerts.config.load import load
from alerts.feeds.suggest import candidates, read_reliabilities, rules
from alerts.model.errors import InputError
from alerts.model.institution import Institution
from alerts.model.source import Reliability

SEARCH = "https://news.google.com/rss/search?q=%22Acme%22+when:1d&hl=en-US&gl=US&ceid=US:en"
"""What a rule gives for every institution; configured here, so that no test asks it."""


def urls(institution: Institution) -> list[str]:
    return [each.url for each in candidates(institution, {})]


def test_rules_are_well_formed() -> None:
    for rule in rules():
        assert set(rule) <= {"id", "group", "speaks", "reliability", "paths", "note"}
        assert rule["paths"]
        assert rule["reliability"] in set(Reliability)


def test_only_addresses_whose_ids_are_known_are_tried() -> None:
    plain = urls(Institution("a", "Acme Corp"))
    assert plain == ["https://news.google.com/rss/search?q=%22Acme+Corp%22+when:1d&hl=en-US&gl=US&ceid=US:en"]
    known = urls(
        Institution(
            "a",
            "Acme",
            ids=(("cik", "1652044"), ("github", "acme/rocket"), ("mastodon", "@acme@social.example")),
        )
    )
    assert "https://github.com/acme/rocket/releases.atom" in known
    assert "https://social.example/@acme.rss" in known
    assert any("CIK=0001652044" in url for url in known)


def test_every_domain_is_tried() -> None:
    found = urls(Institution("a", "Acme", domains=("acme.example", "acme.test")))
    assert "https://status.acme.example/history.rss" in found
    assert "https://acme.test/blog/feed/" in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("value", ["javascript:alert(1)", "http://[", "file:///etc/passwd", "x"])
def test_an_id_that_makes_no_web_address_is_passed_over(value: str) -> None:
    assert all(url.startswith("https://") for url in urls(Institution("a", "Acme", ids=(("rsshub", value),))))


def test_the_operators_table_goes_before_the_hints() -> None:
    table = read_reliabilities("host,reliability\nwww.acme.example,d\n")
    rated = {
        each.url: each.reliability
        for each in candidates(Institution("a", "A", domains=("acme.example",)), table)
    }
    assert rated["https://status.acme.example/history.rss"] is Reliability.D
    assert rated["https://acme.statuspage.io/history.rss"] is Reliability.A
    with pytest.raises(InputError, match="line 2"):
        read_reliabilities("a.example,A\nb.example,great\n")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as made:
        yield made


@pytest.mark.servers
def test_what_answers_with_a_feed_is_offered(
    server: FeedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    institutions = [
        {
            "id": "acme",
            "name": "Acme",
            "ids": {"rsshub": f"{server.url}/good", "changedetection": f"{server.url}/bad"},
        }
    ]
    (config / "a.yaml").write_text(
        yaml.safe_dump(
            {
                "institutions": institutions,
                "sources": [{"id": "search", "url": SEARCH, "publisher": "Search"}],
            }
        )
    )

    server.pages = {
        "good": Page(rss([Entry("1", "News")])),
        "bad": Page(b"<html>no feed</html>", content_type="text/html"),
    }
    assert status_of(["--config", str(config), "sources", "suggest", "acme", "--allow-private"]) == 0
    out, err = capsys.readouterr()
    assert "1 feed of 2 addresses" in err
    (config / "sources.yaml").write_text(out)
    made = load(config).sources["acme-rsshub"]
    assert (made.url, made.speaks_for, made.allow_private) == (f"{server.url}/good", {"acme"}, True)
    assert status_of(["--config", str(config), "sources", "suggest", "acme", "--allow-private"]) == 1
