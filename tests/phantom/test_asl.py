"""The arterial spin labelling scan of a coarse study."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.integrate import quad

from sonolesion.core import images
from sonolesion.core.config import Settings
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_asl import AslMotion, AslScan, PhantomAsl
from sonolesion.core.tables import read_tsv
from sonolesion.phantom import asl_kinetics, asl_scan, modalities, study
from sonolesion.phantom.asl_study import AslStudy

GRID = {"voxel_mm": [6.8, 6.8, 8.0], "fov_mm": [217.6, 238.0, 184.0], "n_pairs": 2}
# So little noise that numbers are those of the model.
CLEAR = {**GRID, "snr": 5e4}
BY_VISIT: dict[str, dict[str, Any]] = {
    "baseline": {"readout": "2D"},
    "deltam": {"layout": "deltam", "m0": "included", "delays_s": [1.0, 2.0]},
    "product": {"layout": "product", "labelling_s": 1.45, "delays_s": [2.025]},
    "pulsed": {"labelling": "PASL", "labelling_s": 0.8, "suppression_pulses": 0},
}
VISITS = {"baseline": -7.0, "deltam": -6.0, "product": -5.0, "pulsed": -4.0, "3d": 3.0}
CONTINUOUS = asl_kinetics.Label(pulsed=False, duration_s=1.8, efficiency=0.85, blood_t1_s=1.65)
PULSED = asl_kinetics.Label(pulsed=True, duration_s=0.8, efficiency=0.98, blood_t1_s=1.65)


def asl_of(**more: Any) -> PhantomAsl:
    still = {"shift_mm": 0.02, "turn_deg": 0.02}
    return PhantomAsl.model_validate({"made": True, "scan": CLEAR, "motion": still, **more})


@pytest.fixture(scope="module")
def coarse(small: Phantom) -> Phantom:
    update = {"visits": VISITS, "contrasts": ("T1w",), "patients": small.patients[:1]}
    return small.model_copy(update=update)


@pytest.fixture(scope="module")
def scanned(coarse: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asl")
    asl = asl_of(by_visit=BY_VISIT, effect={"thalamus_change": -0.2})
    study.make(coarse, folder, threads=1, beside=[AslStudy(asl)])
    return folder


def known(scanned: Path, visit: str, name: str) -> NDArray[Any]:
    path = f"truth/sub-01/ses-{visit}/perf/sub-01_ses-{visit}_{name}.nii.gz"
    return images.load(scanned / path).data.astype(float)


def raw(scanned: Path, visit: str, name: str = "asl") -> NDArray[Any]:
    path = f"bids/sub-01/ses-{visit}/perf/sub-01_ses-{visit}_{name}.nii.gz"
    return images.load(scanned / path).data.astype(float)


def told(scanned: Path, visit: str, name: str = "asl") -> dict[str, Any]:
    path = f"bids/sub-01/ses-{visit}/perf/sub-01_ses-{visit}_{name}.json"
    return dict(images.read_json(scanned / path))


def truth(scanned: Path, visit: str) -> dict[str, Any]:
    content = images.read_json(scanned / "truth/truth.json")["subjects"]["sub-01"]
    return dict(content["sessions"][f"ses-{visit}"]["scans"]["asl"])


def roles(scanned: Path, visit: str) -> list[str]:
    path = f"bids/sub-01/ses-{visit}/perf/sub-01_ses-{visit}_aslcontext.tsv"
    return [row["volume_type"] for row in read_tsv(scanned / path)]


def test_value_by_hand() -> None:
    # α 1, everything 1 s, label all in: 2 f e^-1 (1 - e^-1).
    one = asl_kinetics.Label(pulsed=False, duration_s=1.0, efficiency=1.0, blood_t1_s=1.0)
    found = asl_kinetics.difference(one, time_s=2.0, cbf=6000.0, transit_s=1.0, clearance=1.0)
    assert found == pytest.approx(2 * np.exp(-1) * (1 - np.exp(-1)))
    # Both decay alike after a pulse: 2 f τ e^-t, whatever the transit.
    one = asl_kinetics.Label(pulsed=True, duration_s=0.5, efficiency=1.0, blood_t1_s=1.0)
    found = asl_kinetics.difference(one, time_s=2.0, cbf=6000.0, transit_s=1.2, clearance=1.0)
    assert found == pytest.approx(2 * 0.5 * np.exp(-2))
    rate = asl_kinetics.clearance_per_s(tissue_t1_s=0.5, cbf=5400.0, partition_ml_g=0.9)
    assert rate == pytest.approx(3.0)


@pytest.mark.parametrize("label", [CONTINUOUS, PULSED])
@pytest.mark.parametrize("transit_s", [0.4, 1.2, 2.5, 5.0])
def test_closed_forms_are_the_convolution(label: asl_kinetics.Label, transit_s: float) -> None:
    time_s, clearance, flow = 3.0, 0.8, 60.0 / 6000

    def arriving(at_s: float) -> float:
        aged_s = at_s if label.pulsed else transit_s
        left = np.exp(-aged_s / label.blood_t1_s) * np.exp(-(time_s - at_s) * clearance)
        return float(2 * flow * label.efficiency * left)

    end = min(time_s, transit_s + label.duration_s)
    expected = quad(arriving, transit_s, end)[0] if end > transit_s else 0.0
    found = asl_kinetics.difference(
        label, time_s=time_s, cbf=60.0, transit_s=transit_s, clearance=clearance
    )
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(
    cbf=st.floats(1.0, 200.0),
    transit_s=st.floats(0.0, 4.0),
    delay_s=st.floats(0.1, 4.0),
    clearance=st.floats(0.2, 3.0),
    pulsed=st.booleans(),
)
def test_difference_is_linear_in_flow_and_bounded(
    cbf: float, transit_s: float, delay_s: float, clearance: float, pulsed: bool
) -> None:
    label = PULSED if pulsed else CONTINUOUS
    timing = {"time_s": label.since_start_s(delay_s), "transit_s": transit_s}
    one = asl_kinetics.difference(label, cbf=cbf, clearance=clearance, **timing)
    two = asl_kinetics.difference(label, cbf=2 * cbf, clearance=clearance, **timing)
    assert two == pytest.approx(2 * one, rel=1e-9)
    # Nothing can be there that did not flow in, and nothing comes before its time.
    assert 0 <= one <= 2 * label.efficiency * cbf / 6000 * label.duration_s * (1 + 1e-9)
    assert (one == 0) == (transit_s >= timing["time_s"])


def test_impossible_labelling_is_refused() -> None:
    for wrong in ({"efficiency": 1.2}, {"duration_s": 0.0}, {"blood_t1_s": -1.0}):
        good = {"pulsed": True, "duration_s": 1.0, "efficiency": 0.9, "blood_t1_s": 1.6}
        label = asl_kinetics.Label(**{**good, **wrong})
        with pytest.raises(ValueError, match="efficiency up to 1"):
            asl_kinetics.difference(label, time_s=2.0, cbf=50.0, transit_s=1.0, clearance=1.0)


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        ({"delays_s": []}, "delays_s"),
        ({"labelling": "PASL", "delays_s": [0.5]}, "cut off"),
        ({"delays_s": [3.5]}, "fit into"),
        ({"layout": "product", "delays_s": [1.0, 2.0]}, "one delay"),
        ({"layout": "maps"}, "layout"),
    ],
)
def test_settings_refuse_what_no_scanner_runs(scan: Mapping[str, Any], words: str) -> None:
    for content in ({"scan": scan}, {"by_visit": {"3d": scan}}):
        with pytest.raises(ValidationError, match=words):
            PhantomAsl.model_validate(content)


def test_scan_is_off_unless_asked_for() -> None:
    assert not any(isinstance(kind, AslStudy) for kind in modalities.asked_for(Settings()))
    asked = Settings(phantom_asl=PhantomAsl(made=True, visits=("3d",)))
    (kind,) = modalities.asked_for(asked)
    assert kind.asked("3d")
    assert not kind.asked("baseline")
    assert kind.name == "asl"


def test_motion_walks_from_the_first_volume() -> None:
    moved = asl_scan.walk(AslMotion(shift_mm=1.0, turn_deg=0.0), 3, np.random.default_rng(0))
    assert np.array_equal(moved[0].motion, np.eye(4))
    assert moved[2].motion[:3, 3] == pytest.approx(moved[2].shifts_mm)
    assert not moved[2].angles_deg.any()
    assert np.abs(moved[2].shifts_mm).max() > 0


def test_sidecars_are_complete(scanned: Path) -> None:
    both = {"MagneticFieldStrength", "MRAcquisitionType", "EchoTime", "FlipAngle"}
    needed = both | {
        "ArterialSpinLabelingType", "PostLabelingDelay", "RepetitionTimePreparation",
        "BackgroundSuppression", "M0Type", "TotalAcquiredPairs", "VascularCrushing",
    }  # fmt: skip
    for visit in VISITS:
        sidecar = told(scanned, visit)
        assert needed <= sidecar.keys()
        assert len(roles(scanned, visit)) == raw(scanned, visit).shape[3]
        suppressed = sidecar["BackgroundSuppression"]
        assert suppressed == ("BackgroundSuppressionNumberPulses" in sidecar)
    assert told(scanned, "3d")["LabelingDuration"] == 1.8
    assert told(scanned, "3d", "m0scan")["RepetitionTimePreparation"] == 6.0
    assert told(scanned, "3d", "m0scan")["IntendedFor"] == [
        "bids::sub-01/ses-3d/perf/sub-01_ses-3d_asl.nii.gz"
    ]
    assert told(scanned, "baseline")["SliceTiming"][:2] == [0.0, 0.035]
    pulsed = told(scanned, "pulsed")
    assert (pulsed["BolusCutOffDelayTime"], pulsed["BolusCutOffFlag"]) == (0.8, True)
    assert "LabelingDuration" not in pulsed


def test_every_layout_is_written(scanned: Path) -> None:
    assert roles(scanned, "3d") == ["control", "label"] * 2
    assert roles(scanned, "deltam") == ["m0scan"] + ["deltam"] * 4
    assert roles(scanned, "product") == ["deltam"]
    sidecar = told(scanned, "deltam")
    assert sidecar["PostLabelingDelay"] == [0.0, 1.0, 1.0, 2.0, 2.0]
    assert sidecar["LabelingDuration"] == [0.0] + [1.8] * 4
    assert sidecar["RepetitionTimePreparation"] == [6.0] + [4.8] * 4
    assert sidecar["M0Type"] == "Included"
    assert not (scanned / "bids/sub-01/ses-deltam/perf/sub-01_ses-deltam_m0scan.json").exists()
    assert told(scanned, "product", "m0scan")["RepetitionTimePreparation"] == 2.0


def expected(scanned: Path, visit: str, *, pulsed: bool = False) -> NDArray[Any]:
    """Difference over M0 of each voxel that is almost all white or all of both, by the model."""
    scan = AslScan.model_validate({**truth(scanned, visit)["sequence"]})
    duration = scan.labelling_s
    label = asl_kinetics.Label(pulsed, duration, truth(scanned, visit)["efficiency"], 1.65)
    water = {"GM": 0.78 * np.exp(-0.012 / 0.110), "WM": 0.65 * np.exp(-0.012 / 0.0796)}
    t1_s = {"GM": 1.331, "WM": 0.832}
    recovery_s = asl_truth_recovery(scan)
    above: NDArray[Any] = np.zeros(1)
    below: NDArray[Any] = np.zeros(1)
    for kind, m0 in water.items():
        share = known(scanned, visit, f"label-{kind}_probseg")
        cbf = np.nan_to_num(known(scanned, visit, f"desc-{kind}_cbf"))
        rate = asl_kinetics.clearance_per_s(tissue_t1_s=t1_s[kind], cbf=cbf, partition_ml_g=0.9)
        late = np.nan_to_num(known(scanned, visit, f"desc-{kind}_att"))
        delay = scan.delays_s[0] + scan.slice_s * np.arange(cbf.shape[2]) * (scan.readout == "2D")
        seen = asl_kinetics.difference(
            label, time_s=label.since_start_s(delay), cbf=cbf, transit_s=late, clearance=rate
        )
        above = above + share * m0 / 0.9 * seen
        below = below + share * m0 * -np.expm1(-recovery_s / t1_s[kind])
    return above / np.where(below > 0, below, np.nan)


def asl_truth_recovery(scan: AslScan) -> float:
    return scan.saturation_s if scan.layout == "product" else scan.m0_repetition_s


@pytest.mark.parametrize("visit", ["3d", "product", "pulsed", "deltam"])
def test_differences_are_those_of_the_model(scanned: Path, visit: str) -> None:
    series, kinds = raw(scanned, visit), roles(scanned, visit)
    if "control" in kinds:
        taken = (series[..., ::2] - series[..., 1::2]).mean(axis=3)
    else:
        taken = series[..., 1:3].mean(axis=3) if visit == "deltam" else series[..., 0] / (2 * 32)
    m0 = series[..., 0] if visit == "deltam" else raw(scanned, visit, "m0scan")
    nerve = sum(known(scanned, visit, f"label-{kind}_probseg") for kind in ("GM", "WM"))
    inside = nerve > 0.97
    assert inside.sum() > 100
    found = np.median(taken[inside] / m0[inside])
    right = np.median(expected(scanned, visit, pulsed=visit == "pulsed")[inside])
    # Rounding, little motion and lesion leave this much.
    assert found == pytest.approx(right, rel=0.02)


def test_later_slices_of_a_2d_readout_are_read_later(scanned: Path) -> None:
    series = raw(scanned, "baseline")
    taken = (series[..., ::2] - series[..., 1::2]).mean(axis=3)
    m0, right = raw(scanned, "baseline", "m0scan"), expected(scanned, "baseline")
    nerve = sum(known(scanned, "baseline", f"label-{kind}_probseg") for kind in ("GM", "WM"))
    inside = nerve > 0.97
    middle = np.median(np.nonzero(inside)[2])
    for half in (np.arange(m0.shape[2]) < middle, np.arange(m0.shape[2]) >= middle):
        own = inside & half
        ratio = np.median(taken[own] / m0[own]) / np.median(right[own])
        assert ratio == pytest.approx(1.0, abs=0.03)


def test_lesion_and_thalamus_lose_flow(scanned: Path, coarse: Phantom, tmp_path: Path) -> None:
    assert truth(scanned, "baseline")["thalamus_left_cbf"] == pytest.approx(
        truth(scanned, "baseline")["thalamus_right_cbf"], rel=0.25
    )
    base, late = truth(scanned, "baseline"), truth(scanned, "3d")
    names = {side: f"thalamus_{side}_cbf" for side in ("left", "right")}
    side = {name: late[key] / base[key] for name, key in names.items()}
    global_change = late["visit_factor"] / base["visit_factor"]
    assert side["right"] == pytest.approx(global_change, rel=1e-3)
    # The rest of the thalamus by a fifth, and the lesion in it altogether.
    assert 0.65 < side["left"] / global_change < 0.8
    off = asl_of(visits=["3d"], effect={"made": False, "thalamus_change": -0.2})
    study.make(coarse, tmp_path, threads=1, beside=[AslStudy(off)])
    whole = truth(tmp_path, "3d")
    assert whole["visit_factor"] == late["visit_factor"]
    assert whole["thalamus_left_cbf"] / base["thalamus_left_cbf"] == pytest.approx(
        global_change, rel=1e-3
    )
    zones = images.load(
        tmp_path / "truth/sub-01/ses-3d/anat/sub-01_ses-3d_from-asl_label-lesion_probseg.nii.gz"
    ).data
    lost = known(tmp_path, "3d", "cbf") - known(scanned, "3d", "cbf")
    assert lost[zones > 0].min() > 0
    assert zones.max() > 0


def test_flow_and_transit_are_those_asked_for(scanned: Path) -> None:
    factor = truth(scanned, "pulsed")["visit_factor"]
    assert truth(scanned, "pulsed")["GM_cbf"] == pytest.approx(60 * factor, rel=0.08)
    assert truth(scanned, "pulsed")["WM_cbf"] == pytest.approx(20 * factor, rel=0.08)
    late = known(scanned, "pulsed", "desc-GM_att")
    assert np.nanmin(late) == pytest.approx(1.1, abs=0.01)
    assert np.nanmax(late) == pytest.approx(1.5, abs=0.02)
    assert 1.0 < np.nanmedian(late) < 1.2
    share = sum(known(scanned, "pulsed", f"label-{one}_probseg") for one in ("GM", "WM", "CSF"))
    assert share.max() < 1 + 1e-4
    mixed = sum(
        known(scanned, "pulsed", f"label-{one}_probseg")
        * np.nan_to_num(known(scanned, "pulsed", f"desc-{one}_cbf"))
        for one in ("GM", "WM")
    )
    full = known(scanned, "pulsed", "cbf")
    assert mixed[full > 5] == pytest.approx(full[full > 5], rel=0.1, abs=2.0)


def test_same_settings_same_bytes_whatever_the_threads(small: Phantom, tmp_path: Path) -> None:
    update = {"visits": {"baseline": -7.0}, "contrasts": ("T1w",), "patients": small.patients[:2]}
    two = small.model_copy(update=update)
    prints = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        study.make(two, folder, threads=threads, beside=[AslStudy(asl_of())])
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        prints.append(
            {
                str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in files
            }
        )
    assert prints[0] == prints[1]
    assert any("perf" in name for name in prints[0])
