"""Makes the screenshots of the documentation again: `make screenshots`. Needs Chromium and its driver.

The demonstration's story, told over some days by a clock of its own, on the real pages.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
import yaml
from kit import chromium
from kit.chromium import Chromium
from kit.messages import Sample
from kit.system import Clock, System
from sqlalchemy import update

import alerts.demo
from alerts.access.links import token_of
from alerts.access.signing import Signer
from alerts.model.level import Level
from alerts.model.secret import Secret
from alerts.model.subscriber import Tier
from alerts.pipeline import steps
from alerts.rendering.render import Renderer
from alerts.routing.alerts import Kind
from alerts.store.database import Database
from alerts.store.repositories.links import invite
from alerts.store.schema import SourceRow
from alerts.web.app import create_app

HERE = Path(__file__).parent
DEMO = Path(alerts.demo.__file__).parent
HOURS = (0, 5, 7, 30, 58, 94)
"""When the steps of the demonstration are published; the pages are looked at LATER than the last."""
LATER = 26


def tell(directory: Path) -> System:
    """The demonstration in a database, with a clock that stands still at its end."""
    shutil.copytree(DEMO / "config", directory / "config")
    os.environ["ALERTS_DEMO_URL"] = "http://localhost"
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    start = datetime.now(UTC) - timedelta(hours=HOURS[-1] + LATER + 1)
    town = System(database, directory / "config", None, Clock(start))
    scenario = yaml.safe_load((DEMO / "scenario.yaml").read_text(encoding="utf-8"))
    for hours, step in zip(HOURS, scenario, strict=True):
        town.clock.at = start + timedelta(hours=hours)
        for entry in step["publishes"]:
            town.observe(
                entry["source"], entry["title"], text=entry["text"], url=entry["link"], author=entry.get("author", "")
            )
            town.later(minutes=1)
    town.later(hours=LATER)
    with database.write() as session:  # the feeds were read, as they are when the worker runs
        session.execute(update(SourceRow).values(last_success_at=town.now, last_poll_at=town.now))
    steps.tick(town.runtime)
    return town


def main() -> None:
    if chromium.missing():
        sys.exit(f"screenshots: {chromium.missing()}")
    images = HERE / "images"
    images.mkdir(exist_ok=True)
    signer = Signer(b"of the screenshots alone")
    with tempfile.TemporaryDirectory() as directory:
        town = tell(Path(directory))
        with town.runtime.database.write() as session:
            link = invite(session, tier=Tier.LEADERSHIP_ALLIANCE, now=town.now, lasting=timedelta(hours=1))
        app = create_app(town.runtime, signer, "no operator here")
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.05)
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        with Chromium() as browser:
            browser.open(f"{address}/enter/{token_of(signer, link)}")
            for name, page, width, height, dark in (
                ("profile", "/institutions/deepseek", 1180, 1500, False),
                ("profile-dark", "/institutions/deepseek", 390, 1100, True),
                ("stream", "/", 1180, 560, False),
                ("overview", "/overview", 1180, 900, False),
            ):
                browser.screen(width, height, dark=dark)
                browser.open(address + page)
                shoot(browser, images / f"{name}.png")
            mails(browser, Path(directory), images)
        server.should_exit = True


def shoot(browser: Chromium, file: Path) -> None:
    shot = browser.devtools("Page.captureScreenshot", format="png", optimizeForSpeed=False)
    file.write_bytes(b64decode(shot["data"]))


def mails(browser: Chromium, directory: Path, images: Path) -> None:
    """Mails as a phone shows them; none is wider than its screen."""
    sample = Sample()
    worst = sample.alert(2, transition=sample.transition(to=Level.CRITICAL), headline="Regulator halts all exports")
    entries = (sample.entry(), sample.entry(alert=replace(worst, institution="globex")))
    for name, view, dark in (
        ("mail", sample.view(), False),
        ("mail-digest-dark", sample.view(kind=Kind.DIGEST, entries=entries), True),
    ):
        page = directory / f"{name}.html"
        mail = Renderer().render(view, Secret("mailto://h.example?from=a@h.example"))
        page.write_text(mail.html or "", encoding="utf-8")
        browser.screen(390, 760, dark=dark)
        browser.open(page.as_uri())
        if browser.run("return document.documentElement.scrollWidth") > 390:
            sys.exit(f"screenshots: {name} is wider than a phone")
        shoot(browser, images / f"{name}.png")


if __name__ == "__main__":
    main()
