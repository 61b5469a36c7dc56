"""Ending a channel from a message."""

from __future__ import annotations

from kit.browsing import SIGNER, Browser
from kit.system import System

from alerts.access.links import Pages
from alerts.store.repositories import subscriber_state


def muted(town: System) -> set[str]:
    with town.runtime.database.read() as session:
        return set(subscriber_state.peek(session, "desk").muted)


def test_one_click(town: System, browser: Browser) -> None:
    """RFC 8058: a POST with this body, without cookies, is all that a mail program sends."""
    link = Pages("", SIGNER).unsubscribe("desk", "console")
    answer = browser().post(link, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert (answer.status_code, answer.text) == (200, "unsubscribed\n")
    assert muted(town) == {"console"}


def test_following_the_link_asks_first(town: System, browser: Browser) -> None:
    """Mail scanners follow links."""
    address = Pages("", SIGNER).unsubscribe("desk", "pager")
    client = browser()
    assert "Unsubscribe?" in client.get(address).text
    assert muted(town) == set()
    assert "You are unsubscribed" in client.post(address).text
    assert "You are unsubscribed" in client.post(address).text, "twice is once"
    assert muted(town) == {"pager"}
    assert client.get(f"{address}/undo").status_code == 405
    assert "subscribed again" in client.post(f"{address}/undo").text
    assert muted(town) == set()


def test_nobody_can_unsubscribe_others(town: System, browser: Browser) -> None:
    token = Pages("", SIGNER).unsubscribe("desk", "console").rpartition("/")[2]
    client = browser()
    for wrong in (token[:-2], "x", token.partition(".")[0] + ".AAAA"):
        assert client.get(f"/unsubscribe/{wrong}").status_code == 403
        assert client.post(f"/unsubscribe/{wrong}").status_code == 403
    assert muted(town) == set()


def test_what_is_no_longer_configured_is_ended_already(browser: Browser) -> None:
    for subscriber, channel in (("desk", "fax"), ("nobody", "mail")):
        address = Pages("", SIGNER).unsubscribe(subscriber, channel)
        assert browser().post(address).status_code == 200
        assert browser().post(f"{address}/undo").status_code == 404


def test_a_message_carries_the_link(town: System, browser: Browser) -> None:
    pages = Pages("https://alerts.example.org", SIGNER)
    link = pages.unsubscribe("desk", "console")
    assert link.startswith("https://alerts.example.org/unsubscribe/")
    assert browser().post(link.removeprefix("https://alerts.example.org")).status_code == 200
    assert muted(town) == {"console"}
