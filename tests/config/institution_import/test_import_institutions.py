"""Institutions from spreadsheets and registries: what is read, what is merged, what is left alone.

The files are small and made by the documentation of each format, in the forms in which people download them.
"""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from alerts.cli.main import cli
from alerts.config.institution_import.merge import Plan, plan
from alerts.config.institution_import.read import MAX_CHARS, MAX_VALUES, Record, read
from alerts.config.load import load_entries
from alerts.config.yaml_output import to_yaml
from alerts.model.errors import InputError, UsageError
from alerts.model.institution import Institution

LEI = "529900T8BM49AURSDO55"
OTHER = "5493001KJTIIGC8Y1R12"


def records(text: str | bytes, mapping: Mapping[str, str] | None = None, languages: Sequence[str] = ()) -> list[Record]:
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return list(read(io.BytesIO(raw), "f", mapping or {}, frozenset(languages)))


def planned(*texts: str, configured: Sequence[Institution] = (), **options: Any) -> Plan:
    return plan([record for text in texts for record in records(text)], configured, **options)


# --- spreadsheets --------------------------------------------------------------------------------------------


def test_columns_are_found_by_their_headers() -> None:
    first, second = records(
        "Company;LEI code;Website;Also known as;Country;Tags;Notes\n"
        f'"Ubiq & Co. KG";{LEI.lower()};https://www.ubiq.example/de;Ubiq|U&C;de;bank, eu;x\n'
        ";;;;;\n"
        ";;;;DE;;\n"
    )
    assert first == Record(
        "f:2",
        {
            "name": ["Ubiq & Co. KG"],
            "ids.lei": [LEI],
            "domains": ["ubiq.example"],
            "aliases": ["Ubiq", "U&C"],
            "region": ["DE"],
            "tags": ["bank", "eu"],
        },
    )
    assert (second.where, second.problems) == ("f:4", ["has no name"])


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(separator: str) -> None:
    text = "name,domain\nNorthbank,northbank.example\n".replace(",", separator)
    assert records("\ufeff" + text.replace("\n", "\r\n"))[0].fields["domains"] == ["northbank.example"]


def test_a_column_is_mapped_by_hand() -> None:
    found = records("Firma,Kürzel\nNorthbank,NB\n", {"Firma": "name", "Kürzel": "aliases"})
    assert found[0].fields == {"name": ["Northbank"], "aliases": ["NB"]}
    with pytest.raises(InputError, match=r"f:1:1: no column is the name: .* it has 'Firma'"):
        records("Firma\nNorthbank\n")
    with pytest.raises(InputError, match="f:1:1: has no column 'absent'"):
        records("name\nNorthbank\n", {"absent": "aliases"})


