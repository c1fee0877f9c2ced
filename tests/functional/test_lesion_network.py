from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.functional.lesion_network import group, network

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(40, 25)) + 500


def test_equals_the_mean_of_correlations() -> None:
    lesion = np.zeros(40)
    lesion[[3, 4, 9]] = 1.0, 0.5, 0.25
    found = network(SERIES, lesion, file="lesion", min_voxels=1)
    table = np.corrcoef(SERIES)
    want = (lesion @ table) / lesion.sum()
    np.testing.assert_allclose(found.correlation, want, atol=1e-6)
    assert found.n_voxels == 1.75
    pairs = ((0.5, table[3, 4]), (0.25, table[3, 9]), (0.125, table[4, 9]))
    assert found.coherence == pytest.approx(sum(w * r for w, r in pairs) / 0.875)


def test_two_opposite_voxels_go_with_nothing() -> None:
    series = SERIES.copy()
    series[1] = 1000 - series[0]
    lesion = (np.arange(40) < 2).astype(float)
    found = network(series, lesion, file="lesion", min_voxels=1)
    np.testing.assert_allclose(found.correlation, 0, atol=1e-6)
    assert found.coherence == pytest.approx(-1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100))
def test_scale_and_order_of_voxels_do_not_matter(seed: int, gain: float) -> None:
    rng = np.random.default_rng(seed)
    lesion = np.where(rng.random(40) < 0.2, rng.random(40), 0.0)
    lesion[0] = 1.0
    order = rng.permutation(40)
    one = network(SERIES, lesion, file="lesion", min_voxels=0.5)
    two = network(gain * SERIES[order], lesion[order], file="lesion", min_voxels=0.5)
    np.testing.assert_allclose(two.correlation, one.correlation[order], atol=1e-6)
    assert (np.abs(one.correlation) <= 1 + 1e-6).all()


def test_one_voxel_has_its_own_map_and_no_coherence() -> None:
    found = network(SERIES, (np.arange(40) == 5).astype(float), file="lesion", min_voxels=1)
    assert found.correlation[5] == pytest.approx(1)
    assert np.isnan(found.coherence)


def test_a_lesion_too_small_or_without_signal_is_told() -> None:
    lesion = np.zeros(40)
    with pytest.raises(InputFault, match=r"fus1: found a lesion of 0\.0 voxels"):
        network(SERIES, lesion, file="fus1", min_voxels=2)
    lesion[:2] = 0.9
    with pytest.raises(InputFault, match=r"1\.8 voxels"):
        network(SERIES, lesion, file="fus1", min_voxels=2)
    dark = np.where(np.arange(40)[:, None] < 2, 7.0, SERIES)
    with pytest.raises(InputFault, match=r"0\.0 voxels"):
        network(dark, lesion, file="fus1", min_voxels=1)
    with pytest.raises(ValueError, match=r"\(V, N\), \(V,\)"):
        network(SERIES, lesion[:-1], file="fus1", min_voxels=1)


def test_group_map_by_hand() -> None:
    maps = [np.array([1.0, 0.0, np.nan]), np.array([2.0, 0.0, 1.0]), np.array([3.0, 3.0, 1.0])]
    found = group(iter(maps))
    assert found.n_scans == 3
    np.testing.assert_allclose(found.mean, [2, 1, np.nan])
    np.testing.assert_allclose(found.t, [2 * np.sqrt(3), 1, np.nan], rtol=1e-6)
    with pytest.raises(ValueError, match="1 scans"):
        group(maps[:1])


def test_smoothed_targets_leave_the_lesions_own_voxels_as_they_are() -> None:
    lesion = (np.arange(40) < 4).astype(float)
    plain = network(SERIES, lesion, file="lesion", min_voxels=1)
    found = network(SERIES, lesion, file="lesion", min_voxels=1, targets=-SERIES)
    np.testing.assert_allclose(found.correlation, -plain.correlation, atol=1e-6)
    assert found.coherence == plain.coherence
