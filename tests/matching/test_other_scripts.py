"""Names in Cyrillic and Arabic, as news writes them: no less is found than by a plain dictionary of the same surfaces.

The sentences are written for these tests. A name stands in them in its grammatical case (Cyrillic) or with the small
words that are written together with it (Arabic); each such surface is given as an alias, as an operator would.
"""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.matcher import Matcher
from alerts.model.institution import Institution
from alerts.model.item import Item

WHEN = datetime(2026, 2, 24, tzinfo=UTC)

# By language the names, nominative first, then in the order of the cases that the sentences ask for by number.
NAMES: dict[str, list[tuple[str, ...]]] = {
    "ru": [
        ("Газпром", "Газпрома", "Газпрому", "Газпром", "Газпромом", "Газпроме"),
        ("Сбербанк", "Сбербанка", "Сбербанку", "Сбербанк", "Сбербанком", "Сбербанке"),
        (
            "Московская биржа",
            "Московской биржи",
            "Московской бирже",
            "Московскую биржу",
            "Московской биржей",
            "Московской бирже",
        ),
        ("Роскомнадзор", "Роскомнадзора", "Роскомнадзору", "Роскомнадзор", "Роскомнадзором", "Роскомнадзоре"),
        ("Банк России", "Банка России", "Банку России", "Банк России", "Банком России", "Банке России"),
    ],
    "uk": [
        ("Нафтогаз", "Нафтогазу", "Нафтогазу", "Нафтогаз", "Нафтогазом", "Нафтогазі"),
        (
            "Національний банк України",
            "Національного банку України",
            "Національному банку України",
            "Національний банк України",
            "Національним банком України",
            "Національному банку України",
        ),
        ("Укрзалізниця", "Укрзалізниці", "Укрзалізниці", "Укрзалізницю", "Укрзалізницею", "Укрзалізниці"),
    ],
    "ar": [
        ("أرامكو", "وأرامكو", "لأرامكو", "بأرامكو"),
        ("البنك المركزي", "والبنك المركزي", "للبنك المركزي", "بالبنك المركزي"),
        ("هيئة السوق المالية", "وهيئة السوق المالية", "لهيئة السوق المالية", "بهيئة السوق المالية"),
    ],
}
SENTENCES = {
    "ru": [
        "{0} отчитался о прибыли за третий квартал.",
        "Акции {1} подешевели на 4 процента.",
        "Суд отказал {2} в иске к подрядчику.",
        "Прокуратура проверит {3} из-за утечки данных.",
        "Соглашение с «{4}» подписано во вторник.",
        "О сбое рассказали в {5}, пишет РБК.",
        "Глава {1} ушёл в отставку — источник",
    ],
    "uk": [
        "{0} оприлюднив звіт за рік.",
        "Керівника {1} звільнено рішенням уряду.",
        "Суд заборонив {2} підвищувати тарифи.",
        "Хакери атакували {3} вночі.",
        "Угоду з «{4}» підписано у Києві.",
        "У {5} повідомили про відключення серверів.",
    ],
    "ar": [
        "أعلنت {0} عن أرباحها للربع الثالث.",
        "اتفقت الحكومة {1} على خطة جديدة.",
        "هجوم إلكتروني على منشأة تابعة {2} يوم الثلاثاء.",
        "قال متحدث {3} إن الخدمة عادت، وفق وكالة الأنباء.",
    ],
}
CASES = [(language, name) for language, names in NAMES.items() for name in names]
TEXTS = st.sampled_from(sorted(NAMES)).flatmap(
    lambda language: st.tuples(
        st.just(language),
        st.lists(
            st.tuples(st.sampled_from(SENTENCES[language]), st.sampled_from(NAMES[language])), min_size=1, max_size=5
        ),
        st.sampled_from([" ", "\n", "\n\n"]),
    )
)


def institution(surfaces: tuple[str, ...]) -> Institution:
    return Institution(surfaces[0], surfaces[0], tuple(dict.fromkeys(surfaces[1:])))


def found(text: str, names: list[tuple[str, ...]], language: str = "") -> set[tuple[int, int, str]]:
    matcher = Matcher([institution(each) for each in names], [], {})
    mentions = matcher.match(Item("1", "", WHEN, content=text, language=language)).mentions
    return {(each.start, each.end, each.institution) for each in mentions}


def dictionary(text: str, names: list[tuple[str, ...]]) -> set[tuple[int, int, str]]:
    owners = {surface: surfaces[0] for surfaces in names for surface in surfaces}
    longest_first = "|".join(map(re.escape, sorted(owners, key=len, reverse=True)))
    return {
        (each.start(), each.end(), owners[each.group()])
        for each in re.finditer(rf"(?<!\w)(?:{longest_first})(?!\w)", text)
    }


@given(TEXTS, st.booleans())
def test_no_less_is_found_than_by_a_dictionary(
    drawn: tuple[str, list[tuple[str, tuple[str, ...]]], str], said: bool
) -> None:
    language, sentences, between = drawn
    text = between.join(sentence.format(*name) for sentence, name in sentences)
    names = NAMES[language]
    assert found(text, names, language if said else "") == dictionary(text, names)
    assert len(dictionary(text, names)) == len(sentences)


@pytest.mark.parametrize(("language", "name"), CASES)
def test_a_headline_in_capitals_names_it_too(language: str, name: tuple[str, ...]) -> None:
    for sentence in SENTENCES[language]:
        text = sentence.format(*name).upper()
        assert {owner for _, _, owner in found(text, [name], language)} == {name[0]}


DECLINED = [case for case in CASES if case[1][0].split()[0] not in {"Московская", "Національний"}]


@pytest.mark.parametrize(("language", "name"), DECLINED)
def test_the_cases_of_a_noun_and_what_is_written_to_a_name_need_not_be_given(
    language: str, name: tuple[str, ...]
) -> None:
    """An adjective before the noun is the limit: its cases are aliases."""
    for sentence in SENTENCES[language]:
        text = sentence.format(*name)
        assert {(start, end) for start, end, _ in found(text, [name[:1]])} == {
            (start, end) for start, end, _ in dictionary(text, [name])
        }, text


@pytest.mark.parametrize("name", NAMES["ar"])
def test_vowel_points_and_the_hamza_of_an_alif_make_no_difference(name: tuple[str, ...]) -> None:
    plain = SENTENCES["ar"][0].format(name[0])
    for written in (plain.replace("أ", "ا"), plain.replace("ا", "ا\u064e")):
        assert {owner for _, _, owner in found(written, [name])} == {name[0]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Газпром", "Газпромбанк и газпромовский холдинг"),
        ("Лукойл", "НефтьЛукойлТранс"),
        ("Нафтогаз", "Нафтогазвидобування працює"),
        ("سابك", "السابكون الأوائل"),
    ],
)
def test_a_longer_word_is_another_one(name: str, text: str) -> None:
    assert found(text, [(name,)]) == set()
