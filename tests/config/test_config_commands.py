"""The commands check, import-opml, export-opml and init, as a person calls them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml

from alerts.cli.main import status_of
from alerts.config.load import load_entries


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALERTS_CONFIG", raising=False)
    (tmp_path / "config").mkdir()
    return tmp_path / "config"


def test_check_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("institutions: [{id: a, name: Aleph Alpha}, {id: b, name: Bosch}]")
    assert status_of(["check"]) == 0
    out, err = capsys.readouterr()
    assert out == "config: 0 sources, 2 institutions, 0 topics, 0 subscribers, 0 silences, 0 tests\n"
    assert err == ""


def test_check_says_every_problem_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("institutions:\n  - {id: a, name: A, regoin: x}\n  - {id: a, name: B}\n")
    assert status_of(["check"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("config/a.yaml:2:22: unknown key 'regoin'; did you mean 'region'?")
    assert lines[1].startswith("config/a.yaml:3:10: id: 'a' is taken already, by config/a.yaml:2")
    assert len(lines) == 2


def test_check_names_the_directory_it_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("institutions: [{id: b, name: Bosch}]")
    folder.rename(folder.with_name("banks"))
    assert status_of(["--config", "banks", "check"]) == 0
    assert capsys.readouterr().out.startswith("banks: 0 sources")


def test_check_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("sources: [{}]")
    assert status_of(["check", "--json"]) == 1
    out, err = capsys.readouterr()
    problems = [json.loads(line) for line in out.splitlines()]
    assert {(each["file"], each["line"], each["column"], each["severity"]) for each in problems} == {
        ("config/a.yaml", 1, 11, "error")
    }
    assert [each["message"].split(" ")[0] for each in problems] == ["id", "publisher", "url"]
    assert err == ""


def test_warnings_do_not_refuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.yaml").write_text("subscribers: [{id: s}]")
    assert status_of(["check"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("config: ")
    assert err.startswith("config/a.yaml:1:15: warning: the subscriber watches nothing")
    assert status_of(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["severity"] == "warning"


def test_check_schema_needs_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(["check", "--schema"]) == 0
    assert "sources" in json.loads(capsys.readouterr().out)["properties"]


def test_check_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--config", str(tmp_path / "none"), "check"]) == 1
    assert "does not exist" in capsys.readouterr().err


OPML = """<opml>
  <outline text="F"><outline text="A" xmlUrl="https://a.example/"/><outline text="B" xmlUrl="x:y"/></outline>
</opml>"""


def test_import_opml_prints_what_is_new(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "list.opml").write_text(OPML)
    folder.rmdir()  # before there is any configuration
    assert status_of(["import-opml", "list.opml"]) == 0
    out, err = capsys.readouterr()
    assert err == "left out 'x:y': not an http:// or https:// address\n"
    folder.mkdir()
    (folder / "a.yaml").write_text(out)
    assert load_entries(folder).settings.sources["a"].tags == {"F"}

    stdin = io.TextIOWrapper(io.BytesIO(OPML.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert status_of(["import-opml", "-"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "configured already, as a" in err
    assert "no new feed" in err


def test_import_opml_writes_a_new_file_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "list.opml").write_text(OPML)
    (folder / "a.yaml").write_text("institutions: [{id: a, name: Aleph Alpha}]")
    assert status_of(["import-opml", "list.opml", "--output", "config/new.yaml"]) == 0
    assert "config/new.yaml: 1 source" in capsys.readouterr().out
    assert "a" in load_entries(folder).settings.sources
    (folder / "new.yaml").write_text("sources: []")
    assert status_of(["import-opml", "list.opml", "--output", "config/new.yaml"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (folder / "new.yaml").read_text() == "sources: []"


def test_import_opml_sets_what_all_share(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "list.opml").write_text(OPML)
    (folder / "a.yaml").write_text("institutions: [{id: a, name: Aleph Alpha}]")
    options = ["--reliability", "C", "--interval", "30m", "--allow-private", "--tag", "press"]
    assert status_of(["import-opml", "list.opml", *options]) == 0
    for source in yaml.safe_load(capsys.readouterr().out)["sources"]:
        assert (source["reliability"], source["interval"], source["allow_private"]) == ("C", "30m", True)
        assert source["tags"][-1] == "press"
    assert status_of(["import-opml", "list.opml", "--interval", "often"]) == 2
    assert "--interval 'often' is no duration" in capsys.readouterr().err


def test_import_opml_of_something_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "page.html").write_text("<html></html>")
    assert status_of(["import-opml", "page.html"]) == 1
    assert capsys.readouterr().err == (
        "alerts: page.html: no <opml> element: export the list as OPML from the reader\n"
    )
    assert status_of(["import-opml", "missing.opml"]) == 2


def test_export_opml_without_secrets(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-t0ken")
    (folder / "a.yaml").write_text(
        "sources:\n"
        "  - {id: a, url: 'https://a.example/f?$${x}', publisher: A}\n"
        "  - {id: b, url: 'https://b.example/f?token=${TOKEN}', publisher: B}\n"
    )
    assert status_of(["export-opml"]) == 0
    printed = capsys.readouterr()
    assert 'xmlUrl="https://a.example/f?${x}"' in printed.out
    assert "s3cr3t-t0ken" not in printed.out + printed.err
    assert printed.err == "left out b: a variable in its address may be a secret\n"


def test_init_then_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["init"]) == 0
    assert "wrote config/sources.yaml" in capsys.readouterr().out
    assert status_of(["check"]) == 0
    assert status_of(["init", "config"]) == 1
    assert "already" in capsys.readouterr().err
