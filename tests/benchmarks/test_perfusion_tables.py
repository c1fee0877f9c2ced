from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign import perfusion_scores, perfusion_tables, perfusion_theory
from campaign.patient_study import Study

from sonolesion.core import images
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import AslScan, PhantomAsl
from sonolesion.core.tables import write_tsv
from sonolesion.phantom import asl_kinetics

SHAPE = (6, 5, 4)
FLOW, LATE = {"GM": 60.0, "WM": 20.0}, {"GM": 1.0, "WM": 1.4}
T1_S = {"GM": 1.331, "WM": 0.832}
TOLD = {"partition_ml_g": 0.9, "blood_t1_s": 1.65, "grey_t1_s": 1.33}
MADE = {
    "pcasl": ({}, {"efficiency": 0.85 * 0.95**2}),
    "ge": (
        {"layout": "product", "labelling_s": 1.45, "delays_s": [2.025]},
        {"efficiency": 0.6, "blood_t1_s": 1.6, "tissue_t1_s": 1.2},
    ),
    "pasl": (
        {"labelling": "PASL", "labelling_s": 0.8},
        {"efficiency": 0.98 * 0.95**2, "bolus_s": 0.8},
    ),
    "kinetic": ({"delays_s": [1.0, 2.0]}, {"efficiency": 0.85 * 0.95**2}),
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Write truth and outputs of one visit an equation; flow is even."""
    sessions = {}
    stem = "sub-f01/ses-{0}/perf/sub-f01_ses-{0}_{1}.nii.gz"
    share = np.zeros((*SHAPE, 2), dtype=np.float32)
    share[:3, ..., 0] = share[3:, ..., 1] = 1
    maps = {"label-CSF_probseg": np.zeros(SHAPE)}
    for n, kind in enumerate(FLOW):
        maps[f"label-{kind}_probseg"] = share[..., n]
        maps[f"desc-{kind}_cbf"] = np.where(share[..., n] > 0, FLOW[kind], np.nan)
        maps[f"desc-{kind}_att"] = np.where(share[..., n] > 0, LATE[kind], np.nan)
    for visit, (scan, constants) in MADE.items():
        for name, volume in maps.items():
            path = tmp_path / "truth" / stem.format(visit, name)
            images.save(path, volume.astype(np.float32), np.eye(4))
        told = {name: {"value": value} for name, value in (TOLD | constants).items()}
        path = tmp_path / "out" / stem.format(visit, "cbf").replace(".nii.gz", ".json")
        path.parent.mkdir(parents=True)
        images.write_json(path, {"EquationName": visit, "Constants": told})
        efficiency = (0.98 if visit == "pasl" else 0.85) * 0.95**2
        sequence = AslScan.model_validate({**PhantomAsl().scan.model_dump(), **scan})
        asl = {"sequence": sequence.model_dump(mode="json"), "efficiency": efficiency}
        sessions[f"ses-{visit}"] = {"scans": {"asl": asl}}
    content = {
        "settings": Phantom().model_dump(mode="json"),
        "asl": PhantomAsl().model_dump(mode="json"),
        "subjects": {"sub-f01": {"sessions": sessions}},
    }
    images.write_json(tmp_path / "truth" / "truth.json", content)
    return Study(tmp_path, "f01", "perf")


def signal(kind: str, label: asl_kinetics.Label, delay_s: float) -> float:
    """Difference over M0 of a tissue, by the phantom's own model."""
    rate = asl_kinetics.clearance_per_s(tissue_t1_s=T1_S[kind], cbf=FLOW[kind], partition_ml_g=0.9)
    seen = asl_kinetics.difference(
        label, time_s=label.since_start_s(delay_s), cbf=FLOW[kind], transit_s=LATE[kind],
        clearance=rate,
    )  # fmt: skip
    return float(seen / 0.9)


@pytest.mark.parametrize("kind", ["GM", "WM"])
def test_the_prediction_is_the_equation_of_the_phantoms_own_signal(study: Study, kind: str) -> None:
    efficiency = 0.85 * 0.95**2
    found = {
        visit: float(np.nanmedian(perfusion_theory.read_over_true(study, "out", visit, kind)))
        for visit in MADE
    }
    one = signal(kind, asl_kinetics.Label(False, 1.8, efficiency, 1.65), 1.8)
    factor = 6000 * 0.9 * np.exp(1.8 / 1.65) / (2 * efficiency * 1.65 * -np.expm1(-1.8 / 1.65))
    assert found["pcasl"] == pytest.approx(factor * one / FLOW[kind], rel=1e-6)
    one = signal(kind, asl_kinetics.Label(False, 1.45, efficiency, 1.65), 2.025)
    factor = 6000 * 0.9 * np.exp(2.025 / 1.6) / (2 * 0.6 * 1.6 * -np.expm1(-1.45 / 1.6))
    assert found["ge"] == pytest.approx(factor * one / FLOW[kind], rel=1e-6)
    efficiency = 0.98 * 0.95**2
    one = signal(kind, asl_kinetics.Label(True, 0.8, efficiency, 1.65), 1.8)
    factor = 6000 * 0.9 * np.exp(1.8 / 1.65) / (2 * efficiency * 0.8)
    assert found["pasl"] == pytest.approx(factor * one / FLOW[kind], rel=1e-6)
    assert found["kinetic"] == 1.0


def test_m0_that_has_not_recovered_counts(study: Study) -> None:
    left = perfusion_theory.calibration(study, "out", "ge")
    assert left["GM"] == pytest.approx(-np.expm1(-2 / 1.331) / -np.expm1(-2 / 1.2))
    told = perfusion_theory.predicted(study, "out", "ge")
    # Where a voxel is all grey matter the mixed map is that of grey matter.
    assert told["mixed"][0] == pytest.approx(told["GM"][0], rel=1e-6)
    assert told["mixed"][-1] == pytest.approx(told["WM"][-1], rel=1e-6)


def test_a_region_is_summed_up_over_what_is_known() -> None:
    true, read = np.full((2, 2, 1), 50.0), np.array([[[40.0], [45.0]], [[50.0], [np.nan]]])
    row = perfusion_scores.row_of("thalamus", "plain", np.ones(true.shape, bool), true, read, true)
    assert row["voxels"] == 3
    assert (row["ratio"], row["absolute"]) == (pytest.approx(0.9), pytest.approx(5.0))
    assert row["against"] == pytest.approx(0.9)
    none = perfusion_scores.row_of("none", "plain", true < 0, true, read, true)
    assert none["voxels"] == 0
    assert np.isnan(none["ratio"])


def test_motion_left_is_that_between_truth_and_poses(tmp_path: Path) -> None:
    folder = tmp_path / "truth" / "sub-f01" / "ses-a" / "perf"
    raw = tmp_path / "bids" / "sub-f01" / "ses-a" / "perf"
    out = tmp_path / "out" / "sub-f01" / "ses-a" / "perf"
    volume = np.full((4, 4, 4, 2), 100, dtype=np.int16)
    images.save(raw / "sub-f01_ses-a_asl.nii.gz", volume, np.eye(4))
    brain = np.ones((4, 4, 4), dtype=np.uint8)
    images.save(folder / "sub-f01_ses-a_desc-brain_mask.nii.gz", brain, np.eye(4))
    known = [f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz"]
    rows: list[dict[str, Any]] = [dict.fromkeys(known, 0.0) for _ in range(3)]
    rows[2]["trans_x"] = 1.0
    write_tsv(folder / "sub-f01_ses-a_desc-motion_timeseries.tsv", rows, columns=known)
    told = ["trans_x_mm", "trans_y_mm", "trans_z_mm", "rot_x_rad", "rot_y_rad", "rot_z_rad"]
    found: list[dict[str, Any]] = [
        {"volume": n, "role": role, **dict.fromkeys(told, 0.0)}
        for n, role in enumerate(("control", "label"))
    ]
    # The second volume moved by 1 mm, and 0.8 mm of it were found.
    found[1]["trans_x_mm"] = -0.8
    columns = ["volume", "role", *told]
    write_tsv(out / "sub-f01_ses-a_desc-confounds_timeseries.tsv", found, columns=columns)
    before, after = perfusion_scores.motion_mm(Study(tmp_path, "f01", "perf"), "out", "a")
    assert (before, after) == (pytest.approx(0.5), pytest.approx(0.1))


def test_tables_hold_every_protocol() -> None:
    one = {
        "patient": "f01", "visit": "baseline", "protocol": "PCASL 3D: pcasl", "map": "plain",
        "region": "white matter", "voxels": 10, "true": 20.0, "read": 12.0, "ratio": 0.6,
        "low": 0.5, "high": 0.7, "predicted": 0.61, "against": 0.98, "absolute": 8.0,
    }  # fmt: skip
    late = {**one, "visit": "several", "protocol": "PCASL: kinetic", "transit_error_s": -0.02}
    effect = {"patient": "f01", "visit": "3d", "region": "thalamus", "voxels": 30, "true": -0.2,
              "measured": -0.1}  # fmt: skip
    rows = {"flow": [one, late], "effects": [effect], "perfusion_scans": []}
    made = perfusion_tables.every_table(rows)
    assert (
        "| white matter | plain | 10 | 20.0 | 12.0 | 0.60 (0.50 to 0.70) | 0.61 | -2.0 |"
        in (made["perfusion_flow"])
    )
    assert made["perfusion_delays"].endswith("| -40.0 | -2.0 | -0.020 |")
    assert "0.60 / 0.61 (-2.0 %)" in made["perfusion_protocols"]
    assert "| f01 3d | thalamus | 30 | -20.0 | -10.0 |" in made["perfusion_effects"]
