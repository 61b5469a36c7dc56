"""The word lists that headlines are read with, loaded once from `data/`.

Each file starts with comment lines (`#`), of which one names its origin. A list is words separated by white space; a
table has a key, a colon and its words on each line. Words are lower case; `_` stands for the space of a phrase."""

from alerts.model.tables import text_lines


def word_list(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(word for line in lines(name) for word in line.split())


def table(name: str) -> dict[str, str]:
    """Each word or phrase of a table with the key of its line; the keys of a table stand for themselves."""
    rows = (line.partition(":") for line in lines(name))
    return {word.replace("_", " "): key for key, _, words in rows for word in words.split()}


def lines(name: str) -> list[str]:
    return text_lines("alerts.stories", f"data/{name}.txt")


FUNCTION_WORDS = word_list("function_words")
FOREIGN_FUNCTION_WORDS = word_list("function_words_foreign") - FUNCTION_WORDS
FREQUENT_WORDS = word_list("frequent_words")
ORDINARY_WORDS = word_list("ordinary_words")
TRANSLATIONS = table("translations")
SCALES = {word: int(power) for word, power in table("scales").items()}
NUMBER_WORDS = table("number_words")
