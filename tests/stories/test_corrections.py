from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.stories.features import is_correction, without_mark


@pytest.mark.parametrize(
    "headline",
    [
        "CORRECTED: Meridian fined",
        "Corrected: Meridian fined",
        "CORRECTED-Meridian fined",
        "CORRECTION - Meridian fined",
        "[Correction] Meridian fined",
        "Berichtigung: Meridian fined",
        "Rectificatif : Meridian fined",
        "Corrección: Meridian fined",
        "Fe de erratas: Meridian fined",
        "更正：Meridian fined",
        "【訂正】Meridian fined",
    ],
)
def test_a_mark_is_seen_and_taken_off(headline: str) -> None:
    assert is_correction(headline)
    assert without_mark(headline) == "Meridian fined"


@pytest.mark.parametrize(
    "headline",
    [
        "Corrections officers strike at Meridian",
        "Correction of Meridian's accounts is due",
        "Correction-fluid maker Meridian fined",
        "Meridian fined (corrected)",
        "Korrektur an der Börse: Meridian fällt",
        "UPDATE 2-Meridian fined",
        "",
    ],
)
def test_a_sentence_about_a_correction_has_no_mark(headline: str) -> None:
    assert not is_correction(headline)
    assert without_mark(headline) == headline


@given(st.text(max_size=80))
def test_what_is_left_is_the_end_of_the_headline_and_never_nothing(headline: str) -> None:
    left = without_mark(headline)
    assert headline.endswith(left)
    assert bool(left) == bool(headline)
