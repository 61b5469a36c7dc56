"""Well-known addresses: what is tried for an institution, what is offered, and how politely it is asked."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from kit.feeds import Entry, FeedServer, Page, rss

from alerts.cli.main import status_of
from alerts.config.environment import interpolate
from alerts.config.load import load_entries
from alerts.feeds import suggest
from alerts.feeds.fetching.fetch import make_client
from alerts.feeds.suggest import Address, Prober, addresses, read_reliabilities, settings_of
from alerts.model.errors import InputError
from alerts.model.institution import Institution, Role
from alerts.model.source import Reliability
from alerts.model.tables import table

ACME = Institution("acme", "Acme & Sons", domains=("acme.example", "acme.test"))
FEED = Page(rss([Entry("1", "News", published=datetime(2026, 3, 2, tzinfo=UTC))], "Acme"))
TLS = Path(__file__).parent / "tls"


def urls(institution: Institution) -> list[str]:
    return [each.url for each in addresses(institution)]


def test_the_rules_are_well_formed() -> None:
    for rule in table("alerts.feeds", "data/known_addresses.yaml").values():
        assert rule.keys() >= {"what", "urls", "reliability"}
        assert rule.keys() <= {"what", "urls", "reliability", "group", "publisher", "interval", "note"}
        assert rule["reliability"] in set(Reliability)


def test_an_address_whose_values_are_missing_is_not_tried() -> None:
    (search,) = urls(Institution("acme", "Acme & Sons"))
    assert "q=%22Acme+%26+Sons%22+when:1d" in search


def test_ids_become_addresses() -> None:
    ids = {"cik": "1652044", "github": "acme/rocket", "mastodon": "@acme@social.example", "gov-uk": "acme-office",
           "status": "acme.statuspage.example", "rsshub": "http://rsshub.internal/acme/news"}  # fmt: skip
    found = urls(Institution("acme", "Acme", ids=tuple(ids.items())))
    assert "https://github.com/acme/rocket/releases.atom" in found
    assert "https://social.example/@acme.rss" in found
    assert "https://www.gov.uk/government/organisations/acme-office.atom" in found
    assert "https://acme.statuspage.example/history.rss" in found
    assert "http://rsshub.internal/acme/news" in found
    assert any("CIK=0001652044&" in url for url in found)


def test_the_name_of_an_authority_alone_is_tried_as_a_slug() -> None:
    office = Institution("office", "Office of Fair Play", role=Role.AUTHORITY)
    assert "https://www.gov.uk/government/organisations/office-of-fair-play.atom" in urls(office)
    assert not any("gov.uk" in url for url in urls(Institution("office", "Office of Fair Play")))


def test_every_domain_is_tried_once() -> None:
    found = urls(ACME)
    assert {"https://status.acme.example/history.rss", "https://acme.test/blog/feed/"} <= set(found)
    assert len(found) == len(set(found)) < suggest.MAX_PROBES


@pytest.mark.parametrize("value", ["javascript:alert(1)", "file:///etc/passwd", "../x", "x"])
def test_an_id_that_makes_no_web_address_is_passed_over(value: str) -> None:
    assert all(url.startswith("https://") for url in urls(Institution("a", "Acme", ids=(("rsshub", value),))))


def test_a_table_rates_a_domain() -> None:
    rows = read_reliabilities(
        ["\ufeffDomain,Reliability\n", "www.acme.example,d\n", "\n", "b.acme.example, A \n"], "t.csv"
    )
    for host, reliability in (("acme.example", "D"), ("www.b.acme.example", "A"), ("status.acme.example", "C")):
        candidate = Address("news", {"reliability": "C"}, "", f"https://{host}/feed", guessed=True)
        made = settings_of(candidate, ACME, rows)
        assert made["reliability"] == reliability
    for row in ("acme.example,great", "acme.example", "domain,reliability"):
        with pytest.raises(InputError, match=r"^t\.csv:2: is no row"):
            read_reliabilities(["a.example,A", row], "t.csv")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedServer]:
    monkeypatch.setattr(suggest, "GAP", 0)
    with FeedServer() as made:
        yield made


def probed(server: FeedServer, *wanted: Address, **configured: str) -> dict[str, Address]:
    """What came of each candidate, by its path; `configured` is the source of a path."""

    def own(url: str) -> str:
        return configured.get(url.removeprefix(server.url).strip("/"), "")

    prober = Prober(make_client(), own, allow_private=True)
    return {each.kind: each for each in prober.probe(wanted, lambda _: None)}


def candidate(server: FeedServer, path: str, group: str = "news", *, guessed: bool = True) -> Address:
    return Address(path, {"what": "news"}, group, f"{server.url}/{path}", guessed)


@pytest.mark.servers
def test_the_first_feed_of_a_group_ends_it(server: FeedServer) -> None:
    server.pages = {"b": FEED, "c": FEED}
    found = probed(server, *(candidate(server, each) for each in "abc"), candidate(server, "d", "blog"))
    assert found["a"].state == "absent"
    assert "404" in found["a"].why
    assert (found["b"].state, found["b"].private) == ("offered", True)
    assert server.requests == ["a", "b", "d"]


@pytest.mark.servers
def test_a_page_stands_for_the_feed_that_it_declares(server: FeedServer) -> None:
    link = b"<link rel='alternate' type='application/rss+xml' href='/%s'>"
    server.pages = {"news": Page(link % b"wire" + link % b"gone", content_type="text/html"), "wire": FEED}
    (found,) = probed(server, candidate(server, "news")).values()
    assert (found.url, found.page) == (f"{server.url}/wire", f"{server.url}/news")


@pytest.mark.servers
def test_a_declared_private_address_of_another_host_is_not_asked(server: FeedServer) -> None:
    other = server.url.replace("127.0.0.1", "127.0.0.2")
    link = f"<link rel='alternate' type='application/rss+xml' href='{other}/wire'>"
    server.pages = {"news": Page(link.encode(), content_type="text/html"), "wire": FEED}
    (found,) = probed(server, candidate(server, "news")).values()
    assert found.state == "failed"
    assert "wire" not in server.requests


@pytest.mark.servers
def test_a_page_learns_no_secret_by_what_it_declares(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANGEDETECTION_TOKEN", "t0psecret")
    link = b"<link rel='alternate' type='application/rss+xml' href='/${CHANGEDETECTION_TOKEN}'>"
    server.pages = {"news": Page(link, content_type="text/html")}
    prober = Prober(make_client(), lambda _: "", lambda text: interpolate(text, os.environ), allow_private=True)
    list(prober.probe([candidate(server, "news")], lambda _: None))
    assert len(server.requests) == 2
    assert not any("t0psecret" in each for each in server.requests)


@pytest.mark.servers
def test_what_is_configured_is_not_asked_and_found_again_behind_a_redirect(server: FeedServer) -> None:
    server.pages = {"old": Page(status=301, headers={"Location": "/wire"}), "wire": FEED}
    found = probed(server, candidate(server, "own"), candidate(server, "old", "blog"), own="acme-own", wire="acme-wire")
    assert (found["own"].why[-8:], found["old"].why[-9:]) == ("acme-own", "acme-wire")
    assert {each.state for each in found.values()} == {"configured"}
    assert "own" not in server.requests


@pytest.mark.servers
def test_one_feed_at_two_addresses_is_offered_once_at_the_one_that_lasts(server: FeedServer) -> None:
    server.pages = {"old": Page(status=301, headers={"Location": "/wire"}), "wire": FEED}
    found = probed(server, candidate(server, "old"), candidate(server, "wire", "blog"))
    assert found["old"].url == f"{server.url}/wire"
    assert found["wire"].state == "configured"
    assert found["wire"].why.endswith("as old")


@pytest.mark.servers
def test_a_host_that_is_busy_is_asked_no_more(server: FeedServer) -> None:
    server.pages = {"a": Page(b"", 429), "b": FEED}
    found = probed(server, candidate(server, "a"), candidate(server, "b", guessed=False))
    assert server.requests == ["a"]
    assert found["a"].state == "failed"
    assert "429" in found["b"].why


@pytest.mark.servers
def test_what_a_person_named_and_is_not_there_is_no_guess(server: FeedServer) -> None:
    assert probed(server, candidate(server, "gone", guessed=False))["gone"].state == "failed"


@pytest.mark.servers
def test_the_number_of_addresses_is_bounded(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "MAX_PROBES", 2)
    found = probed(server, *(candidate(server, f"{each}", f"{each}") for each in range(4)))
    assert [each.why.partition("not asked")[1] for each in found.values()] == ["", "", "not asked", "not asked"]
    assert server.requests == ["0", "1"]


@pytest.mark.servers
def test_a_second_passes_between_two_requests(server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(suggest, "GAP", 1.0)
    monkeypatch.setattr("alerts.feeds.suggest.time.sleep", waits.append)
    prober = Prober(make_client(), lambda _: "", allow_private=True)
    list(prober.probe([candidate(server, "a"), candidate(server, "b")], lambda _: None))
    assert waits == [1.0, 1.0]


@pytest.mark.servers
def test_the_addresses_of_a_domain_over_tls(server: FeedServer) -> None:
    """The rules as they stand, against a server that plays all hosts of a domain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "a.example.pem", TLS / "a.example.key")
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    server.pages = {"feed.rss": FEED, "blog/feed/": FEED}
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    client = make_client(resolver=lambda *_: ["127.0.0.1"], ssl_context=trusting)
    domain = f"acme.example:{server.url.rpartition(':')[2]}"
    wanted = [each for each in addresses(Institution("acme", "Acme", domains=(domain,))) if "google" not in each.url]
    found = list(Prober(client, lambda _: "", allow_private=True).probe(wanted, lambda _: None))
    assert [each.url for each in found if each.state == "offered"] == [
        f"https://status.{domain}/feed.rss",
        f"https://{domain}/blog/feed/",
    ]
    assert {each.state for each in found} == {"offered", "absent"}


