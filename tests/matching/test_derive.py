"""Derived names."""

import pytest

from alerts.matching.derive import derived
from alerts.model.institution import Derivation

ALL = frozenset(Derivation)


def alone(name: str) -> set[str]:
    return {each.surface for each in derived(name, ALL) if each.alone and not each.needs}


def supported(name: str) -> set[str]:
    return {each.surface for each in derived(name, ALL) if not each.alone}


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Apple Inc.", "Apple"),
        ("Amazon.com, Inc.", "Amazon"),
        ("SAP SE", "SAP"),
        ("Hugo Boss AG", "Hugo Boss"),
        ("Ferrari N.V.", "Ferrari"),
        ("Eni S.p.A.", "Eni"),
        ("Banco Santander, S.A.", "Banco Santander"),
        ("Novo Nordisk A/S", "Novo Nordisk"),
        ("Nokia Oyj", "Nokia"),
        ("Samsung Electronics Co., Ltd.", "Samsung Electronics"),
        ("Tata Steel Private Limited", "Tata Steel"),
        ("Robert Bosch GmbH & Co. KG", "Robert Bosch"),
        ("BHP Group Pty Ltd", "BHP Group"),
        ("Grab Pte. Ltd.", "Grab"),
        ("PT Telkom Indonesia Tbk", "Telkom Indonesia"),
        ("Škoda Auto a.s.", "Skoda Auto"),
        ("PKN Orlen Sp. z o.o.", "PKN Orlen"),
        ("Anthropic PBC", "Anthropic"),
        ("The Walt Disney Company", "Walt Disney"),
        ("Tiffany & Co.", "Tiffany"),
        ("Chelsea F.C.", "Chelsea"),
        ("Johnson & Johnson", "Johnson and Johnson"),
        ("Procter and Gamble", "Procter & Gamble"),
        ("Food and Drug Administration", "FDA"),
        ("U.S. Food and Drug Administration", "FDA"),
        ("UK Competition and Markets Authority", "CMA"),
        ("Bank of Japan", "BOJ"),
        ("China National Offshore Oil Corporation", "CNOOC"),
        ("Ministry of Defence", "MoD"),
        ("Procter & Gamble", "P&G"),
        ("Make-up Art Cosmetics", "MAC"),
        ("European Space Agency (ESA)", "ESA"),
        ("Cisco Systems", "Cisco"),
        ("Carl Zeiss AG", "Zeiss"),
        ("University of Sheffield", "Sheffield University"),
        ("Utrecht University", "University of Utrecht"),
        ("Ministry of Defence", "Defence Ministry"),
        ("Ministry of Defence", "Ministry of Defense"),
        ("United States Department of Education", "U.S. Department of Education"),
        ("United States Department of Education", "United States Education Department"),
        ("United States Department of Education", "U.S. Education Department"),
        ("Export-Import Bank of the United States", "U.S. Export-Import Bank"),
        ("Koninklijke Ahold Delhaize N.V.", "Ahold Delhaize"),
        ("Koninklijke KPN N.V.", "Royal KPN"),
        ("Grupo Bimbo, S.A.B. de C.V.", "Grupo Bimbo"),
        ("Public Joint Stock Company Gazprom", "Gazprom"),
        ("Netherlands", "government of the Netherlands"),
        ("South Korea", "South Korean government"),
        ("Supreme Court of Victoria", "Victorian Supreme Court"),
        ("Salk Institute for Biological Studies", "Salk Institute"),
        ("Los Angeles Dodgers", "LA Dodgers"),
        ("Los Angeles Dodgers", "Dodgers"),
        ("Senate of the Republic of Italy", "Senate of Italy"),
        ("OpenAI", "Open AI"),
        ("Conservative Party", "Conservatives"),
        ("Louisiana Department of Wildlife", "La. Department of Wildlife"),
    ],
)
def test_forms_that_count_alone(name: str, short: str) -> None:
    assert short in alone(name)


@pytest.mark.parametrize(
    ("name", "short"), [("General Motors", "GM"), ("Delta Air Lines", "Delta"), ("Marshall University", "Marshall")]
)
def test_forms_that_need_a_fuller_name(name: str, short: str) -> None:
    assert short in supported(name)
    assert short not in alone(name)


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("Boston University", "Boston"),
        ("General Motors", "General"),
        ("American Airlines", "American"),
        ("Deutsche Bank AG", "Deutsche"),
        ("Deutsche Bank AG", "Bank"),
        ("Department of Energy", "Department"),
        ("Saudi Arabian Oil Company", "Saudi Arabian"),
        ("AS Rom", "Rom"),
        ("Vitamin B", "Vitamin"),
        ("First Inc.", "CD"),
        ("Amnesty International", "AI"),
        ("The Who", "TW"),
        ("Information Technology", "IT"),
        ("Industrial Systems", "is"),
        ("McDonald's", "Mc Donald's"),
        ("Its Ltd", "Its"),
    ],
)
def test_forms_that_would_be_something_else_are_not_derived(name: str, never: str) -> None:
    assert never not in alone(name) | supported(name)


def test_conditions_of_forms_that_the_text_must_meet() -> None:
    by_surface = {each.surface: each for each in derived("United States Department of Transportation", ALL)}
    assert "American" in by_surface["Transportation Department"].needs
    by_surface = {each.surface: each for each in derived("England national rugby union team", ALL)}
    assert by_surface["England"].needs == ("rugby", "union")


@pytest.mark.parametrize("by", list(Derivation))
def test_only_what_is_switched_on_is_derived(by: Derivation) -> None:
    names = ("The Johnson & Johnson Company", "U.S. Department of Defence", "Cisco Systems, Inc.")
    assert {each.by for name in names for each in derived(name, frozenset({by}))} <= {by}
    assert derived("Cisco Systems, Inc.", frozenset()) == []


def test_each_surface_comes_once_and_never_the_name_itself() -> None:
    for name in (
        "Bank of America Corporation",
        "The United States of America",
        "A",
        "",
        "北京大学",
        "...",
        "& Co.",
        "… (ABC)",
    ):
        surfaces = [each.surface for each in derived(name, ALL)]
        assert len(surfaces) == len(set(surfaces))
        assert name not in surfaces


@pytest.mark.parametrize("name", ["News Corporation", "Universal Inc."])
def test_a_general_word_without_its_legal_form_needs_a_fuller_name(name: str) -> None:
    assert supported(name) >= {name.partition(" ")[0]}
    assert not alone(name)
