"""A made-up world of any size: institutions, sources, topics and news about them, the same every time.

Words are spelt from syllables by a seeded generator, so that names are as rare and texts as varied as real ones,
and nothing has to be shipped or fetched. One item in `ABOUT` is about an institution; one in `EVENTFUL` of those
tells of something that a topic knows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

ABOUT = 3
EVENTFUL = 2
WORDS_OF_TEXT = 100
START = datetime(2026, 3, 2, tzinfo=UTC)
_CONSONANTS = ("b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")
_KINDS = ("Systems", "Networks", "Holdings", "Energy", "Authority", "Bank", "Laboratories", "Railways")
_EVENTS = ("outage", "recall", "fine", "merger", "lawsuit", "strike", "breach", "licence")


@dataclass(frozen=True, slots=True)
class News:
    """An item before any feed format. `about` is an institution's id, empty where it is about none."""

    id: str
    title: str
    text: str
    url: str
    about: str


class World:
    """Everything is a function of the sizes and the seed."""

    def __init__(self, institutions: int, sources: int, subscribers: int = 5, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.vocabulary = sorted({self._word() for _ in range(6000)})
        self._random.shuffle(self.vocabulary)
        names: dict[str, None] = {}
        while len(names) < institutions:
            first, second = self._word().title(), self._word().title()
            names[f"{first} {second} {self._random.choice(_KINDS)}"] = None
        self.names = list(names)
        self.sources = sources
        self.subscribers = subscribers
        self._seed = seed

    def _word(self) -> str:
        syllables = self._random.randint(2, 3)
        return "".join(self._random.choice(_CONSONANTS) + self._random.choice(_VOWELS) for _ in range(syllables))

    def config(
        self, base: str, *, interval: str = "15m", channel: str = "console://", allow_private: bool = True
    ) -> dict[str, Any]:
        """The configuration: sources at `base`/N, every subscriber at `channel`."""
        return {
            "sources": [
                {
                    "id": f"source-{number}",
                    "url": f"{base}/{number}",
                    "publisher": f"Publisher {number}",
                    "reliability": "ABCD"[number % 4],
                    "interval": interval,
                    "allow_private": allow_private,
                }
                for number in range(self.sources)
            ],
            "institutions": [
                {"id": f"inst-{number}", "name": name, "tags": [f"group-{number % 10}"]}
                for number, name in enumerate(self.names)
            ],
            "topics": [
                {
                    "id": word,
                    "signal": ("continuity", "governance", "relationship")[number % 3],
                    "any": [f"{word}*"],
                    "severity": {"priority": 0.6, "policy": 0.4, "continuity": 0.3},
                }
                for number, word in enumerate(_EVENTS)
            ],
            "subscribers": [
                {
                    "id": f"desk-{number}",
                    "tier": "leadership-alliance",
                    "channels": {"hook": channel},
                    "watch": [{"tags": [f"group-{number % 10}"], "on": ["level"], "at_least": "medium"}],
                    "group": "0s",
                }
                for number in range(self.subscribers)
            ],
        }

    def news(self, source: int, version: int, count: int) -> list[News]:
        """What a source publishes in one version of its feed."""
        chance = random.Random(f"{self._seed}-{source}-{version}")
        return [self._item(chance, f"{source}-{version}-{number}") for number in range(count)]

    def _item(self, chance: random.Random, key: str) -> News:
        words = chance.choices(self.vocabulary, k=WORDS_OF_TEXT)
        headline = " ".join(words[:7])
        about = ""
        if chance.randrange(ABOUT) == 0:
            number = chance.randrange(len(self.names))
            about = f"inst-{number}"
            event = chance.choice(_EVENTS) if chance.randrange(EVENTFUL) == 0 else "plans"
            headline = f"{self.names[number]} {event} {headline}"
        text = " ".join(words[7:])
        return News(key, headline.capitalize(), f"{text}.", f"https://news.example/{key}", about)


def rss(title: str, news: Sequence[News], at: datetime) -> bytes:
    """The news as RSS 2.0, a second apart, the newest first."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{each.id}</guid><title>{escape(each.title)}</title>"
        f"<link>{each.url}</link><description>{escape(each.text)}</description>"
        f"<pubDate>{format_datetime(at - timedelta(seconds=number))}</pubDate></item>"
        for number, each in enumerate(news)
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{escape(title)}</title>"
        f"<link>https://news.example/</link><description/>{entries}</channel></rss>"
    ).encode()


def records(world: World, count: int, *, every: timedelta = timedelta(seconds=1)) -> Iterator[dict[str, str]]:
    """Items as JSONL has them, one source after the other, at even intervals."""
    for number in range(count):
        source = number % world.sources
        (each,) = world.news(source, number // world.sources, 1)
        at = (START + every * number).isoformat().replace("+00:00", "Z")
        yield {
            "id": each.id,
            "title": each.title,
            "summary": each.text,
            "url": each.url,
            "source": f"source-{source}",
            "published": at,
            "observed": at,
        }
