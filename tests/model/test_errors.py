"""Errors survive pickling, as Celery pickles what a task raises, and say one line each; suggestions for slips."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.errors import (
    AlertsError,
    ConfigError,
    DeliveryError,
    FeedError,
    InputError,
    NotFoundError,
    Problem,
    StoreError,
    UsageError,
    did_you_mean,
)

PROBLEMS = (Problem("a.yaml", 3, 7, "no such key"), Problem("a.yaml", 9, 1, "doubtful", warning=True))
ERRORS = [
    (AlertsError("something"), "something"),
    (UsageError("no such command"), "no such command"),
    (InputError("items.jsonl:12", "no title"), "items.jsonl:12: no title"),
    (NotFoundError("source", "wire"), "no source 'wire'"),
    (NotFoundError("source", "wire", "did you mean 'wired'?"), "no source 'wire': did you mean 'wired'?"),
    (FeedError("no feed at https://a.example"), "no feed at https://a.example"),
    (StoreError("the database does not answer"), "the database does not answer"),
    (DeliveryError("template t.j2: without an end"), "template t.j2: without an end"),
    (ConfigError(PROBLEMS), "a.yaml:3:7: no such key\na.yaml:9:1: warning: doubtful"),
]


@pytest.mark.parametrize(("error", "said"), ERRORS, ids=lambda each: type(each).__name__)
def test_what_an_error_says_survives_pickling(error: AlertsError, said: str) -> None:
    assert str(error) == said
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.args, vars(again)) == (said, error.args, vars(error))


def test_every_class_of_errors_is_tried() -> None:
    def below(kind: type[AlertsError]) -> set[type[AlertsError]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    ours = {each for each in below(AlertsError) if each.__module__ == AlertsError.__module__}
    assert ours == {type(error) for error, _ in ERRORS}


def test_wrong_usage_ends_with_status_2_and_all_else_with_1() -> None:
    assert {type(error): error.exit_status for error, _ in ERRORS if error.exit_status != 1} == {UsageError: 2}


def test_problems_are_in_the_order_of_the_file() -> None:
    late, early = Problem("a.yaml", 10, 1, "x"), Problem("a.yaml", 9, 80, "x")
    assert sorted([late, Problem("b.yaml", 1, 1, "x"), early])[:2] == [early, late]


KNOWN = ["anthropic", "Deepseek", "openai"]


@pytest.mark.parametrize(
    ("word", "meant"), [("antropic", "anthropic"), ("DEEPSEEK", "Deepseek"), ("opnai", "openai"), ("zebra", "")]
)
def test_the_nearest_name_is_offered_as_it_is_written(word: str, meant: str) -> None:
    assert did_you_mean(word, KNOWN) == (f"; did you mean {meant!r}?" if meant else "")


def test_too_many_names_and_too_long_words_are_not_compared() -> None:
    assert did_you_mean("name1", [f"name{number}" for number in range(1_001)]) == ""
    assert did_you_mean("a" * 101, ["a" * 101]) == ""


@given(st.text(max_size=120), st.lists(st.text(max_size=20), max_size=20))
def test_what_is_offered_is_known(word: str, known: list[str]) -> None:
    offered = did_you_mean(word, known)
    assert not offered or any(offered == f"; did you mean {each!r}?" for each in known)
