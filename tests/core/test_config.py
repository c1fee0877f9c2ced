from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from sonolesion.core import config
from sonolesion.core.errors import ConfigError

# Stages of which every setting is a param of a rule.
USED = {"anatomy", "atlases", "diffusion", "susceptibility", "lesion", "measures", "report"}


def test_config_file_is_what_the_model_says(root: Path) -> None:
    assert (root / "config/config.yaml").read_text(encoding="utf-8") == config.as_yaml()


def test_config_file_is_accepted_by_the_model(root: Path) -> None:
    content = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))
    assert config.parse(content, file="config.yaml") == config.Settings()


def test_every_key_has_a_description() -> None:
    bare = [
        name
        for name, info, section in config.keys(config.Settings)
        if not section and not info.description
    ]
    assert bare == []


def test_every_number_has_a_unit_in_its_name_or_a_source() -> None:
    units = ("_mm", "_mm3", "_s", "_d", "_hz", "_ms", "_t", "_degrees", "_percent", "_mb")
    bare = []
    for name, info, section in config.keys(config.Settings):
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        is_number = info.annotation in (int, float)
        if not section and is_number and not (extra.get("source") or name.endswith(units)):
            bare.append(name)
    assert bare == []


def test_unknown_key_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"study\.yaml.*max_voxel_m.*did you mean ingest\.max"):
        config.parse({"ingest": {"max_voxel_m": 3}}, file="study.yaml")


def test_value_out_of_range_is_told() -> None:
    with pytest.raises(ConfigError, match=r"max_voxel_mm = -1.*greater than 0"):
        config.parse({"ingest": {"max_voxel_mm": -1}}, file="study.yaml")


def test_broken_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("a: [1, 2")
    with pytest.raises(ConfigError, match=r"study\.yaml"):
        config.read(tmp_path / "study.yaml")


def test_merge_keeps_what_is_not_overridden() -> None:
    base = {"a": {"b": 1, "c": 2}, "d": 3}
    assert config.merged(base, {"a": {"c": 9}}) == {"a": {"b": 1, "c": 9}, "d": 3}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3}


def test_every_stage_setting_is_used_by_a_rule(root: Path) -> None:
    rules = "\n".join(path.read_text() for path in (root / "rules").glob("*.smk"))
    unused = [
        name
        for name, _, section in config.keys(config.Settings)
        if not section
        and name.split(".")[0] in USED
        and name.count(".") == 1
        and f'["{name.split(".")[1]}"]' not in rules
    ]
    assert unused == []


def test_studies_in_config_are_valid(root: Path) -> None:
    studies = list((root / "config/studies").glob("*.yaml"))
    assert studies
    for study in studies:
        config.parse(config.read(study), file=study)


def test_core_does_not_import_stages(root: Path) -> None:
    core = root / "workflow/sonolesion/core"
    stages = {"anatomy", "lesion", "measures", "report", "phantom", "ingest"}
    for path in core.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                assert not (parts[0] == "sonolesion" and len(parts) > 1 and parts[1] in stages)