def test_cells_that_cannot_be_used_are_named_with_line_and_column() -> None:
    text = f"name,lei,website,criticality,wikidata\nNorthbank,{LEI[:-1]}0,no host,huge,P31\nA,b,c,d,e,f\n"
    first, second = records(text)
    assert first.fields == {"name": ["Northbank"]}
    assert [(first.where, *problem.split(": ")[:2]) for problem in first.problems] == [
        ("f:2", "lei", f"'{LEI[:-1]}0' is no LEI"),
        ("f:2", "website", "'no host' names no host"),
        ("f:2", "criticality", "'huge' is no criticality"),
        ("f:2", "wikidata", "'P31' is no item of Wikidata"),
    ]
    assert second == Record("f:3", problems=["6 cells under 5 headers: put a cell with ',' in quotes"])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("name\nZürich\n".encode("latin-1"), "f:2:2: is not UTF-8"),
        (b'name\n"Northbank\n', "f:2:1: is no CSV"),
        (b"PK\x03\x04", "f: is a workbook, an archive or XML"),
        (b"\x1f\x8b\x08", "f: is a workbook, an archive or XML"),
        (b"<?xml", "f: is a workbook, an archive or XML"),
        (b'{"entities":\n {"Q1": }}', "f:2:9: is no JSON"),
        (b"", "f:1:1: no column is the name"),
    ],
)
def test_files_that_cannot_be_read_at_all(raw: bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        records(raw)
    assert str(refused.value).startswith(message)


def test_json_lines_take_the_keys_of_the_configuration() -> None:
    entry = {
        "id": "nb",
        "name": "Northbank",
        "aliases": ["NB", {"name": "Nord"}, "NB"],
        "ids": {"lei": LEI, "bic": "X"},
    }
    first, second, third = records(json.dumps(entry) + "\n{nonsense\n3\n")
    assert first.fields == {
        "id": ["nb"],
        "name": ["Northbank"],
        "aliases": ["NB", "Nord"],
        "ids.lei": [LEI],
        "ids.bic": ["X"],
    }
    assert (second.where, second.problems) == ("f:2:2", ["is no JSON object"])
    assert third.problems == ["is no JSON object"]


# --- registries ----------------------------------------------------------------------------------------------


def ftm(schema: str, key: str, **properties: Any) -> str:
    caption = properties.get("name", [""])[0]
    return json.dumps({"id": key, "schema": schema, "caption": caption, "properties": properties})


def test_followthemoney() -> None:
    text = "\n".join(
        [
            ftm(
                "Company", "a", name=["Northbank PLC", "Northbank"], leiCode=[LEI], website=["http://northbank.example"]
            ),
            ftm("Company", "b", name=["Holding SA"], wikidataId=["Q42"], country=["fr"], topics=["gov.soe"]),
            ftm("Person", "c", name=["A Person"]),
            ftm("Ownership", "d", owner=["b"], asset=["a"], startDate=["2020"]),
            ftm("Membership", "e", member=["b"], organization=["a"]),
        ]
    )
    found = planned(text)
    assert found.entries == [
        {
            "id": "northbank-plc",
            "name": "Northbank PLC",
            "aliases": ["Northbank"],
            "domains": ["northbank.example"],
            "ids": {"lei": LEI},
            "relations": [{"kind": "owner", "to": "holding-sa"}],
        },
        {
            "id": "holding-sa",
            "name": "Holding SA",
            "ids": {"wikidata": "Q42"},
            "region": "FR",
            "tags": ["gov.soe"],
            "relations": [{"kind": "member-of", "to": "northbank-plc"}],
        },
    ]
    assert (found.left_out, found.notes) == (1, ["f:3: left out: its schema is 'Person'"])


def test_followthemoney_with_entities_inside_each_other() -> None:
    owner = {"id": "b", "schema": "Company", "caption": "Holding SA", "properties": {"name": ["Holding SA"]}}
    ownership = {"id": "d", "schema": "Ownership", "properties": {"owner": [owner]}}
    text = (
        ftm("Company", "a", name=["Northbank"], ownershipAsset=[ownership])
        + "\n"
        + ftm("Company", "b", name=["Holding SA"])
    )
    assert planned(text).entries[0]["relations"] == [{"kind": "owner", "to": "holding-sa"}]


def test_the_simple_table_of_opensanctions() -> None:
    text = (
        '"id","schema","name","aliases","birth_date","countries","addresses","identifiers","sanctions","phones","emails",'
        '"dataset","first_seen","last_seen","last_change"\n'
        '"NK-1","Company","Northbank PLC","Northbank;NB","","gb;us","","","","","","List","2024","2026","2026"\n'
        '"NK-2","Person","A Person","","","us","","","","","","List","2024","2026","2026"\n'
    )
    found = planned(text)
    assert found.entries == [
        {"id": "northbank-plc", "name": "Northbank PLC", "aliases": ["Northbank", "NB"], "region": "GB"}
    ]
    assert found.notes == ["f:3: left out: its schema is 'Person'"]


GLEIF_CSV = (
    "LEI,Entity.LegalName,Entity.LegalName.xmllang,Entity.OtherEntityNames.OtherEntityName.1,"
    "Entity.OtherEntityNames.OtherEntityName.1.xmllang,Entity.OtherEntityNames.OtherEntityName.1.type,"
    "Entity.LegalAddress.Country,Entity.HeadquartersAddress.Country,Entity.EntityStatus\n"
    f'{LEI},"Northbank AG",de,"Nordbank AG",de,TRADING_OR_OPERATING_NAME,LU,DE,ACTIVE\n'
    f"{OTHER},Old AG,de,,,,DE,DE,INACTIVE\n"
)
GLEIF_JSON = json.dumps(
    {
        "records": [
            {
                "LEI": {"$": LEI},
                "Entity": {
                    "LegalName": {"@xml:lang": "de", "$": "Northbank AG"},
                    "OtherEntityNames": {
                        "OtherEntityName": [{"@type": "TRADING_OR_OPERATING_NAME", "$": "Nordbank AG"}]
                    },
                    "HeadquartersAddress": {"Country": {"$": "DE"}},
                    "EntityStatus": {"$": "ACTIVE"},
                },
            },
            {"LEI": {"$": OTHER}, "Entity": {"LegalName": {"$": "Old AG"}, "EntityStatus": {"$": "INACTIVE"}}},
        ]
    }
)
GLEIF_API = json.dumps(
    {
        "meta": {"pagination": {"total": 2}},
        "data": [
            {
                "type": "lei-records",
                "id": key,
                "attributes": {
                    "lei": key,
                    "entity": {
                        "legalName": {"name": name, "language": "de"},
                        "otherNames": others,
                        "headquartersAddress": {"country": "DE"},
                        "status": status,
                    },
                },
            }
            for key, name, others, status in (
                (LEI, "Northbank AG", [{"name": "Nordbank AG", "language": "de"}], "ACTIVE"),
                (OTHER, "Old AG", [], "INACTIVE"),
            )
        ],
    },
    indent=1,
)


@pytest.mark.parametrize(
    "text", [GLEIF_CSV, GLEIF_JSON, GLEIF_API], ids=["golden copy", "golden copy json", "interface"]
)
def test_gleif(text: str) -> None:
    found = planned(text)
    assert found.entries == [
        {"id": "northbank-ag", "name": "Northbank AG", "aliases": ["Nordbank AG"], "ids": {"lei": LEI}, "region": "DE"}
    ]
    (note,) = found.notes
    assert "INACTIVE" in note
    assert note.startswith(("f:3: ", "f: record 2: ", "f:1: record 2: "))


def test_parents_of_gleif_stand_in_a_file_of_their_own() -> None:
    entities = f"LEI,Entity.LegalName\n{LEI},Northbank AG\n{OTHER},Holding SE\n"
    links = (
        "Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType\n"
        f"{LEI},{OTHER},IS_DIRECTLY_CONSOLIDATED_BY\n{LEI},{OTHER},IS_ULTIMATELY_CONSOLIDATED_BY\n"
        f"{OTHER},{LEI},IS_FUND-MANAGED_BY\n"
    )
    for texts in ((entities, links), (links, entities)):
        northbank, holding = planned(*texts).entries
        assert northbank["relations"] == [{"kind": "parent", "to": "holding-se"}]
        assert "relations" not in holding


def claim(value: object, **more: Any) -> dict[str, Any]:
    return {"rank": "normal", "mainsnak": {"datavalue": {"value": value}}, **more}


ITEM = {
    "type": "item",
    "id": "Q1",
    "labels": {"de": {"language": "de", "value": "Nordbank"}, "en": {"language": "en", "value": "Northbank"}},
    "aliases": {"en": [{"language": "en", "value": "NB"}], "fr": [{"language": "fr", "value": "Banque du Nord"}]},
    "claims": {
        "P856": [claim("https://northbank.example/"), claim("https://old.example/", rank="deprecated")],
        "P1278": [claim(LEI)],
        "P749": [claim({"id": "Q2"}), claim({"id": "Q3"}, qualifiers={"P582": [{}]})],
    },
}
PARENT = {"id": "Q2", "labels": {"en": {"value": "Holding"}}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"entities": {"Q1": ITEM, "Q2": PARENT}}),
        json.dumps({"entities": {"Q1": ITEM, "Q2": PARENT}}, indent=2),
        "[\n" + json.dumps(ITEM) + ",\n" + json.dumps(PARENT) + "\n]\n",
        "[\n" + json.dumps(ITEM) + ",\n" + json.dumps(PARENT) + ",\n",  # cut off, as by `head`
    ],
    ids=["Special:EntityData", "indented", "dump", "piece of a dump"],
)
def test_items_of_wikidata(text: str) -> None:
    assert planned(text).entries == [
        {
            "id": "northbank",
            "name": "Northbank",
            "aliases": ["Nordbank", "NB", "Banque du Nord"],
            "domains": ["northbank.example"],
            "ids": {"wikidata": "Q1", "lei": LEI},
            "relations": [{"kind": "parent", "to": "holding"}],
        },
        {"id": "holding", "name": "Holding", "ids": {"wikidata": "Q2"}},
    ]


