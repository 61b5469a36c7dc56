"""`alerts doctor`: what could keep the system from working here, one line a check, and what to do about it."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from alerts.cli.check import unusable_channels
from alerts.cli.context import App
from alerts.cli.output import json_command, printable
from alerts.config import environment
from alerts.config.lint import doubts
from alerts.model.counted import counted
from alerts.model.errors import AlertsError, ConfigError, StoreError
from alerts.model.records import to_line
from alerts.model.subscriber import Access
from alerts.model.times import format_duration

LEAST_FREE: Final = 100_000_000  # bytes on the disk of the state; below it a busy day may fill it
LITTLE_FREE: Final = 1_000_000_000
CLOCK_OFF: Final = timedelta(seconds=30)  # HTTP dates are whole seconds, and caches are late
CLOCK_WRONG: Final = timedelta(minutes=5)
MAX_HOSTS: Final = 3  # hosts that are asked before the network counts as down

SAFE: Final = {"journal_mode": "wal", "fsync": "on", "full_page_writes": "on"}  # settings of the database

OK, WARN, FAIL = "ok", "warn", "fail"
Findings = Iterator[tuple[str, str, str]]
"""Check, state and message; that of a warning or a failure ends with what to do."""


@click.command()
@json_command
def doctor(app: App, as_json: bool) -> int:
    """Check machine, network and configuration, and say what to do."""
    failed = False
    for check, state, message in examine(app):
        failed = failed or state == FAIL
        record = {"check": check, "state": state, "message": message}
        click.echo(to_line(record) if as_json else printable(f"{state:<5} {check:<14} {message}"))
    return 1 if failed else 0


def examine(app: App) -> Findings:
    """Every check in turn. Nothing is changed: no schema and no secret is made, no message is sent."""
    for check in (_configuration, _secrets, _disk, _broker, _database, _network, _sign_in):
        name = check.__name__.strip("_")
        try:
            yield from check(app)
        except ConfigError as error:
            if check is _configuration:  # the others have nothing to add
                more = len(error.problems) - 1
                yield name, FAIL, f"{error.problems[0]}" + (f" (and {more} more: see `alerts check`)" if more else "")
        except AlertsError as error:
            yield name, FAIL, str(error)


def _each(check: str, state: str, problems: Sequence[str], ok: str) -> Findings:
    """A line for each problem, or one that there is none."""
    yield from ((check, state, line) for line in problems)
    if not problems:
        yield check, OK, ok


def _configuration(app: App) -> Findings:
    loaded = app.loaded()
    settings, warnings = loaded.settings, len(doubts(loaded))
    said = f"{counted(len(settings.institutions), 'institution')}, {counted(len(settings.sources), 'source')}"
    doubtful = [f"{said}; {counted(warnings, 'warning')}: see `alerts check`"] if warnings else []
    yield from _each("configuration", WARN, doubtful, said)
    count = counted(sum(len(each.channels) for each in settings.subscribers.values()), "channel")
    readable = f"the addresses of {count} can be read; `alerts send-test SUBSCRIBER` tries them"
    yield from _each("channels", FAIL, list(map(str, unusable_channels(loaded))), readable)
    if not settings.operators.channels:
        yield "channels", WARN, "nobody is notified of incidents of the system: give `operators:` a channel"


def _secrets(app: App) -> Findings:
    from alerts.access import signing

    warnings = [f"the password in --{name} stands in the list of processes: set a variable" for name in app.exposed]
    for variable, file, read in (
        (signing.SECRET_ENV, app.state / "secret", signing.signer),
        (signing.OPERATOR_ENV, app.state / "operator-token", signing.operator_token),
    ):
        if file.exists() and file.stat().st_mode & 0o077:
            warnings.append(f"{file} can be read by others: chmod 600 {file}")
        if file.exists() or environment.setting(os.environ, variable):  # else the first start makes it
            read(app.state, os.environ)
    if app.database and not environment.setting(os.environ, signing.SECRET_ENV):
        warnings.append(f"{signing.SECRET_ENV} is not set: all hosts of one database need the same")
    yield from _each("secrets", WARN, warnings, "kept for this user alone")


def _disk(app: App) -> Findings:
    folder = next(each for each in (app.state.absolute(), *app.state.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}; choose another with --state") from error
    state = FAIL if free < LEAST_FREE else WARN if free < LITTLE_FREE else OK
    advice = "" if state == OK else ": make room, or keep less with `alerts db prune --keep`"
    yield "disk", state, f"{folder} has {free / 1e9:.1f} GB free{advice}"


def _broker(app: App) -> Findings:
    from alerts.embedded import check_broker

    if app.broker:
        check_broker(app.broker)
    yield "broker", OK, "answers" if app.broker else "none is configured; `alerts run` starts one of its own"


def _database(app: App) -> Findings:
    """The database, and what `alerts status` knows of the system that runs on it."""
    from alerts.insight.health import health
    from alerts.runtime.configuration import Files
    from alerts.store.database import newest_revision
    from alerts.store.repositories import generations

    with app.open() as database:
        if database.is_sqlite and not Path(database.url.database or "").is_file():
            yield "database", WARN, "nothing is recorded yet; `alerts run` makes it"
            return
        asked = datetime.now(UTC)
        facts, revision, needed = database.server_facts(), database.revision() or "none", newest_revision()
        if "now" in facts:
            yield _clock("the database", datetime.fromtimestamp(float(facts["now"]), UTC), asked)
        unlike = [name for name, safe in SAFE.items() if facts.get(name, safe) != safe]
        unsafe = [f"{name} is {facts[name]}: a crash may lose data" for name in unlike]
        kind = f"PostgreSQL {facts['server_version']}" if "now" in facts else "SQLite in WAL mode"
        yield from _each("database", FAIL, unsafe, f"{kind}, schema {revision}")
        if revision != needed:
            newer = revision != "none" and revision > needed
            advice = "install the newer version of the program" if newer else "`alerts db upgrade` brings it up to date"
            yield "database", FAIL if newer else WARN, f"its schema is {revision}, this program's {needed}: {advice}"
            return
        with database.read() as session:
            report = health(session, Files.of(app.config_dir, generations.newest(session)), datetime.now(UTC))
    doubtful = any(report.data["sources"][key] for key in ("failing", "held", "moved", "stale"))
    for name, value in report.facts:
        if name == "sources" and doubtful and not report.problems_of[name]:
            yield name, WARN, value if "alerts sources" in value else f"{value}: see `alerts sources`"
        else:
            yield from _each(name, FAIL, report.problems_of[name], value)


def _clock(whose: str, shown: datetime, asked: datetime) -> tuple[str, str, str]:
    """Compares a clock with this machine's, which was read at `asked` and is read again now."""
    off = max(asked - shown, shown - datetime.now(UTC), timedelta(0))
    if off <= CLOCK_OFF:
        return "clock", OK, f"agrees with {whose}"
    way = "ahead of" if asked > shown else "behind"
    state = FAIL if off > CLOCK_WRONG else WARN
    return "clock", state, f"{format_duration(off)} {way} {whose}: keep both right with NTP"


