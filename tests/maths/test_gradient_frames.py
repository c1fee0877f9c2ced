from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sonolesion.maths.gradient_frames import direction_cosines, to_fsl, to_world

RADIOLOGICAL = np.diag([-2.0, 2.0, 3.0, 1.0])
NEUROLOGICAL = np.diag([2.0, 2.0, 3.0, 1.0])


def oblique(seed: int, *, flipped: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    turn = Rotation.random(rng=rng).as_matrix()
    affine[:3, :3] = turn * rng.uniform(0.5, 6.0, 3) * np.array([-1.0 if flipped else 1.0, 1, 1])
    affine[:3, 3] = rng.normal(0, 50, 3)
    return affine


def test_first_axis_points_left_to_right_in_neither_storage() -> None:
    """FSL's first axis is the world's left in both storages of an unrotated scan."""
    given_vectors = np.array([[0.6, 0.8, 0.0], [0.0, 0.0, 0.0]])
    for affine in (RADIOLOGICAL, NEUROLOGICAL):
        assert to_world(given_vectors, affine).tolist() == [[-0.6, 0.8, 0.0], [0.0, 0.0, 0.0]]


def test_quarter_turn_by_hand() -> None:
    """First voxel axis to the front, second to the left: FSL reverses the first."""
    affine = np.array([[0.0, -2, 0, 0], [2, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    assert to_world(np.array([[1.0, 0, 0], [0, 1, 0]]), affine).tolist() == [[0, -1, 0], [-1, 0, 0]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_there_and_back_keeps_everything(seed: int, flipped: bool) -> None:
    affine = oblique(seed, flipped=flipped)
    vectors = np.random.default_rng(seed).normal(size=(7, 3))
    world = to_world(vectors, affine)
    assert to_fsl(world, affine) == pytest.approx(vectors)
    assert np.linalg.norm(world, axis=1) == pytest.approx(np.linalg.norm(vectors, axis=1))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_reversed_storage_of_the_same_scan_has_the_same_table(seed: int) -> None:
    """FSL reverses the first axis so that a scan stored from either side has one table."""
    affine = oblique(seed, flipped=False)
    reverse = affine @ np.diag([-1.0, 1, 1, 1])
    vectors = np.random.default_rng(seed).normal(size=(5, 3))
    assert to_world(vectors, affine) == pytest.approx(to_world(vectors, reverse))


def test_shear_of_rounding_leaves_lengths_alone() -> None:
    affine = NEUROLOGICAL.copy()
    affine[0, 1] = 0.01
    axes = direction_cosines(affine)
    assert axes.T @ axes == pytest.approx(np.eye(3))


@pytest.mark.parametrize("affine", [np.zeros((4, 4)), np.eye(3), np.full((4, 4), np.nan)])
def test_impossible_affines_are_refused(affine: np.ndarray) -> None:
    with pytest.raises(ValueError, match="affine"):
        to_world(np.zeros((2, 3)), affine)


def test_transposed_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="N rows of 3"):
        to_world(np.zeros((3, 17)), NEUROLOGICAL)


@pytest.mark.parametrize("flipped", [False, True])
def test_world_is_that_of_mrtrix(tmp_path: Path, flipped: bool) -> None:
    program = shutil.which("mrinfo")
    if program is None:
        pytest.skip("MRtrix is not installed")
    affine = oblique(3, flipped=flipped)
    vectors = np.random.default_rng(3).normal(size=(8, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    image, table = tmp_path / "dwi.nii", [tmp_path / "dwi.bvec", tmp_path / "dwi.bval"]
    nib.save(nib.Nifti1Image(np.ones((4, 4, 4, 8), dtype=np.float32), affine), image)
    np.savetxt(table[0], vectors.T)
    np.savetxt(table[1], np.full((1, 8), 1000.0))
    command = [program, "-quiet", "-nthreads", "0", image, "-fslgrad", *table, "-dwgrad"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert to_world(vectors, affine) == pytest.approx(
        np.array(told.split(), dtype=float).reshape(8, 4)[:, :3], abs=1e-5
    )