SEARCH = "https://news.google.com/rss/search?q=%22Acme%22+when:1d&hl=en-US&gl=US&ceid=US:en"  # never asked by a test


@pytest.mark.servers
def test_what_answers_is_printed_to_paste(
    server: FeedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, table_file = tmp_path / "config", tmp_path / "table.csv"
    config.mkdir()
    ids = {"rsshub": f"{server.url}/route", "changedetection": f"{server.url}/watched"}
    institutions = [{"id": "acme", "name": "Acme", "ids": ids}]
    sources = [{"id": "search", "url": SEARCH, "publisher": "Search"}]
    (config / "a.yaml").write_text(yaml.safe_dump({"institutions": institutions, "sources": sources}))
    table_file.write_text("domain,reliability\n127.0.0.1,C\n")
    asked = ["--config", str(config), "sources", "suggest", "acme", "--allow-private"]
    monkeypatch.setenv("CHANGEDETECTION_TOKEN", "t0psecret")

    server.pages = {"route": FEED, "watched": Page(b"", 400)}
    assert status_of([*asked, "--reliability-table", str(table_file)]) == 0
    out, err = capsys.readouterr()
    assert "# route of an RSSHub host: “Acme”, 1 entry, the newest of 2026-03-02; " in out
    assert f"configured: {SEARCH}: what the press writes, by Google News, as search" in err
    assert "failed: http://127.0.0.1" in err
    assert "acme: 1 feed offered; nothing at 0 guessed addresses" in err
    (config / "sources.yaml").write_text(out)
    made = load_entries(config).settings.sources["acme-rsshub"]
    assert (made.url, made.reliability, made.speaks_for) == (f"{server.url}/route", Reliability.C, frozenset({"acme"}))
    assert made.allow_private

    server.pages = {"route": FEED, "watched": FEED}
    assert status_of([*asked, "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["kind"], each["state"]) for each in records] == [
        ("rsshub", "configured"), ("pages", "offered"), ("search", "configured"),
    ]  # fmt: skip
    assert status_of(asked) == 0
    out, err = capsys.readouterr()
    assert "token=${CHANGEDETECTION_TOKEN}" in out, "as a variable, which the configuration reads"
    assert "t0psecret" not in out + err
    (config / "more.yaml").write_text(out)
    assert load_entries(config).settings.sources["acme-pages"].url.endswith("?token=t0psecret")
    assert status_of(asked) == 1
