from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.perfusion import outliers

OPTIONS: dict[str, Any] = {"min_probability": 0.7, "max_deviation_sd": 2.5, "min_volumes": 6}
SHAPE = (12, 12, 8)


def head() -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    """Return 12 noisy flows of three tissues, and the tissues."""
    tissues = [np.zeros(SHAPE) for _ in range(3)]
    for number, tissue in enumerate(tissues):
        tissue[:, 4 * number : 4 * number + 4] = 1.0
    flow = 60 * tissues[0] + 20 * tissues[1]
    rng = np.random.default_rng(4)
    return flow[..., None] + rng.normal(0, 15, (*SHAPE, 12)), tissues


def test_clean_volumes_are_nearly_all_kept() -> None:
    volumes, tissues = head()
    found = outliers.reject(volumes, tissues, **OPTIONS)
    assert found.kept.sum() >= 11


def test_volume_with_structure_of_motion_is_found() -> None:
    volumes, tissues = head()
    # An edge artefact that leaves the mean of grey matter as it is.
    volumes[:6, ..., 5] += 600
    volumes[6:, ..., 5] -= 600
    found = outliers.reject(volumes, tissues, **OPTIONS)
    assert found.reasons[5] == "structure"
    assert found.variance_after < found.variance_before
    assert found.kept.sum() >= 10


def test_volume_far_off_is_found_first() -> None:
    volumes, tissues = head()
    volumes[..., 3] += 400
    found = outliers.reject(volumes, tissues, **OPTIONS)
    assert found.reasons[3] == "level of grey matter"
    assert not found.kept[3]


def test_same_result_as_the_published_loop() -> None:
    volumes, tissues = head()
    volumes[:6, ..., 5] += 600
    volumes[6:, ..., 5] -= 600
    volumes[6:, ..., 7] -= 200
    found = outliers.reject(volumes, tissues, **OPTIONS | {"min_volumes": 2})
    masks = [tissue > 0.7 for tissue in tissues]
    whole = masks[0] | masks[1] | masks[2]
    levels = np.array([volumes[..., s][masks[0]].mean() for s in range(12)])
    spread = np.median(np.abs(levels - np.median(levels))) / 0.6745
    index = (np.abs(levels - np.median(levels)) > 2.5 * spread).astype(int)

    def pooled() -> float:
        mean = volumes[..., index == 0].mean(axis=3)
        return float(sum((m.sum() - 1) * mean[m].var(ddof=1) for m in masks))

    value, before = pooled(), np.inf
    kept = index == 0
    while value < before and (index == 0).sum() > 1:
        before, kept = value, index == 0
        mean = volumes[..., kept].mean(axis=3)
        likeness = [
            np.corrcoef(mean[whole], volumes[..., s][whole])[0, 1] if kept[s] else -2.0
            for s in range(12)
        ]
        index[int(np.argmax(likeness))] = 2
        value = pooled()
    assert np.array_equal(found.kept, kept)


def test_few_volumes_and_no_grey_matter_are_left_alone() -> None:
    volumes, tissues = head()
    volumes[..., 1] += 500
    assert outliers.reject(volumes[..., :5], tissues, **OPTIONS).kept.all()
    nothing = [np.zeros(SHAPE)] * 3
    assert outliers.reject(volumes, nothing, **OPTIONS).kept.all()


def test_scale_does_not_matter_and_input_is_kept() -> None:
    volumes, tissues = head()
    volumes[:6, ..., 5] += 600
    volumes[6:, ..., 5] -= 600
    before = volumes.copy()
    one = outliers.reject(volumes, tissues, **OPTIONS)
    two = outliers.reject(volumes * 1e-4, tissues, **OPTIONS)
    assert one.reasons == two.reasons
    assert np.array_equal(volumes, before)


def test_missing_voxels_do_not_count() -> None:
    volumes, tissues = head()
    volumes[0, 0, 0, 2] = np.nan
    found = outliers.reject(volumes, tissues, **OPTIONS)
    assert np.isfinite(found.variance_after)


@pytest.mark.parametrize("least", [6, 10])
def test_enough_volumes_stay(least: int) -> None:
    volumes, tissues = head()
    rng = np.random.default_rng(5)
    volumes[..., ::2] += rng.normal(0, 300, (*SHAPE, 6))
    assert outliers.reject(volumes, tissues, **OPTIONS | {"min_volumes": least}).kept.sum() >= least
