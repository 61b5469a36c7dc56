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
FORMS_OF_ADDRESS = word_list("forms_of_address")
SAYING_VERBS = word_list("saying_verbs")
GIVEN_NAMES = word_list("given_names")

LEGAL_FORMS = phrase_list("legal_forms")
PLAIN_LEGAL_FORMS = word_list("plain_legal_forms")
LEGAL_TAILS = words("inc corp corporation ltd limited llc plc gmbh ag")  # that texts put after short names, too
LEGAL_PREFIXES = phrase_list("legal_prefixes")
CLUB_FORMS = phrase_list("club_forms")
GENERIC_NOUNS = word_list("generic_nouns")
LINE_PAIRS = phrase_list("line_pairs")
HEAD_NOUNS = word_list("head_nouns")
HEAD_NOUNS_ABROAD = word_list("head_nouns_abroad")
GOVERNMENT_NOUNS = word_list("government_nouns")
OF_HEADS = word_list("of_heads")
PLACE_PREFIXES = word_list("place_prefixes")
STOP_ACRONYMS = word_list("stop_acronyms")
SPELLINGS = pair_list("spellings")
DEMONYMS = dict(pair_list("demonyms"))
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
