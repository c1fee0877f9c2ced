"""The resting-state scan of a coarse study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sonolesion.core import images
from sonolesion.core.config import Settings
from sonolesion.core.errors import ConfigError
from sonolesion.core.settings.phantom import Phantom
from sonolesion.core.settings.phantom_bold import BoldScan, HeadMotion, Neural, PhantomBold
from sonolesion.core.settings.phantom_signal import Tissue
from sonolesion.core.tables import read_tsv
from sonolesion.phantom import (
    acquisition,
    bold_head,
    bold_motion,
    bold_networks,
    bold_scan,
    bold_study,
    bold_waves,
    damage,
    modalities,
    patient,
    scanner,
    study,
    template,
    treatment,
)
from sonolesion.phantom.bold_study import BoldStudy
from sonolesion.phantom.further import Person

SCAN = {"voxel_mm": [6.0, 6.0, 8.0], "fov_mm": [204.0, 240.0, 160.0], "n_volumes": 10}
STEM = "sub-01/ses-3d/func/sub-01_ses-3d_task-rest"


@pytest.fixture(scope="module")
def coarse(small: Phantom) -> Phantom:
    update = {"visits": {"baseline": -7.0, "3d": 3.0}, "contrasts": ("T1w",)}
    return small.model_copy(update={**update, "patients": small.patients[:1]})


@pytest.fixture(scope="module")
def bold() -> PhantomBold:
    return PhantomBold.model_validate({"made": True, "visits": ["3d"], "scan": SCAN})


@pytest.fixture(scope="module")
def person(coarse: Phantom) -> Person:
    who = coarse.patients[0]
    own = patient.anatomy(coarse, who, template.load())
    return Person(who, own, treatment.sites(coarse, who, own))


@pytest.fixture(scope="module")
def lesions(person: Person) -> list[damage.Present]:
    states = [(site, treatment.state(person.anatomy, site, day=3.0)) for site in person.sites]
    return [damage.Present(site, state) for site, state in states if state is not None]


@pytest.fixture(scope="module")
def made(coarse: Phantom, bold: PhantomBold, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bold")
    study.make(coarse, folder, threads=1, beside=[BoldStudy(bold)])
    return folder


def regions() -> bold_networks.Regions:
    return bold_networks.atlas()[0]


def number_of(name: str) -> int:
    return regions().names.index(name)


def test_scan_is_off_unless_asked_for() -> None:
    assert not PhantomBold().asked("3d")
    assert PhantomBold(made=True).asked("3d")
    assert not PhantomBold(made=True, visits=("3m",)).asked("3d")
    assert modalities.asked_for(Settings()) == []
    with pytest.raises(ValidationError, match="low_hz"):
        Neural(low_hz=0.2)


def test_slices_are_interleaved_and_fill_the_repetition_time() -> None:
    scan = BoldScan(fov_mm=(30.0, 30.0, 15.0), voxel_mm=(3.0, 3.0, 3.0), repetition_s=2.0)
    assert scan.slice_times_s == (0.0, 1.2, 0.4, 1.6, 0.8)


def test_first_volume_is_read_from_full_magnetisation() -> None:
    tissue = Tissue(t1_s=2.0, t2_s=0.1, density=0.8, r2_prime_per_s=10.0)
    scan = BoldScan(echo_s=0.03, repetition_s=2.0, flip_deg=60.0)
    # 0.8 sin 60 exp(-0.03 * 20)
    assert bold_head.tissue_signal(tissue, scan, n=0) == pytest.approx(0.380228, abs=1e-6)
    e1 = np.exp(-1.0)
    steady = 0.380228 * (1 - e1) / (1 - e1 / 2)
    assert bold_head.tissue_signal(tissue, scan) == pytest.approx(steady, abs=1e-6)
    # What is left of the excess falls by E1 cos a with each pulse.
    second = bold_head.tissue_signal(tissue, scan, n=1)
    assert (second - steady) / (0.380228 - steady) == pytest.approx(e1 / 2, abs=1e-5)


def test_displacement_and_history_by_hand() -> None:
    shifts = np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 0]])
    angles = np.array([[0.0, 0, 0], [0, 0, 0], [0, 2.0, 0]])
    moved = bold_motion.displacement_mm(shifts, angles)
    assert moved == pytest.approx([0, 1, np.deg2rad(2) * 50])
    lost = bold_motion.history(np.array([0, 1.0, 0]), per_mm=0.01, repetition_s=1.3)
    assert lost == pytest.approx([0, 0.01, 0.01 / np.e])


@given(st.floats(-5, 5), st.integers(0, 100))
def test_displacement_does_not_depend_on_where_the_head_lies(offset: float, seed: int) -> None:
    drawn = np.random.default_rng(seed).normal(size=(2, 6, 3))
    here = bold_motion.displacement_mm(drawn[0], drawn[1])
    there = bold_motion.displacement_mm(drawn[0] + offset, drawn[1] - offset)
    assert there == pytest.approx(here, abs=1e-9)


def test_motion_starts_from_the_first_volume_and_jerks_come_back() -> None:
    still = HeadMotion(walk_mm=0, walk_deg=0, n_jerks=2, jerk_mm=1.0)
    moves = bold_motion.draw(still, n=30, repetition_s=2.0, rng=np.random.default_rng(1))
    assert moves.jerked.sum() == 2
    assert not moves.shifts_mm[~moves.jerked].any()
    assert moves.shifts_mm[moves.jerked].all()
    assert np.array_equal(moves.matrix(0), np.eye(4))


def test_signals_go_together_as_stated() -> None:
    matrix = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.1], [-0.3, 0.1, 1.0]])
    duration_s, low, high = 10_000.0, 0.01, 0.1
    waves = bold_waves.draw(
        matrix, low_hz=low, high_hz=high, duration_s=duration_s, rng=np.random.default_rng(3)
    )
    series = waves.at(np.arange(0, duration_s, 2.0))
    # A band B holds 2 B T independent samples; four standard errors of a correlation near 0.
    tolerance = 4 / np.sqrt(2 * (high - low) * duration_s)
    assert np.corrcoef(series.T) == pytest.approx(matrix, abs=tolerance)
    # The variance of each has twice the relative error of its standard deviation.
    assert series.var(axis=0) == pytest.approx(np.ones(3), abs=2 * tolerance)
    power = np.abs(np.fft.rfft(series[:, 0])) ** 2
    hz = np.fft.rfftfreq(len(series), 2.0)
    assert power[(hz > low) & (hz < high)].sum() > 0.99 * power.sum()


@given(st.lists(st.floats(0, 500), min_size=2, max_size=5), st.integers(0, 50))
def test_a_signal_is_known_at_each_time_alone(times: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    waves = bold_waves.draw(np.eye(2), low_hz=0.01, high_hz=0.1, duration_s=100.0, rng=rng)
    together = waves.at(np.array(times))
    assert waves.at(np.array(times[:1]))[0] == pytest.approx(together[0], abs=1e-9)


def test_no_frequency_in_the_band_is_refused() -> None:
    with pytest.raises(ValueError, match="no frequency"):
        bold_waves.draw(
            np.eye(2), low_hz=0.01, high_hz=0.011, duration_s=10.0, rng=np.random.default_rng(0)
        )


def test_correlations_by_network_and_lesion() -> None:
    neural = Neural(within=0.5, between=0.1, opposed=-0.2, homologous=0.2)
    whole = bold_networks.correlations(regions(), neural, treated={})
    left, right = number_of("Left_Thalamus"), number_of("Right_Thalamus")
    insula, pcc = number_of("Left_Insular_Cortex"), number_of(
        "Left_Cingulate_Gyrus_posterior_division"
    )  # fmt: skip
    visual = number_of("Left_Occipital_Pole")
    assert whole[left, right] == pytest.approx(0.7)
    assert whole[left, insula] == pytest.approx(0.5)
    assert whole[left, pcc] == pytest.approx(-0.2)
    assert whole[left, visual] == pytest.approx(0.1)
    cut = bold_networks.correlations(regions(), neural, treated={"left": 0.4})
    assert cut[left, insula] == cut[insula, left] == pytest.approx(0.2)
    assert cut[left, left] == 1
    changed = np.argwhere(cut != whole)
    assert set(changed[(changed != left).all(axis=1)].ravel()) == set()
    assert cut[right, insula] == pytest.approx(0.5)
    assert np.array_equal(
        bold_networks.correlations(regions(), neural, treated={"left": 1.0}), whole
    )


def test_impossible_correlations_are_refused() -> None:
    with pytest.raises(ConfigError, match="positive definite"):
        bold_networks.correlations(regions(), Neural(opposed=-0.9), treated={})


def test_regions_lie_on_their_sides(person: Person) -> None:
    labels = bold_networks.in_head(person.anatomy)
    assert set(np.unique(labels)) == {*range(len(regions().names) + 1)}
    to_acpc = np.linalg.inv(person.anatomy.acpc) @ person.anatomy.affine
    for name in ("Left_Insular_Cortex", "Right_Thalamus", "Left_Occipital_Pole"):
        across = (np.argwhere(labels == number_of(name) + 1) @ to_acpc[:3, :3].T)[:, 0]
        across = across + to_acpc[0, 3]
        assert (across < 0).mean() == pytest.approx(float(name.startswith("Left")), abs=0.05)


def test_study_holds_scan_and_truth(made: Path, bold: PhantomBold) -> None:
    scan = nib.Nifti1Image.from_filename(made / "bids" / f"{STEM}_bold.nii.gz")
    assert scan.shape == (34, 40, 20, 10)
    assert scan.header.get_zooms()[3] == pytest.approx(2.0)
    sidecar = images.read_json(made / "bids" / f"{STEM}_bold.json")
    assert sidecar["TaskName"] == "rest"
    assert sidecar["RepetitionTime"] == 2.0
    assert sidecar["EchoTime"] == 0.03
    assert sidecar["PhaseEncodingDirection"] == "j-"
    assert sidecar["TotalReadoutTime"] == 0.035
    assert sidecar["EffectiveEchoSpacing"] == pytest.approx(0.035 / 39)
    assert sidecar["SliceTiming"] == list(bold.scan.slice_times_s)
    opposed = images.read_json(made / "bids/sub-01/ses-3d/fmap/sub-01_ses-3d_dir-PA_epi.json")
    assert opposed["PhaseEncodingDirection"] == "j"
    assert not (made / "bids/sub-01/ses-baseline/func").exists()
    truth = made / "truth" / STEM
    assert len(read_tsv(Path(f"{truth}_desc-motion_timeseries.tsv"))) == 10
    series = read_tsv(Path(f"{truth}_desc-neural_timeseries.tsv"))
    assert [*series[0]] == list(regions().names)
    matrix = read_tsv(Path(f"{truth}_stat-population_relmat.tsv"))
    row = matrix[number_of("Left_Thalamus")]
    assert float(row["Left_Insular_Cortex"]) == pytest.approx(0.2)
    assert float(row["Right_Thalamus"]) == pytest.approx(0.28)
    said = images.read_json(made / "truth" / "truth.json")
    told = said["subjects"]["sub-01"]["sessions"]["ses-3d"]["scans"]["bold"]
    assert told["coupling"] == {"left": 0.4}
    assert told["zone_mm3"]["core"] > 0
    assert said["bold"]["made"] is True


def test_first_volume_is_brighter_and_the_others_are_steady(made: Path) -> None:
    data = images.load(made / "bids" / f"{STEM}_bold.nii.gz").data
    mean = data.mean(axis=(0, 1, 2))
    # Jerks of the head, five in these ten volumes, cost some per cent.
    assert mean[0] > 1.15 * mean[2:].max()
    assert np.ptp(mean[2:]) < 0.12 * mean[2]


def test_the_same_settings_give_the_same_bytes_whatever_the_threads(
    coarse: Phantom, bold: PhantomBold, made: Path, tmp_path: Path
) -> None:
    study.make(coarse, tmp_path, threads=2, beside=[BoldStudy(bold)])
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert any("bold.nii.gz" in str(path) for path in files)
    for path in files:
        assert (made / path).read_bytes() == (tmp_path / path).read_bytes(), path


def test_quiet_scan_shows_the_neural_signals_at_each_slices_own_time(
    coarse: Phantom, person: Person
) -> None:
    content = {"scan": {**SCAN, "n_volumes": 24, "snr": 1e5, "opposed": False}}
    quiet = PhantomBold.model_validate(content).quiet
    done = bold_study.scanned(coarse, quiet, person, [], "baseline")
    labels, _ = bold_head.regions_on(done.inside, done.grid, done.run.matrix)
    number = number_of("Left_Frontal_Pole")
    own = labels == number + 1
    k = int(own.sum(axis=(0, 1)).argmax())
    found = done.series[:, :, k][own[:, :, k]].mean(axis=0)[4:]
    true = done.run.neural.at(bold_scan.times_s(quiet)[4:, k])[:, number]
    assert np.corrcoef(found, true)[0, 1] > 0.98


def test_lesion_takes_signal_and_can_be_switched_off(
    coarse: Phantom, bold: PhantomBold, person: Person, lesions: list[damage.Present]
) -> None:
    share = bold_head.lesion_share(person.anatomy, lesions)
    whole = bold_head.head(coarse, bold, person.anatomy, [])
    cut = bold_head.head(coarse, bold, person.anatomy, lesions)
    off = PhantomBold.model_validate({"scan": SCAN, "lesion": {"signal_left": 1, "coupling": 1}})
    same = bold_head.head(coarse, off, person.anatomy, lesions)
    # Core and rim hold some 70 mm³, this patient's less.
    assert 30 < share.sum() * 27 < 110
    assert np.array_equal(same.means[-1], whole.means[-1])
    assert abs(same.weights - whole.weights).sum() == 0
    worst = np.unravel_index((whole.means[-1] - cut.means[-1]).argmax(), share.shape)
    place = person.anatomy.affine[:3, :3] @ worst + person.anatomy.affine[:3, 3]
    assert np.linalg.norm(place - lesions[0].site.shape.centre_mm) < 6
    assert cut.weights.sum() < whole.weights.sum()
    assert bold_study.sides(lesions, person.anatomy) == {"left"}


def test_opposite_encoding_shifts_the_other_way(bold: PhantomBold) -> None:
    line = np.zeros((1, 21, 1), dtype=np.float32)
    line[0, 10] = 1
    field = np.full_like(line, 60.0)
    here, there = (bold_scan.distorted(bold, line, field, sign=sign) for sign in (-1, 1))
    rows = np.arange(21)
    assert (here[0, :, 0] @ rows, there[0, :, 0] @ rows) == pytest.approx((10 - 2.1, 10 + 2.1))


def test_signal_drops_out_where_the_field_changes_across_slices() -> None:
    field = np.zeros((1, 1, 5), dtype=np.float32)
    field[0, 0] = np.arange(5) * 10.0
    # Ten hertz a slice, 0.05 s: half a cycle, sinc(0.5) = 2 / pi.
    assert bold_scan.dropout(field, echo_s=0.05) == pytest.approx(2 / np.pi)
    assert bold_scan.dropout(np.ones_like(field), echo_s=0.05) == pytest.approx(1)


def test_interpolation_is_that_of_a_scan(
    person: Person, bold: PhantomBold, coarse: Phantom
) -> None:
    pose = acquisition.head_pose(coarse, "01", "3d", "bold")
    grid = acquisition.grid_of(bold.scan, pose)
    brain = person.anatomy.brain
    dense = scanner.resample(brain, affine=person.anatomy.affine, grid=grid)
    inside = dense > 0
    sparse: Any = bold_head.interpolation(inside, grid, person.anatomy)
    assert sparse @ brain.ravel() == pytest.approx(dense[inside], abs=1e-5)
