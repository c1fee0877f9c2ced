from __future__ import annotations

import numpy as np
import pytest

from sonolesion.anatomy import geometry, template

from .conftest import TOY_AFFINE, toy_brain

POSE = geometry.about(
    np.array([0.0, 0, 0]), geometry.rotation((1, 0.3, 0), 12), np.array([25.0, -10, 40])
)
FIT = {
    "spacing_mm": 3.0, "metric": "NCC 2x2x2", "linear_iterations": (40, 20), "iterations": (40, 20),
    "smooth_gradient_mm": 9.0, "smooth_field_mm": 2.0, "jitter_voxels": 0.1,
    "seed": 1, "n_threads": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def head() -> tuple[np.ndarray, np.ndarray]:
    """Toy brain in a far-off pose and 10 % smaller, on a grid of its own."""
    affine = np.diag([-3.0, 3, 3, 1])
    affine[:3, 3] = [95, -90, -30]
    points = geometry.apply(np.linalg.inv(POSE), geometry.grid_points((46, 50, 46), affine))
    return toy_brain(points / 0.9), affine


@pytest.fixture(scope="module")
def fit(head: tuple[np.ndarray, ...]) -> template.TemplateFit:
    toy = toy_brain(geometry.grid_points((41, 48, 37), TOY_AFFINE))
    start = template.find_head(
        toy, TOY_AFFINE, *head, pitch_degrees=(0, 15), rise_mm=(0,), metric="NCC 2x2x2",
        iterations=(40, 20), jitter_voxels=0.1, seed=1, n_threads=1,
    )  # fmt: skip
    return template.fit_template(toy, TOY_AFFINE, *head, start=start, **FIT)


def test_a_far_smaller_head_is_found(fit: template.TemplateFit) -> None:
    places = np.array([[18.0, 30, -8], [-20, -25, 10], [0, 0, 2]])
    error = fit.to_subject(places) - geometry.apply(POSE, 0.9 * places)
    assert np.linalg.norm(error, axis=1).max() < 2.0
    assert fit.correlation > 0.9


def test_there_and_back_is_nothing(fit: template.TemplateFit) -> None:
    places = np.array([[18.0, 30, -8], [-20, -25, 10], [0, 0, 2]])
    back = fit.to_template(fit.to_subject(places))
    np.testing.assert_allclose(back, places, atol=0.5)


def test_the_warps_are_the_point_maps(fit: template.TemplateFit) -> None:
    affine = np.eye(4)
    affine[:3, 3] = [5, 6, 7]
    there = template.displacement_to_subject(fit, (2, 2, 2), affine)
    point = np.array([6.0, 7, 8])
    np.testing.assert_allclose(point + there[1, 1, 1], fit.to_subject(point), atol=0.01)
    back = template.displacement_to_template(fit, (2, 2, 2), affine)
    np.testing.assert_allclose(point + back[1, 1, 1], fit.to_template(point), atol=0.01)


def test_the_brain_is_what_is_not_background(toy: np.ndarray) -> None:
    assert (template.brain_of(toy) == (toy > 0)).all()
