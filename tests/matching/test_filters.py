"""What speaks against a name, and what does not: one case for each reading that a filter knows."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from alerts import matching
from alerts.matching.filters import FILTERS
from alerts.matching.matcher import Matcher
from alerts.matching.vocabulary import LEGAL_FORMS, MULTIWORD_PLACES
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Matched

WHEN = datetime(2026, 2, 24, tzinfo=UTC)
THINGS = "initials of ordinary words: "
HEADLINES = Path(__file__).parents[2] / "evaluations" / "data" / "plain_headlines.yaml"
DATA = Path(matching.__path__[0]) / "data"


def match(name: str, title: str, language: str = "", explain: bool = False) -> Matched:
    item = Item("1", title, WHEN, language=language)
    return Matcher([Institution("a", name)], [], {}).match(item, explain)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Google", "Major Google outage"),
        ("Commerzbank", "Commerzbank-Aktie fällt"),
        ("Commerzbank", "Kunden der Commerzbank"),
        ("Worldline", "Le PDG de Worldline"),
        ("DeepSeek", "DeepSeek-V4 released"),
        ("Bank of America", "the Bank of America Stadium was full"),
        ("Ford", "President Ford plant closed"),
        ("Nissan", "Frank Nissan apology"),
        ("Orange", "Juez investiga a Orange"),
        ("Bild", "Wie die Bild berichtet, klagt der Minister"),
        ("IBM", "IBM - what comes next"),
        ("Suzuki-team", "de manager van het Suzuki-team"),
        ("商业银行", "17家商业银行发行"),
        ("März", "Der Verlag März druckt das Buch nicht mehr"),
        ("Santander", "El Santander despide a 300 empleados"),
        ("阿里巴巴", "阿里巴巴员工的工资上涨"),
        ("腾讯", "腾讯语音识别服务中断"),
        ("OMS", "Organisation mondiale de la santé (OMS)"),
    ],
)
def test_a_plain_name_counts(name: str, title: str) -> None:
    assert [each.institution for each in match(name, title).mentions] == ["a"]


@pytest.mark.parametrize(
    ("name", "title", "why"),
    [
        ("Bild", "Sie zeichnet ein düsteres Bild der Lage", "an ordinary noun: dusteres Bild"),
        ("Bahn", "Störung bei der S-Bahn in der Stadt", "an ordinary noun: S Bahn"),
        ("Uber", "Mit dem Winter kommt der Frost. Über die Lage spricht keiner", "an ordinary word: Über"),
        ("März", "Das Werk wird am 16. März nicht mehr öffnen", "a month"),
        ("Die Zeit", "Damit wird die Zeit für das Vorhaben knapp", "an ordinary noun with its article"),
        ("Barcelona", "El juez declaró en Barcelona ante la prensa", "a place where something is"),
        ("Madrid", "Madrid, 23 may (EFE). - El juez dijo que no", "the place of a dateline"),
        ("Davie", "DAVIE, Fla. -- A receiver was fined on Monday", "the place of a dateline"),
        ("Washington", "WASHINGTON (Reuters) - The senator voted no", "the place of a dateline"),
        ("Williams", "Elle affronte Venus Williams au premier tour", "a person's name: Venus Williams"),
        ("Ford", "it was what President Ford said", "a person's name: President Ford"),
        ("Mérida", "El arzobispo de Mérida-Badajoz dijo que no", "part of a longer name: Merida-Badajoz"),
        ("Yugoslavia", "YUGOSLAVIA-CROACIA, HOY EN EL ESTADIO", "part of a longer name: YUGOSLAVIA-CROACIA"),
        ("BSE", "Studie naar boviene spongiforme encefalopathie (BSE)", THINGS + "boviene spongiforme encefalopathie"),
        ("PORTUGAL", "Los obispos de Portugal se reúnen hoy", "written in another case"),
        ("国防部", "伊拉克国防部长今天抵达", "part of a longer word: 国防部长今"),
        ("POR", "PIDEN DIEZ AÑOS POR VIOLACION EN EL PUEBLO", "an ordinary word among capitals"),
    ],
)
def test_another_reading_speaks_against_it(name: str, title: str, why: str) -> None:
    found = match(name, title, explain=True)
    assert found.mentions == ()
    assert [each.reason for each in found.rejections] == [why]


def test_a_body_of_a_country_is_not_the_country() -> None:
    assert match("United States", "The U.S. Securities and Exchange Commission said").mentions == ()
    assert match("United States", "The U.S. Patent Office allows it, T-Mobile USA said").mentions == ()
    assert len(match("United States", "The U.S. and the Commission said").mentions) == 1


@pytest.mark.parametrize(
    ("title", "counts"),
    [
        ("Das Innenministerium plant neue Regeln", True),
        ("Wien - Das Innenministerium plant neue Regeln", True),
        ("Rom/Wien - Das Innenministerium plant neue Regeln", True),
        ("Das österreichische Innenministerium plant neue Regeln", True),
        ("Nach Angaben des slowenischen Innenministeriums war es ruhig", False),
        ("Die Akten liegen beim US-Innenministerium", False),
        ("Rom - Das Innenministerium plant neue Regeln", False),
    ],
)
def test_a_body_that_every_country_has_is_that_of_its_own(title: str, counts: bool) -> None:
    item = Item("1", title, WHEN, language="de")
    ours = Institution("a", "Bundesministerium für Inneres", ("Innenministerium",), region="Austria")
    assert bool(Matcher([ours], [], {}).match(item).mentions) is counts
    elsewhere = replace(ours, region="")  # nothing tells of which country it is: then every one counts
    assert Matcher([elsewhere], [], {}).match(item).mentions


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Europäische Zentralbank", "die Aufsicht der Europäischen Zentralbank"),
        ("Europäischer Gerichtshof", "das Urteil des Europäischen Gerichtshofs"),
        ("Internationaler Währungsfonds", "wie der Internationale Währungsfonds sagt"),
        ("Vereinte Nationen", "nach Angaben der Vereinten Nationen"),
        ("Deutsche Bank AG", "ein Kunde der Deutschen Bank"),
        ("Bundeskartellamt", "die Akten des Bundeskartellamts und des Bundeskartellamtes"),
        ("Die Grünen", "da hatten die Grünen nichts dagegen"),
    ],
)
def test_a_german_name_counts_in_its_cases(name: str, written: str) -> None:
    assert match(name, f"Er kennt {written} gut", "de").mentions


def test_an_adjective_without_a_capital_makes_no_name() -> None:
    assert match("Deutsche Bank AG", "Er sitzt auf einer deutschen Bank im Park", "de").mentions == ()


def test_a_surname_stands_for_the_person_whom_the_item_names() -> None:
    assert match("Williams", "Serena Williams won. Then Williams left").mentions == ()
    assert len(match("Williams", "Then Williams left").mentions) == 1


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("pt", "Jorge Gerdau fala a executivos da Gerdau"),
        ("it", "Carlo Gerdau lascia la Gerdau"),
        ("es", "Pedro Gerdau vende acciones de la Gerdau"),
    ],
)
def test_a_surname_after_a_feminine_article_is_that_of_the_firm(language: str, title: str) -> None:
    (found,) = match("Gerdau", title, language).mentions
    assert found.end == len(title)


def test_initials_stand_for_the_thing_that_the_item_explains() -> None:
    assert match("BSE", "Cases of bovine spongiform encephalopathy (BSE) rise. BSE kills").mentions == ()
    assert len(match("BSE", "The Bombay Stock Exchange (BSE) fell. BSE said").mentions) == 2


def test_an_ordinary_word_where_a_verb_may_follow_is_ambiguous() -> None:
    (found,) = match("Target", "Target misses what analysts had hoped for").mentions
    assert (found.ambiguous, found.salience) == (True, 0.5)
    (found,) = match("Target", "Target's profit falls").mentions
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("language", "name", "title"),
    [
        ("fr", "Orange", "Orange supprime un service"),
        ("pt", "Senado", "Senado nomeia nova diretoria"),
        ("es", "Ciudadanos", "Ciudadanos pide una reunión"),
        ("it", "Lega", "Lega chiede un rinvio"),
    ],
)
def test_a_verb_of_the_third_person_may_follow_in_romance_languages(language: str, name: str, title: str) -> None:
    (found,) = match(name, title, language).mentions
    assert found.ambiguous


def test_a_small_i_tells_in_english_that_the_writer_leaves_capitals_out() -> None:
    assert len(match("Vinci", "honestly i think vinci is overrated", "en").mentions) == 1
    assert match("Vinci", "Tutti i premi: se vinci diventi ricco", "it").mentions == ()


def test_no_plain_headline_hides_the_name_that_it_is_about() -> None:
    """The list of the evaluation, with one name of each kind; `make eval-matching` takes all of them."""
    data = yaml.safe_load(HEADLINES.read_text(encoding="utf-8"))
    for templates in data["templates"].values():
        for name in ("Worldline", "SAP", "Orange", "Bank of America"):
            for template in templates:
                title = template.replace("_", name.replace(" ", "") if template[0] == "#" else name)
                assert match(name, title).mentions, title


def test_every_filter_has_a_name_and_a_docstring() -> None:
    for name, each in FILTERS.items():
        assert name
        assert each.__doc__


@pytest.mark.parametrize("file", sorted(DATA.rglob("*.txt")), ids=lambda file: str(file.relative_to(DATA)))
def test_a_word_list_says_what_it_is_and_where_it_comes_from(file: Path) -> None:
    first, second, *lines = file.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# ")
    assert second == "# Written for this project. Without accents and in lower case, as matching compares words."
    assert max(map(len, lines), default=0) <= 130
    if file.name != "place_abbreviations.txt":  # those are given back as names are written
        for line in lines:
            letters = "[^A-Z]*" if file.parent.name in {"cyrillic", "han"} else "[a-z0-9 ,:&-]*"
            assert line.startswith("#") or re.fullmatch(letters, line), line


def test_phrases_of_a_list_are_not_cut_at_the_end_of_a_line() -> None:
    assert {len(place) for place in MULTIWORD_PLACES} >= {2, 3}
    assert all(len(place) > 1 for place in MULTIWORD_PLACES)
    assert all(len(form) > 1 or len(form[0]) > 1 for form in LEGAL_FORMS)
