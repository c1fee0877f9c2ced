"""The step of a normative tractogram is planned where one is given, with or without a tensor."""

from __future__ import annotations

import json

import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study


@pytest.mark.parametrize(("folder", "planned"), [("", []), ("healthy", ["3d"])])
def test_a_folder_of_healthy_series_asks_for_its_step(dataset, folder: str, planned) -> None:
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})
    told = {"lesion_network": {"normative": folder}}
    settings = parse({"bids_dir": str(dataset.folder), "functional": told}, file="test")
    output = dataset.folder.parent / "out"
    study.prepare(settings, output, code=lambda step: step)
    jobs = json.loads((output / "work/plan.json").read_text())["jobs"]
    found = [wildcards["session"] for rule, wildcards, _ in jobs if rule == "functional_normative"]
    assert found == planned


@pytest.mark.parametrize(("tractogram", "planned"), [("", []), ("norm.trx", ["3d"])])
def test_a_tractogram_asks_for_its_step(dataset, tractogram: str, planned: list[str]) -> None:
    dataset.patient("1", {"pre": -3, "3d": 3})
    dataset.interventions({"participant_id": "sub-1"})
    told = {"connectome": {"normative": {"tractogram": tractogram}}}
    settings = parse({"bids_dir": str(dataset.folder), "tracts": told}, file="test")
    output = dataset.folder.parent / "out"
    study.prepare(settings, output, code=lambda step: step)
    jobs = json.loads((output / "work/plan.json").read_text())["jobs"]
    found = [wildcards["session"] for rule, wildcards, _ in jobs if rule == "tracts_normative"]
    assert found == planned
