"""The names of the example: what headlines call its institutions, and what only looks like it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from alerts.config.load import load_entries
from alerts.matching.matcher import Matcher
from alerts.model.item import Item
from alerts.model.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config"


@cache
def example() -> Settings:
    return load_entries(EXAMPLE).settings


@cache
def matcher() -> Matcher:
    settings = example()
    return Matcher(settings.institutions.values(), settings.topics.values(), settings.sources)


@pytest.mark.parametrize(
    ("headline", "institutions"),
    [
        ("Claude outage leaves developers without their assistant", ["anthropic"]),
        ("Claude.ai is down for thousands of users", ["anthropic"]),
        ("Claude Mythos finds flaws in browsers", ["anthropic"]),
        ("Azure outage hits airlines", ["microsoft"]),
        ("Azure Front Authenticator outage takes down Xbox", ["microsoft"]),
        ("Copilot data leak exposes e-mails", ["microsoft"]),
        ("Alphabet shares fall after ruling", ["google"]),
        ("Gemini 3.5 Flash released to all", ["google-deepmind"]),
        ("Meta fined 500 million by EU over data", ["meta-ai"]),
        ("Meta's Muse Spark beats rivals", ["meta-ai"]),
        ("Facebook and Instagram down worldwide", ["meta-ai"]),
        ("Llama 5 delayed to next year", ["meta-ai"]),
        ("Grok generates false images of ministers", ["xai"]),
        ("SpaceXAI sued over turbines in Memphis", ["xai"]),
        ("xAI raises 20 billion", ["xai"]),
        ("GPT-6 launched with new pricing", ["openai"]),
        ("DeepSeek-V4 released with open weights", ["deepseek"]),
        ("MiniMax-M3 released as open model", ["minimax"]),
        ("Kimi K3 released by the Chinese lab", ["moonshot-ai"]),
        ("Mistral raises 2bn at a valuation of 20bn", ["mistral"]),
        ("Le Chat outage enters its second hour", ["mistral"]),
        ("us-east-1 DynamoDB outage cascades", ["aws"]),
        ("AWS outage hits banks", ["aws"]),
        ("SEC sues Elon Musk over disclosure", ["sec"]),
        ("SEC fines broker 10 million", ["sec"]),
        ("UK's ICO fines hospital over breach", ["ico"]),
        ("CMA clears Microsoft deal", ["cma", "microsoft"]),
        ("Amazon to cut 30,000 jobs", ["amazon"]),
        ("月之暗面发布新模型", ["moonshot-ai"]),
        ("稀宇科技在港股上市", ["minimax"]),
        ("英伟达股价上涨", ["nvidia"]),
        ("EU antitrust regulators open probe into cloud deal", ["european-commission"]),
        ("Claude Monet painting sold for 90 million", []),
        ("Jean-Claude Van Damme returns to the screen", []),
        ("Meta-analysis of 40 trials finds no effect", []),
        ("The new meta of the game favours archers", []),
        ("Holidays on the Cote d'Azur get dearer", []),
        ("Azure-winged magpie seen in Portugal", []),
        ("Gemini horoscope for today", []),
        ("Kimi Räikkönen drives again", []),
        ("Mistral winds fan wildfire in Provence", []),
        ("It took years to grok the idea of monads", []),
        ("Texas joins SEC game schedule as coach is fired", []),
        ("Amazon rainforest fires at record", []),
        ("Children learn the alphabet with songs", []),
        ("CMA CGM orders twelve ships", []),
        ("Pilot and copilot survive crash landing", []),
        ("Claude Puel leaves Nice", []),
        ("Minimax algorithm explained for chess", []),
        ("Gemini exchange settles with SEC over crypto", ["sec"]),
    ],
)
def test_headlines_name_the_institutions_of_the_example(headline: str, institutions: list[str]) -> None:
    item = Item(id="1", title=headline, observed=datetime(2026, 11, 29, tzinfo=UTC))
    assert sorted({mention.institution for mention in matcher().match(item).mentions}) == institutions


def test_every_source_of_the_example_has_an_address_of_its_own() -> None:
    urls = [source.url for source in example().sources.values()]
    assert len(urls) == len(set(urls))
    assert all(url.startswith("https://") for url in urls)
    assert not any("[" in url or " " in url for url in urls), "brackets are encoded, as servers write them"
