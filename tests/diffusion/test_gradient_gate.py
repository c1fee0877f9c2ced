from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sonolesion.core.errors import GateFailure
from sonolesion.core.settings.diffusion_gradients import GradientGate
from sonolesion.diffusion import gradient_gate
from sonolesion.diffusion.gradient_gate import Verdict
from sonolesion.maths.gradient_frames import to_fsl

GATE = GradientGate(min_voxels=500, block_mm=12.0).model_dump(
    exclude={"bright_share", "peel_voxels"}
)
IDENTITY = "x y z"


def oblique(edges: tuple[float, float, float], *, flipped: bool = False) -> np.ndarray:
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", [20, -15, 30], degrees=True).as_matrix()
    affine[:3, :3] = turn * np.array(edges) * np.array([-1.0 if flipped else 1.0, 1, 1])
    return affine


def table(n: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Return b-values and world directions, two volumes unweighted."""
    vectors = np.random.default_rng(5).normal(size=(n, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.r_[0.0, 0.0, np.full(n, 1000.0)], np.vstack([np.zeros((2, 3)), vectors])


def bundles(places: np.ndarray) -> np.ndarray:
    """Return straight bundles of all directions, 3 mm thick, in the world; zeros between them."""
    rng = np.random.default_rng(8)
    field = np.zeros(places.shape)
    for direction in rng.normal(size=(60, 3)):
        along = direction / np.linalg.norm(direction)
        away = places - rng.uniform(-25, 25, 3)
        away -= (away @ along)[..., None] * along
        field[np.linalg.norm(away, axis=-1) < 3.0] = along
    return field


def scan(
    affine: np.ndarray, shape: tuple[int, int, int], fibre: tuple[float, float, float] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return data of bundles, or of one fibre; b-values; the right table in FSL's frame."""
    b, vectors = table()
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    world = (places - np.array(shape) / 2) @ affine[:3, :3].T
    field = bundles(world) if fibre is None else np.broadcast_to(fibre, world.shape)
    signal = 1000.0 * np.exp(-b * (0.4e-3 + 1.1e-3 * (field @ vectors.T) ** 2))
    noise = np.random.default_rng(1).normal(0, 15.0, signal.shape)
    return signal + noise, b, to_fsl(vectors, affine)


def judge(
    data: np.ndarray, b: np.ndarray, fsl: np.ndarray, affine: np.ndarray, **changed: object
) -> Verdict:
    mask = np.ones(data.shape[:3], dtype=bool)
    return gradient_gate.judge(data, mask, b, fsl, affine, **(GATE | changed))


def test_candidates_are_all_that_a_tensor_tells_apart() -> None:
    matrices = [matrix for _, matrix in gradient_gate.candidates()]
    assert len(matrices) == 24
    assert matrices[0].tolist() == np.eye(3).tolist()
    for number, one in enumerate(matrices):
        assert one @ one.T == pytest.approx(np.eye(3))
        for other in matrices[number + 1 :]:
            assert np.abs(one - other).max() > 0.5
            assert np.abs(one + other).max() > 0.5


@pytest.mark.parametrize("edges", [(2.0, 2.0, 2.0), (1.5, 1.5, 4.0)])
@pytest.mark.parametrize("flipped", [False, True])
def test_right_table_is_kept(edges: tuple[float, float, float], flipped: bool) -> None:
    affine = oblique(edges, flipped=flipped)
    verdict = judge(*scan(affine, (30, 28, 20)), affine)
    assert verdict.outcome == "kept"
    assert verdict.best == IDENTITY
    gradient_gate.require_kept(verdict, file="a.bvec")


@pytest.mark.parametrize("number", range(1, 24))
def test_every_wrong_table_is_found_and_its_cure_named(number: int) -> None:
    affine = oblique((2.0, 2.0, 2.5))
    data, b, fsl = scan(affine, (20, 20, 18))
    names, matrices = zip(*gradient_gate.candidates(), strict=True)
    verdict = judge(data, b, fsl @ matrices[number].T, affine)
    assert verdict.outcome == "wrong"
    cure = matrices[names.index(verdict.best)] @ matrices[number]
    assert np.abs(cure) == pytest.approx(np.eye(3))
    assert abs(np.trace(cure)) == 3
    with pytest.raises(GateFailure, match=r"a\.bvec: found coherence"):
        gradient_gate.require_kept(verdict, file="a.bvec")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 23))
def test_one_fit_serves_all_candidates(number: int) -> None:
    """The coherence of a turned table is that of the candidate that turns it."""
    affine = oblique((2.0, 2.0, 2.5))
    data, b, fsl = scan(affine, (14, 14, 12))
    matrix = gradient_gate.candidates()[number][1]
    whole = judge(data, b, fsl, affine, min_voxels=100)
    turned = judge(data, b, fsl @ matrix.T, affine, min_voxels=100)
    assert turned.coherence[0] == pytest.approx(whole.coherence[number], abs=1e-3)
    assert sorted(turned.coherence) == pytest.approx(sorted(whole.coherence), abs=1e-3)


