from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonolesion.core import gradients as reader
from sonolesion.core.settings.phantom_dti import TensorScan
from sonolesion.phantom import gradients


@pytest.mark.parametrize("n", [6, 24, 45])
def test_directions_are_spread_evenly(n: int) -> None:
    vectors = np.array(gradients.evenly(n))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    # Even spread: the second moments are those of the sphere.
    assert vectors.T @ vectors / n == pytest.approx(np.eye(3) / 3, abs=0.02)
    cosines = np.abs(vectors @ vectors.T) - np.eye(n)
    # No two are much closer than the side of a square patch of a half sphere in n parts.
    assert np.arccos(cosines.max()) > 0.75 * np.sqrt(2 * np.pi / n)


def test_six_directions_are_the_axes_of_an_icosahedron() -> None:
    vectors = np.array(gradients.evenly(6))
    cosines = np.abs(vectors @ vectors.T)[~np.eye(6, dtype=bool)]
    assert cosines == pytest.approx(1 / np.sqrt(5), abs=0.01)


def test_table_spreads_the_unweighted_volumes() -> None:
    b_values, vectors = gradients.table(TensorScan(n_directions=10, n_b0=3, averages=2))
    assert np.flatnonzero(b_values == 0).tolist() == [0, 4, 8, 13, 17, 21]
    assert not vectors[b_values == 0].any()
    assert vectors[1] == pytest.approx(vectors[14])


@pytest.mark.parametrize(
    ("axes", "expected"),
    [((-1, 1), (-0.6, 0.8, 0)), ((1, 1), (-0.6, 0.8, 0)), ((1, -1), (0.6, -0.8, 0))],
)
def test_files_hold_the_convention_of_fsl(
    axes: tuple[int, int], expected: tuple[float, ...], tmp_path: Path
) -> None:
    affine = np.diag([2.0 * axes[0], 2.0 * axes[1], 3.0, 1.0])
    vectors = np.array([[0.0, 0, 0], [0.6, 0.8, 0]])
    gradients.write(tmp_path / "a_dwi", np.array([0.0, 1000.0]), vectors, affine)
    table = reader.read(tmp_path / "a_dwi.bval", tmp_path / "a_dwi.bvec", n_volumes=2)
    assert table.b_values.tolist() == [0.0, 1000.0]
    assert table.vectors[1] == pytest.approx(expected)
