from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.core.settings.lesion import Fit
from sonolesion.lesion import surface
from sonolesion.lesion.extent import Lattice, extent_of
from sonolesion.lesion.shape import fine_lattice

PLAN = Fit()
FINE = fine_lattice(np.zeros(3), reach_mm=10.0, step_mm=PLAN.fine_mm)
ALL = np.arange(len(FINE.points_mm()))
TILT = 0.15


def scan_grid(*edges: float) -> np.ndarray:
    """Return a scan's grid, tilted about x and off centre."""
    turn = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(edges)
    affine[:3, 3] = turn @ (np.array([-20.3, -20.1, -20.2]))
    return affine


POINTS = Lattice((9, 9, 9), np.array([[1.0, 0, 0, -4], [0, 1, 0, -4], [0, 0, 1, -4], [0, 0, 0, 1]]))


@pytest.mark.parametrize("order", [1, 3])
def test_a_uniform_region_stays_uniform(order: int) -> None:
    extent = extent_of(
        scan_grid(0.9, 0.9, 2.0), fine=FINE, points_mm=POINTS.points_mm(), order=order, step_mm=0.5
    )
    seen = extent(np.ones((1, len(ALL))), on=ALL)[0].reshape(9, 9, 9)
    np.testing.assert_allclose(seen[3:6, 3:6, 3:6], 1, atol=0.02)


@pytest.mark.parametrize(("order", "thick"), [(1, 3.0), (3, 2.0)])
def test_a_ball_is_seen_as_a_scan_of_it_is(order: int, thick: float) -> None:
    """Against an independent way: many samples in each voxel, then scipy's interpolation."""
    grid = scan_grid(0.9, 0.9, thick)
    points = POINTS.points_mm()
    away = np.linalg.norm(FINE.points_mm(), axis=1)
    ball = surface.occupancy(away, np.full(len(away), 2.5), edge_mm=PLAN.edge_mm)
    extent = extent_of(grid, fine=FINE, points_mm=points, order=order, step_mm=PLAN.sample_mm)
    found = extent(ball[None], on=ALL)[0]
    index = np.indices((46, 46, 24)).reshape(3, -1).T
    rng = np.random.default_rng(0)
    scan = np.zeros(len(index))
    for offset in rng.uniform(-0.5, 0.5, (900, 3)):
        place = (index + offset) @ grid[:3, :3].T + grid[:3, 3]
        scan += (np.linalg.norm(place, axis=1) < 2.5) / 900
    inverse = np.linalg.inv(grid)
    place = (points @ inverse[:3, :3].T + inverse[:3, 3]).T
    truth = ndimage.map_coordinates(scan.reshape(46, 46, 24), place, order=order, mode="mirror")
    assert np.abs(found - truth).max() < 0.12
    assert found.sum() == pytest.approx(truth.sum(), rel=0.02)


def test_a_part_of_the_fine_points_alone() -> None:
    extent = extent_of(
        scan_grid(1, 1, 1), fine=FINE, points_mm=POINTS.points_mm(), order=1, step_mm=0.5
    )
    values = np.random.default_rng(1).uniform(size=len(ALL))
    on = np.flatnonzero(values > 0.5)
    whole = np.where(values > 0.5, values, 0.0)
    np.testing.assert_allclose(
        extent(values[None, on], on=on), extent(whole[None], on=ALL), atol=1e-12
    )


def test_points_far_from_a_region_see_what_they_would_if_all_were_computed() -> None:
    """Only points near a region are computed; a voxel elsewhere makes all of them so."""
    extent = extent_of(
        scan_grid(1, 1, 1), fine=FINE, points_mm=POINTS.points_mm(), order=3, step_mm=0.5
    )
    ball = np.linalg.norm(FINE.points_mm() - 3.0, axis=1) < 1.5
    speck = np.linalg.norm(FINE.points_mm() + 4.0, axis=1) < 0.6
    joint = extent((ball | speck)[None], on=ALL) - extent(speck[None], on=ALL)
    np.testing.assert_allclose(extent(ball[None], on=ALL), joint, atol=0.004)


def test_a_cube_of_points_holds_what_lies_in_it() -> None:
    points = FINE.points_mm()
    centre, reach = np.array([1.3, -9.0, 0.2]), 2.1
    inside = np.flatnonzero((np.abs(points - centre) <= reach).all(axis=1))
    np.testing.assert_array_equal(FINE.cube(centre, reach), inside)
    assert not len(FINE.cube(np.full(3, 40.0), reach))


def test_regions_outside_the_scan_are_not_seen() -> None:
    extent = extent_of(
        scan_grid(1, 1, 1), fine=FINE, points_mm=POINTS.points_mm(), order=1, step_mm=0.5
    )
    assert not extent(np.zeros((2, 5)), on=np.arange(5)).any()
