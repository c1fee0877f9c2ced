from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from sonolesion.core.errors import InputFault
from sonolesion.diffusion import tensor, tensor_design
from sonolesion.diffusion.tensor_volume import fit_volume

Array = NDArray[np.float64]
UPPER = np.triu_indices(3)
WEIGHTINGS = ("ols_prediction", "signal")


def table(
    n_directions: int = 30, *, n_unweighted: int = 3, b: float = 1000.0
) -> tuple[Array, Array]:
    vectors = np.random.default_rng(7).normal(size=(n_unweighted + n_directions, 3))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    vectors[:n_unweighted] = 0.0
    return np.where(np.arange(len(vectors)) < n_unweighted, 0.0, b), vectors


def tensors(n: int, *, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(n, rng=rng).as_matrix()
    values = rng.uniform(2e-4, 2e-3, (n, 3))
    full = np.einsum("vij,vj,vkj->vik", rotations, values, rotations)
    return np.asarray(full[:, UPPER[0], UPPER[1]])


def signal(elements: Array, b: Array, vectors: Array, *, s0: float = 900.0) -> Array:
    full = np.zeros((len(elements), 3, 3))
    full[:, UPPER[0], UPPER[1]] = full[:, UPPER[1], UPPER[0]] = elements
    return np.asarray(s0 * np.exp(-b * np.einsum("ni,vij,nj->vn", vectors, full, vectors)))


def noisy(n: int = 400) -> tuple[NDArray[np.float32], Array, Array]:
    b, vectors = table()
    clean = signal(tensors(n), b, vectors)
    noise = np.random.default_rng(1).normal(0, 25.0, (2, *clean.shape))
    return np.hypot(clean + noise[0], noise[1]).astype(np.float32), b, vectors


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_noiseless_signal_gives_its_tensor_back(weighting: Any, order: Any) -> None:
    b, vectors = table()
    truth = tensors(300)
    data = np.asarray(signal(truth, b, vectors), dtype=np.float32, order=order)
    found = tensor.fit(data, b, vectors, weighting=weighting, min_signal=1.0)
    np.testing.assert_allclose(found.elements, truth, atol=2e-9)
    np.testing.assert_allclose(found.s0, 900.0, rtol=1e-5)
    assert found.residual.max() < 1e-6


def test_solution_is_that_of_the_normal_equations() -> None:
    data, b, vectors = noisy(20)
    found = tensor.fit(data, b, vectors, weighting="signal", min_signal=1.0)
    equations = np.column_stack([tensor_design.columns(b, vectors), np.ones(len(b))])
    for voxel, s in enumerate(data.astype(np.float64)):
        solution = np.linalg.lstsq(equations * s[:, None], np.log(s) * s, rcond=None)[0]
        np.testing.assert_allclose(found.elements[voxel], solution[:6], rtol=1e-4, atol=1e-9)
        fitted = np.exp(equations @ solution)
        expected = np.sqrt(np.mean((s - fitted) ** 2)) / np.exp(solution[6])
        assert found.residual[voxel] == pytest.approx(expected, rel=1e-4)


def test_maps_by_hand() -> None:
    found = tensor.maps(np.array([[1e-3, 0, 0, 2e-3, 0, 3e-3], [1e-3, 0, 0, 1e-3, 0, 1e-3]]))
    assert found["md"][0] == pytest.approx(2e-3)
    assert found["ad"][0] == pytest.approx(3e-3)
    assert found["rd"][0] == pytest.approx(1.5e-3)
    # Deviations 1, 0, -1 of sizes 3, 2, 1: sqrt(3/2 * 2/14).
    assert found["fa"][0] == pytest.approx(np.sqrt(3 / 14), rel=1e-6)
    assert found["mode"][0] == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(np.abs(found["v1"][0]), [0, 0, 1], atol=1e-6)
    assert found["fa"][1] == found["mode"][1] == 0
    assert np.isnan(found["v1"][1]).all()
    assert found["positive_definite"].all()


def test_mode_tells_linear_from_planar() -> None:
    found = tensor.maps(np.array([[3e-3, 0, 0, 1e-3, 0, 1e-3], [1e-3, 0, 0, 3e-3, 0, 3e-3]]))
    np.testing.assert_allclose(found["mode"], [1.0, -1.0], atol=1e-5)


def test_negative_eigenvalues_are_flagged_and_count_as_zero() -> None:
    found = tensor.maps(np.array([[1e-3, 0, 0, -1e-3, 0, -2e-3]]))
    assert not found["positive_definite"][0]
    assert found["fa"][0] == pytest.approx(1.0)
    assert found["rd"][0] == 0.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-3e-3, 3e-3), min_size=6, max_size=6))
