from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.functional.noise_components import acompcor, noise_mask, tcompcor
from sonolesion.functional.trends import cosines

Array = NDArray[np.float64]
TR = 2.0
HOW = {"repetition_s": TR, "period_s": 128.0}


def brain() -> tuple[Array, NDArray[np.bool_], Array]:
    """Return a series whose lower half carries two known courses, that half, and the courses."""
    rng = np.random.default_rng(3)
    courses = rng.normal(size=(2, 80))
    half = np.zeros((8, 8, 8), dtype=bool)
    half[:, :, :4] = True
    data = 1000 + rng.normal(0, 1, (8, 8, 8, 80))
    data[half] += rng.normal(0, 4, (half.sum(), 2)) @ courses
    return data + 5 * np.linspace(-1, 1, 80), half, courses


def shared(found: Array, wanted: Array) -> float:
    """Return the least cosine between the span of courses (K, N) and columns (N, K)."""
    trends = cosines(80, **HOW)
    left = wanted.T - trends @ np.linalg.lstsq(trends, wanted.T, rcond=None)[0]
    return float(np.linalg.svd(np.linalg.qr(left)[0].T @ found)[1].min())


def test_common_courses_of_a_tissue_are_found() -> None:
    data, half, courses = brain()
    found = acompcor(data, half, n_components=2, **HOW)
    assert shared(found.series, courses) > 0.99
    assert found.series.T @ found.series == pytest.approx(np.eye(2), abs=1e-9)
    assert found.explained[0] >= found.explained[1] > 0.2
    assert found.n_voxels == half.sum()


def test_components_of_three_voxels_by_singular_values() -> None:
    data, half, _ = brain()
    mask = half & (np.arange(512).reshape(8, 8, 8) % 171 == 0)
    series = data[mask] - data[mask] @ np.linalg.pinv(cosines(80, **HOW)).T @ cosines(80, **HOW).T
    axes, sizes, _ = np.linalg.svd((series / series.std(axis=1, keepdims=True)).T)
    found = acompcor(data, mask, n_components=5, **HOW)
    n_voxels = int(mask.sum())
    assert found.series.shape == (80, n_voxels)
    assert np.abs(np.sum(found.series * axes[:, :n_voxels], axis=0)) == pytest.approx(1.0)
    assert found.explained == pytest.approx(sizes**2 / (sizes**2).sum())


def test_scale_and_mean_of_the_voxels_do_not_matter() -> None:
    data, half, _ = brain()
    gain = np.random.default_rng(0).uniform(1, 9, (8, 8, 8, 1))
    one = acompcor(data, half, n_components=3, **HOW).series
    two = acompcor(gain * data + 100 * gain, half, n_components=3, **HOW).series
    assert np.allclose(one, two, atol=1e-6)


def test_the_voxels_that_vary_most_are_chosen_trends_aside() -> None:
    data, half, courses = brain()
    data[0, 0, 7] += 300 * np.linspace(-1, 1, 80) ** 2
    found, chosen = tcompcor(data, np.ones((8, 8, 8), bool), share=0.1, n_components=2, **HOW)
    assert chosen.sum() == pytest.approx(52, abs=1)
    assert not (chosen & ~half).any()
    assert shared(found.series, courses) > 0.98


def test_cosines_span_those_of_nilearn() -> None:
    from nilearn.signal import create_cosine_drift

    ours = cosines(80, **HOW)
    theirs = create_cosine_drift(1 / 128.0, TR * np.arange(80))
    assert np.linalg.matrix_rank(np.hstack([ours, theirs])) == ours.shape[1] == theirs.shape[1]


def mask_of(edge: int, exclusion: NDArray[np.bool_] | None = None, **other: float) -> Array:
    tissue = np.zeros((14, 14, 14))
    tissue[2 : 2 + edge, 2 : 2 + edge, 2 : 2 + edge] = 0.99
    none = np.zeros(tissue.shape, dtype=bool)
    how = {"min_probability": 0.95, "n_erosions": 2, "min_voxels": 20} | other
    whole = np.ones(tissue.shape, dtype=bool)
    found, times = noise_mask(
        tissue, whole, none if exclusion is None else exclusion, file="a.nii.gz", **how
    )
    return np.array([found.sum(), times])


def test_masks_are_eroded_as_far_as_enough_is_left() -> None:
    assert mask_of(9).tolist() == [5**3, 2]
    assert mask_of(5).tolist() == [3**3, 1]
    assert mask_of(3).tolist() == [3**3, 0]


def test_the_edge_of_the_grid_is_a_surface_too() -> None:
    full = np.ones((6, 6, 6))
    found, _ = noise_mask(
        full, full > 0, full < 0, min_probability=0.9, n_erosions=2, min_voxels=2, file="a"
    )
    assert found.sum() == 2**3


def test_the_exclusion_is_left_out_and_is_no_surface() -> None:
    exclusion = np.zeros((14, 14, 14), dtype=bool)
    exclusion[6, 6, 6] = True
    assert mask_of(9, exclusion).tolist() == [5**3 - 1, 2]


def test_a_tissue_too_small_is_refused() -> None:
    with pytest.raises(InputFault, match="8 voxels of a tissue"):
        mask_of(2)
    with pytest.raises(InputFault, match="0 voxels of a tissue"):
        mask_of(9, np.ones((14, 14, 14), dtype=bool))


def test_constant_voxels_are_left_out() -> None:
    data, half, _ = brain()
    data[0, 0, 0] = 7.0
    assert acompcor(data, half, n_components=2, **HOW).n_voxels == half.sum() - 1
    with pytest.raises(ValueError, match="nothing in the mask varies"):
        acompcor(np.full_like(data, 3.0), half, n_components=2, **HOW)


def test_components_are_those_of_nipype() -> None:
    """The sign of a component is free.

    Of N frames nipype takes ``floor(2 N TR / period) - 1`` cosines, one fewer than SPM, nilearn and
    we do: at 100 s its two are our two at 128 s.
    """
    nipype = pytest.importorskip("nipype.algorithms.confounds")
    import nibabel as nib

    rng = np.random.default_rng(8)
    data = (
        500
        + rng.normal(size=(6, 6, 6, 80))
        + 3 * np.sin(np.arange(80) / 3) * np.arange(6)[:, None, None, None]
    )
    mask = np.ones((6, 6, 6), dtype=bool)
    mask[0] = False
    found = acompcor(data, mask, n_components=4, repetition_s=2.0, period_s=128.0)
    wanted, *_ = nipype.compute_noise_components(
        data, [nib.Nifti1Image(mask.astype(np.uint8), np.eye(4))], components_criterion=4,
        filter_type="cosine", period_cut=100.0, repetition_time=2.0,
    )  # fmt: skip
    alike = np.abs(np.sum(found.series * wanted / np.linalg.norm(wanted, axis=0), axis=0))
    np.testing.assert_allclose(alike, 1.0, atol=1e-6)