def test_names_of_chosen_languages() -> None:
    (found,) = records(json.dumps(ITEM), languages=["fr"])
    assert found.fields["name"] == ["Northbank"]
    assert found.fields["aliases"] == ["Banque du Nord"]


ROWS = [
    {
        "item": "http://www.wikidata.org/entity/Q1",
        "itemLabel": "Northbank",
        "alias": alias,
        "lei": LEI,
        "parent": parent,
    }
    for alias, parent in (
        ("NB", "http://www.wikidata.org/entity/Q2"),
        ("Nordbank", "http://www.wikidata.org/entity/Q2"),
    )
]
ROWS.append({"item": "http://www.wikidata.org/entity/Q2", "itemLabel": "Holding"})


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {
                "head": {"vars": ["item", "itemLabel"]},
                "results": {
                    "bindings": [{key: {"type": "literal", "value": each[key]} for key in each} for each in ROWS]
                },
            }
        ),
        json.dumps(ROWS),
        "item,itemLabel,alias,lei,parent\n" + "\n".join(",".join(each.values()) for each in ROWS),
    ],
    ids=["results", "JSON", "CSV"],
)
def test_results_of_a_query(text: str) -> None:
    found = planned(text)
    assert found.notes == []
    assert found.entries == [
        {
            "id": "northbank",
            "name": "Northbank",
            "aliases": ["NB", "Nordbank"],
            "ids": {"wikidata": "Q1", "lei": LEI},
            "relations": [{"kind": "parent", "to": "holding"}],
        },
        {"id": "holding", "name": "Holding", "ids": {"wikidata": "Q2"}},
    ]


