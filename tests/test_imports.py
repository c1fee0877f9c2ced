"""Imports point one way: scripts → stage → libraries, scripts → core."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stages import STAGES

# Stages whose business is files, and stages whose modules are kernels.
KERNEL_STAGES = {
    "anatomy",
    "lesion",
    "diffusion",
    "susceptibility",
    "tracts",
    "maths",
    "perfusion",
    "functional",
}
NOT_IN_KERNELS = {"nibabel", "nipype", "pathlib", "logging", "snakemake", "pandas"}
# The study writer of the phantom and the ingest read and write files: that is their work.
SLOW = {"nilearn", "statsmodels", "dipy", "pandas", "matplotlib", "skimage", "SimpleITK"}


def imported(path: Path, *, top_level: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "sonolesion":
                yield from (f"sonolesion.{alias.name}" for alias in node.names)


def modules(root: Path, stage: str) -> list[Path]:
    return sorted((root / "workflow/sonolesion" / stage).rglob("*.py"))


def test_stages_never_import_each_other(root: Path) -> None:
    for stage in STAGES:
        for path in modules(root, stage):
            for name in imported(path):
                parts = name.split(".")
                foreign = parts[0] == "sonolesion" and len(parts) > 1 and parts[1] in STAGES
                assert not foreign or parts[1] == stage, f"{path.name} imports {name}"


def test_kernels_read_no_files_and_write_no_logs(root: Path) -> None:
    for stage in KERNEL_STAGES:
        for path in modules(root, stage):
            found = {name.split(".")[0] for name in imported(path)} & NOT_IN_KERNELS
            assert not found, f"{path} imports {found}"


@pytest.mark.parametrize("stage", ["core", "ingest"])
def test_the_main_process_starts_without_slow_packages(root: Path, stage: str) -> None:
    for path in [*modules(root, stage), root / "workflow/sonolesion/cli.py"]:
        found = {name.split(".")[0] for name in imported(path, top_level=True)} & SLOW
        assert not found, f"{path} imports {found}"


def test_scripts_import_their_own_stage_and_core_only(root: Path) -> None:
    for path in (root / "scripts").rglob("*.py"):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "sonolesion" and len(parts) > 1:
                assert parts[1] in {"core", "maths", path.parent.name}, f"{path}: {name}"


def test_no_module_is_named_for_nothing(root: Path) -> None:
    names = {path.stem for path in (root / "workflow").rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "helper", "misc", "common"}


def test_files_are_short(root: Path) -> None:
    for folder in ("workflow", "scripts", "rules"):
        for path in (root / folder).rglob("*"):
            if path.suffix in {".py", ".smk"}:
                assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path