def test_coherence_of_parallel_fibres_by_hand() -> None:
    """Along the first axis all agree, but for the ends: 10 voxels, of which 8 have both."""
    affine = np.diag([-4.0, 4.0, 4.0, 1.0])
    data, b, fsl = scan(affine, (10, 12, 12), (1.0, 0.0, 0.0))
    smooth = np.broadcast_to(data.mean(axis=(0, 1, 2)), data.shape)
    verdict = judge(smooth, b, fsl, affine)
    assert verdict.coherence[0] == pytest.approx((8 + 2 / 2) / 10)


def test_parallel_fibres_decide_nothing() -> None:
    """Flips leave fibres along an axis as they are."""
    affine = np.diag([-2.0, 2.0, 2.0, 1.0])
    verdict = judge(*scan(affine, (20, 20, 20), (1.0, 0.0, 0.0)), affine)
    assert verdict.outcome == "undecidable"
    gradient_gate.require_kept(verdict, file="a.bvec")


def test_noise_decides_nothing() -> None:
    b, vectors = table(6)
    rng = np.random.default_rng(2)
    data = 800.0 * np.exp(-b * 0.8e-3) + rng.normal(0, 60, (24, 24, 24, len(b)))
    assert judge(data, b, vectors, np.diag([-2.0, 2.0, 2.0, 1.0])).outcome == "undecidable"


def test_too_few_directions_decide_nothing() -> None:
    affine = oblique((2.0, 2.0, 2.0))
    data, b, fsl = scan(affine, (10, 10, 10))
    verdict = judge(data[..., :7], b[:7], fsl[:7], affine)
    assert verdict.outcome == "undecidable"
    assert "6 of 7 unknowns" in verdict.reason
    assert np.isnan(verdict.coherence).all()


def test_no_unweighted_volume_decides_nothing() -> None:
    affine = oblique((2.0, 2.0, 2.0))
    data, b, fsl = scan(affine, (10, 10, 10))
    assert judge(data[..., 2:], b[2:], fsl[2:], affine).outcome == "undecidable"


def test_empty_mask_decides_nothing() -> None:
    affine = oblique((2.0, 2.0, 2.0))
    data, b, fsl = scan(affine, (6, 6, 6))
    empty = np.zeros(data.shape[:3], dtype=bool)
    verdict = gradient_gate.judge(data, empty, b, fsl, affine, **GATE)
    assert verdict.outcome == "undecidable"
    assert "0 voxels" in verdict.reason


def test_thinning_changes_little_and_inputs_stay() -> None:
    affine = oblique((2.0, 2.0, 2.0))
    data, b, fsl = scan(affine, (20, 20, 20))
    before = fsl.copy()
    whole = judge(data, b, fsl, affine)
    thinned = judge(data, b, fsl, affine, max_voxels=1500)
    assert thinned.n_voxels <= 1500
    assert thinned.coherence == pytest.approx(whole.coherence, abs=0.03)
    assert (fsl == before).all()


def test_shapes_that_disagree_are_refused() -> None:
    affine = oblique((2.0, 2.0, 2.0))
    data, b, fsl = scan(affine, (6, 6, 6))
    with pytest.raises(ValueError, match="22 volumes"):
        judge(data, b[1:], fsl, affine)
    with pytest.raises(ValueError, match="do not fit"):
        judge(data[..., 0], b, fsl, affine)


def test_foreground_is_the_head_without_its_rim() -> None:
    volume = np.zeros((20, 20, 20))
    volume[4:16, 4:16, 4:16] = 100
    mask = gradient_gate.foreground(volume, bright_share=0.1, peel_voxels=1)
    inside = np.zeros_like(mask)
    inside[5:15, 5:15, 5:15] = True
    assert not (mask & ~inside).any()
    assert mask[6:14, 6:14, 6:14].all()
    assert not gradient_gate.foreground(0 * volume, bright_share=0.1, peel_voxels=1).any()


def test_real_scan_is_kept_and_its_flips_found(root: Path) -> None:
    folder = root.parent / "shared/data/bids/sub-multi01/ses-baseline/dwi"
    stem = folder / "sub-multi01_ses-baseline_dir-A_dwi"
    if not folder.is_dir():
        pytest.skip("the scans of ../shared/data are not there")
    image = nib.load(f"{stem}.nii.gz")
    b, fsl = np.loadtxt(f"{stem}.bval"), np.loadtxt(f"{stem}.bvec").T
    middle = slice(30, 50)
    data = np.asarray(image.dataobj[:, :, middle], dtype=np.float32)
    mask = gradient_gate.foreground(data[..., 0], bright_share=0.1, peel_voxels=2)
    gate = GradientGate().model_dump(exclude={"bright_share", "peel_voxels"})
    names, matrices = zip(*gradient_gate.candidates(), strict=True)
    kept = gradient_gate.judge(data, mask, b, fsl, image.affine, **gate)
    assert kept.outcome == "kept"
    for name in ("x -y z", "x y -z"):
        wrong = fsl @ matrices[names.index(name)].T
        verdict = gradient_gate.judge(data, mask, b, wrong, image.affine, **gate)
        assert (verdict.outcome, verdict.best) == ("wrong", name)