# --- merging -------------------------------------------------------------------------------------------------


def test_files_are_merged_by_the_ids_of_other_systems() -> None:
    found = planned(f"name,lei\nNorthbank PLC,{LEI}\n", f"name,lei,wikidata,alias\nNorthbank,{LEI},Q1,NB\n")
    assert found.entries == [
        {
            "id": "northbank-plc",
            "name": "Northbank PLC",
            "aliases": ["Northbank", "NB"],
            "ids": {"lei": LEI, "wikidata": "Q1"},
        }
    ]


def test_firms_of_one_name_and_two_leis_stay_two() -> None:
    found = planned(f"name,lei\nFirst Bank,{LEI}\nFirst Bank,{OTHER}\n")
    assert [each["id"] for each in found.entries] == ["first-bank", "first-bank-2"]
    assert any("is also a name of first-bank-2" in note for note in found.notes)
    known = Institution("first-bank", "First Bank", ids=(("lei", LEI),))
    again = planned(f"name,lei\nFirst Bank,{LEI}\nFirst Bank,{OTHER}\n", configured=[known])
    assert [each["id"] for each in again.entries] == ["first-bank-2"]


def test_what_a_person_wrote_stays_and_what_it_lacks_is_said() -> None:
    written = Institution("nb", "Northbank", ids=(("lei", LEI),))
    found = planned(f"name,alias,lei,website,wikidata\nNorthbank PLC,NB,{LEI},nb.example,Q1\n", configured=[written])
    assert (found.entries, found.known) == ([], 1)
    (note,) = found.notes
    said = "f:2: nb is configured and stays as it is; the file also has aliases Northbank PLC, NB; domains nb.example; "
    assert note == f"{said}ids wikidata: Q1"


