from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonolesion.atlases import table
from sonolesion.core.config import Settings
from sonolesion.core.errors import ConfigError
from sonolesion.core.tables import read_tsv


def chosen(root: Path, **given: object) -> dict[str, table.Row]:
    options: dict[str, Any] = {"used": (), "files": {}, "own": ()} | given
    return {row["name"]: row for row in table.chosen(root / "atlases", **options)}


def test_default_atlases_are_there_without_a_network(root: Path) -> None:
    rows = chosen(root, used=Settings().atlases.used)
    assert set(rows) == {"harvard_oxford", "juelich", "aal"}
    assert [row["fault"] for row in rows.values()] == ["", "", ""]
    assert rows["aal"]["space"] == "MNIColin27"
    assert "approximation" in rows["aal"]["note"]


def test_unknown_atlas_is_told_with_the_nearest(root: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean juelich"):
        chosen(root, used=["julich"])
    with pytest.raises(ConfigError, match="unknown atlas"):
        chosen(root, used=["MNI152NLin6Asym"])


def test_absent_file_space_and_labels_are_faults_of_that_atlas_alone(
    root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.nii.gz"
    file.write_bytes(b"x")
    own = {"name": "mine", "file": str(file), "labels": "", "space": "Talairach",
           "coding": "labels", "licence": "", "citation": ""}  # fmt: skip
    bare = own | {"name": "bare", "space": "MNI152NLin6Asym", "labels": str(tmp_path / "no.tsv")}
    files = {"morel": str(tmp_path / "no"), "cit168": str(file)}
    rows = chosen(root, used=["juelich", "tian_s1"], files=files, own=[own, bare])
    assert rows["juelich"]["fault"] == ""
    assert "no such file" in rows["morel"]["fault"]
    assert "atlases.files.tian_s1" in rows["tian_s1"]["fault"]
    assert "CIT168.json" in rows["cit168"]["fault"]
    assert "unknown space Talairach; known: MNI152NLin2009cAsym" in rows["mine"]["fault"]
    assert "no table of labels" in rows["bare"]["fault"]


def test_a_changed_package_file_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "other.nii.gz"
    file.write_bytes(b"other")
    monkeypatch.setattr(table, "package_file", lambda *_: str(file))
    assert "sha256 differs" in chosen(root, used=["juelich"])["juelich"]["fault"]
    monkeypatch.setattr(table, "package_file", lambda *_: "")
    assert "not installed" in chosen(root, used=["juelich"])["juelich"]["fault"]


def test_fingerprint_follows_the_content_of_a_folder_of_masks(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "CL.nii.gz").write_bytes(b"1")
    first = table.fingerprint(str(tmp_path))
    (tmp_path / "left" / "CL.nii.gz").write_bytes(b"2")
    assert first and first != table.fingerprint(str(tmp_path))
    assert table.fingerprint(str(tmp_path / "none")) == ""


def test_paths_become_absolute_and_reach_the_jobs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings().atlases.model_dump(mode="json") | {"files": {"morel": "morel"}}
    settings = table.located(settings)
    assert settings["files"]["morel"] == str(tmp_path / "morel")
    wanted = {name: settings[name] for name in ("used", "files", "own", "target")}
    table.write(root / "atlases", tmp_path, **wanted)
    content = json.loads((tmp_path / "work/atlases.json").read_text())
    assert [row["name"] for row in content["atlases"]][-1] == "morel"
    assert [place["side"] for place in content["targets"]] == ["left", "right"]
    assert all("not an outline" in place["note"] for place in content["targets"])


def test_tables_speak_of_each_other(root: Path) -> None:
    atlases = {row["name"]: row for row in read_tsv(root / "atlases/atlases.tsv")}
    spaces = {row["space"] for row in read_tsv(root / "atlases/spaces.tsv")}
    assert {row["atlas"] for row in read_tsv(root / "atlases/structures.tsv")} <= set(atlases)
    assert {row["space"] for row in atlases.values()} <= spaces
    assert all(row["licence"] != "n/a" and row["citation"] != "n/a" for row in atlases.values())
