"""The word lists by name, each from its file under `data/` (what a list is for stands at the head of its file)."""

import re
from functools import cache

from alerts.matching.language import LANGUAGES
from alerts.matching.words import pair_list, phrase_list, word_list, words

FUNCTION_WORDS = word_list("function_words/en")
ANY_FUNCTION_WORDS = frozenset().union(*(word_list(f"function_words/{each}") for each in LANGUAGES))
COMMON_WORDS = word_list("common_words/en") | FUNCTION_WORDS
PRONOUNS = word_list("pronouns")
DETERMINERS = word_list("determiners")
ACTION_WORDS = word_list("actions")
AGENTS = word_list("agents")
MONTHS = word_list("months")
PERSON_TITLES = word_list("person_titles")
GIVEN_NAMES = word_list("given_names")

LEGAL_FORMS = phrase_list("legal_forms")
LEGAL_TAILS = words("inc corp corporation ltd limited llc plc gmbh ag")  # that texts put after short names, too
GENERIC_NOUNS = word_list("generic_nouns")
HEAD_NOUNS = word_list("head_nouns")
PLACE_PREFIXES = word_list("place_prefixes")
STOP_ACRONYMS = word_list("stop_acronyms")
DEMONYMS = dict(pair_list("demonyms"))
# By the German adjective of a country, its own name and that of its capital: the adjective, without its ending.
NATIONS = {word: each for each, places in pair_list("german_nations") for word in (each, *places.split())}
PLACE_ABBREVIATIONS = [(full, re.split(r"\s*\|\s*", shorts)) for full, shorts in pair_list("place_abbreviations")]
PLACES = frozenset(DEMONYMS) | word_list("places")  # of one word, in English
MULTIWORD_PLACES = phrase_list("multiword_places")
# All of them, as the key of a form has them, with the names that other languages give them.
PLACE_NAMES = (
    PLACES
    | {" ".join(place) for place in MULTIWORD_PLACES}
    | word_list("places_abroad")
    | {" ".join(place) for place in phrase_list("multiword_places_abroad")}
)
# The ordinary words of any language: a name that is none of them is one in every language.
ANY_COMMON_WORDS = ANY_FUNCTION_WORDS.union(*(word_list(f"common_words/{each}") for each in LANGUAGES))
# By language, the prepositions that say where something is, and those that say what it belongs to or comes from.
LOCATIVE = {language: words(prepositions) for language, prepositions in pair_list("locative")}
HOMES = {language: words(regions) for language, regions in pair_list("homes")}  # where it is spoken at home
FIRM_ARTICLES = {language: words(articles) for language, articles in pair_list("firm_articles")}
ORIGIN = {language: words(prepositions) for language, prepositions in pair_list("origin")}


@cache
def common_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing as names by themselves; for one without a list only small words."""
    if language not in LANGUAGES:
        return ANY_FUNCTION_WORDS
    return word_list(f"common_words/{language}") | word_list(f"function_words/{language}")