def _network(app: App) -> Findings:
    """Fetches a source; of the first hosts the first that answers is enough."""
    from alerts.feeds.fetching.fetch import fetch, make_client
    from alerts.feeds.state import FeedState

    by_host = {str(urlsplit(each.url).hostname): each for each in app.settings().sources.values()}
    client = make_client(os.environ.get("ALERTS_CONTACT", ""))
    problem = ""
    for host, source in list(by_host.items())[:MAX_HOSTS]:
        asked = datetime.now(UTC)
        result = fetch(client, source, FeedState(), now=asked)
        if result.status:  # whatever it says, it was reached
            yield "network", OK, f"{host} answered within {result.elapsed:.1f} s"
            if result.server_time is not None:
                yield _clock(host, result.server_time, asked)
            return
        problem = problem or f"no source answers; {result.detail}: check DNS, routes and firewall"
    yield "network", FAIL if problem else WARN, problem or "not tried: no source is configured"


def _sign_in(app: App) -> Findings:
    """Whether the provider of OpenID Connect can be asked, where there is one, and gives anybody access."""
    from alerts.access.sign_on import sign_on
    from alerts.web.sign_in import connected

    vouching = sign_on(os.environ)
    if vouching.issuer:
        with connected(vouching):
            yield "sign_in", OK, f"{vouching.issuer} answers"
    if (vouching.issuer or vouching.header) and app.settings().access == Access():
        yield "sign_in", WARN, "no group is given anything, so nobody has access: write `access:` in the configuration"
