"""The phase of a multi-echo scan: used for the field map where all of it fits together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sonolesion.core.config import parse
from sonolesion.ingest import study

TIMES_S = (0.005, 0.010)
UP = {"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.04}


def prepared(dataset, **content: object) -> study.Study:
    settings = parse({"bids_dir": str(dataset.folder), **content}, file="test")
    return study.prepare(settings, dataset.folder.parent / "out", code=lambda step: step)


def row_of(found: study.Study, modality: str):
    (row,) = (r for r in found.rows if (r.session, r.modality) == ("3d", modality))
    return row


def field_jobs(dataset) -> list[str]:
    plan = json.loads((dataset.folder.parent / "out/work/plan.json").read_text())
    return [w["session"] for rule, w, _ in plan["jobs"] if rule == "susceptibility_field"]


@pytest.fixture
def phased(tensor, scanner) -> list[Path]:
    """Write a tensor scan and two echoes with phase; returns the phase files."""
    tensor("3d", **UP)
    scanner.megre("3d", TIMES_S)
    return scanner.megre("3d", TIMES_S, part="part-phase_")


def test_the_field_of_the_gradient_echo_is_chosen_and_told(dataset, phased) -> None:
    found = prepared(dataset)
    told = row_of(found, "dwi").use.params["tensor"]
    assert (told["method"], told["map"], told["b0_map"]) == ("gre_map", "gre_map", "")
    assert told["gre"]["phase"] == [str(file.relative_to(dataset.folder)) for file in phased]
    assert told["gre"]["echo_times_s"] == list(TIMES_S)
    assert (
        "B0 map of the gradient echo: there is a gradient echo with phase; there is no second"
        in (row_of(found, "dwi").reason)
    )
    assert row_of(found, "MEGRE").reason == "2 echoes; with phase"
    assert field_jobs(dataset) == ["3d"]


@pytest.mark.usefixtures("phased")
def test_a_map_in_hertz_comes_first_and_a_pair_before_it(dataset, tensor) -> None:
    dataset.scan("1", "3d", "fieldmap", datatype="fmap", sidecar={"Units": "Hz"})
    told = row_of(prepared(dataset), "dwi").use.params["tensor"]
    assert (told["method"], told["map"], told["gre"]) == ("b0_map", "b0_map", {})
    assert field_jobs(dataset) == []
    tensor("3d", "dir-P_dwi", **UP | {"PhaseEncodingDirection": "j-"})
    told = row_of(prepared(dataset), "dwi").use.params["tensor"]
    assert (told["method"], told["map"]) == ("opposed", "b0_map")


@pytest.mark.usefixtures("phased")
def test_with_a_pair_the_field_is_mapped_all_the_same(dataset, tensor) -> None:
    """It is what takes the place of a pair that proves to be none, and tells the polarity."""
    tensor("3d", "dir-P_dwi", **UP | {"PhaseEncodingDirection": "j-"})
    told = row_of(prepared(dataset), "dwi").use.params["tensor"]
    assert (told["method"], told["map"]) == ("opposed", "gre_map")
    assert field_jobs(dataset) == ["3d"]


@pytest.mark.usefixtures("phased")
def test_a_change_of_the_phase_counts_for_the_tensor_alone(dataset) -> None:
    before = prepared(dataset)
    dataset.scan("1", "3d", "echo-2_part-phase_MEGRE", sidecar={"EchoTime": TIMES_S[1]})
    after = prepared(dataset)
    prints = [row_of(one, "dwi").use.params["tensor"]["fingerprint"] for one in (before, after)]
    assert prints[0] != prints[1]
    assert row_of(before, "MEGRE").use.fingerprint == row_of(after, "MEGRE").use.fingerprint
    assert row_of(before, "dwi").use.fingerprint == row_of(after, "dwi").use.fingerprint


@pytest.mark.usefixtures("phased")
@pytest.mark.parametrize("sidecar", [{"PhaseEncodingAxis": "j"}, {"PhaseEncodingDirection": "j"}])
def test_no_sign_or_no_readout_leaves_registration(dataset, tensor, sidecar) -> None:
    tensor("3d", **sidecar)
    told = row_of(prepared(dataset), "dwi").use.params["tensor"]
    assert (told["method"], told["map"], told["gre"]) == ("registration", "", {})
    assert field_jobs(dataset) == []


@pytest.mark.usefixtures("phased")
@pytest.mark.parametrize(
    ("sidecar", "shape", "told"),
    [
        (
            {"EchoTime": 0.02},
            (16, 18, 20),
            "echo 2: EchoTime 0.02, that of the magnitude is 0.01 s",
        ),
        ({}, (16, 18, 20), "echo 2: EchoTime None"),
        ({"EchoTime": 0.01, "Units": "Hz"}, (16, 18, 20), "echo 2: Units 'Hz'"),
        ({"EchoTime": 0.01}, (16, 18, 22), "echo 2: another grid"),
    ],
)
def test_phase_that_does_not_fit_is_not_used_and_said(dataset, sidecar, shape, told: str) -> None:
    dataset.scan("1", "3d", "echo-2_part-phase_MEGRE", sidecar=sidecar, shape=shape)
    found = prepared(dataset)
    assert f"phase not used ({told}" in row_of(found, "MEGRE").reason
    assert row_of(found, "MEGRE").state == "run"
    assert row_of(found, "dwi").use.params["tensor"]["method"] == "registration"


def test_a_missing_echo_of_the_phase_is_said(dataset, phased) -> None:
    phased[1].unlink()
    assert "phase not used (echo 2: no phase file)" in row_of(prepared(dataset), "MEGRE").reason


@pytest.mark.usefixtures("phased")
def test_a_scan_that_is_left_out_gives_no_field(dataset) -> None:
    found = prepared(dataset, ingest={"exclude": [{"subject": "1", "modality": "MEGRE"}]})
    assert row_of(found, "dwi").use.params["tensor"]["method"] == "registration"
