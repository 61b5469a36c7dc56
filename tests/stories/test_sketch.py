from __future__ import annotations

from alerts.stories.sketch import OPENING, SIZE, containment, fingerprints, resemblance

ARTICLE = [f"word{number}" for number in range(400)]


def opening(words: list[str]) -> tuple[int, ...]:
    return fingerprints(words)[0]


def sketch(words: list[str]) -> tuple[int, ...]:
    return fingerprints(words)[1]


def test_a_summary_stands_in_the_text_that_it_opens() -> None:
    assert containment(opening(ARTICLE[:20]), opening(ARTICLE)) == 1.0


def test_a_small_edit_keeps_most_of_an_opening() -> None:
    edited = [*ARTICLE[:10], "inserted", *ARTICLE[10:]]
    assert containment(opening(ARTICLE), opening(edited)) > 0.8


def test_other_texts_have_nothing_in_common() -> None:
    other = [f"other{number}" for number in range(400)]
    assert containment(opening(ARTICLE), opening(other)) == 0.0
    assert resemblance(sketch(ARTICLE), sketch(other)) == 0.0


def test_openings_of_a_few_words_say_nothing() -> None:
    assert containment(opening(ARTICLE[:6]), opening(ARTICLE[:6])) == 0.0


def test_another_opening_leaves_the_sketch_alike() -> None:
    rewritten = [f"new{number}" for number in range(60)] + ARTICLE
    assert containment(opening(ARTICLE), opening(rewritten)) == 0.0
    assert resemblance(sketch(ARTICLE), sketch(rewritten)) > 0.6


def test_fingerprints_are_bounded() -> None:
    assert len(opening(ARTICLE * 20)) == OPENING - 3
    assert len(sketch(ARTICLE * 20)) == SIZE
    assert sketch(ARTICLE[:OPENING]) == ()  # the opening is the whole text
