"""Institutions from spreadsheets and registries: what is read, what is merged, what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from alerts.cli.main import cli
from alerts.config.institution_import.merge import plan
from alerts.config.institution_import.read import guess, read
from alerts.config.institution_import.record import Imported, Parent, Skipped, domains, ids, names
from alerts.config.load import load
from alerts.model.errors import InputError
from alerts.model.institution import Institution

LEI = "529900T8BM49AURSDO55"


def records(text: str, kind: str = "", mapping: dict[str, str] | None = None) -> list[Any]:
    return list(read(text.encode(), kind, mapping or {}))


def test_columns_are_found_by_their_headers() -> None:
    text = (
        "Company;LEI code;Website;Also known as;Country;Tags\n"
        f'"Ubiq & Co. KG";{LEI};https://www.ubiq.example/de;Ubiq|"U&C";DE;bank, eu\n'
        ";;;;;\n"
        ";x;;;;\n"
    )
    found = records(text)
    assert found == [
        Imported(
            key="Ubiq & Co. KG",
            name="Ubiq & Co. KG",
            line=2,
            aliases=("Ubiq", '"U&C"'),
            domains=("ubiq.example",),
            ids=(("lei", LEI),),
            region="DE",
            tags=("bank", "eu"),
        ),
        Skipped(4, "has no name"),
    ]


def test_a_column_is_mapped_by_hand() -> None:
    assert records("Firma,Kürzel\nNorthbank,NB\n", mapping={"Firma": "name", "Kürzel": "aliases"})[
        0
    ].aliases == ("NB",)
    with pytest.raises(InputError, match="no column is the name"):
        records("Firma\nNorthbank\n")
    with pytest.raises(InputError, match="has no column 'absent'"):
        records("name\nNorthbank\n", mapping={"absent": "aliases"})


def test_json_lines_take_the_keys_of_the_configuration() -> None:
    text = (
        json.dumps({"id": "nb", "name": "Northbank", "aliases": ["NB", "NB"], "ids": {"lei": LEI}})
        + "\n{nonsense\n3\n"
    )
    assert records(text) == [
        Imported(key="nb", id="nb", name="Northbank", line=1, aliases=("NB",), ids=(("lei", LEI),)),
        Skipped(2, "is no JSON", 2),
        Skipped(3, "is no JSON object"),
    ]


def ftm(schema: str, key: str, **properties: list[str]) -> str:
    return json.dumps(
        {"id": key, "schema": schema, "caption": properties.get("name", [""])[0], "properties": properties}
    )


def test_followthemoney() -> None:
    text = "\n".join(
        [
            ftm(
                "Company",
                "a",
                name=["Northbank PLC", "Northbank"],
                leiCode=[LEI],
                website=["http://northbank.example"],
            ),
            ftm("Company", "b", name=["Holding SA"], wikidataId=["Q42"], country=["fr"]),
            ftm("Person", "c", name=["A Person"]),
            ftm("Ownership", "d", owner=["b"], asset=["a"]),
        ]
    )
    found = plan((("f", each) for each in records(text)), [])
    assert [each["id"] for each in found.entries] == ["northbank-plc", "holding-sa"]
    assert found.entries[0]["relations"] == [{"kind": "owner", "to": "holding-sa"}]
    assert found.entries[0]["aliases"] == ["Northbank"]
    assert found.entries[1]["ids"] == {"wikidata": "Q42"}
    assert found.entries[1]["region"] == "FR"
    assert found.skipped == 1


def test_gleif_in_its_three_forms() -> None:
    table = (
        "LEI,Entity.LegalName,Entity.OtherEntityNames.OtherEntityName.1,Entity.OtherEntityNames.OtherEntityName.1.type,"
        "Entity.HeadquartersAddress.Country,Entity.EntityStatus\n"
        f"{LEI},Northbank AG,Nordbank AG,TRADING_OR_OPERATING_NAME,DE,ACTIVE\n"
        f"{LEI},Old AG,,,DE,INACTIVE\n"
    )
    api = json.dumps(
        {
            "data": [
                {
                    "attributes": {
                        "lei": LEI,
                        "entity": {
                            "legalName": {"name": "Northbank AG"},
                            "otherNames": [{"name": "Nordbank AG"}],
                            "legalAddress": {"country": "DE"},
                            "status": "ACTIVE",
                        },
                    }
                }
            ]
        }
    )
    document = (
        '<?xml version="1.0"?><lei:LEIData xmlns:lei="http://www.gleif.org/data/schema/leidata/2016"><lei:LEIRecords>'
        f"<lei:LEIRecord><lei:LEI>{LEI}</lei:LEI><lei:Entity><lei:LegalName>Northbank AG</lei:LegalName>"
        "<lei:OtherEntityNames><lei:OtherEntityName>Nordbank AG</lei:OtherEntityName></lei:OtherEntityNames>"
        "<lei:HeadquartersAddress><lei:Country>DE</lei:Country></lei:HeadquartersAddress>"
        "<lei:EntityStatus>ACTIVE</lei:EntityStatus></lei:Entity></lei:LEIRecord></lei:LEIRecords></lei:LEIData>"
    )
    for text in (table, api, document):
        first = records(text)[0]
        assert (first.name, first.aliases, first.ids, first.region) == (
            "Northbank AG",
            ("Nordbank AG",),
            (("lei", LEI),),
            "DE",
        )
    assert records(table)[1] == Skipped(3, "Old AG is inactive")


def test_parents_of_gleif_stand_in_a_file_of_their_own() -> None:
    entities = "LEI,Entity.LegalName\n" + f"{LEI},Northbank AG\n" + "5493001KJTIIGC8Y1R12,Holding SE\n"
    relations = (
        "Relationship.StartNode.NodeID,Relationship.EndNode.NodeID,Relationship.RelationshipType\n"
        f"{LEI},5493001KJTIIGC8Y1R12,IS_DIRECTLY_CONSOLIDATED_BY\n"
    )
    both = [("e", each) for each in records(entities)] + [("r", each) for each in records(relations)]
    assert both[-1][1] == Parent(LEI, "parent", "5493001KJTIIGC8Y1R12")
    assert plan(both, []).entries[0]["relations"] == [{"kind": "parent", "to": "holding-se"}]


def test_wikidata_entities_and_query_results() -> None:
    def claim(value: object) -> list[dict[str, Any]]:
        return [{"rank": "normal", "mainsnak": {"datavalue": {"value": value}}}]

    entity = {
        "id": "Q1",
        "labels": {"de": {"value": "Nordbank"}, "en": {"value": "Northbank"}},
        "aliases": {"en": [{"value": "NB"}]},
        "claims": {
            "P856": claim("https://northbank.example/"),
            "P1278": claim(LEI),
            "P749": claim({"id": "Q2"}),
        },
    }
    whole = json.dumps(
        {"entities": {"Q1": entity, "Q2": {"id": "Q2", "labels": {"en": {"value": "Holding"}}}}}
    )
    dump = "[\n" + json.dumps(entity) + ",\n" + '{"id": "Q2", "labels": {"en": {"value": "Holding"}}}\n]'
    for text in (whole, dump):
        found = plan((("w", each) for each in records(text)), [])
        first = found.entries[0]
        assert (first["name"], first["aliases"], first["domains"]) == (
            "Northbank",
            ["NB", "Nordbank"],
            ["northbank.example"],
        )
        assert first["ids"] == {"lei": LEI, "wikidata": "Q1"}
        assert first["relations"] == [{"kind": "parent", "to": "holding"}]
    rows = [
        {
            "item": {"value": "http://www.wikidata.org/entity/Q1"},
            "itemLabel": {"value": "Northbank"},
            "alias": {"value": each},
        }
        for each in ("NB", "Nordbank")
    ]
    result = records(json.dumps({"head": {}, "results": {"bindings": rows}}))
    assert [(each.name, each.aliases) for each in result] == [("Northbank", ("NB", "Nordbank"))]


def test_files_are_merged_by_the_ids_of_other_systems() -> None:
    one = Imported("a", "Northbank PLC", 1, ids=(("lei", LEI),))
    two = Imported("Q1", "Northbank", 7, aliases=("NB",), ids=(("lei", LEI), ("wikidata", "Q1")))
    assert plan([("x", one), ("y", two)], []).entries == [
        {
            "id": "northbank-plc",
            "name": "Northbank PLC",
            "aliases": ["Northbank", "NB"],
            "ids": {"lei": LEI, "wikidata": "Q1"},
        }
    ]


def test_what_a_person_wrote_stays_and_what_it_lacks_is_said() -> None:
    written = Institution("nb", "Northbank", ids=(("lei", LEI),))
    found = plan([("x", Imported("a", "Northbank PLC", 3, aliases=("NB",), ids=(("lei", LEI),)))], [written])
    assert found.entries == []
    assert found.known == 1
    assert found.notes == ["x:3:1: nb is configured already; the file also has aliases Northbank PLC, NB"]


def test_institutions_that_share_a_name_are_told() -> None:
    found = plan(
        [
            ("x", Imported("a", "Northbank PLC", 1, aliases=("NB",))),
            ("x", Imported("b", "Nova Bank", 2, aliases=("NB",))),
        ],
        [],
    )
    assert found.notes == [
        "x:2:1: nova-bank and northbank-plc share the name 'NB': join them, or keep the name for one"
    ]


def test_values_are_cleaned_and_bounded() -> None:
    assert names(["  A\x00 B ", "a b", "", "x" * 500]) == ("A B", "x" * 200)
    assert len(names(str(each) for each in range(1000))) == 40
    assert domains(["HTTPS://WWW.A.example:8/x", "b.example", "127.0.0.1", "no host", "http://["]) == (
        "a.example",
        "b.example",
    )
    assert ids([("lei", "short"), ("wikidata", "q42"), ("cik", " 12 ")]) == (
        ("cik", "12"),
        ("wikidata", "Q42"),
    )


def outcome(raw: bytes, kind: str) -> str:
    """Reads everything; the message of the refusal, or nothing."""
    try:
        assert all(isinstance(each, Imported | Skipped | Parent) for each in read(raw, kind, {}))
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", ["", "csv", "jsonl", "ftm", "gleif", "wikidata"])
@given(
    raw=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_give_records_or_one_clear_line(kind: str, raw: bytes) -> None:
    assert "\n" not in outcome(raw, kind)


KEYS = [
    "id",
    "labels",
    "claims",
    "entities",
    "results",
    "bindings",
    "data",
    "attributes",
    "entity",
    "properties",
]


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*KEYS, "schema", "value", "aliases"]), inner, max_size=4)
        ),
        max_leaves=20,
    )
)
def test_json_of_any_shape_gives_records_or_one_clear_line(value: Any) -> None:
    for kind in ("jsonl", "ftm", "gleif", "wikidata"):
        assert "\n" not in outcome(json.dumps(value).encode(), kind)


def test_formats_are_told_apart() -> None:
    assert guess("name,lei\n") == "csv"
    assert guess('{"name": "x"}') == "jsonl"
    assert guess(ftm("Company", "a", name=["x"])) == "ftm"
    assert guess('{"entities": {"Q1": {"labels": {}}}}') == "wikidata"


def run(tmp_path: Path, *arguments: str) -> Result:
    (tmp_path / "config").mkdir(exist_ok=True)
    if not list((tmp_path / "config").iterdir()):
        (tmp_path / "config" / "own.yaml").write_text("institutions:\n  - {id: own, name: Own Bank}\n")
    return CliRunner().invoke(cli, ["--config", str(tmp_path / "config"), "import-institutions", *arguments])


def test_importing_again_adds_nothing(tmp_path: Path) -> None:
    source = tmp_path / "banks.csv"
    source.write_text(f"name,lei,parent,tags\nNorthbank PLC,{LEI},Own Bank,\nNovabank ${{X}},,,eu\n")
    output = tmp_path / "config" / "imported.yaml"
    first = run(tmp_path, str(source), "--tag", "bank", "--output", str(output))
    assert first.exit_code == 0, first.output
    loaded = load(tmp_path / "config").institutions
    assert loaded["northbank-plc"].ids == (("lei", LEI),)
    assert loaded["novabank-x"].name == "Novabank ${X}"
    assert loaded["novabank-x"].tags == {"bank", "eu"}
    before = output.read_text()
    again = run(tmp_path, str(source), "--dry-run")
    assert "0 new institutions, 2 configured already" in again.output
    assert output.read_text() == before
    twice = run(tmp_path, str(source), "--output", str(output))
    assert twice.exit_code == 0
    assert output.read_text() == before


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    source = tmp_path / "banks.csv"
    source.write_text("name\nNorthbank\n")
    output = tmp_path / "new.yaml"
    result = run(tmp_path, str(source), "--dry-run", "--output", str(output))
    assert "northbank  Northbank" in result.output
    assert not output.exists()


def test_output_is_configuration_and_json(tmp_path: Path) -> None:
    source = tmp_path / "banks.csv"
    source.write_text("name\nNorthbank\n")
    assert yaml.safe_load(run(tmp_path, str(source)).stdout) == {
        "institutions": [{"id": "northbank", "name": "Northbank"}]
    }
    assert json.loads(run(tmp_path, str(source), "--json").stdout) == {"id": "northbank", "name": "Northbank"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "x"], "write HEADER=SETTING"),
        (["--map", "x=nonsense"], "write HEADER=SETTING"),
        (["--limit", "1"], "more than --limit 1"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    source = tmp_path / "banks.csv"
    source.write_text("name\nNorthbank\nNovabank\n")
    result = run(tmp_path, str(source), *arguments)
    assert message in str(result.exception)
