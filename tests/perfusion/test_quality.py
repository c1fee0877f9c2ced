from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.perfusion import quality

SHAPE = (24, 24, 12)
OPTIONS: dict[str, Any] = {
    "voxel_mm": np.array([3.0, 3.0, 4.0]), "fwhm_mm": 5.0, "min_probability": 0.7,
    "grey_to_white": 2.5, "likeness_curve": (3.0126, 2.4419), "dispersion_curve": (0.054, 0.9272),
    "negative_curve": (2.8478, 0.5196),
}  # fmt: skip
LIMITS = {"max_spatial_cov": 0.67, "spot_multiple": 2.5, "max_spot_share": 0.02}


def head(noise: float = 0.0) -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    tissues = [np.zeros(SHAPE) for _ in range(3)]
    tissues[0][:, :8], tissues[1][:, 8:16], tissues[2][:, 16:20] = 1, 1, 1
    flow = 50 * tissues[0] + 20 * tissues[1]
    flow[:, 20:] = np.nan
    return flow + np.random.default_rng(10).normal(0, noise, SHAPE), tissues


def test_spatial_variation_by_hand() -> None:
    values = np.array([[[30.0, 50.0, 70.0, np.nan]]])
    found = quality.spatial_cov(values, np.ones((1, 1, 4), bool))
    assert found == pytest.approx(np.sqrt(800 / 3) / 50)
    assert np.isnan(quality.spatial_cov(-values, np.ones((1, 1, 4), bool)))
    assert np.isnan(quality.spatial_cov(values, np.zeros((1, 1, 4), bool)))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 100))
def test_spatial_variation_has_no_scale(gain: float) -> None:
    flow, tissues = head(5.0)
    grey = tissues[0] > 0
    assert quality.spatial_cov(gain * flow, grey) == pytest.approx(quality.spatial_cov(flow, grey))


def test_index_without_smoothing_by_hand() -> None:
    flow, tissues = head(30.0)
    found = quality.quality_index(flow, *tissues, **OPTIONS | {"fwhm_mm": 0.0})
    inside = np.isfinite(flow) & (sum(tissues) > 0)
    likeness = np.corrcoef(flow[inside], (2.5 * tissues[0] + tissues[1])[inside])[0, 1]
    own = [flow[tissue > 0] for tissue in tissues]
    pooled = sum((len(x) - 1) * x.var() for x in own) / sum(len(x) - 1 for x in own)
    dispersion, negative = pooled / own[0].mean(), (own[0] < 0).mean()
    value = np.cbrt(
        (1 - np.exp(-3.0126 * likeness**2.4419))
        * np.exp(-0.054 * dispersion**0.9272)
        * np.exp(-2.8478 * negative**0.5196)
    )
    told = (found.value, found.likeness, found.dispersion, found.negative_share)
    assert told == pytest.approx((value, likeness, dispersion, negative))


def test_index_falls_with_noise() -> None:
    values = [quality.quality_index(head(n)[0], *head()[1], **OPTIONS).value for n in (0, 40, 160)]
    assert values[0] > 0.9 > values[1] > values[2]
    assert all(0 <= value <= 1 for value in values)


def test_index_of_nothing_and_of_the_opposite() -> None:
    flow, tissues = head()
    assert np.isnan(quality.quality_index(flow, *[0 * t for t in tissues], **OPTIONS).value)
    assert quality.quality_index(-flow, *tissues, **OPTIONS).value == 0


def test_label_in_arteries_is_flagged() -> None:
    flow, tissues = head(8.0)
    grey, brain = tissues[0] > 0, sum(tissues) > 0
    clean = quality.transit_artefact(flow, grey, brain, **LIMITS)
    assert not clean.suspected
    flow[::3, :8:3] *= 8
    late = quality.transit_artefact(flow, grey, brain, **LIMITS)
    assert late.suspected
    assert late.spot_share > 0.02
    assert late.spatial_cov > 0.67


def test_shares_and_ratio_by_hand() -> None:
    flow = np.array([[[-1.0, 10.0, 30.0, 20.0, np.nan]]])
    grey = np.array([[[True, True, True, False, True]]])
    white = np.array([[[False, False, False, True, False]]])
    assert quality.negative_share(flow, grey) == pytest.approx(1 / 3)
    assert quality.tissue_ratio(flow, grey, white) == pytest.approx(0.5)
    assert np.isnan(quality.tissue_ratio(-flow, grey, white))
    assert np.isnan(quality.negative_share(flow, np.zeros_like(grey)))
