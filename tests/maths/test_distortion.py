"""Known fields are recovered from scans that were distorted by pushing signal about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from sonolesion.core.settings.diffusion_distortion import Distortion
from sonolesion.maths import distortion
from sonolesion.maths.distortion import unwarp
from sonolesion.maths.distortion_field import Search
from sonolesion.maths.distortion_pose import moved, pose_step, rotation

Volume = np.ndarray[Any, np.dtype[Any]]
SETTINGS = Distortion()
PAIR = Search(**SETTINGS.pair.model_dump())
COARSE = replace(PAIR, levels_mm=(8.0, 6.0))
REFERENCE = Search(**SETTINGS.reference.model_dump())
SHAPE = (32, 44, 20)
EDGE_MM = (3.0, 3.0, 3.0)
FINE = 12
READOUT_S = 0.04


def blob(places: list[Volume], centre: tuple[float, ...], size: float) -> Volume:
    distance = sum((p - c) ** 2 for p, c in zip(places, centre, strict=True))
    return np.asarray(np.exp(-0.5 * distance / size**2))


def grid(fine: int = 1) -> list[Volume]:
    x, y, z = SHAPE
    rows = (np.arange(y * fine) + 0.5) / fine - 0.5
    return list(np.meshgrid(np.arange(x), rows, np.arange(z), indexing="ij"))


def head(fine: int = 1, contrast: float = 20) -> Volume:
    """Return tissue with ventricles and cortical folds, smooth, about 100, 250 in fluid."""
    x, y, z = grid(fine)
    radius = np.sqrt(((x - 15.5) / 12) ** 2 + ((y - 21.5) / 16) ** 2 + ((z - 9.5) / 11) ** 2)
    inside = 1 / (1 + np.exp((radius - 1) * 14))
    folds = np.cos(1.1 * x) * np.cos(0.9 * y) * np.cos(0.5 * z)
    fluid = blob([x, y, z], (13, 22, 10), 2.2) + blob([x, y, z], (18.5, 24, 10), 2.0)
    return np.asarray(inside * (110 + contrast * folds + 150 * fluid))


def field(fine: int = 1) -> Volume:
    """Return a field of up to 60 Hz (2.4 voxels), as above sinuses and ear canals."""
    places = grid(fine)
    sinus = 60 * blob(places, (15.5, 33, 6), 4.0)
    ears = blob(places, (6, 20, 5), 3.5) + blob(places, (25, 20, 5), 3.5)
    return np.asarray(sinus - 35 * ears, dtype=np.float32)


def push(fine_scan: Volume, fine_field: Volume, sign: int, readout_s: float) -> Volume:
    """Distort by moving signal forward, bit by bit: independent of the code under test."""
    x, y, z = grid(FINE)
    cell = np.floor(y + 0.5 + sign * readout_s * fine_field).astype(int)
    out = np.zeros(SHAPE)
    kept = (cell >= 0) & (cell < SHAPE[1])
    np.add.at(out, (x[kept].astype(int), cell[kept], z[kept].astype(int)), fine_scan[kept] / FINE)
    return out.astype(np.float32)


@pytest.fixture(scope="module")
def scans() -> dict[str, Volume]:
    """Return both distorted scans, the true one, its field and a mask."""
    fine, fine_field = head(FINE), field(FINE)
    true = push(fine, 0 * fine_field, 1, READOUT_S)
    return {
        "up": push(fine, fine_field, 1, READOUT_S),
        "down": push(fine, fine_field, -1, READOUT_S),
        "slow": push(fine, fine_field, -1, 1.5 * READOUT_S),
        "true": true,
        "field": field(),
        "mask": ndimage.binary_erosion(true > 50, iterations=1),
    }


def solve(up: Volume, down: Volume, **changed: Any) -> distortion.Pair:
    known: dict[str, Any] = {
        "axis": 1,
        "sign": 1,
        "readout_s": READOUT_S,
        "other_readout_s": READOUT_S,
        "voxel_mm": EDGE_MM,
        "how": PAIR,
        "min_motion_mm": SETTINGS.min_motion_mm,
    }
    return distortion.solve_pair(up, down, **(known | changed))


def rms_hz(found: Volume, scans: dict[str, Volume]) -> float:
    return float(np.sqrt(((found - scans["field"])[scans["mask"]] ** 2).mean()))


def test_signal_moves_up_with_a_positive_field_and_is_fetched_back() -> None:
    scan, hz = np.zeros((1, 12, 1), np.float32), np.full((1, 12, 1), 50.0)
    scan[0, 7] = 1.0
    # 50 Hz over 0.04 s are 2 voxels: with encoding j tissue of voxel 5 is seen in voxel 7.
    back = unwarp(scan, hz, axis=1, sign=1, readout_s=0.04)
    assert back[0, :, 0] == pytest.approx(np.eye(12)[5])
    back = unwarp(scan, hz, axis=1, sign=-1, readout_s=0.04)
    assert back[0, :, 0] == pytest.approx(np.eye(12)[9])
    assert distortion.displacement_voxels(hz, 0.04, -1)[0, 0, 0] == pytest.approx(-2.0)


def test_a_stretched_plateau_gets_its_height_back() -> None:
    # d = 0.25 y: the signal of 1 is thinned to 0.8 over 1.25 times the length.
    scan, hz = np.full((1, 40, 1), 0.8, np.float32), np.zeros((1, 40, 1), np.float32)
    hz[0, :, 0] = 0.25 * np.arange(40) / 0.04
    back = unwarp(scan, hz, axis=1, sign=1, readout_s=0.04)
    assert back[0, 2:29, 0] == pytest.approx(np.ones(27), abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), axis=st.integers(0, 2), sign=st.sampled_from([-1, 1]))
def test_no_signal_is_made_or_lost(seed: int, axis: int, sign: int) -> None:
    rng = np.random.default_rng(seed)
    scan = np.zeros((14, 14, 14), np.float32)
    scan[4:10, 4:10, 4:10] = rng.uniform(0, 100, (6, 6, 6))
    hz = ndimage.gaussian_filter(rng.normal(0, 300, scan.shape), 2)
    hz = np.clip(hz, -60, 60)
    back = unwarp(scan, hz, axis=axis, sign=sign, readout_s=READOUT_S)
    assert back.sum(axis=axis) == pytest.approx(scan.sum(axis=axis), rel=1e-4, abs=1e-2)
    # A field steeper than one voxel a voxel folds the image over; this one does not.
    assert back.min() >= -1e-3


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), axis=st.integers(0, 2))
def test_no_field_changes_nothing(seed: int, axis: int) -> None:
    scan = np.random.default_rng(seed).normal(0, 100, (5, 6, 7)).astype(np.float32)
    same = unwarp(scan, np.zeros(scan.shape), axis=axis, sign=1, readout_s=READOUT_S)
    assert same == pytest.approx(scan, abs=1e-3)


def test_the_true_field_undoes_the_distortion(scans: dict[str, Volume]) -> None:
    for name, sign in (("up", 1), ("down", -1)):
        back = unwarp(scans[name], scans["field"], axis=1, sign=sign, readout_s=READOUT_S)
        error = np.abs(back - scans["true"])[scans["mask"]].mean()
        assert error < 0.4 * np.abs(scans[name] - scans["true"])[scans["mask"]].mean()


def test_a_pair_gives_its_field(scans: dict[str, Volume]) -> None:
    found = distortion.from_opposed(
        scans["up"],
        scans["down"],
        axis=1,
        readout_up_s=READOUT_S,
        readout_down_s=READOUT_S,
        voxel_mm=EDGE_MM,
        how=PAIR,
        min_motion_mm=SETTINGS.min_motion_mm,
    )
    # 4 Hz are 0.5 mm of displacement; the field itself has 17 Hz.
    assert rms_hz(found, scans) < 4.0 < rms_hz(0 * found, scans) / 3


def test_unlike_echo_times_and_sensitivity_leave_the_field(scans: dict[str, Volume]) -> None:
    x, _, _ = grid(FINE)
    fine, hz = head(FINE), field(FINE)
    brighter = np.where(fine > 150, 1.3, 1.0)
    other = push(3 * fine * brighter * (1 + 0.01 * (x - 15.5)), hz, -1, READOUT_S)
    assert rms_hz(solve(scans["up"], other).field_hz, scans) < 5.0


def test_unlike_readout_times_count(scans: dict[str, Volume]) -> None:
    found = solve(scans["up"], scans["slow"], other_readout_s=1.5 * READOUT_S)
    assert rms_hz(found.field_hz, scans) < 4.0


def test_labels_decide_the_sign_alone(scans: dict[str, Volume]) -> None:
    plain, swapped = (solve(scans["up"], scans["down"], sign=s, how=COARSE) for s in (1, -1))
    assert swapped.field_hz == pytest.approx(-plain.field_hz)


def test_axes_are_alike(scans: dict[str, Volume]) -> None:
    plain = solve(scans["up"], scans["down"], how=COARSE)
    turned = [np.ascontiguousarray(np.moveaxis(scans[n], 1, 0)) for n in ("up", "down")]
    found = solve(turned[0], turned[1], axis=0, how=COARSE)
    assert np.moveaxis(found.field_hz, 0, 1) == pytest.approx(plain.field_hz, abs=0.5)


def test_no_distortion_gives_no_field(scans: dict[str, Volume]) -> None:
    rng = np.random.default_rng(1)
    noisy = [scans["true"] + rng.normal(0, 2, SHAPE) for _ in range(2)]
    found = solve(noisy[0], noisy[1])
    assert np.abs(found.field_hz[scans["mask"]]).max() < 2.5
    assert np.array_equal(found.pose, np.eye(4))


def test_head_motion_between_both_is_found(scans: dict[str, Volume]) -> None:
    fine, edges = head(FINE, contrast=60), np.array(EDGE_MM)
    up, down = (push(fine, field(FINE), sign, READOUT_S) for sign in (1, -1))
    pose = np.eye(4)
    pose[:3, :3] = rotation(np.deg2rad([0.0, 2.0, 0.0]))
    pose[[0, 2], 3] = 1.5, -1.0
    away = moved(down, np.linalg.inv(pose), voxel_mm=edges, order=3)
    found = solve(up, away)
    assert found.pose[[0, 2], 3] == pytest.approx(pose[[0, 2], 3], abs=0.2)
    assert np.rad2deg(found.pose[0, 2]) == pytest.approx(2.0, abs=0.5)
    assert rms_hz(found.field_hz, scans) < 5.0
    without = solve(up, away, min_motion_mm=99.0)
    assert rms_hz(found.field_hz, scans) < 0.8 * rms_hz(without.field_hz, scans)


def test_pose_step_by_hand(scans: dict[str, Volume]) -> None:
    shift = np.eye(4)
    shift[0, 3] = 0.3
    edges = np.array(EDGE_MM)
    away = moved(scans["true"], np.linalg.inv(shift), voxel_mm=edges, order=3)
    found = pose_step(scans["true"], away, voxel_mm=edges, phase_axis=1)
    assert found[:3, 3] == pytest.approx([0.3, 0.0, 0.0], abs=0.03)


def test_registration_to_another_contrast_undoes_distortion(scans: dict[str, Volume]) -> None:
    # Contrast as of fluid and tissue: the weak one of the other tests is less than the distortion.
    fine = head(FINE, contrast=80)
    up, true = (push(fine, k * field(FINE), 1, READOUT_S) for k in (1, 0))
    mask = ndimage.binary_dilation(scans["true"] > 50)
    hz = distortion.from_reference(
        up,
        300 - true,
        mask,
        axis=1,
        sign=1,
        readout_s=READOUT_S,
        voxel_mm=EDGE_MM,
        how=REFERENCE,
    )
    assert rms_hz(hz, scans) < 0.75 * rms_hz(0 * hz, scans)


def test_a_map_is_brought_to_the_grid_and_cleaned() -> None:
    x, y, _ = np.meshgrid(*(np.arange(20.0),) * 3, indexing="ij")
    hz, mask = 2.0 * y, (x > 2) & (x < 17)
    hz[10, 10, 10], hz[~mask] = 500.0, np.nan
    # The scan's voxels are half as long, and its origin is 4 mm up the second axis.
    affine = np.diag([1.5, 1.5, 1.5, 1.0])
    affine[1, 3] = 12.0
    found = distortion.from_b0_map(
        np.nan_to_num(hz),
        np.diag([3.0, 3.0, 3.0, 1.0]),
        mask=mask,
        affine=affine,
        shape=(40, 20, 40),
        dwi_to_map=np.eye(4),
        smooth_mm=3.0,
    )
    # World 12 mm + 1.5 mm j is map voxel 4 + j / 2, with 2 Hz a voxel.
    assert found[20, :, 20] == pytest.approx(8.0 + np.arange(20), abs=0.1)
    assert found[0, 4, 20] == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize("fault", ["shape", "nan", "empty", "readout", "sign"])
def test_bad_input_is_refused(fault: str) -> None:
    one = np.random.default_rng(0).uniform(1, 9, (8, 8, 8))
    two, more = one.copy(), {}
    if fault == "shape":
        two = one[:-1]
    elif fault == "nan":
        two[0, 0, 0] = np.nan
    elif fault == "empty":
        two[:] = 0
    else:
        more = {"readout": {"readout_s": 0.0}, "sign": {"sign": 0}}[fault]
    words = {"shape": "shapes", "nan": "NaN", "empty": "empty", "readout": "positive"}
    with pytest.raises(ValueError, match=words.get(fault, "sign")):
        solve(one, two, **more)


def test_bad_maps_and_masks_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        distortion.from_b0_map(
            np.zeros((4, 4, 4)),
            np.eye(4),
            mask=np.zeros((4, 4, 4), bool),
            affine=np.eye(4),
            shape=(4, 4, 4),
            dwi_to_map=np.eye(4),
            smooth_mm=1.0,
        )
    one = np.random.default_rng(0).uniform(1, 9, (8, 8, 8))
    with pytest.raises(ValueError, match="mask is empty"):
        distortion.from_reference(
            one,
            one,
            0 * one,
            axis=1,
            sign=1,
            readout_s=READOUT_S,
            voxel_mm=EDGE_MM,
            how=REFERENCE,
        )


def test_real_opposite_scans_agree_better_afterwards(root: Path) -> None:
    import nibabel as nib

    place = root.parent / "shared/data/bids/sub-multi01/ses-baseline/dwi"
    if not place.is_dir():
        pytest.skip("sub-multi01 of ../shared/data is not there")
    b0 = []
    for name in ("A", "P"):
        image = nib.load(place / f"sub-multi01_ses-baseline_dir-{name}_dwi.nii.gz")
        whole = np.asarray(image.dataobj[..., 0], dtype=np.float32)
        x, y, z = (n // 2 for n in whole.shape)
        halves = whole[: 2 * x, : 2 * y, : 2 * z].reshape(x, 2, y, 2, z, 2)
        b0.append(halves.mean(axis=(1, 3, 5)))
    # Half as many voxels of twice the length: half the readout time.
    pair = solve(b0[0], b0[1], readout_s=0.019, other_readout_s=0.019, voxel_mm=(4.0,) * 3)
    mask = ndimage.binary_opening(b0[0] > b0[0].mean(), iterations=2)
    after = [
        unwarp(
            moved(b, p, voxel_mm=np.array([4.0] * 3), order=3),
            pair.field_hz,
            axis=1,
            sign=s,
            readout_s=0.019,
        )
        for b, p, s in ((b0[0], np.eye(4), 1), (b0[1], pair.pose, -1))
    ]
    before = np.corrcoef(b0[0][mask], b0[1][mask])[0, 1]
    assert np.corrcoef(after[0][mask], after[1][mask])[0, 1] > before + 0.05
