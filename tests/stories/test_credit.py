from __future__ import annotations

import pytest

from alerts.stories.credit import agency, credited, outlet, page


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


def test_links_to_one_page_are_equal() -> None:
    assert (
        page("https://www.example.com/a/b/?utm_source=x&id=3#top")
        == page("http://m.example.com/a/b?id=3")
        == page("//example.com/a/b/amp/?id=3")
        == "example.com/a/b?id=3"
    )
    assert page("https://example.com/a?id=3") != page("https://example.com/a?id=4")
    assert page("no link at all") == "no link at all"
