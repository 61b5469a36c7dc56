"""Errors survive pickling, as Celery pickles what a task raises, and say one line each."""

from __future__ import annotations

import pickle

import pytest

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
