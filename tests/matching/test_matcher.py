"""Which institutions are found in an item, and why others are not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution, MatchRules, NameRules
from alerts.model.item import Item
from alerts.model.mention import Matched, Mention, Rule
from alerts.model.source import Source

WHEN = datetime(2026, 2, 24, tzinfo=UTC)


def item(title: str = "", **fields: Any) -> Item:
    return Item(id="1", title=title, observed=WHEN, **fields)


def match(institutions: list[Institution | str], title: str, explain: bool = False) -> Matched:
    known = [each if isinstance(each, Institution) else Institution(each, each) for each in institutions]
    return Matcher(known, [], {}).match(item(title), explain)


def texts(institutions: list[Institution | str], title: str) -> list[str]:
    return [mention.text for mention in match(institutions, title).mentions]


def reason(institution: Institution | str, title: str) -> str:
    (rejection,) = match([institution], title, explain=True).rejections
    return rejection.reason


# ── Case ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "title", "found"),
    [
        ("Apple", "Apple unveils a phone", ["Apple"]),
        ("Apple", "APPLE UNVEILS A PHONE", ["APPLE"]),
        ("Apple", "an apple a day", []),
        ("Target", "Target raises wages", ["Target"]),
        ("Target", "shoppers leave Target for rivals", ["Target"]),
        ("Target", "Target practice resumes", []),
        ("Target", "Police Target Gang in Dawn Raid", []),
        ("Target", "POLICE TARGET GANG IN RAID", []),
        ("Target", "TARGET SHARES FALL ON WEAK SALES", ["TARGET"]),
        ("Nvidia", "NVIDIA and nvidia", ["NVIDIA"]),
        ("JustGiving", "Justgiving says", ["Justgiving"]),
        ("iTunes", "on ITunes", ["ITunes"]),
        ("WHO", "who knows what the WHO says", ["WHO"]),
        ("NATO", "Nato leaders meet", ["Nato"]),
        ("AXA", "Axa posts record profit", ["Axa"]),
        ("ANN", "Ann joins the board", []),  # a given name
        ("UPS", "Ups and downs of the market", []),  # not spoken as a word
        ("IBM", "Ibm", []),
        ("Bank of America", "the bank of america branch", ["bank of america"]),
        ("The Standard", "the standard is met", []),
        ("The Standard", "as The Standard reports", ["The Standard"]),
        ("Газпром", "ГАЗПРОМ и газпром", ["ГАЗПРОМ"]),
        ("Gucci", "dude got gucci symbols http://example.org", ["gucci"]),
    ],
)
def test_case_decides_as_readers_do(name: str, title: str, found: list[str]) -> None:
    assert texts([name], title) == found


def test_case_can_be_asked_for_and_dropped() -> None:
    strict = Institution("n", "Open Data Group", match=MatchRules(case_sensitive=True, derive=frozenset()))
    free = Institution("n", "Apple", match=MatchRules(case_sensitive=False))
    assert texts([strict], "Open Data Group and open data group") == ["Open Data Group"]
    assert texts([strict], "OPEN DATA GROUP WINS CONTRACT") == ["OPEN DATA GROUP"]
    assert texts([free], "an apple a day, APPLE") == ["apple", "APPLE"]


# ── Words and spellings ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "title", "found"),
    [
        ("OpenAI", "OpenAI's and OpenAI’s", ["OpenAI", "OpenAI"]),
        ("OpenAI", "OpenAI-backed lab, ex-OpenAI staff, non-OpenAI models", ["OpenAI"] * 3),
        ("OpenAI", "the Microsoft-OpenAI deal", ["OpenAI"]),
        ("Royce", "Rolls-Royce engines", ["Royce"]),
        ("Mérida", "de Mérida-Badajoz", []),
        ("Meta", "Meta-owned app", ["Meta"]),
        ("OpenAI", "#OpenAI @OpenAI #OpenAIOutage", ["OpenAI", "OpenAI"]),
        ("New York Times", "#NewYorkTimes @newyorktimes", ["NewYorkTimes", "newyorktimes"]),
        ("OpenAI", "write to press@openai.com or see https://openai.com/blog", []),
        ("OpenAI", "https://example.org/OpenAI/status", []),
        ("Amazon", "buy it at Amazon.com", ["Amazon"]),
        ("Rolls-Royce", "Rolls Royce engines", ["Rolls Royce"]),
        ("Yahoo!", "Yahoo and Yahoo! said", ["Yahoo", "Yahoo!"]),
        ("AT&T", "AT&T cuts, at T-Mobile", ["AT&T"]),
        ("L'Oréal", "L’OREAL and Loreal", ["L’OREAL", "Loreal"]),
        ("McDonald's", "McDonald’s, McDonalds", ["McDonald’s", "McDonalds"]),
        ("株式会社東京", "新しい株式会社東京です", ["株式会社東京"]),
        ("OpenAI", "全球OpenAI发布", ["OpenAI"]),
        ("삼성전자", "삼성전자가 발표, 신삼성전자", ["삼성전자"]),
        ("Bank of America", "Bank\nof America", ["Bank\nof America"]),
        ("Bank of America", "Bank\n\nof America", []),
        ("Bank of America", "the Bank of, America", []),
        ("(a+)+$", "(a+)+$ stands there", ["(a+)+$"]),
        ("C++ Foundation", "the C++ Foundation", ["C++ Foundation"]),
        ("OpenAI", "Open\u200bAI, ＯｐｅｎＡＩ", ["Open\u200bAI", "ＯｐｅｎＡＩ"]),
        ("Massachusetts Institute of Technology", "at M.I.T. he", ["M.I.T."]),
        ("U.S. Steel", "U.S. Steel and US Steel", ["U.S. Steel", "US Steel"]),
        ("Trinity College Dublin", "at Trinity College, Dublin", ["Trinity College, Dublin"]),
        ("Rape Crisis England and Wales", "Rape Crisis (England and Wales) said", ["Rape Crisis (England and Wales)"]),
    ],
)
def test_spellings(name: str, title: str, found: list[str]) -> None:
    assert texts([name], title) == found


@pytest.mark.parametrize("name", ["", "  ", "!!", "\u200b", "-"])
def test_a_name_without_a_letter_matches_nothing(name: str) -> None:
    assert texts([Institution("n", name, aliases=(name,))], "anything !! - \u200b at all") == []


def test_aliases_keep_their_own_punctuation() -> None:
    team = Institution("astros", "Houston Astros", aliases=("#Astros",))
    assert texts([team], "#Astros lineup, Astros win") == ["#Astros", "Astros"]


# ── Neighbours ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "title", "why"),
    [
        ("New York", "the New York Stock Exchange fell", "part of a longer name: New York Stock"),
        ("Virginia", "in West Virginia on Monday", "part of a longer name: West Virginia"),
        ("Chicago", "at the University of Chicago", "part of a longer name: University of Chicago"),
        ("France", "the Tour de France winner", "part of a longer name: Tour de France"),
        ("Ford", "actor Harrison Ford said", "a person's name: Harrison Ford"),
        ("Dell", "Sen. Dell voted", "a person's name: Sen Dell"),
        ("Chelsea", "said Chelsea Manning on Monday", "part of a longer name: Chelsea Manning"),
    ],
)
def test_a_name_inside_something_else_does_not_count(name: str, title: str, why: str) -> None:
    assert reason(name, title) == why


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Bank of America", "Bank of America Opens a Stadium Branch in Ohio"),
        ("Apple", "Will Apple Make the Connected Car?"),
        ("Anthropic", "New Anthropic study shows"),
        ("Microsoft", "Microsoft Azure went down"),
        ("Google", "Google News adds a feature"),
        ("Boston", "Boston Mayor Michelle Wu"),
        ("Paris", "Paris climate talks"),
    ],
)
def test_a_name_beside_other_capitals_counts(name: str, title: str) -> None:
    assert texts([name], title) == [name]


def test_the_longest_name_wins() -> None:
    assert texts(["New York", "The New York Times", "Times"], "The New York Times in New York") == [
        "The New York Times",
        "New York",
    ]


def test_a_legal_form_is_part_of_the_name_even_where_it_is_a_product_too() -> None:
    assert texts([Institution("kern", "Kern Bank", products=("Inc.",))], "Kern Bank Inc. grows") == ["Kern Bank Inc"]


def test_names_joined_by_a_hyphen_count_where_both_are_tracked() -> None:
    assert texts(["Comcast", "Time Warner"], "About Comcast-Time Warner tie") == ["Comcast", "Time Warner"]


def test_a_name_that_tells_its_place_by_another_name_is_both() -> None:
    university = Institution("wustl", "Washington University in St. Louis", aliases=("Washington University",))
    assert texts([university, "St. Louis"], "at Washington University in St. Louis, he") == [
        "Washington University",
        "St. Louis",
    ]
    assert texts([university], "at Washington University in St. Louis, he") == ["Washington University in St. Louis"]


# ── Rules that the operator gives ────────────────────────────────────────────────────────────────────────────


def test_an_excluded_phrase_takes_its_names_with_it() -> None:
    lab = Institution("a", "Anthropic", match=MatchRules(exclude=("anthropic principle",)))
    assert texts([lab], "The Anthropic Principle, and Anthropic") == ["Anthropic"]
    assert reason(lab, "The Anthropic principle") == "inside the excluded phrase 'anthropic principle'"


def test_a_context_word_must_stand_anywhere_in_the_item() -> None:
    lab = Institution("m", "Mistral", match=MatchRules(require_any=("AI", "language model*")))
    matcher = Matcher([lab], [], {})
    assert matcher.match(item("The Mistral blows")).mentions == ()
    assert len(matcher.match(item("Mistral raises", content="its AI lab")).mentions) == 1
    assert len(matcher.match(item("Mistral raises", summary="large language models")).mentions) == 1
    assert reason(lab, "The Mistral blows") == "no context word: AI, language model*"


def test_derivations_can_be_switched_off() -> None:
    plain = Institution("a", "Cisco Systems, Inc.", match=MatchRules(derive=frozenset()))
    assert texts([plain], "Cisco, Cisco Systems, Cisco Systems, Inc. and CS") == ["Cisco Systems, Inc."]


# ── Support and ambiguity ────────────────────────────────────────────────────────────────────────────────────


def test_a_weak_short_form_needs_a_fuller_name_in_the_item() -> None:
    assert texts(["General Motors"], "GM recalls trucks") == []
    assert texts(["General Motors"], "General Motors said GM recalls trucks") == ["General Motors", "GM"]
    assert texts(["General Motors"], "said GM spokesman Tom") == ["GM"]
    assert "no fuller name" in reason("General Motors", "GM recalls trucks")


def test_a_shared_alias_is_told_by_the_rest_of_the_item_or_is_ambiguous() -> None:
    cleveland = [
        Institution("browns", "Cleveland Browns", aliases=("Cleveland",)),
        Institution("guardians", "Cleveland Guardians", aliases=("Cleveland",)),
    ]
    (likeliest,) = match([*cleveland], "Cleveland won").mentions
    assert (likeliest.institution, likeliest.ambiguous, likeliest.salience) == ("browns", True, 0.5)
    (other,) = match([*cleveland], "Cleveland won", explain=True).rejections
    assert (other.institution, other.reason) == ("guardians", "ambiguous: rather browns")
    found = match([*cleveland], "Cleveland won, as the Cleveland Browns had hoped").mentions
    assert [(each.institution, each.ambiguous) for each in found] == [("browns", False), ("browns", False)]


def test_of_those_that_share_a_name_the_likeliest_counts() -> None:
    browns = Institution("browns", "Cleveland Browns", aliases=("Cleveland",), domains=("browns.example",))
    clinic = Institution("clinic", "Cleveland Clinic", aliases=("Cleveland",), products=("MyChart",))
    guardians = Institution(
        "guardians", "Cleveland Guardians", aliases=("Cleveland",), match=MatchRules(require_any=("baseball",))
    )

    def meant(title: str, **fields: Any) -> list[tuple[str, bool]]:
        known = [browns, clinic, guardians]
        sources = {"club": Source("club", "https://club.example/feed", "Club", speaks_for=frozenset({"clinic"}))}
        found = Matcher(known, [], sources).match(item(title, **fields)).mentions
        return [(each.institution, each.ambiguous) for each in found if each.field == "title"]

    assert meant("Cleveland opens a baseball season") == [("guardians", True)]  # a context word of its own
    assert meant("A clinic in trouble: Cleveland cuts jobs") == [("clinic", True)]  # a word of its own name
    assert meant("Cleveland is down", url="https://browns.example/x") == [("browns", False)]  # it comes from them
    assert meant("Cleveland is down", source="club") == [("clinic", False)]


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({}, "coffee"),  # nothing tells: the first by id
        ({"source": "law"}, "privacy"),  # a tag of the source
        ({"language": "pt"}, "coffee"),
        ({"language": "de"}, "privacy"),  # Europe speaks it
        ({"summary": "A fine for a breach of data protection"}, "privacy"),  # a word of the category
        ({"summary": "Growers in Brazil welcomed it"}, "coffee"),
    ],
)
def test_tags_region_and_language_tell_namesakes_apart(fields: dict[str, str], meant: str) -> None:
    """The same initials, derived from both names."""
    known = [
        Institution("coffee", "International Coffee Organization", region="Brazil", category="Trade body"),
        Institution(
            "privacy", "Information Commissioner's Office", region="Europe", category="Data protection",
            tags=frozenset({"regulator"}),
        ),
    ]  # fmt: skip
    law = Source("law", "https://law.example/feed", "Law", tags=frozenset({"regulator", "law"}))
    matcher = Matcher([*known, Institution("other", "Acme")], [], {"law": law})
    assert matcher.namesakes == {"coffee", "privacy"}
    (found,) = matcher.match(item("ICO publishes a report", **fields)).mentions
    assert (found.institution, found.ambiguous, found.salience) == (meant, True, 0.5)


def test_an_official_name_is_stronger_than_an_alias() -> None:
    team = Institution("team", "Boston Red Sox", aliases=("Boston",))
    assert [each.institution for each in match([team, "Boston"], "in Boston today").mentions] == ["Boston"]


def test_a_pronoun_given_as_alias_only_points_back() -> None:
    lab = Institution("lab", "OpenAI", aliases=("it", "the company"))
    assert texts([lab], "It rained, and the company paid") == []
    assert texts([lab], "OpenAI said the company grew. It pays") == ["OpenAI", "the company", "It"]


# ── Where it stands and where it comes from ──────────────────────────────────────────────────────────────────


def test_salience_is_field_times_rule() -> None:
    lab = Institution("a", "Anthropic", products=("Claude Code",), domains=("anthropic.com",))
    matcher = Matcher([lab], [], {})
    content = "Anthropic " + "x " * 145 + "Anthropic" + " x Anthropic"
    found = matcher.match(item("Anthropic, Claude Code, anthropic.com", summary="Anthropic", content=content)).mentions
    assert [(each.field, each.rule.value, each.salience) for each in found] == [
        ("title", "name", 1.0),
        ("title", "product", 0.8),
        ("title", "domain", 0.8),
        ("summary", "name", 0.7),
        ("content", "name", 0.7),
        ("content", "name", 0.4),
        ("content", "name", 0.4),
    ]
    assert [each.start for each in found if each.field == "content"] == [0, 300, 312]


def test_an_item_of_a_source_that_speaks_for_an_institution_is_about_it() -> None:
    newsroom = Source("news", "https://a.example/feed", "A", speaks_for=frozenset({"a", "unknown"}))
    matcher = Matcher([Institution("a", "Anthropic")], [], {"news": newsroom})
    about = Mention("a", "source", 0, 0, "", Rule.PUBLISHER, 0.8)
    assert matcher.match(item("Detecting distillation attacks", source="news")).mentions == (about,)
    assert matcher.match(item("Detecting distillation attacks", source="other")).mentions == ()
    named = matcher.match(item("Anthropic detects", source="news")).mentions
    assert [each.rule for each in named] == [Rule.NAME]
    late = matcher.match(item("Attacks", content="x " * 200 + "Anthropic", source="news")).mentions
    assert [(each.rule, each.salience) for each in late] == [(Rule.NAME, 0.4), (Rule.PUBLISHER, 0.8)]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.anthropic.com/news/x", True),
        ("https://anthropic.com", True),
        ("http://docs.anthropic.com:8080/", True),
        ("https://notanthropic.com/", False),
        ("https://example.org/anthropic.com", False),
        ("https://anthropic.com.example.org/", False),
        ("https://[broken", False),
        ("", False),
    ],
)
def test_the_own_link_of_an_item_tells_whom_it_is_about(url: str, found: bool) -> None:
    matcher = Matcher([Institution("a", "Anthropic", domains=("https://www.Anthropic.com/",))], [], {})
    mentions = matcher.match(item("Detecting distillation attacks", url=url)).mentions
    assert [(each.rule, each.field, each.salience) for each in mentions] == [(Rule.DOMAIN, "source", 0.8)] * found


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("see https://www.anthropic.com/news?x=1", ["anthropic.com"]),
        ("see docs.anthropic.com.", ["anthropic.com"]),
        ("(anthropic.com)", ["anthropic.com"]),
        ("see notanthropic.com or not-anthropic.com", []),
        ("see anthropic.com.evil.example", []),
        ("see https://anthropic.com@evil.example", []),
        ("see https://evil.example/?u=anthropic.com", []),
        ("see https://evil.example/?u=https://anthropic.com", []),
        ("see [this](https://www.anthropic.com/x)", ["anthropic.com"]),
        ('see <a href="https://anthropic.com/x">this</a>', ["anthropic.com"]),
        ('see <a href="https://anthropic.com.evil.example">this</a>', []),
        ("write to a@anthropic.com", []),
    ],
)
def test_a_link_in_the_text_to_a_domain_is_a_mention(title: str, found: list[str]) -> None:
    assert texts([Institution("a", "Somebody Else", domains=("anthropic.com",))], title) == found


def test_explanations_name_what_was_turned_down_where() -> None:
    (told,) = match(["Apple"], "an apple a day", explain=True).rejections
    assert (told.institution, told.field, told.start, told.end, told.text) == ("Apple", "title", 3, 8, "apple")
    assert told.reason == "written in lower case"
    assert match(["Apple"], "an apple a day").rejections == ()


# ── Conditions ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_alias_has_conditions_of_its_own() -> None:
    ico = Institution(
        "ico",
        "Information Commissioner's Office",
        aliases=("ICO", "Commissioner"),
        match=MatchRules(
            of_names=(
                NameRules("ICO", require_any=("privacy", "fine*"), exclude=("ICO Brands",)),
                NameRules("Commissioner", case_sensitive=True),
            )
        ),
    )
    assert texts([ico], "The ICO on privacy") == ["ICO"]
    assert texts([ico], "An ICO of a new coin") == []
    assert texts([ico], "ICO Brands fined; the ICO said so") == ["ICO"]
    assert texts([ico], "the commissioner and the Commissioner") == ["Commissioner"]
    assert texts([ico], "the Information Commissioner's Office said") == ["Information Commissioner's Office"]


def test_the_conditions_of_an_institution_gate_its_short_and_ordinary_names() -> None:
    lab = Institution(
        "lab",
        "Anthropic",
        aliases=("Anthropic PBC", "阿尔法"),
        products=("Claude",),
        match=MatchRules(require_any=("model", "lab")),
    )
    assert texts([lab], "the Anthropic view of things") == []
    assert texts([lab], "the Anthropic model") == ["Anthropic"]
    assert texts([lab], "said Anthropic PBC today") == ["Anthropic PBC"]
    assert texts([lab], "ask Claude today") == ["Claude"]
    assert texts([lab], "阿尔法发布") == ["阿尔法"]