def test_eigenvalues_equal_those_of_the_library(six: list[float]) -> None:
    full = np.zeros((3, 3))
    full[UPPER] = full.T[UPPER] = six
    values, vectors = np.linalg.eigh(full)
    block = np.array(six)[:, None]
    ours = tensor.eigenvalues(block)[:, 0]
    np.testing.assert_allclose(ours[::-1], values, atol=1e-9)
    if values[2] - values[1] > 1e-5:
        v1 = tensor.first_vector(block, tensor.eigenvalues(block)[0])[:, 0]
        assert abs(v1 @ vectors[:, 2]) == pytest.approx(1.0, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.2, 20.0), st.sampled_from(WEIGHTINGS))
def test_rotation_and_gain_change_no_invariant(seed: int, gain: float, weighting: Any) -> None:
    data, b, vectors = noisy(10)
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    options = {"weighting": weighting, "min_signal": 0.01}
    one = tensor.fit(data, b, vectors, **options)
    two = tensor.fit(data * np.float32(gain), b, vectors @ turn.T, **options)
    before, after = tensor.maps(one.elements), tensor.maps(two.elements)
    for name in ("fa", "md", "ad", "rd"):
        np.testing.assert_allclose(after[name], before[name], rtol=2e-4)
    along = np.abs(np.einsum("vi,ij,vj->v", after["v1"], turn, before["v1"]))
    clear = before["fa"] > 0.2
    np.testing.assert_allclose(along[clear], 1.0, atol=1e-3)
    np.testing.assert_allclose(two.residual, one.residual, rtol=1e-3)


def test_threads_blocks_and_chosen_voxels_change_nothing() -> None:
    data, b, vectors = noisy(500)
    many = np.tile(data, (40, 1))
    options = {"weighting": "signal", "min_signal": 1.0}
    alone = tensor.fit(many, b, vectors, **options)
    rows = np.arange(0, len(many), 3)
    for source in (many, np.asfortranarray(many)):
        chosen = tensor.fit(source, b, vectors, **options, threads=2, voxels=rows)
        np.testing.assert_allclose(chosen.elements, alone.elements[rows], rtol=1e-4, atol=1e-9)
    two, one = (tensor.maps(alone.elements, threads=n) for n in (2, 1))
    np.testing.assert_array_equal(two["fa"], one["fa"])


