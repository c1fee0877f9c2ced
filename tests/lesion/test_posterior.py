"""Recover a shape from what two scans show of it; the scans are made by sampling, not by Extent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage, stats

from sonolesion.core.settings.lesion import Fit
from sonolesion.lesion import posterior, shape
from sonolesion.lesion.extent import Lattice, extent_of
from sonolesion.lesion.outline import FitPlan

PLAN = FitPlan(**Fit().model_dump())
CENTRE = np.array([0.7, -0.4, 0.3])
FINE = shape.fine_lattice(np.zeros(3), reach_mm=8, step_mm=0.5)
FIELD = posterior.Field(FINE, np.ones(len(FINE.points_mm())), 0.6)
GRID = Lattice(
    (13, 13, 13), np.array([[1.0, 0, 0, -6], [0, 1, 0, -6], [0, 0, 1, -6], [0, 0, 0, 1]])
)
CHANGES = ((-0.25, -0.08), (0.5, -0.2))
RADII = (1.7, 2.6)
NOISE = 0.03
THICK = (1.0, 2.0)
MEAN, SD = PLAN.prior(68.5).normal(np.zeros(3), oedema=False)


def native(slice_mm: float) -> np.ndarray:
    affine = np.diag([1.0, 1.0, slice_mm, 1.0])
    affine[:3, 3] = [-14.3, -14.1, -14.2]
    return affine


def scanned(slice_mm: float, changes: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return the change of a ball within a ball, at the grid's points, through thick slices."""
    affine, size = native(slice_mm), (29, 29, int(29 / slice_mm))
    index = np.indices(size).reshape(3, -1).T
    value = np.zeros(len(index))
    for offset in rng.uniform(-0.5, 0.5, (150, 3)):
        away = np.linalg.norm((index + offset) @ affine[:3, :3].T + affine[:3, 3] - CENTRE, axis=1)
        value += np.select([away < RADII[0], away < RADII[1]], changes, 0.0) / 150
    value += NOISE * rng.standard_normal(len(index))
    inverse = np.linalg.inv(affine)
    place = (GRID.points_mm() @ inverse[:3, :3].T + inverse[:3, 3]).T
    return ndimage.map_coordinates(value.reshape(size), place, order=1)


@pytest.fixture(scope="module")
def seen() -> list[posterior.Seen]:
    rng = np.random.default_rng(4)
    points = GRID.points_mm()
    return [
        posterior.Seen(
            scanned(slice_mm, changes, rng),
            np.full(len(points), NOISE * np.sqrt(slice_mm)),
            extent_of(native(slice_mm), fine=FINE, points_mm=points, order=1, step_mm=0.5),
            np.array([changes[0] * 0.7, 0.0]),
            np.array([0.3, 0.3]),
        )
        for slice_mm, changes in zip(THICK, CHANGES, strict=True)
    ]


@pytest.fixture(scope="module")
def found(seen: list[posterior.Seen]) -> posterior.Fit:
    return posterior.fit(seen, FIELD, start=MEAN, mean=MEAN, sd=SD, rounds=30, tolerance=0.05)


def test_size_place_and_changes_are_recovered(found: posterior.Fit) -> None:
    core, lesion, _ = shape.volumes_mm3(found.parameters, shape.DIRECTIONS)
    assert lesion == pytest.approx(4 / 3 * np.pi * RADII[1] ** 3, rel=0.12)
    assert core == pytest.approx(4 / 3 * np.pi * RADII[0] ** 3, rel=0.35)
    assert np.linalg.norm(found.parameters[shape.CENTRE] - CENTRE) < 0.25
    np.testing.assert_allclose(found.changes, CHANGES, atol=0.15)


def test_drawn_shapes_hold_the_truth(seen: list[posterior.Seen], found: posterior.Fit) -> None:
    drawn = posterior.draw(
        found, seen, FIELD, mean=MEAN, sd=SD, stride=0.3, count=60, thin=2, seed=0
    )
    volumes = [shape.volumes_mm3(one, shape.DIRECTIONS)[1] for one in drawn]
    low, high = np.quantile(volumes, [0.02, 0.98])
    assert low < 4 / 3 * np.pi * RADII[1] ** 3 < high
    # The chain moves: most draws differ.
    assert len(np.unique(np.round(volumes, 6))) > 30


def test_log_odds_tell_a_lesion_from_noise(seen: list[posterior.Seen]) -> None:
    rng = np.random.default_rng(9)
    noise = [replace(one, value=NOISE * rng.standard_normal(len(one.value))) for one in seen]
    for data, there in ((seen, True), (noise, False)):
        best = posterior.fit(data, FIELD, start=MEAN, mean=MEAN, sd=SD, rounds=15, tolerance=0.05)
        assert bool(posterior.log_odds(best, data, sd=SD) > PLAN.least_gain) is there


def test_misfit_is_one_for_noise_as_stated(
    seen: list[posterior.Seen], found: posterior.Fit
) -> None:
    bold = [replace(one, sd=one.sd / 6) for one in seen]
    assert (posterior.misfit(found, bold, FIELD) > 1.5).all()
    shy = [replace(one, sd=one.sd * 3) for one in seen]
    np.testing.assert_allclose(posterior.misfit(found, shy, FIELD), 1.0)


def test_changes_are_integrated_out_exactly(seen: list[posterior.Seen]) -> None:
    """Against the multivariate normal density of the values themselves."""
    one = seen[0]
    few = slice(0, 40)
    laid = shape.regions(MEAN, FIELD.points_mm, FIELD.tissue, edge_mm=0.6, slopes=False)
    shown = one.extent(laid.zones, on=np.arange(len(FIELD.tissue)))
    middle = np.argsort(-shown.sum(axis=0))[few]
    cut = replace(
        one, value=one.value[middle], sd=one.sd[middle], extent=lambda _, **_on: shown[:, middle]
    )
    covariance = np.diag(cut.sd**2) + shown[:, middle].T @ np.diag(one.spread**2) @ shown[:, middle]
    truth = stats.multivariate_normal.logpdf(cut.value, one.mean @ shown[:, middle], covariance)
    constant = -0.5 * len(middle) * np.log(2 * np.pi) - np.log(cut.sd).sum()
    value, _ = posterior.score(MEAN, [cut], FIELD, mean=MEAN, sd=SD)
    assert value + constant == pytest.approx(truth)
