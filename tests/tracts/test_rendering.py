from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.tracts import rendering
from sonolesion.tracts.rendering import Camera

ANGLES = st.floats(-180.0, 180.0)


def camera(azimuth: float, elevation: float, *, pixel_mm: float = 1.0) -> Camera:
    axes = rendering.axes_of(azimuth, elevation)
    return Camera(axes, np.zeros(3), (20.0, 15.0), pixel_mm)


@given(ANGLES, st.floats(-90.0, 90.0))
def test_axes_are_a_right_handed_frame_with_the_head_up(azimuth: float, elevation: float) -> None:
    axes = rendering.axes_of(azimuth, elevation)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[1, 2] >= -1e-12


@pytest.mark.parametrize(
    ("view", "right", "up", "towards"),
    [
        ((0.0, 0.0), (-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ((90.0, 0.0), (0, -1, 0), (0, 0, 1), (-1, 0, 0)),
        ((0.0, -90.0), (-1, 0, 0), (0, 1, 0), (0, 0, -1)),
    ],
)
def test_views_are_radiological(
    view: tuple[float, float], right: object, up: object, towards: object
) -> None:
    """From the front and from the feet the patient's left is on the right of the picture."""
    np.testing.assert_allclose(rendering.axes_of(*view), [right, up, towards], atol=1e-12)


@given(ANGLES, st.floats(-90.0, 90.0), st.lists(st.floats(-9, 9), min_size=3, max_size=3))
def test_projection_is_undone(azimuth: float, elevation: float, point: list[float]) -> None:
    seen = camera(azimuth, elevation)
    rows, columns, depth = seen.project(np.array([point]))
    np.testing.assert_allclose(seen.points_mm(rows, columns, depth), [point], atol=1e-9)


def line(*points: tuple[float, float, float]) -> np.ndarray:
    return np.array(points, dtype=np.float32)


def test_the_nearer_line_hides_the_farther_one_in_any_order() -> None:
    near, far = line((-5, 4, 0), (5, 4, 0)), line((0, -4, -5), (0, -4, 5))
    colours = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    offsets = np.array([0, 2, 4])
    seen = camera(0.0, 0.0)
    for order in ((0, 1), (1, 0)):
        points = np.concatenate([(near, far)[k] for k in order])
        drawn, depth = rendering.lines(seen, points, offsets, colours[list(order)], thick_px=1)
        row, column, _ = (np.rint(v).astype(int) for v in seen.project(np.zeros((1, 3))))
        assert drawn[row[0], column[0], 0] > 0
        assert drawn[row[0], column[0], 2] == 0
        assert depth[row[0], column[0]] == pytest.approx(4.0)
        assert np.isneginf(depth[0, 0])


def test_no_streamline_no_picture() -> None:
    none = np.zeros((0, 3), np.float32)
    drawn, depth = rendering.lines(camera(0, 0), none, np.array([0]), np.zeros((0, 3)), thick_px=1)
    assert not drawn.any()
    assert np.isneginf(depth).all()


def test_lines_beyond_the_frame_are_left_out() -> None:
    points = line((100, 0, 0), (120, 0, 0))
    drawn, _ = rendering.lines(camera(0, 0), points, np.array([0, 2]), np.ones((1, 3)), thick_px=2)
    assert not drawn.any()


def test_a_sphere_is_met_at_its_near_pole_and_faces_the_viewer_there() -> None:
    index = np.indices((31, 31, 31)).transpose(1, 2, 3, 0) - 15.0
    # A slope through a half at the radius of 8 mm, as a probability has.
    volume = np.clip(0.5 + (8.0 - np.linalg.norm(index, axis=-1)) / 4.0, 0.0, 1.0)
    affine = np.eye(4)
    affine[:3, 3] = -15.0
    for view in ((0.0, 0.0), (62.0, 14.0), (0.0, -90.0)):
        seen = camera(*view)
        depth, facing = rendering.surface(seen, volume, affine, level=0.5, step_mm=0.25)
        row, column = (int(v[0]) for v in seen.project(np.zeros((1, 3)))[:2])
        assert depth[row, column] == pytest.approx(8.0, abs=0.5)
        assert facing[row, column] > 0.98
        # Its shadow is a disc of 8 mm.
        assert np.isfinite(depth).sum() == pytest.approx(np.pi * 64, rel=0.06)


def test_nothing_above_the_level_is_no_surface() -> None:
    depth, facing = rendering.surface(
        camera(0, 0), np.zeros((4, 4, 4)), np.eye(4), level=0.5, step_mm=0.5
    )
    assert np.isneginf(depth).all()
    assert not facing.any()


def test_a_section_reads_the_plane_through_the_centre() -> None:
    ramp = np.broadcast_to(np.arange(41.0)[:, None, None], (41, 41, 41)).astype(np.float32)
    affine = np.eye(4)
    affine[:3, 3] = -20.0
    plane = rendering.section(camera(0.0, 0.0), ramp, affine)
    # From the front x falls to the right.
    assert (np.diff(plane[15, 5:35]) < 0).all()
    assert plane[:, 10].std() < 1e-5