def test_parents_may_be_configured_and_are_found_by_id_or_name() -> None:
    own = Institution("own", "Own Bank", aliases=("OB",))
    found = planned("id,name,parent\nX-1,Sub,own bank\nx-2,Subsub,X-1\nx-3,Otherbank,Nobody\n", configured=[own])
    assert [each.get("relations") for each in found.entries] == [
        [{"kind": "parent", "to": "own"}],
        [{"kind": "parent", "to": "x-1"}],
        None,
    ]
    assert found.notes == ["1 relation: left out: 'Nobody', for one, is neither in the files nor configured"]


def test_one_problem_of_many_records_is_one_line() -> None:
    text = "\n".join(ftm("Person", str(number), name=["A Person"]) for number in range(9))
    found = planned(text)
    assert found.left_out == 9
    assert found.notes == ["f:1, f:2, f:3, f:4, f:5 and 4 more: left out: its schema is 'Person'"]


def test_doubtful_names_are_told() -> None:
    found = planned("name\nNorthbank AG\nNorthbank plc\nTarget\nCrédit Nord\nCREDIT NORD SA\n")
    assert found.notes == [
        "target: 'Target' is an ordinary word; give context words in match.require_any",
        "northbank-plc: 'Northbank plc' may be northbank-ag, 'Northbank AG': join them if they are one",
        "credit-nord-sa: 'CREDIT NORD SA' may be credit-nord, 'Crédit Nord': join them if they are one",
    ]


def test_more_than_the_limit_is_refused() -> None:
    text = "name\n" + "".join(f"Bank {number}\n" for number in range(5))
    assert len(planned(text, limit=5).entries) == 5
    with pytest.raises(UsageError, match="more than 4 institutions"):
        planned(text, limit=4)


def test_values_are_cleaned_and_bounded() -> None:
    many = ";".join(f"n{number}" for number in range(1000))
    (found,) = records(f"name,aliases,domains\n\x07A  B{'x' * 500},{many},HTTPS://WWW.A.example:8/x;b.example\n")
    assert found.fields["name"] == [f"A B{'x' * 500}"[:MAX_CHARS]]
    assert len(found.fields["aliases"]) == MAX_VALUES
    assert found.fields["domains"] == ["a.example", "b.example"]


# --- any input -----------------------------------------------------------------------------------------------


def outcome(raw: bytes) -> str:
    """Reads and plans everything; the message of the refusal, or nothing."""
    try:
        found = plan(records(raw), [], tags=["x"])
        assert all("\n" not in note for note in found.notes)
    except InputError as error:
        return str(error)
    return ""


