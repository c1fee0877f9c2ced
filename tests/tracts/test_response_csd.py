from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.tracts import response_csd

Array = np.ndarray[Any, Any]
ALONG, ACROSS, S0 = 1.7e-3, 0.25e-3, 900.0


def directions(n: int) -> Array:
    """Even directions on a half sphere (golden spiral)."""
    z = 1 - (np.arange(n) + 0.5) / n
    angle = np.pi * (1 + 5**0.5) * np.arange(n)
    flat = np.sqrt(1 - z**2)
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=1)


def table(n: int = 32) -> tuple[Array, Array]:
    return np.append(np.zeros(2), np.full(n, 1000.0)), np.vstack([np.zeros((2, 3)), directions(n)])


def signal(b: Array, vectors: Array, *fibres: Array) -> Array:
    cos2 = np.stack([(vectors @ fibre) ** 2 for fibre in fibres])
    return np.asarray(S0 * np.exp(-b * (ACROSS + (ALONG - ACROSS) * cos2)).mean(axis=0))


def voxels(n: int, seed: int = 0) -> tuple[Array, Array, Array, Array]:
    b, vectors = table()
    v1 = np.random.default_rng(seed).normal(size=(n, 3))
    v1 /= np.linalg.norm(v1, axis=1, keepdims=True)
    return np.stack([signal(b, vectors, v) for v in v1]), v1, b, vectors


def fibre() -> response_csd.Response:
    return response_csd.response(*voxels(60), b0_max_s_mm2=50.0, min_voxels=20)


def test_the_response_of_known_fibres_is_found() -> None:
    got = fibre()
    assert got.along_mm2_s == pytest.approx(ALONG, rel=1e-6)
    assert got.across_mm2_s == pytest.approx(ACROSS, rel=1e-6)
    assert (got.s0, got.n_voxels) == (pytest.approx(S0), 60)


def test_too_few_voxels_and_no_fibre_are_refused() -> None:
    with pytest.raises(InputFault, match="3 voxels"):
        response_csd.response(*voxels(3), b0_max_s_mm2=50.0, min_voxels=20)
    signals, v1, b, vectors = voxels(60)
    with pytest.raises(InputFault, match="diffusivities"):
        response_csd.response(
            signals[:, ::-1], v1, b[::-1], 0 * vectors, b0_max_s_mm2=50.0, min_voxels=20
        )


def test_high_fa_voxels() -> None:
    fa = np.array([0.9, 0.8, 0.7, 0.2, np.nan])
    mask = np.array([True, True, True, True, True])
    got = response_csd.single_fibre_mask(fa, mask, min_fa=0.5, max_voxels=2)
    assert got.tolist() == [True, True, False, False, False]
    got = response_csd.single_fibre_mask(fa, mask, min_fa=0.5, max_voxels=9)
    assert got.sum() == 3


@pytest.mark.parametrize(("n", "order"), [(14, 2), (15, 4), (16, 4), (28, 6), (45, 8), (90, 8)])
def test_order_follows_from_the_directions(n: int, order: int) -> None:
    unit = directions(n)
    assert response_csd.supported_order(unit, same_deg=1.0, largest=8) == order
    twice = np.vstack([unit, -unit])
    assert response_csd.supported_order(twice, same_deg=1.0, largest=8) == order


def test_an_order_beyond_the_directions_is_refused() -> None:
    b, vectors = table(16)
    with pytest.raises(InputFault, match="16 directions"):
        response_csd.orientations(
            np.ones((1, 18)), b, vectors, fibre(), order=6, b0_max_s_mm2=50.0, max_rounds=50
        )


@pytest.mark.filterwarnings("ignore:The legacy descoteaux07")
@pytest.mark.parametrize("order", [4, 6])
def test_equals_dipy_voxel_by_voxel(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from dipy.core.gradients import gradient_table
    from dipy.reconst.csdeconv import ConstrainedSphericalDeconvModel

    monkeypatch.setattr(response_csd, "CHUNK_VOXELS", 7)
    b, vectors = table(40)
    rng = np.random.default_rng(1)
    pairs = rng.normal(size=(25, 2, 3))
    pairs /= np.linalg.norm(pairs, axis=2, keepdims=True)
    data = np.stack([signal(b, vectors, *pair) for pair in pairs]) + rng.normal(0, 20, (25, 42))
    known = fibre()
    got = response_csd.orientations(
        data, b, vectors, known, order=order, b0_max_s_mm2=50.0, max_rounds=50
    )
    diffusivities = np.array([known.along_mm2_s, known.across_mm2_s, known.across_mm2_s])
    model = ConstrainedSphericalDeconvModel(
        gradient_table(b, bvecs=vectors), (diffusivities, known.s0), sh_order_max=order
    )
    np.testing.assert_allclose(got, model.fit(data).shm_coeff, atol=1e-5)
    again = response_csd.orientations(
        data, b, vectors, known, order=order, b0_max_s_mm2=50.0, max_rounds=50, threads=2
    )
    assert np.array_equal(again, got)


def test_directions_along_the_voxel_axes() -> None:
    """Voxel x runs to the left, voxel y upwards."""
    affine = np.array([[-2.0, 0, 0, 5], [0, 0, 3, 6], [0, 2, 0, 7], [0, 0, 0, 1]])
    got = response_csd.grid_vectors(np.array([[1.0, 2.0, 3.0]]), affine)
    assert got.tolist() == [[-1.0, 3.0, 2.0]]
