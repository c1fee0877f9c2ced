from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.functional import connectivity
from sonolesion.functional.connectivity import from_labels, matrices, region_series

LABELS = np.array([1, 1, 1, 1, 2, 2, 0, 3]).reshape(2, 2, 2)


def test_mean_series_and_coverage_by_hand() -> None:
    inside = np.ones((2, 2, 2), bool)
    inside[0, 0, 0] = False
    series = np.arange(1.0, 8.0)[:, None] * np.array([1.0, 2.0, 4.0])
    series[3] = 5.0  # a voxel of parcel 2 without signal
    found = region_series(series, inside, from_labels(LABELS, n_regions=4), min_coverage=0.6)
    assert found.coverage.tolist() == [0.75, 0.5, 1.0, 0.0]
    assert found.n_voxels.tolist() == [3, 1, 1, 0]
    assert found.is_read.tolist() == [True, False, True, False]
    # Voxels 1, 2 and 3 of parcel 1.
    np.testing.assert_allclose(found.series[:, 0], [2, 4, 8])


def test_covered_parcels_have_the_mean_of_their_voxels() -> None:
    series = np.random.default_rng(0).normal(size=(8, 12))
    found = region_series(
        series, np.ones((2, 2, 2), bool), from_labels(LABELS, n_regions=3), min_coverage=0.5
    )
    np.testing.assert_allclose(found.series[:, 0], series[:4].mean(axis=0))
    np.testing.assert_allclose(found.series[:, 2], series[7])
    assert found.unread(["a", "b", "c"]) == []


def test_what_the_scan_cuts_off_lowers_the_coverage() -> None:
    series = np.random.default_rng(1).normal(size=(8, 12))
    members = from_labels(LABELS, n_regions=3, whole=np.array([16.0, 2.0, 1.0]))
    found = region_series(series, np.ones((2, 2, 2), bool), members, min_coverage=0.5)
    assert found.coverage.tolist() == [0.25, 1.0, 1.0]
    assert found.unread(["thalamus", "b", "c"]) == ["thalamus (0.25)"]
    assert np.isnan(found.series[:, 0]).all()


def test_matrices_equal_nilearn_and_keep_the_place_of_what_is_absent() -> None:
    from nilearn.connectome import ConnectivityMeasure
    from sklearn.covariance import EmpiricalCovariance

    rng = np.random.default_rng(2)
    series = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) + 100
    series[:, 3] = np.nan
    found = matrices(series)
    keep = np.array([0, 1, 2, 4])
    z = (series - series.mean(axis=0))[:, keep] / series[:, keep].std(axis=0, ddof=1)
    for kind, got, estimator in (
        ("correlation", found.pearson, EmpiricalCovariance(store_precision=False)),
        ("partial correlation", found.partial, None),
    ):
        measure = ConnectivityMeasure(cov_estimator=estimator, kind=kind, standardize=False)
        np.testing.assert_allclose(got[np.ix_(keep, keep)], measure.fit_transform([z])[0])
        assert np.isnan(got[3]).all()
        assert np.isnan(got[:, 3]).all()
    assert np.isnan(np.diag(found.fisher_z)).all()
    assert found.fisher_z[0, 1] == pytest.approx(np.arctanh(found.pearson[0, 1]))
    assert 0 <= found.shrinkage <= 1


def test_partial_correlation_takes_the_go_between_away() -> None:
    rng = np.random.default_rng(3)
    middle = rng.normal(size=20_000)
    ends = middle[:, None] + rng.normal(size=(20_000, 2))
    found = matrices(np.column_stack([ends[:, 0], middle, ends[:, 1]]))
    assert found.pearson[0, 2] == pytest.approx(0.5, abs=0.02)
    assert found.partial[0, 2] == pytest.approx(0.0, abs=0.03)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 999), st.floats(0.01, 100), st.floats(-100, 100))
def test_gain_and_offset_of_a_parcel_do_not_matter(seed: int, gain: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(30, 4))
    order = rng.permutation(4)
    changed = matrices((series * [gain, 1, 2, 1] + offset)[:, order])
    for one, two in zip(matrices(series)[:3], changed[:3], strict=True):
        np.testing.assert_allclose(two, one[np.ix_(order, order)], atol=1e-6)


def test_equal_series_have_a_finite_z() -> None:
    assert connectivity.fisher_z(np.array([1.0]))[0] == pytest.approx(7.25, abs=0.01)
    assert connectivity.fisher_z(np.array([0.5]))[0] == pytest.approx(0.5493, abs=1e-4)


def test_standard_error_by_hand_and_of_simulated_scans() -> None:
    se = connectivity.z_standard_error
    assert se(freedom=18.0) == pytest.approx(0.25)
    assert se(freedom=18.0, n_conditioned=7) == pytest.approx(1 / 3)
    assert np.isnan(se(freedom=2.0))
    rng = np.random.default_rng(4)
    model = np.column_stack([np.ones(60), rng.normal(size=(60, 20))])
    residual = np.eye(60) - model @ np.linalg.pinv(model)
    pair = np.tensordot(residual, rng.normal(size=(60, 2, 4000)), axes=1)
    r = (pair[:, 0] * pair[:, 1]).sum(0) / np.sqrt(np.square(pair).sum(0).prod(0))
    want = se(freedom=float(np.trace(residual)))
    assert np.arctanh(r).std() == pytest.approx(want, rel=0.05)


def test_impossible_input_is_refused() -> None:
    inside, members = np.ones((2, 2, 2), bool), from_labels(LABELS, n_regions=3)
    with pytest.raises(ValueError, match="labels 0 to 3 of 2"):
        from_labels(LABELS, n_regions=2)
    with pytest.raises(ValueError, match="do not fit 8 voxels"):
        region_series(np.zeros((7, 5)), inside, members, min_coverage=0.5)
    with pytest.raises(ValueError, match="regions on 8 voxels"):
        region_series(np.zeros((1, 5)), np.ones((1, 1, 1), bool), members, min_coverage=0.5)
    with pytest.raises(InputFault, match=r"1 regions with signal.*atlas and scan overlap"):
        matrices(np.column_stack([np.arange(9.0), np.full(9, np.nan)]))
