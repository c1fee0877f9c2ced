from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from sonolesion.atlases import loader, table
from sonolesion.core.errors import InputFault

Writer = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("coding", ["labels", "probabilistic", "packed"])
def test_every_coding_holds_the_same_regions(atlas: Writer, coding: str) -> None:
    found = {region.side: region for region in loader.regions(atlas(coding))}
    assert set(found) == {"left", "right"}
    assert {region.name for region in found.values()} == {"Cube"}
    for region in found.values():
        assert region.volume.sum() == 6**3
        assert region.volume.max() == 1
    corner = found["left"].affine[:3, :3] @ np.argwhere(found["left"].volume)[0]
    assert (corner + found["left"].affine[:3, 3]).tolist() == [-12, -2, 0]


def test_masks_tell_name_and_side_by_entities_or_folder(tmp_path: Path, atlas: Writer) -> None:
    image = nib.load(atlas()["file"])
    one = nib.Nifti1Image((np.asarray(image.dataobj) == 1).astype(np.uint8), image.affine)
    one.set_sform(one.affine, 4)
    folder = tmp_path / "masks"
    (folder / "left-vols").mkdir(parents=True)
    nib.save(one, folder / "left-vols" / "CL.nii.gz")
    nib.save(one, folder / "tpl_hemi-L_desc-fct_mask.nii.gz")
    nib.save(one, folder / "tpl_desc-all_dseg.nii.gz")
    found = list(loader.regions(atlas(coding="masks") | {"file": str(folder), "labels": ""}))
    assert sorted((region.name, region.side) for region in found) == [
        ("CL", "left"),
        ("fct", "left"),
    ]


@pytest.mark.parametrize(
    ("written", "stated", "words"),
    [
        ("labels", {"coding": "packed"}, "41x41x41 voxels of uint8"),
        ("packed", {"coding": "labels"}, "coding labels"),
        ("labels", {"coding": "probabilistic"}, "coding probabilistic"),
        ("labels", {"coding": "coordinates"}, "an extent"),
    ],
)
def test_another_coding_than_stated_is_told(
    atlas: Writer, written: str, stated: dict[str, str], words: str
) -> None:
    with pytest.raises(InputFault, match=words):
        list(loader.regions(atlas(written) | stated))


def test_another_space_in_the_name_is_told(atlas: Writer) -> None:
    row = atlas(name="tpl_space-MNI152NLin6Asym_dseg.nii.gz")
    with pytest.raises(InputFault, match="space-MNI152NLin6Asym"):
        list(loader.regions(row))


def test_the_grid_of_another_template_is_told(atlas: Writer, tmp_path: Path) -> None:
    affine = np.diag([-1.0, 1.0, 1.0, 1.0])
    affine[:3, 3] = [90, -126, -72]
    nib.save(nib.Nifti1Image(np.ones((182, 218, 182), np.uint8), affine), tmp_path / "b.nii")
    with pytest.raises(InputFault, match="the grid of MNI152NLin6Asym"):
        list(loader.regions(atlas() | {"file": str(tmp_path / "b.nii")}))


def test_labels_of_another_atlas_are_told(atlas: Writer, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("index,name\n77,L Elsewhere\n")
    with pytest.raises(InputFault, match="none of which is in its table"):
        list(loader.regions(atlas() | {"labels": str(tmp_path / "other.csv")}))
    (tmp_path / "more.csv").write_text("index,name\n7,L Elsewhere\n")
    with pytest.raises(InputFault, match="3 volumes for labels up to 7"):
        list(loader.regions(atlas("probabilistic") | {"labels": str(tmp_path / "more.csv")}))


def test_no_orientation_is_told(atlas: Writer, tmp_path: Path) -> None:
    image = nib.load(atlas()["file"])
    bare = nib.Nifti1Image(np.asarray(image.dataobj), image.affine)
    bare.set_sform(bare.affine, 0)
    bare.set_qform(bare.affine, 0)
    nib.save(bare, tmp_path / "c.nii.gz")
    with pytest.raises(InputFault, match="no orientation"):
        list(loader.regions(atlas() | {"file": str(tmp_path / "c.nii.gz")}))


def test_coordinates_of_nilearn_are_read_offline(root: Path) -> None:
    rows = table.chosen(root / "atlases", used=["power", "dosenbach"], files={}, own=())
    dosenbach, power = (loader.coordinates(row) for row in rows)
    assert len(power) == 264
    assert power[0] == ("1", (-25.0, -98.0, -12.0))
    assert len(dosenbach) == 160
    assert dosenbach[0] == ("1_vmPFC", (6.0, 64.0, 3.0))