@given(raw=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_give_records_or_one_clear_line(raw: bytes) -> None:
    assert "\n" not in outcome(raw)


KEYS = [
    *("id", "name", "type", "labels", "claims", "entities", "results", "bindings", "data", "attributes", "entity"),
    *("properties", "schema", "value", "aliases", "rank", "qualifiers", "lei", "legalName", "ids", "parent", "P749"),
]


@given(
    st.recursive(
        st.none() | st.integers() | st.booleans() | st.text(max_size=5) | st.just("Q1"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_json_of_any_shape_gives_records_or_one_clear_line(value: Any) -> None:
    assert "\n" not in outcome(json.dumps(value).encode())


@given(
    st.lists(
        st.fixed_dictionaries(
            {"name": st.text(min_size=1, max_size=12)},
            optional={
                "id": st.text(max_size=6),
                "lei": st.sampled_from([LEI, OTHER]),
                "aliases": st.lists(st.text(max_size=8), max_size=3),
                "parent": st.text(max_size=6),
                "tags": st.lists(st.text(max_size=4), max_size=2),
            },
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_can_be_loaded_and_importing_it_again_adds_nothing(
    tmp_path_factory: Any, rows: list[Any]
) -> None:
    """The law of an import: it is idempotent."""
    directory = tmp_path_factory.mktemp("config")
    text = "\n".join(json.dumps(each) for each in rows)
    first = planned(text).entries
    (directory / "a.yaml").write_text(to_yaml("institutions", first, ""), encoding="utf-8")
    loaded = list(load_entries(directory).settings.institutions.values())
    assert len(loaded) == len(first)
    assert planned(text, configured=loaded).entries == []


# --- the command ---------------------------------------------------------------------------------------------


def run(tmp_path: Path, *arguments: str, **options: Any) -> Result:
    (tmp_path / "config").mkdir(exist_ok=True)
    if not list((tmp_path / "config").iterdir()):
        (tmp_path / "config" / "own.yaml").write_text("institutions:\n  - {id: own, name: Own Bank}\n")
    return CliRunner().invoke(cli, ["--config", str(tmp_path / "config"), "import-institutions", *arguments], **options)


def test_importing_again_adds_nothing(tmp_path: Path) -> None:
    source = tmp_path / "banks.csv"
    source.write_text(f"name,lei,parent,tags\nNorthbank PLC,{LEI},Own Bank,\nNovabank ${{X}},,,eu\n")
    output = tmp_path / "config" / "imported.yaml"
    first = run(tmp_path, str(source), "--tag", "bank", "--write", str(output))
    assert first.exit_code == 0, first.output
    loaded = load_entries(tmp_path / "config").settings.institutions
    assert loaded["northbank-plc"].ids == (("lei", LEI),)
    assert loaded["novabank-x"].name == "Novabank ${X}"
    assert loaded["novabank-x"].tags == {"bank", "eu"}
    before = output.read_text()
    again = run(tmp_path, str(source), "--dry-run")
    assert "0 new institutions, 2 configured already" in again.output
    twice = run(tmp_path, str(source), "--output", str(output))
    assert twice.exit_code == 0
    assert output.read_text() == before


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "mine.yaml"
    output.write_text("mine")
    result = run(tmp_path, "-", "--write", str(output), input="name\nNorthbank\n")
    assert "exists already" in str(result.exception)
    assert output.read_text() == "mine"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "new.yaml"
    result = run(tmp_path, "-", "--dry-run", "--write", str(output), input="name,alias\nNorthbank,NB\n")
    assert result.stdout == "northbank: Northbank (NB)\n"
    assert result.stderr == "1 new institution, 0 configured already, 0 records left out\n"
    assert not output.exists()


def test_output_is_configuration_and_json(tmp_path: Path) -> None:
    printed = run(tmp_path, "-", input="name\nNorthbank\n").stdout
    assert yaml.safe_load(printed) == {"institutions": [{"id": "northbank", "name": "Northbank"}]}
    assert json.loads(run(tmp_path, "-", "--json", input="name\nNorthbank\n").stdout) == {
        "id": "northbank",
        "name": "Northbank",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "x"], "--map x: write HEADER=SETTING"),
        (["--map", "x=nonsense"], "--map x=nonsense: write HEADER=SETTING"),
        (["--limit", "1"], "more than 1 institutions"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(tmp_path, "-", *arguments, input="name\nNorthbank\nNovabank\nThirdbank\n")
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


def test_notes_are_bounded(tmp_path: Path) -> None:
    result = run(tmp_path, "-", input="name,lei\n" + "".join(f"Bank {number},x{number}\n" for number in range(60)))
    assert result.stderr.count("is no LEI") == 50
    assert "… and 10 more notes" in result.stderr
