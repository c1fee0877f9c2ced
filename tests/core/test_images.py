from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonolesion.core import images
from sonolesion.core.errors import InputFault

AFFINE = np.array([[-2.0, 0, 0, 10], [0, 3, 0, -20], [0, 0, 4, 5], [0, 0, 0, 1]])


def test_voxel_size_by_hand() -> None:
    image = images.Image(np.zeros((2, 2, 2)), AFFINE)
    assert image.voxel_mm.tolist() == [2, 3, 4]
    assert image.voxel_mm3 == pytest.approx(24)


def test_saved_volume_comes_back_with_its_grid(tmp_path: Path) -> None:
    data = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    images.save(tmp_path / "a.nii.gz", data, AFFINE, sidecar={"Units": "s"})
    image = images.load(tmp_path / "a.nii.gz")
    assert np.array_equal(image.data, data)
    assert np.allclose(image.affine, AFFINE)
    assert images.read_json(tmp_path / "a.json") == {"Units": "s"}


def test_a_step_between_volumes_has_a_unit_and_none_claims_none(tmp_path: Path) -> None:
    series = np.ones((2, 3, 4, 5), dtype=np.float32)
    for step_s, unit in ((2.5, "sec"), (None, "unknown")):
        images.save(tmp_path / "a.nii.gz", series, AFFINE, step_s=step_s)
        header = images.header(tmp_path / "a.nii.gz").header
        assert header.get_xyzt_units() == ("mm", unit)
        assert header.get_zooms()[3] == (1.0 if step_s is None else step_s)


def test_same_volume_gives_same_bytes(tmp_path: Path) -> None:
    data = np.ones((4, 4, 4), dtype=bool)
    for name in ("a.nii.gz", "b.nii.gz"):
        images.save(tmp_path / name, data, AFFINE)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_truncated_file_is_named_with_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    images.save(path, np.random.default_rng(0).normal(size=(20, 20, 20)), AFFINE)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputFault, match=r"a\.nii\.gz.*20x20x20 voxels.*copy or convert"):
        images.load(path)


def test_damaged_bytes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    nib.save(nib.Nifti1Image(np.random.default_rng(0).normal(size=(9, 9, 9)), AFFINE), path)
    content = bytearray(gzip.decompress(path.read_bytes()))
    damaged = bytearray(gzip.compress(bytes(content)))
    damaged[len(damaged) // 2] ^= 255
    path.write_bytes(bytes(damaged))
    with pytest.raises(InputFault, match="damaged"):
        images.load(path, checked=True)


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "NaN or infinite"), (np.inf, "NaN or infinite")]
)
def test_volume_with_bad_voxels_is_refused_when_checked(
    tmp_path: Path, value: float, message: str
) -> None:
    data = np.ones((3, 3, 3), dtype=np.float32)
    data[0, 0, 0], data[1, 1, 1] = value, 7
    images.save(tmp_path / "a.nii.gz", data, AFFINE)
    with pytest.raises(InputFault, match=message):
        images.load(tmp_path / "a.nii.gz", checked=True)


def test_volume_without_contrast_is_refused_when_checked(tmp_path: Path) -> None:
    images.save(tmp_path / "a.nii.gz", np.zeros((3, 3, 3), dtype=np.int16), AFFINE)
    with pytest.raises(InputFault, match="every voxel equal to 0"):
        images.load(tmp_path / "a.nii.gz", checked=True)


def test_other_grid_is_refused(tmp_path: Path) -> None:
    images.save(tmp_path / "a.nii.gz", np.ones((3, 3, 3)), AFFINE)
    other = images.Image(np.ones((3, 3, 3)), np.eye(4))
    with pytest.raises(InputFault, match="resample it to the grid"):
        images.load(tmp_path / "a.nii.gz", like=other)


def test_missing_file_is_named() -> None:
    with pytest.raises(InputFault, match=r"nowhere\.nii\.gz: found no such file"):
        images.load("nowhere.nii.gz")


def test_affine_file_is_lps_as_itk_reads_it(tmp_path: Path) -> None:
    shift = np.eye(4)
    shift[:3, 3] = [1, 2, 3]
    images.write_affine(tmp_path / "a.txt", shift)
    parameters = (tmp_path / "a.txt").read_text().splitlines()[3]
    assert parameters == "Parameters: 1 0 0 0 1 0 0 0 1 -1 -2 3"


def test_affine_with_a_centre_is_read_as_itk_defines_it(tmp_path: Path) -> None:
    # Quarter turn about z through the point (10, 0, 0) LPS: that point stays where it is.
    text = "Parameters: 0 -1 0 1 0 0 0 0 1 0 0 0\nFixedParameters: 10 0 0\n"
    (tmp_path / "a.txt").write_text(text)
    matrix = images.read_affine(tmp_path / "a.txt")
    assert np.allclose(matrix @ [-10, 0, 0, 1], [-10, 0, 0, 1])


@given(hnp.arrays(float, (3, 4), elements=st.floats(-100, 100)))
def test_affine_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("affine") / "a.txt"
    matrix = np.vstack([rows, [0, 0, 0, 1]])
    images.write_affine(path, matrix)
    assert np.allclose(images.read_affine(path), matrix, atol=1e-9)


def test_warp_round_trip_and_stored_signs(tmp_path: Path) -> None:
    field = np.random.default_rng(1).normal(size=(3, 4, 5, 3)).astype(np.float32)
    images.save_warp(tmp_path / "w.nii.gz", field, AFFINE)
    stored = np.asarray(nib.load(tmp_path / "w.nii.gz").dataobj)
    assert stored.shape == (3, 4, 5, 1, 3)
    assert np.allclose(stored[..., 0, :2], -field[..., :2])
    assert np.allclose(images.load_warp(tmp_path / "w.nii.gz").data, field)
