"""From a series to maps, judgement and rows: a known flow comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import GateFailure
from sonolesion.core.settings.perfusion import Perfusion
from sonolesion.perfusion import (
    appraisal,
    delay_curves,
    kinetic,
    mapping,
    picture,
    plausibility,
    prediction,
    preparation,
    record,
)

SETTINGS = Perfusion().model_dump(mode="json")
PREDICTED = SETTINGS["prediction"] | {"grey_t1_s": 1.33, "white_t1_s": 0.83}
GRID = np.diag([3.0, 3.0, 4.0, 1.0])
STEPS: dict[str, Any] = {
    "outliers": SETTINGS["outliers"],
    "min_m0_share": SETTINGS["calibration"]["min_m0_share"],
    "partial_volume": SETTINGS["partial_volume"],
    "delays": SETTINGS["delays"],
    "voxel_mm": np.array([3.0, 3.0, 4.0]),
}


def prepared(head, told: dict[str, Any], data: np.ndarray | None = None) -> preparation.Prepared:
    series = head.series(told) if data is None else data
    return preparation.prepared(series, None, GRID, told=told, motion=SETTINGS["motion"])


def made(head, told: dict[str, Any]) -> mapping.Maps:
    done = prepared(head, told)
    return mapping.made(done.differences, done.m0, None, head.tissue, told=told, **STEPS)


def judged(head, maps: mapping.Maps, told: dict[str, Any], scanner=None) -> appraisal.Appraisal:
    return appraisal.appraise(
        maps, head.tissue, told=told, affine=GRID, settings=SETTINGS["quality"],
        plausible=SETTINGS["plausible"], ge=SETTINGS["ge"], scanner=scanner,
    )  # fmt: skip


def test_a_known_flow_comes_back_through_the_whole_stage(head) -> None:
    told = head.told()
    maps = made(head, told)
    inside = np.isfinite(maps.cbf)
    assert inside[head.brain].mean() > 0.98
    # The controls hold M0 in single precision; ΔM is under a hundredth of it.
    assert np.median(np.abs(maps.cbf[inside] - head.flow[inside])) < 0.05
    pure = head.tissue.shares[..., 0] > 0.99
    assert np.nanmedian(maps.grey[pure]) == pytest.approx(60.0, rel=0.01)
    assert np.nanmedian(maps.white[head.tissue.shares[..., 1] > 0.99]) == pytest.approx(
        20, rel=0.01
    )
    assert maps.transit_s is None
    assert np.isnan(maps.volumes[3]).all()


def test_m0_is_relaxed_and_scaled(head) -> None:
    done = prepared(head, head.told())
    assert np.median(done.m0[head.brain]) == pytest.approx(1000.0, rel=1e-3)
    twice = prepared(head, head.told(values={"m0_scale": 2.0}))
    assert np.median(twice.m0[head.brain]) == pytest.approx(2000.0, rel=1e-3)
    one = head.told(m0_source="estimate", values={"m0": 700.0})
    assert (prepared(head, one).m0 == 700.0).all()


def test_a_moved_volume_is_laid_back(head) -> None:
    told = head.told()
    data = head.series(told)
    data[..., 3] = np.roll(data[..., 3], 1, axis=0)
    done = prepared(head, told, data)
    row = next(row for row in done.confounds if row["volume"] == 3)
    assert abs(float(str(row["trans_x_mm"]))) == pytest.approx(3.0, abs=0.1)
    assert row["role"] == "control"
    assert done.told["LargestFramewiseDisplacement_mm"] == pytest.approx(3.0, abs=0.3)


def test_suppressed_controls_are_not_laid_on_m0(head) -> None:
    done = prepared(head, head.told(one_contrast=False))
    assert "not laid on each other" in done.told["M0AndSeries"]
    assert done.told["Realigned"] == "controls and labels"


def test_nothing_is_told_outside_a_round_field_of_view(head) -> None:
    told = head.told()
    data = head.series(told)
    data[:2] = np.nan
    done = prepared(head, told, data)
    assert np.isnan(done.differences[:2]).all()
    assert np.isnan(done.m0[:2]).all()
    assert np.isfinite(done.reference).all()


def test_a_given_map_is_used_as_it_is(head) -> None:
    told = head.told(layout="cbf", equation="given", cbf=[0], m0=[], controls=[], labels=[],
                     groups=[], constants={}, m0_source="none")  # fmt: skip
    flow = head.flow[..., None].astype(np.float32)
    done = prepared(head, told, flow)
    assert np.isnan(done.differences).all()
    assert np.isnan(done.m0).all()
    assert (done.reference == flow[..., 0]).all()
    scanner = mapping.mean_of(flow, told)
    maps = mapping.made(done.differences, done.m0, scanner, head.tissue, told=told, **STEPS)
    assert (maps.cbf[head.brain] == scanner[head.brain]).all()
    found = judged(head, maps, told)
    assert found.verdict.passed
    sidecar = record.sidecar(maps, found, told=told, motion={}, predicted=[])
    assert sidecar["Given"] is True
    assert "FlowPerDifferenceOverM0" not in sidecar
    small = judged(head, mapping.given(scanner / 100, head.tissue, partial=STEPS["partial_volume"]),
                   told)  # fmt: skip
    assert small.verdict.explanations[0] == "the map is in mL/g/min, not mL/100 g/min"


def test_several_delays_are_fitted_by_tissue(head) -> None:
    delays = [1.0, 1.5, 2.0, 2.5]
    values = {"delay_s": delays, "labelling_s": [1.8] * 4}
    told = head.told(equation="kinetic", groups=[[0], [1], [2], [3]], values=values)
    model = delay_curves.pcasl_model(
        labelling_s=np.full(4, 1.8), delay_s=np.array(delays), blood_t1_s=1.65
    )
    m0 = head.m0.astype(np.float32)
    taken = np.zeros((*m0.shape, 4))
    for k, (cbf, t1_s) in enumerate(((60.0, 1.33), (20.0, 0.83))):
        stay = kinetic.apparent_t1(tissue_t1_s=t1_s, cbf=cbf, partition_ml_g=0.9)
        response = model(np.array([[stay]]))(np.array([[1.4]]))[0]
        pure = kinetic.signal(response, cbf=cbf, efficiency=0.85, blood_m0=1 / 0.9)
        taken += (head.tissue.shares[..., k] * m0)[..., None] * pure
    maps = mapping.made(taken.astype(np.float32), m0, None, head.tissue, told=told, **STEPS)
    for share, truth in ((0, 60.0), (1, 20.0)):
        pure = head.tissue.shares[..., share] > 0.99
        assert np.nanmedian(maps.cbf[pure]) == pytest.approx(truth, rel=0.02)
        assert np.nanmedian(maps.volumes[3][pure]) == pytest.approx(1.4, abs=0.02)
    # Mixed voxels too.
    inside = np.isfinite(maps.cbf)
    assert maps.cbf[inside] == pytest.approx(head.flow[inside], rel=0.01)
    assert np.nanmedian(maps.grey[head.tissue.shares[..., 0] > 0.99]) == pytest.approx(60, rel=1e-3)


def test_a_wrong_scale_fails_the_gate_by_its_name(head) -> None:
    told = head.told()
    maps = made(head, told)
    wrong = mapping.Maps(96 * maps.cbf, maps.grey, maps.white, None, maps.kept, maps.reasons)
    found = judged(head, wrong, told)
    gate = appraisal.gate(found, SETTINGS["plausible"], picture="a.png")
    assert gate["gate"] == "failed"
    assert [check["passed"] for check in gate["checks"]] == [True, False]
    with pytest.raises(GateFailure, match="96 = 32 x NEX 3"):
        plausibility.require_plausible(found.verdict, min_cbf=15, max_cbf=120, file="a")
    sound = appraisal.gate(judged(head, maps, told), SETTINGS["plausible"], picture="a.png")
    assert sound["gate"] == "passed"


def test_the_scanners_map_is_compared(head) -> None:
    told = head.told()
    maps = made(head, told)
    scanner = (2 * head.flow + 0.5).astype(np.float32)
    found = judged(head, maps, told, scanner).numbers
    assert found["scanner_correlation"].value == pytest.approx(1.0, abs=1e-3)
    assert found["scanner_slope"].value == pytest.approx(0.5, abs=0.01)
    assert "scanner_ratio" not in judged(head, maps, told).numbers
    # Half of it is within what brains have: the scanner's map tells what the gate can't.
    twice = mapping.Maps(3 * maps.cbf / 2, maps.grey, maps.white, None, maps.kept, maps.reasons)
    third = judged(head, twice, told, (head.flow / 2).astype(np.float32))
    assert third.verdict.passed
    assert third.numbers["scanner_ratio"].marked
    assert any("NEX 3" in one for one in third.against_scanner)
    assert judged(head, maps, told, head.flow.astype(np.float32)).against_scanner == ()
    nowhere = np.full(head.flow.shape, np.nan, dtype=np.float32)
    assert appraisal.compared(maps.cbf, nowhere, head.brain) is None


def test_a_map_on_another_grid_is_interpolated() -> None:
    fine = np.arange(8.0)[:, None, None] * np.ones((8, 8, 8))
    coarse = np.diag([2.0, 2.0, 2.0, 1.0])
    found = appraisal.on_grid(fine, np.eye(4), coarse, (4, 4, 4))
    assert found[:, 1, 1].tolist() == [0.0, 2.0, 4.0, 6.0]
    assert (appraisal.on_grid(fine, np.eye(4), np.eye(4), (8, 8, 8)) == fine).all()


def test_rows_name_equation_and_leave_out_what_says_nothing(head) -> None:
    told = head.told()
    maps = made(head, told)
    stack = np.zeros((*head.flow.shape, 1), dtype=np.uint8)
    stack[10:14, 10:14, 8:12, 0] = 200
    entry = {"atlas": "a", "region": "VIM", "side": "left", "structure": "", "coverage": 1.0}
    found = record.rows(
        maps, None, judged(head, maps, told), np.eye(4), affine=GRID,
        tissue={"grey_matter": (head.tissue.shares[..., 0], GRID)}, stack=stack,
        stack_affine=GRID, atlases={"whole": 200, "regions": [entry]}, told=told,
        labels={"participant_id": "sub-1", "session_id": "ses-1", "day": 3},
        regions=SETTINGS["regions"],
    )  # fmt: skip
    placed = {(row["map"], row["region"], row["statistic"]): row for row in found}
    assert ("cbf_pvc_white", "grey_matter", "cbf_median") not in placed
    grey = placed["cbf", "grey_matter", "cbf_median"]
    assert grey["value"] == pytest.approx(60.0, rel=0.02)
    assert grey["method"] == "equation pcasl, M0 volumes; probability from 0.7"
    assert placed["cbf", "a:VIM", "cbf_median"]["value"] == pytest.approx(20.0, rel=0.02)
    assert placed["cbf", "brain", "quality_index"]["modality"] == "perf"


def test_equation_is_printed_with_every_constant(head) -> None:
    told = head.told()
    lines = record.printed(told)
    assert "Alsop et al. 2015" in lines[0]
    assert "delay_s = 2 s: delay_s (test)" in lines
    several = record.printed(head.told(values={"delay_s": [1.0, 1.5]}))
    assert "delay_s = 1, 1.5 s: delay_s (test)" in several
    maps = made(head, told)
    found = judged(head, maps, told)
    predicted = prediction.read_over_true(told, PREDICTED)
    sidecar = record.sidecar(maps, found, told=told, motion={}, predicted=predicted)
    assert sidecar["FlowPerDifferenceOverM0"][0] > 0
    assert sidecar["PredictedBias"] == predicted
    drawn = picture.visit(maps, head.tissue, found, GRID, told=told, min_probability=0.7)
    assert np.asarray(drawn).std() > 10


def test_slices_read_later_have_longer_delays(head) -> None:
    told = head.told(offsets_s=[[[0.0, 0.5]]])
    early, late = mapping.single_factor(told).ravel()
    assert late / early == pytest.approx(np.exp(0.5 / 1.65))


def test_the_predicted_bias_is_that_of_the_equation_and_its_timing(head) -> None:
    grey, white = prediction.read_over_true(head.told(), PREDICTED)
    assert grey["ReadOverTrue"] == pytest.approx([0.740, 0.763, 0.788, 0.813], abs=1e-3)
    assert white["ReadOverTrue"] == pytest.approx([0.413, 0.466, 0.526, 0.593], abs=1e-3)
    pulsed = head.told(equation="pasl", values={"bolus_s": 0.7, "delay_s": 1.8})
    # With the cut all label that was let through has arrived; it decays in tissue from then on.
    assert 0.6 < prediction.read_over_true(pulsed, PREDICTED)[0]["ReadOverTrue"][0] < 1.0
    several = head.told(equation="kinetic", values={"delay_s": [1.0, 2.0]})
    assert prediction.read_over_true(several, PREDICTED) == []


def test_an_interpolated_grid_resolves_less(head) -> None:
    told = head.told(voxel_ratio=4.0)
    maps = made(head, told)
    stack = np.zeros((*head.flow.shape, 1), dtype=np.uint8)
    stack[10:13, 10:13, 8:10, 0] = 200
    entry = {"atlas": "a", "region": "VIM", "side": "left", "structure": "", "coverage": 1.0}
    own: dict[str, Any] = {
        "affine": GRID, "tissue": {}, "stack": stack, "stack_affine": GRID,
        "atlases": {"whole": 200, "regions": [entry]}, "regions": SETTINGS["regions"],
        "labels": {"participant_id": "sub-1", "session_id": "ses-1", "day": 3},
    }  # fmt: skip
    for ratio, below in ((1.0, "false"), (4.0, "true")):
        told = head.told(voxel_ratio=ratio)
        (row, *_) = record.rows(maps, None, judged(head, maps, told), np.eye(4), told=told, **own)
        assert (row["n_voxels"], row["below_resolution"]) == (18, below)