def relative(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Return the largest difference over the largest element of the voxel."""
    size = np.abs(theirs).max(axis=-1, keepdims=True)
    return float((np.abs(ours - theirs) / size).max())


def test_prediction_weighting_equals_dipy() -> None:
    dti = pytest.importorskip("dipy.reconst.dti", reason="dipy is not installed")
    gradients = pytest.importorskip("dipy.core.gradients")
    data, b, vectors = noisy()
    ours = tensor.fit(data, b, vectors, weighting="ols_prediction", min_signal=1.0)
    gtab = gradients.gradient_table(b, bvecs=vectors)
    theirs = dti.TensorModel(gtab, fit_method="WLS", return_S0_hat=True).fit(data.astype(float))
    told = tensor.maps(ours.elements)
    keep = told["positive_definite"]
    assert keep.mean() > 0.9
    quadratic = theirs.quadratic_form[:, UPPER[0], UPPER[1]]
    assert relative(ours.elements[keep], quadratic[keep]) < 1e-4
    np.testing.assert_allclose(told["fa"][keep], theirs.fa[keep], rtol=1e-4)
    np.testing.assert_allclose(told["md"][keep], theirs.md[keep], rtol=1e-4)
    np.testing.assert_allclose(told["mode"][keep], theirs.mode[keep], atol=1e-3)
    np.testing.assert_allclose(ours.s0[keep], theirs.S0_hat[keep], rtol=1e-4)


def test_signal_weighting_equals_mrtrix(tmp_path: Path) -> None:
    if shutil.which("dwi2tensor") is None:
        pytest.skip("dwi2tensor of MRtrix is not installed")
    data, b, vectors = noisy()
    ours = tensor.fit(data, b, vectors, weighting="signal", min_signal=1e-3)
    volume = data.reshape(20, 20, 1, -1)
    nib.save(nib.Nifti1Image(volume, np.eye(4)), tmp_path / "dwi.nii")
    # Its own scheme is in scanner axes, as our vectors are.
    np.savetxt(tmp_path / "grad.txt", np.column_stack([vectors, b]), fmt="%.17g")
    command = ["dwi2tensor", "-quiet", "-nthreads", "1", "-iter", "0", "-grad", "grad.txt"]
    subprocess.run([*command, "dwi.nii", "dt.nii"], cwd=tmp_path, check=True)
    theirs = np.asarray(nib.load(tmp_path / "dt.nii").dataobj).reshape(-1, 6)
    theirs = theirs[:, [0, 3, 4, 1, 5, 2]]
    keep = tensor.maps(ours.elements)["positive_definite"]
    assert keep.mean() > 0.9
    assert relative(ours.elements[keep], theirs[keep]) < 1e-4


def test_weightings_differ_where_there_is_noise() -> None:
    data, b, vectors = noisy()
    one, two = (
        tensor.fit(data, b, vectors, weighting=w, min_signal=1.0).elements for w in WEIGHTINGS
    )
    assert relative(one, two) > 1e-3


def test_volume_is_nan_outside_and_counts_what_is_unfit() -> None:
    b, vectors = table()
    elements = np.tile([1e-3, 0, 0, 5e-4, 0, 4e-4], (24, 1))
    elements[3] = [1e-3, 0, 0, -2e-4, 0, 4e-4]
    data = signal(elements, b, vectors).reshape(2, 3, 4, -1).astype(np.float32)
    data.reshape(24, -1)[5] = 0.0
    data.reshape(24, -1)[7, 4] = np.nan
    mask = np.ones((2, 3, 4), dtype=bool)
    mask[1] = False
    options = {"weighting": "signal", "min_signal": 1e-3, "threads": 1}
    kept = data.copy()
    for order in "CF":
        found = fit_volume(np.asarray(data, order=order), mask, b, vectors, **options)
        assert found.n_not_positive_definite == 1
        assert found.n_without_fit == 2
        for name, values in found.maps.items():
            assert np.isnan(values[1]).all(), name
            assert np.isfinite(values[0, 0, :3]).all(), name
            assert np.isnan(values[0, 1, 1]).all(), name
            assert np.isnan(values[0, 1, 3]).all(), name
        assert found.positive_definite.sum() == 12 - 3
        assert found.maps["ad"][0, 0, 0] == pytest.approx(1e-3, rel=1e-5)
        assert found.maps["tensor"].shape == (2, 3, 4, 6)
    np.testing.assert_array_equal(data, kept)


def test_lost_signal_is_held_at_the_least() -> None:
    b, vectors = table()
    data = signal(tensors(1), b, vectors)
    data[0, 10] = -4.0
    raised = np.maximum(data, 2.0)
    one, two = (
        tensor.fit(d, b, vectors, weighting="signal", min_signal=2.0) for d in (data, raised)
    )
    np.testing.assert_array_equal(one.elements, two.elements)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda b, g: (b, np.where(g == 0, 0.0, [0.0, 0.0, 1.0])), "leave the tensor open"),
        (lambda b, g: (b, np.where([True, True, False], g, 1e-5)), "leave the tensor open"),
        (lambda b, g: (np.full_like(b, 1000.0), np.where(g == 0, 0.6, g)), "leave the tensor open"),
        (lambda b, g: (b[:6], g[:6]), "3 volumes with a direction"),
        (lambda b, g: (b, np.where(np.arange(len(b))[:, None] == 9, 0, g)), "for volumes 9 "),
    ],
    ids=["single direction", "plane", "no b0", "too few", "trace volume"],
)
def test_tables_that_determine_no_tensor_are_named(change: Any, found: str) -> None:
    b, vectors = change(*table())
    if found.startswith("leave") and (b > 0).all():
        vectors = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    with pytest.raises(InputFault, match=found):
        tensor_design.require_determined(b, vectors, b0_max_s_mm2=50.0, file="a.bvec")
    if not found.startswith("for"):
        with pytest.raises(ValueError, match="do not determine"):
            tensor_design.design(b, vectors)


def test_fitting_table_passes() -> None:
    for n in (6, 16, 64):
        tensor_design.require_determined(*table(n), b0_max_s_mm2=50.0, file="a.bvec")
    b, vectors = table(40, n_unweighted=0)
    b[:20] = 2000.0
    tensor_design.require_determined(b, vectors, b0_max_s_mm2=50.0, file="a.bvec")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"b": np.zeros(4)}, {}, r"should be \(V, N\)"),
        ({"vectors": np.zeros((3, 33))}, {}, r"should be \(V, N\)"),
        ({"b": np.full(33, np.nan)}, {}, "finite"),
        ({}, {"weighting": "equal"}, "'equal'"),
        ({}, {"min_signal": 0.0}, "min_signal 0.0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    change: dict[str, Array], options: dict[str, Any], message: str
) -> None:
    b, vectors = table()
    given_ = {"b": b, "vectors": vectors} | change
    chosen = {"weighting": "signal", "min_signal": 1.0} | options
    with pytest.raises(ValueError, match=message):
        tensor.fit(np.ones((5, 33)), given_["b"], given_["vectors"], **chosen)


def test_mask_of_another_grid_is_refused() -> None:
    b, vectors = table()
    with pytest.raises(ValueError, match="differ in shape"):
        fit_volume(
            np.ones((2, 2, 2, 33)),
            np.ones((2, 2, 3), dtype=bool),
            b,
            vectors,
            weighting="signal",
            min_signal=1.0,
            threads=1,
        )


def test_real_scan_lies_in_the_textbook_range(root: Path) -> None:
    place = root.parent / "shared/data/bids/sub-multi01/ses-baseline/dwi"
    stem = place / "sub-multi01_ses-baseline_dir-A_dwi"
    if not place.is_dir():
        pytest.skip("sub-multi01 of ../shared/data is not there")
    image = nib.load(f"{stem}.nii.gz")
    middle = image.shape[2] // 2
    data = np.asarray(image.dataobj[:, :, middle - 2 : middle + 3], dtype=np.float32)
    b, vectors = np.loadtxt(f"{stem}.bval"), np.loadtxt(f"{stem}.bvec").T
    bright = data[..., b < 50].mean(axis=-1)
    mask = bright > 0.25 * np.percentile(bright, 98)
    found = fit_volume(
        data, mask, b, vectors, weighting="ols_prediction", min_signal=1e-3, threads=1
    )
    fa, md = found.maps["fa"][mask], found.maps["md"][mask]
    assert 6.5e-4 < np.nanmedian(md) < 1.1e-3
    assert 0.1 < np.nanmedian(fa) < 0.35
    assert np.nanpercentile(fa, 98) > 0.6
    assert found.n_without_fit == 0
    assert found.n_not_positive_definite < 0.03 * mask.sum()
