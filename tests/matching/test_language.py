"""Which language an item is in."""

from datetime import UTC, datetime

import pytest

from alerts.matching.document import Document
from alerts.matching.language import LANGUAGES
from alerts.matching.words import word_list
from alerts.model.item import Item

WHEN = datetime(2026, 2, 24, tzinfo=UTC)


def language_of(item: Item) -> str:
    return Document(item).language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Regulators fine the bank over what it told its customers"),
        ("en", "Tech giant seeks deal"),
        ("de", "Die Aufsicht verhängt eine Strafe gegen die Bank, weil sie nicht warnte"),
        ("fr", "Le régulateur inflige une amende à la banque pour ses pratiques"),
        ("es", "El regulador multa a la entidad por lo que dijo a sus clientes"),
        ("it", "Il garante multa la banca per quello che ha detto ai clienti"),
        ("nl", "De toezichthouder legt de bank een boete op voor het niet melden van risico's"),
        ("pt", "O regulador multa o banco pelo que disse aos seus clientes"),
        ("zh", "监管机构对这家银行处以罚款"),
        ("ja", "規制当局はこの銀行に罰金を科した"),
        ("ko", "규제 당국이 은행에 벌금을 부과했다"),
        ("ru", "Регулятор оштрафовал банк"),
        ("ar", "غرمت الهيئة التنظيمية البنك"),
        ("", "Acme 2026"),
        ("", ""),
    ],
)
def test_a_text_tells_its_language(language: str, text: str) -> None:
    assert language_of(Item("1", text, WHEN)) == language


def test_what_the_feed_says_goes_first() -> None:
    item = Item("1", "The bank was fined", WHEN, language="de-AT")
    assert language_of(item) == "de"


def test_a_feed_that_says_english_may_hold_another_language() -> None:
    """Publishing software says so unless it is told otherwise."""
    german = Item("1", "Die Bank und ihre Kunden sind nicht gewarnt worden", WHEN, language="en-US")
    assert language_of(german) == "de"
    assert language_of(Item("1", "Acme 2026", WHEN, language="en")) == "en"


def test_names_in_latin_letters_do_not_hide_a_script() -> None:
    assert language_of(Item("1", "OpenAI和Microsoft宣布与英伟达合作", WHEN)) == "zh"


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_lists_are_written_as_matching_compares_words(language: str) -> None:
    for word in word_list(f"function_words/{language}"):
        assert word.isascii()
        assert word.isalpha()
        assert word.islower()
