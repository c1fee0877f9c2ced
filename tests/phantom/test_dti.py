"""The diffusion tensor scan of a coarse study."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from sonolesion.core import images
from sonolesion.core.settings.phantom import Patient, Phantom
from sonolesion.core.settings.phantom_dti import PhantomDti
from sonolesion.phantom import (
    acquisition,
    cutting,
    damage,
    deformation,
    echo_planar,
    patient,
    pose,
    scanner,
    study,
    template,
    tensor_scan,
    treatment,
    wiring,
)
from sonolesion.phantom.tensor_study import TensorStudy

SCAN = {"voxel_mm": [3.5, 3.5, 4.0], "fov_mm": [217.0, 245.0, 180.0], "n_directions": 8}
WHO = Patient(label="01", frame="scanner", axes="LPS", miss_mm=(0.0, 0.0, 0.0))
STEM = "sub-01_ses-{}_acq-dti"


@pytest.fixture(scope="module")
def coarse(small: Phantom) -> Phantom:
    update = {"visits": {"baseline": -7.0, "3d": 3.0}, "contrasts": ("T1w",)}
    return small.model_copy(update={**update, "patients": small.patients[:1]})


@pytest.fixture(scope="module")
def anatomy(coarse: Phantom) -> patient.Anatomy:
    return patient.anatomy(coarse, coarse.patients[0], template.load())


@pytest.fixture(scope="module")
def laid(anatomy: patient.Anatomy) -> wiring.Wiring:
    return wiring.lay(anatomy, radius_factor=1.0)


@pytest.fixture(scope="module")
def scanned(coarse: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dti = PhantomDti.model_validate(
        {"made": True, "visits": ["3d"], "scan": {**SCAN, "opposed": "b0"}}
    )
    folder = tmp_path_factory.mktemp("dti")
    study.make(coarse, folder, threads=1, beside=[TensorStudy(dti)])
    return folder


def load(scanned: Path, name: str, visit: str = "3d") -> np.ndarray:
    path = scanned / f"truth/sub-01/ses-{visit}/dwi/{STEM.format(visit)}_{name}.nii.gz"
    return images.load(path).data


def lying(
    laid: wiring.Wiring, anatomy: patient.Anatomy, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    course = next(c for c in laid.courses if c.tube.name == name)
    centre = pose.apply(np.linalg.inv(anatomy.acpc), course.tube.centre_mm)
    voxels = pose.apply(np.linalg.inv(anatomy.affine), course.tube.centre_mm).round().astype(int)
    nerve = (anatomy.tissues["grey"] + anatomy.tissues["white"])[tuple(voxels.T)]
    return centre, nerve, course.share


def test_settings_refuse_what_no_scanner_runs() -> None:
    with pytest.raises(ValidationError, match="n_b0"):
        PhantomDti.model_validate({"scan": {"n_b0": 30}})
    with pytest.raises(ValidationError, match="opposed"):
        PhantomDti.model_validate({"scan": {"opposed": "some"}})
    assert not PhantomDti().asked("3d")
    assert PhantomDti(made=True).asked("3d")
    assert not PhantomDti(made=True, visits=("1m",)).asked("3d")


def test_bundles_run_through_brain_on_their_sides(
    anatomy: patient.Anatomy, laid: wiring.Wiring
) -> None:
    for course in laid.courses:
        _, nerve, _ = lying(laid, anatomy, course.tube.name)
        assert nerve.mean() > 0.85, course.tube.name
    left = lying(laid, anatomy, "corticospinal_left")[0]
    right = lying(laid, anatomy, "corticospinal_right")[0]
    assert left[:, 0].max() < 2 < 10 < right[:, 0].max()
    # From cortex down into the medulla, in front of the lemniscus in the pons.
    assert left[0, 2] > 55 > -45 > left[-1, 2]
    lemniscus = lying(laid, anatomy, "mediallemniscus_left")[0]
    height = -20.0
    at = [line[np.argmin(np.abs(line[:, 2] - height))] for line in (left, lemniscus)]
    assert at[0][1] > at[1][1] + 3


def test_cells_are_never_overfull(anatomy: patient.Anatomy, laid: wiring.Wiring) -> None:
    total = np.zeros(anatomy.brain.size)
    for strands in (*laid.courses, laid.rest, laid.relay):
        np.add.at(total, strands.cell, strands.share)
        assert np.linalg.norm(strands.direction, axis=1) == pytest.approx(1.0)
    assert total.max() < 1 + 1e-9


def test_thalami_lie_beside_the_third_ventricle(
    anatomy: patient.Anatomy, laid: wiring.Wiring
) -> None:
    places = np.stack(np.unravel_index(laid.relay.cell, anatomy.brain.shape), axis=-1)
    points = places @ anatomy.affine[:3, :3].T + anatomy.affine[:3, 3]
    template = points + deformation.displacement_at(
        points, field_mm=anatomy.field_mm, affine=anatomy.field_affine
    )
    assert wiring.in_thalamus(anatomy, points).all()
    assert np.abs(template[:, 0]).max() < 25
    # Further out behind than in front.
    behind, ahead = (template[:, 1] < -24), (template[:, 1] > -14)
    assert np.abs(template[behind, 0]).mean() > np.abs(template[ahead, 0]).mean() + 3
    assert (laid.relay.share > 0).all()


def test_lesion_at_the_target_cuts_what_passes_there(
    coarse: Phantom, anatomy: patient.Anatomy, laid: wiring.Wiring
) -> None:
    sites = treatment.sites(coarse, WHO, anatomy)
    cuts: dict[float, dict[str, cutting.Cut]] = {}
    for day in (-7.0, 3.0, 300.0):
        history = cutting.histories(anatomy, sites, day=day)
        cuts[day] = {
            c.tube.name: cutting.of_bundle(c.tube, history, n_lines=100, delay_d=30.0)
            for c in laid.courses
        }
    assert not any(cut.ever for cut in cuts[-7.0].values())
    hit = {name for name, cut in cuts[3.0].items() if cut.fraction > 0.2}
    assert hit == {"spinothalamic_left", "thalamuscingulate_left", "thalamusprefrontal_left"}
    for name in hit:
        assert cuts[300.0][name].fraction < cuts[3.0][name].fraction
        assert cuts[300.0][name].ever >= cuts[3.0][name].ever
        assert cuts[300.0][name].lost.max() > cuts[3.0][name].lost.max()


def test_opposite_polarity_distorts_the_other_way(
    coarse: Phantom, anatomy: patient.Anatomy, laid: wiring.Wiring
) -> None:
    dti = PhantomDti.model_validate(
        {
            "scan": {**SCAN, "opposed": "b0", "n_b0": 1, "snr": 1e6},
            "distortion": {"motion_mm": 0, "motion_deg": 0},
        }
    )
    still = coarse.model_copy(update={"bias_sd": 1e-9})
    lost = [np.zeros(len(c.tube.centre_mm)) for c in laid.courses]
    head = tensor_scan.head(still, dti, anatomy, laid, lost, [])
    grid = acquisition.grid_of(dti.scan, acquisition.head_pose(still, "01", "3d", "dti"))
    only = replace(head, field_hz=head.field_hz)
    names: dict[str, Any] = {"patient": WHO, "visit": "3d"}
    pair = {
        polarity: tensor_scan.acquire(still, dti, only, grid, polarity=polarity, **names)
        for polarity in ("AP", "PA")
    }
    assert (pair["AP"].sign, pair["PA"].sign) == (-1, 1)
    assert len(pair["PA"].volumes) == 1
    field = echo_planar.on_grid(head.field_hz, anatomy, grid)
    assert field.max() > 50
    true = np.abs(tensor_scan.signals(dti, head)(0.0, np.zeros(3), grid)).astype(np.float64)
    rows = np.arange(grid.shape[1])[None, :, None]
    mean = {
        name: (one.volumes[0] * rows).sum(axis=1) / np.maximum(one.volumes[0].sum(axis=1), 1)
        for name, one in pair.items()
    }
    # Signal is conserved along each line: its centre moves by the mean shift, up or down.
    expected = (true * field * dti.scan.readout_s).sum(axis=1) / np.maximum(true.sum(axis=1), 1e-9)
    bright = (true.sum(axis=1) > 0.2 * true.sum(axis=1).max()) & (expected > 0.2)
    assert bright.sum() > 20
    half = (mean["PA"] - mean["AP"])[bright] / 2
    assert half == pytest.approx(expected[bright], abs=0.08)


def test_motion_walks_from_the_first_volume_and_eddies_follow_the_gradient() -> None:
    dti = PhantomDti.model_validate({"distortion": {"motion_mm": 1.0, "motion_deg": 0.0}})
    vectors = np.array([[0.0, 0, 0], [1, 0, 0], [-1, 0, 0]])
    coupling = np.arange(12.0).reshape(4, 3)
    found = tensor_scan.motions(
        dti, vectors, np.array([0.0, 1000, 250]), coupling, np.random.default_rng(0)
    )
    assert np.array_equal(found[0].motion, np.eye(4))
    assert found[2].motion[:3, 3] == pytest.approx(found[2].shifts_mm)
    assert not found[2].angles_deg.any()
    assert found[0].eddy == pytest.approx([0, 0, 0, 0])
    assert found[1].eddy == pytest.approx([0, 3, 6, 9])
    assert found[2].eddy == pytest.approx([0, -1.5, -3, -4.5])


def test_study_holds_scan_and_truth(scanned: Path) -> None:
    folder = scanned / "bids/sub-01/ses-3d/dwi"
    forward, reverse = (STEM.format("3d") + f"_dir-{way}_dwi" for way in ("AP", "PA"))
    sidecar = images.read_json(folder / f"{forward}.json")
    assert sidecar["PhaseEncodingDirection"] == "j-"
    assert sidecar["TotalReadoutTime"] == 0.04
    assert sidecar["EchoTime"] == 0.08
    assert images.read_json(folder / f"{reverse}.json")["PhaseEncodingDirection"] == "j"
    assert images.load(folder / f"{forward}.nii.gz").data.shape == (62, 70, 45, 10)
    assert images.load(folder / f"{reverse}.nii.gz").data.shape == (62, 70, 45, 2)
    assert not (scanned / "bids/sub-01/ses-baseline/dwi").exists()
    assert len(list((scanned / "truth/sub-01/dwi").glob("*.tck"))) == 25
    said = json.loads((scanned / "truth/truth.json").read_text(encoding="utf-8"))
    scan = said["subjects"]["sub-01"]["sessions"]["ses-3d"]["scans"]["dti"]
    assert 0 < scan["cut"]["spinothalamic_left"]["cut_fraction"] < 1
    assert scan["cut"]["spinothalamic_right"]["cut_fraction"] == 0
    assert scan["zone_mm3"]["core"] > 0
    assert said["dti"]["made"] is True


def test_true_maps_are_plausible(scanned: Path) -> None:
    fa, mean, share = (
        load(scanned, name)
        for name in (
            "model-tensor_param-fa_dwimap",
            "model-tensor_param-md_dwimap",
            "desc-bundles_probseg",
        )
    )
    first = load(scanned, "model-tensor_param-direction_dwimap")
    path = f"truth/sub-01/ses-3d/dwi/{STEM.format('3d')}_desc-bundles_probseg.json"
    names = images.read_json(scanned / path)["Bundles"]
    for name, axis in (
        ("callosumcentral", None),
        ("corticospinal_left", 2),
        ("superiorlongitudinal_right", 1),
    ):
        inside = share[..., names.index(name)] > 0.85 * 250
        assert 0.4 < np.median(fa[inside]) < 0.8, name
        assert 0.6e-3 < np.median(mean[inside]) < 0.9e-3, name
        if axis is not None:
            assert np.argmax(np.abs(first[inside]).mean(axis=0)) == axis
    outside = (share.sum(axis=-1) == 0) & np.isfinite(fa)
    assert np.median(fa[outside]) < 0.2


def test_lesion_destroys_fibres_in_its_core(
    coarse: Phantom, anatomy: patient.Anatomy, laid: wiring.Wiring
) -> None:
    (site,) = treatment.sites(coarse, WHO, anatomy)
    big = replace(site, size=8.0, course=site.course.model_copy(update={"sub_voxel_mm": 0.75}))
    state = treatment.state(anatomy, big, day=3.0)
    assert state is not None
    lesion = damage.Present(big, state)
    cells = scanner.Grid(tensor_scan.brain_shape(anatomy), anatomy.affine, np.eye(4))
    (found,) = damage.damages(anatomy, [lesion], cells)
    gone, swollen = (
        np.isin(found.zone, zones).reshape(found.shape).mean(axis=-1) == 1
        for zones in ((1, 2), (3,))
    )
    dti = PhantomDti.model_validate({"scan": SCAN})
    lost = [np.zeros(len(c.tube.centre_mm)) for c in laid.courses]
    held = []
    for lesions in ([], [lesion]):
        parts = tensor_scan.head(coarse, dti, anatomy, laid, lost, lesions).parts
        total = np.bincount(parts.cell, parts.amplitude, minlength=anatomy.brain.size)
        held.append(total.reshape(anatomy.brain.shape)[found.box])
    before, after = held
    assert before[gone].max() > 0
    assert after[gone].max() == 0
    # Oedema lengthens T2: its fibres are alive, and brighter.
    alive = swollen & (before > 0)
    assert alive.any()
    assert (after[alive] > before[alive]).all()


def test_the_other_scans_are_what_they_were(made: Path, scanned: Path) -> None:
    shared = [path for path in scanned.rglob("*from-T1w*") if path.is_file()]
    shared += list(scanned.rglob("*_T1w.*"))
    assert len(shared) > 10
    for path in shared:
        assert (made / path.relative_to(scanned)).read_bytes() == path.read_bytes()


def test_the_validator_finds_no_error(scanned: Path) -> None:
    tool = Path(sys.executable).with_name("bids-validator-deno")
    assert tool.exists(), "bids-validator-deno belongs to the lock file"
    done = subprocess.run([tool, scanned / "bids"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "[ERROR]" not in done.stdout
