"""My alerts: what a subscriber gets and why, what was held back, preferences and answers."""

from kit.browsing import Browser
from kit.system import System
from sqlalchemy import select, update

from alerts.model.answer import AnswerKind
from alerts.model.subscriber import Tier
from alerts.pipeline import answering
from alerts.store.schema import AlertRow


def of_desk(town: System) -> str:
    with town.runtime.database.read() as session:
        found = session.scalars(
            select(AlertRow.id).where(AlertRow.subscriber == "desk", AlertRow.state == "sent")
        ).first()
    assert found is not None
    return found


def section(page: str, name: str) -> str:
    return page.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


def test_a_subscriber_reads_its_rules_in_words(browser: Browser) -> None:
    page = browser(subscriber="desk").get("/me").text
    rules = section(page, "rules")
    assert "level of all institutions, at least medium, rising or falling, to console" in rules
    assert "mention of globex, to pager" in rules
    assert "Reminders of a level that stands every 1d" in rules
    assert "/subscribers/desk/feed.atom" in page


def test_what_came_and_what_was_held_back_in_the_last_week(town: System, browser: Browser) -> None:
    alert = of_desk(town)
    client = browser(subscriber="desk")
    assert f"/alerts/{alert}" in section(client.get("/me").text, "sent")
    with town.runtime.database.write() as session:
        session.execute(update(AlertRow).where(AlertRow.id == alert).values(state="suppressed", reason="silence"))
    held = section(client.get("/me").text, "held")
    assert f"/alerts/{alert}" in held
    assert "A silence covers the institution." in held
    town.later(days=8)
    assert f"/alerts/{alert}" not in client.get("/me").text


def test_preferences_can_be_changed_from_there(town: System, browser: Browser) -> None:
    answering.give(town.runtime, of_desk(town), AnswerKind.MUTE, who="a reader", days=7)
    town.later(minutes=1)
    client = browser(subscriber="desk")
    page = client.get("/me").text
    chosen = section(page, "chosen")
    assert "for 7 days" in chosen
    assert "mute" in section(page, "answers")
    address = chosen.partition('href="')[2].partition('"')[0]
    assert address.startswith("/answer/")
    assert client.get(address).status_code == 200
    town.later(days=8)
    assert "for 7 days" not in section(client.get("/me").text, "chosen")


def test_it_is_for_the_subscriber_and_for_operators(browser: Browser) -> None:
    assert browser().get("/me").status_code == 403
    assert browser(Tier.LEADERSHIP_ALLIANCE).get("/me?subscriber=desk").status_code == 403
    other = browser(subscriber="board").get("/me?subscriber=desk").text
    assert "board" in other
    assert "globex, to pager" not in other
    operator = browser(operator=True)
    assert "globex, to pager" in operator.get("/me?subscriber=desk").text
    assert operator.get("/me?subscriber=nobody").status_code == 404


def test_no_address_of_a_channel_is_shown(browser: Browser) -> None:
    assert "console://" not in browser(operator=True).get("/me?subscriber=desk").text
