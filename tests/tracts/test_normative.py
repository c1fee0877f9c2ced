from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import points_in
from sonolesion.tracts import normative, template

Array = np.ndarray[Any, Any]
BRAIN = np.ones((40, 40, 40), dtype=bool)
AFFINE = np.eye(4)
AFFINE[:3, 3] = -20.0
LIMITS: dict[str, Any] = {
    "max_streamlines": 1000, "max_outside": 0.1, "step_mm": 1.0, "file": "norm.trx",
}  # fmt: skip


def lines(n: int, *, shift: float = 0.0) -> tuple[Array, Array]:
    """Return streamlines of 21 points 2 mm apart about the origin."""
    line = np.zeros((11, 3), dtype=np.float32)
    line[:, 0] = np.linspace(-10, 10, 11) + shift
    return np.tile(line, (n, 1)), np.arange(0, 11 * n + 1, 11)


def test_a_tractogram_of_the_template_is_thinned_and_made_dense() -> None:
    points, offsets = normative.prepared(*lines(10), BRAIN, AFFINE, **LIMITS)
    assert len(offsets) - 1 == 10
    assert np.abs(np.diff(points[: offsets[1]], axis=0)).max() <= 1.0
    _, fewer = normative.prepared(*lines(10), BRAIN, AFFINE, **LIMITS | {"max_streamlines": 4})
    assert len(fewer) - 1 == 4


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (lines(3, shift=25.0), "outside the template's brain"),
        ((np.zeros((0, 3), np.float32), np.zeros(1, np.int64)), "no streamline"),
        ((np.full((4, 3), np.nan, np.float32), np.array([0, 4])), "no numbers"),
        ((np.zeros((4, 3), np.float32), np.array([0, 3])), "offsets"),
    ],
)
def test_a_tractogram_of_another_space_is_refused(given: tuple[Array, Array], found: str) -> None:
    with pytest.raises(InputFault, match=found):
        normative.prepared(*given, BRAIN, AFFINE, **LIMITS)


@given(st.floats(-3.0, 3.0))
def test_a_probability_is_carried_by_the_warp(shift: float) -> None:
    field = np.zeros((8, 4, 4, 3), dtype=np.float32)
    field[..., 0] = shift
    volume = np.tile(np.linspace(0, 1, 30)[:, None, None], (1, 4, 4)).astype(np.float32)
    place = np.eye(4)
    place[0, 3] = -10.0
    got = template.warped(volume, place, field, np.eye(4), order=1, outside=0.0)
    np.testing.assert_allclose(got[:, 1, 1], (np.arange(8) + shift + 10) / 29, atol=1e-5)


def test_the_grid_under_a_warp_is_that_of_points_in() -> None:
    rng = np.random.default_rng(3)
    field = rng.normal(0, 2, (5, 6, 7, 3)).astype(np.float32)
    affine = np.diag([-1.5, 2.0, 1.0, 1.0])
    affine[:3, 3] = 4.0, -5.0, 6.0
    other = np.array([[0.9, 0.1, 0, 3.0], [-0.1, 0.9, 0, 1.0], [0, 0, 2.0, -4.0], [0, 0, 0, 1]])
    points = points_in(field.shape, affine, [(field, affine)])
    inverse = np.linalg.inv(other)
    wanted = np.moveaxis(points @ inverse[:3, :3].T + inverse[:3, 3], -1, 0)
    np.testing.assert_allclose(template.voxels_under(field, affine, other), wanted, atol=1e-4)
