"""How sessions begin, last and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from alerts.store.database import Database
from alerts.store.maintenance import retention
from alerts.store.repositories import sessions
from alerts.store.repositories.sessions import IDLE, LASTING

KEY = b"a key of this test alone"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def begun(session: Session, person: str = "ann@example.org", request: str | None = None) -> str:
    return sessions.begin(session, KEY, NOW, person=person, credential="c", groups=["desk"], request=request)


def test_a_session_is_found_by_its_cookie_and_the_database_does_not_hold_it(database: Database) -> None:
    with database.write() as session:
        token = begun(session)
        found = sessions.find(session, KEY, token, NOW)
        assert found is not None
        assert (found.person, found.groups, found.credential) == ("ann@example.org", ["desk"], "c")
        assert token not in repr(found)
        for wrong in ("", found.id, token[:-1], token + "A"):
            assert sessions.find(session, KEY, wrong, NOW) is None
        assert sessions.find(session, b"another key", token, NOW) is None


def test_it_ends_unused_and_in_any_case_after_its_time(database: Database) -> None:
    moment = timedelta(microseconds=1)
    with database.write() as session:
        token = begun(session)
        found = sessions.find(session, KEY, token, NOW + IDLE - moment)
        assert found is not None
        assert sessions.find(session, KEY, token, NOW + IDLE) is None
        at = NOW
        while at + IDLE < NOW + LASTING:
            at += IDLE - moment
            assert sessions.find(session, KEY, token, at) is not None
            sessions.note(session, found.id, at)
        assert sessions.find(session, KEY, token, NOW + LASTING - moment) is not None
        assert sessions.find(session, KEY, token, NOW + LASTING) is None


def test_one_is_ended_or_all_of_a_person(database: Database) -> None:
    with database.write() as session:
        tokens = [begun(session), begun(session), begun(session, "ben")]
        assert len(sessions.live(session, NOW)) == 3
        sessions.end(session, sessions.digest(KEY, tokens[0]), NOW)
        sessions.end(session, sessions.digest(KEY, ""), NOW)
        assert [sessions.find(session, KEY, each, NOW) is None for each in tokens] == [True, False, False]
        assert sessions.end(session, "ann@example.org", NOW) == 1, "the other one had ended"
        assert sessions.end(session, "%", NOW) == 0
        [left] = sessions.live(session, NOW)
        assert left.person == "ben"
        assert sessions.end(session, left.id[:12], NOW) == 1


def test_a_sign_in_request_is_answered_once(database: Database) -> None:
    with database.write() as session:
        assert begun(session, request="one")
        assert begun(session, request="two")
        assert begun(session, request="one") == ""
        assert len(sessions.live(session, NOW)) == 2


def test_ended_sessions_go_with_the_retention(database: Database) -> None:
    with database.write() as session:
        begun(session)
        assert retention.remove_rest(session, NOW + LASTING)["sessions"] == 0
        assert retention.remove_rest(session, NOW + LASTING + timedelta(seconds=1))["sessions"] == 1
