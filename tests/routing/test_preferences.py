"""What readers choose from messages, and alerts that go on because nobody acknowledged them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import routing as kit

from alerts.model.answer import MUTE_DAYS, Answer, AnswerKind, WrongReason
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Escalation
from alerts.routing.alerts import Kind
from alerts.routing.reasons import Reason


def answer(kind: AnswerKind, at: str, channel: str = "mail", **more: object) -> Answer:
    given = {"id": "x1", "alert": "a1", "institution": "acme", "who": "a reader of mail", **more}
    days = 7 if kind is AnswerKind.MUTE else None
    return Answer(**{"days": days, **given}, subscriber="desk", channel=channel, kind=kind, at=kit.instant(at))  # type: ignore[arg-type]


def test_a_mute_holds_back_the_institution_in_its_channel_until_it_ends() -> None:
    desk = kit.build(kit.rule("acme", "bolt"), channels=("mail", "pager"))
    desk.answers.append(answer(AnswerKind.MUTE, "01:00"))
    desk.level("01:00", "low>medium")
    desk.level("02:00", "medium>high")
    desk.level("02:30", "low>high", institution="bolt")
    assert [(each.channel, each.reason) for each in desk.alerts] == [
        *(("mail", ""), ("pager", "")),  # at the very instant of the answer: it came before
        *(("mail", "muted"), ("pager", "")),
        *(("mail", ""), ("pager", "")),
    ]
    desk.level("+7 01:00", "high>critical")
    assert [each.reason for each in desk.alerts[-2:]] == ["", ""]


def test_a_mute_holds_what_waits_and_reminders_too() -> None:
    desk = kit.build(repeat="6h", quiet="22:00-07:00")
    desk.level("20:00", "low>high")
    desk.level("23:00", "high>critical")
    desk.answers.append(answer(AnswerKind.MUTE, "23:30"))
    desk.advance("+1 12:00")
    assert [(each.kind, each.held) for each in desk.messages] == [
        (Kind.ALERT, None),
        (Kind.REMINDER, Reason.MUTED),
        (Kind.GROUP, Reason.MUTED),
        (Kind.REMINDER, Reason.MUTED),
    ]


def test_only_critical_lets_its_all_clear_through() -> None:
    desk = kit.build(repeat="6h")
    desk.answers.append(answer(AnswerKind.ONLY_CRITICAL, "00:30"))
    desk.level("01:00", "low>high")
    desk.level("02:00", "high>critical")
    desk.level("03:00", "critical>high")
    desk.mention("04:00", "i1")
    assert desk.fates == ["below-preference", "sent", "sent"]
    held = [message for message in desk.advance("+1 00:00") if message.held]
    assert {message.held for message in held} == {Reason.BELOW_PREFERENCE}


@pytest.mark.parametrize(("digest", "at"), [("", "08:00"), ("06:30", "06:30")])
def test_daily_gathers_all_below_critical(digest: str, at: str) -> None:
    desk = kit.build(digest=digest, below="medium")
    desk.answers.append(answer(AnswerKind.DAILY, "00:30"))
    desk.level("09:00", "low>high")
    desk.level("10:00", "high>critical")
    assert desk.fates == ["digest", "sent"]
    desk.answers[0] = replace(desk.answers[0], undone_at=kit.instant("11:00"))
    desk.level("12:00", "low>high", axis=Axis.PRIORITY, story="s2")
    assert desk.fates[-1] == "sent"
    assert [(each.kind, each.at) for each in desk.advance(f"+1 {at}")] == []
    desk.level("+1 12:00", "low>high", axis=Axis.CONTINUITY, story="s3")
    assert desk.fates[-1] == "sent"


# --- escalation ----------------------------------------------------------------------------------------------------


def escalating(*, group: str = "0s", to: tuple[str, ...] = (), stored: bool = False) -> kit.Office:
    escalate = Escalation(timedelta(minutes=30), ("phone",))
    return kit.build(
        kit.rule(to=to, on="level mention", more={"escalate": escalate}),
        channels=("mail", "chat", "phone"),
        group=group,
        stored=stored,
    )


@pytest.mark.parametrize("group", ["0s", "2m"])
@pytest.mark.parametrize("stored", [False, True])
def test_what_nobody_acknowledges_goes_on_once(group: str, stored: bool) -> None:
    desk = escalating(group=group, stored=stored)
    desk.level("01:00", "low>high")
    desk.advance("01:10")
    assert sorted(each.channel for each in desk.sent) == ["chat", "mail"]
    (escalation,) = desk.advance("+3 00:00")
    wait = timedelta(minutes=32 if group == "2m" else 30)
    assert (escalation.kind, escalation.channel, escalation.at) == (
        Kind.ESCALATION,
        "phone",
        kit.instant("01:00") + wait,
    )
    assert escalation.alerts == (next(each.id for each in desk.alerts if each.channel == desk.sent[0].channel),)


def test_an_acknowledgement_stops_it_and_taking_it_back_starts_it_again() -> None:
    desk = escalating()
    desk.level("01:00", "low>high")
    desk.ack("01:10")
    desk.router.take_back_ack("acme", kit.instant("01:10"))
    desk.ack("01:20")
    (held,) = desk.advance("02:00")
    assert (held.kind, held.held, held.detail) == (Kind.ESCALATION, Reason.ACKNOWLEDGED, "by ops")
    desk.level("03:00", "high>critical")
    desk.ack("03:10")
    desk.router.take_back_ack("acme", kit.instant("03:10"))
    assert [each.held for each in desk.advance("04:00")] == [None]


def test_an_acknowledgement_of_another_institution_does_not() -> None:
    desk = escalating()
    desk.level("01:00", "low>high")
    desk.ack("01:10", institution="bolt")
    assert [each.held for each in desk.advance("02:00")] == [None]


def test_a_fall_does_not_go_on() -> None:
    desk = escalating()
    desk.level("01:00", "low>high")
    desk.ack("01:01")
    desk.level("02:00", "high>low")
    assert [each.kind for each in desk.advance("04:00") if each.held is None] == []


def test_a_correction_goes_to_whoever_got_the_escalation_and_stops_one_that_waits() -> None:
    desk = escalating()
    desk.level("01:00", "low>high")
    desk.advance("01:30")
    desk.correct("02:00", *desk.alerts)
    assert sorted(each.channel for each in desk.messages if each.kind is Kind.CORRECTION) == ["chat", "mail", "phone"]
    desk.level("03:00", "low>high", axis=Axis.PRIORITY)
    desk.correct("03:10", *desk.alerts[-2:])
    assert [each.kind for each in desk.advance("04:00")] == []


def test_silences_mutes_and_unsubscribing_hold_it() -> None:
    desk = escalating()
    desk.level("01:00", "low>high")
    desk.silence("acme", starts="01:20", until="01:40")
    assert [each.held for each in desk.advance("02:00")] == [Reason.SILENCE]
    desk.level("03:00", "high>critical")
    desk.answers.append(answer(AnswerKind.MUTE, "03:10", "phone"))
    assert [each.held for each in desk.advance("04:00")] == [Reason.MUTED]
    desk.level("05:00", "low>high", axis=Axis.PRIORITY, story="s2")
    desk.router.unsubscribe("phone", kit.instant("05:10"))
    assert [each.held for each in desk.advance("06:00")] == [Reason.UNSUBSCRIBED]


def test_what_happens_together_goes_on_together() -> None:
    escalate = Escalation(timedelta(minutes=30), ("phone",))
    desk = kit.build(kit.rule("acme", "bolt", more={"escalate": escalate}), channels=("mail", "phone"), group="2m")
    desk.level("01:00", "low>high")
    desk.level("01:01", "low>high", institution="bolt")
    (escalation,) = [each for each in desk.advance("02:00") if each.kind is Kind.ESCALATION]
    assert len(escalation.alerts) == 2


# --- the law ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    after: int
    what: str
    institution: str
    channel: str
    to: Level
    days: int


courses = st.lists(
    st.builds(
        Step,
        after=st.sampled_from([0, 0, 1, 60, 600, 1440, 2880]),
        what=st.sampled_from(["level", "level", "mention", "mute", "only-critical", "daily", "wrong", "undo"]),
        institution=st.sampled_from(["acme", "bolt"]),
        channel=st.sampled_from(["mail", "pager"]),
        to=st.sampled_from(Level),
        days=st.sampled_from(MUTE_DAYS),
    ),
    max_size=30,
)


@pytest.mark.slow
@given(courses, st.sampled_from(["0s", "5m"]), st.booleans())
def test_any_course_of_answers_gives_the_same_in_any_replay(course: list[Step], group: str, looks: bool) -> None:
    """Live a decision knows the answers given until then; a replay knows all of them, and when each held."""

    def desk_of(answers: list[Answer]) -> kit.Office:
        rule = kit.rule("acme", "bolt", on="level mention")
        desk = kit.build(rule, channels=("mail", "pager"), group=group, repeat="24h", stored=True)
        desk.answers = answers
        return desk

    def happen(desk: kit.Office, *, live: bool) -> None:
        at = kit.instant("00:00")
        levels = dict.fromkeys(("acme", "bolt"), Level.LOW)
        for number, step in enumerate(course):
            at += timedelta(minutes=step.after)
            match step.what:
                case "level" if levels[step.institution] is not step.to:
                    change = f"{levels[step.institution]}>{step.to}"
                    desk.level(at, change, institution=step.institution)
                    levels[step.institution] = step.to
                case "level":
                    pass
                case "mention":
                    desk.mention(at, f"i{number}", step.institution)
                case "undo" if live and desk.answers:
                    when = max(at, desk.state.clock or at)
                    last = desk.answers[-1]
                    desk.answers[-1] = replace(last, undone_at=last.undone_at or when)
                case kind if live and kind != "undo":
                    desk.answers.append(
                        answer(
                            AnswerKind(kind),
                            max(at, desk.state.clock or at),  # type: ignore[arg-type]
                            step.channel,
                            id=f"x{number}",
                            institution=step.institution,
                            days=step.days if kind == "mute" else None,
                            reason=WrongReason.OLD if kind == "wrong" else None,
                        )
                    )
            if live and looks:
                desk.advance(at)
        desk.advance(at + timedelta(days=40))

    live = desk_of([])
    happen(live, live=True)
    replayed = desk_of(list(live.answers))
    happen(replayed, live=False)
    assert replayed.alerts == live.alerts
    assert [each for each in replayed.messages if each.held is None] == live.sent
    assert replayed.state == live.state
