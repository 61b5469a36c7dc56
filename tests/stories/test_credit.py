from __future__ import annotations

import pytest

from alerts.stories.credit import agency, credited, outlet


def test_outlets_are_compared_without_notes_articles_and_punctuation() -> None:
    assert outlet("The Seattle Times (blog)") == outlet("Seattle Times")
    assert outlet("Seattle Post Intelligencer \\(subscription\\)") == outlet("Seattle Post-Intelligencer")
    assert outlet("Reuters") != outlet("Reuters UK")


def test_publishers_that_are_agencies_are_known() -> None:
    assert agency("Reuters UK") == agency("Thomson Reuters") == "reuters"
    assert agency("AP") == agency("The Associated Press") == "ap"
    assert agency("Ap") == agency("Daily Planet") == ""


@pytest.mark.parametrize(
    ("author", "text", "expected"),
    [
        ("", "LONDON, March 3 (Reuters) - Shares fell.", "reuters"),
        ("", "PARIS (AFP) — The court ruled.", "afp"),
        ("", "NEW YORK--(BUSINESS WIRE)--Aquila today announced", "business wire"),
        ("", "BERLIN, March 3, 2026 /PRNewswire/ -- Aquila", "pr newswire"),
        ("By Associated Press", "", "ap"),
        ("Jane Roe, AP", "", "ap"),
        ("Reuters Staff", "", "reuters"),
        ("Kyodo Tanaka", "", ""),
        ("", "Shares fell. (Reporting by A. Writer; Editing by B. Editor)", "reuters"),
        ("Ani Roe", "", ""),
        ("", "The company (Reuters reported) fell.", ""),
        ("", "x" * 400 + " (Reuters) - late", ""),
    ],
)
def test_credits(author: str, text: str, expected: str) -> None:
    assert credited(author, text) == expected
