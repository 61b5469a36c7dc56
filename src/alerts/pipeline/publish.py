"""Puts an edit of the configuration files in force: as a new generation, with all that follows from it.

    files are those in force                    nothing to do
    files were never in force                   published
    files were in force before, and
        this host had those in force until now  published: the operator turned them back
        otherwise                               not published: this host is late, or another one is ahead

So no host turns back an edit of another by merely having old files, and two hosts with different files settle on the
one that was edited last. `disagreements` says where hosts differ for longer, or publish against each other."""

import contextlib
import logging
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.config.files import content_hash, emptied, read_files
from alerts.feeds.schedule import first_poll
from alerts.model.errors import ConfigError
from alerts.runtime import logs
from alerts.runtime.configuration import Active, host_name
from alerts.runtime.runtime import Runtime, prepare
from alerts.runtime.task_requests import POLL_BATCH
from alerts.store import system_state
from alerts.store.repositories import cases, generations, items, sources
from alerts.store.repositories.generations import Generation

CONFIRM_FILES: Final = timedelta(minutes=1)  # how often a host whose files are not in force reports it


def publish_edits(runtime: Runtime) -> None:
    """Publishes the files of this host where they are an edit that is good and not in force."""
    edit = runtime.configuration.unpublished()
    if edit is None:
        return
    now = runtime.clock()
    host = host_name(runtime.configuration.directory)
    with runtime.database.read() as session:
        known = generations.files_of(session, host)
        if known is not None and known.hash == edit.settings.hash and now - known.seen < CONFIRM_FILES:
            return  # decided already: they were in force before, and others are now
    with contextlib.suppress(ConfigError):  # the next read of the files refuses them with a message
        publish(runtime, edit)


def publish_files(runtime: Runtime, *, accept_empty: bool = False) -> Generation | None:
    """Puts the files of this host in force because an operator asks for it here; None where they are already.

    Raises ConfigError where they are broken, or empty the configuration in force and `accept_empty` is not given."""
    edit = prepare(runtime.configuration.directory, matching=False)
    return publish(runtime, edit, deliberate=True, accept_empty=accept_empty)


def publish(
    runtime: Runtime, edit: Active, *, deliberate: bool = False, accept_empty: bool = False
) -> Generation | None:
    """Puts `edit`, the files as this process has read them, in force; the new generation, None where none was made.

    `deliberate`: an operator asked for it on this host, so that files that were in force before are published, too.
    Raises ConfigError where they empty the configuration in force and `accept_empty` is not given."""
    configuration = runtime.configuration
    host = host_name(configuration.directory)
    contents, _ = read_files(configuration.directory)
    if content_hash(contents) != edit.settings.hash:
        return None  # edited again meanwhile
    sealed = b"" if configuration.generations is None else configuration.generations.sealed(contents)
    with runtime.database.write() as session:
        newest = generations.newest(session, lock=True)
        now = runtime.clock()
        before = generations.keep_files_of(session, host, edit.settings.hash, now)
        if newest is not None:
            if newest.hash == edit.settings.hash:
                return None
            is_edit = deliberate or (before is not None and before.hash == newest.hash)
            if not is_edit and generations.was_published(session, edit.settings.hash):
                known: dict[str, Any] = {"generation": newest.number, "published_by": newest.host}
                logs.event("config.outdated", logging.WARNING, host=host, hash=edit.settings.hash, **known)
                return None
            problems = emptied(newest.outline, edit.outline, configuration.directory)
            if problems and not accept_empty:
                raise ConfigError(problems)
        made = generations.add(
            session, content_hash=edit.settings.hash, at=now, host=host, outline=edit.outline, content=sealed
        )
        _follow(session, edit, now)
    configuration.published(made, edit)
    logs.event("config.published", generation=made.number, hash=made.hash, host=host)
    return made


def _follow(session: Session, active: Active, now: datetime) -> None:
    """Makes what is stored follow the configuration: sources, and the cases that it judges otherwise."""
    settings = active.settings
    # As many as one task polls begin at once, the others five a second.
    spread = timedelta(seconds=max(0, len(settings.sources) - POLL_BATCH) / 5)
    sources.sync(session, settings.sources, lambda source: first_poll(source, now, min(source.interval, spread)))
    if items.count(session) == 0:  # nothing was ever matched otherwise
        matched = {"key": active.matching_key, "done": None}
        system_state.put(session, system_state.MATCHING, now, matched)
    known = system_state.get(session, system_state.JUDGED)
    former = {} if known is None else known.value
    changed = [name for name in {*former, *active.judged} if former.get(name) != active.judged.get(name)]
    if changed:
        if known is not None:
            cases.invalidate(session, cases.reported_by(session, changed))
        system_state.put(session, system_state.JUDGED, now, active.judged)
    mark_outdated(session, active, now)


def mark_outdated(session: Session, active: Active, now: datetime) -> None:
    """Marks the institutions due whose case was scored by other rules or whose findings have changed.

    Those that are no longer tracked are shelved."""
    tracked = active.settings.institutions
    known = cases.configurations(session)
    outdated = [each for each, key in known if each in tracked and key != active.case_key(each)]
    cases.mark_due_again(session, outdated, now)
    cases.shelve(session, [each for each, _ in known if each not in tracked])
