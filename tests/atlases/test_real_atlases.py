"""The atlases that users have, where they are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonolesion.atlases import loader, table
from sonolesion.core.errors import InputFault

FILES = {
    "hcp_thalamus": "thalamus_HCP_Najdenovska/Thalamus_Nuclei-HCP-4DSPAMs_paqd.nii.gz",
    "cit168": "CIT168/CIT168.nii.gz",
    "tian_s4": "Tian_Schaefer/Tian_Subcortex_S4_3T_2009cAsym.nii.gz",
}
# A region of each, where it must lie on the right [mm], and its volume [mm³].
KNOWN = {
    "hcp_thalamus": ("Medio_Dorsal", 14, (5.6, -14.8, 2.8), 1500),
    "cit168": ("Red_Nucleus", 32, (4.9, -19.1, -9.4), 384),
    "tian_s4": ("THA-VPm", 54, (9.0, -24.6, 1.3), 704),
}


@pytest.fixture
def folder(root: Path) -> Path:
    place = root.parent / "shared" / "data" / "atlases"
    if not place.is_dir():
        pytest.skip("the atlases of ../shared/data are not there")
    return place


def read(root: Path, folder: Path, name: str, **given: Any) -> list[loader.Region]:
    files = {name: str(folder / FILES[name])}
    (row,) = table.chosen(root / "atlases", used=(), files=files, own=())
    assert row["fault"] == ""
    return list(loader.regions(row | given))


def centre(region: loader.Region) -> np.ndarray[Any, np.dtype[np.float64]]:
    index = np.argwhere(region.volume > 0)
    weights = region.volume[tuple(index.T)]
    places = index @ region.affine[:3, :3].T + region.affine[:3, 3]
    return np.asarray((places * weights[:, None]).sum(axis=0) / weights.sum())


@pytest.mark.parametrize("name", list(FILES))
def test_regions_lie_on_their_side_and_where_they_belong(
    root: Path, folder: Path, name: str
) -> None:
    region_name, n_regions, place, volume = KNOWN[name]
    regions = read(root, folder, name)
    assert len(regions) == n_regions
    sides = {"left": -1, "right": 1}
    assert all(centre(region)[0] * sides[region.side] > 0 for region in regions)
    (right,) = [r for r in regions if (r.name, r.side) == (region_name, "right")]
    assert centre(right) == pytest.approx(place, abs=2.0)
    size = right.volume.sum() * abs(np.linalg.det(right.affine[:3, :3]))
    assert size == pytest.approx(volume, rel=0.3)


def test_a_file_of_the_other_template_is_refused(root: Path, folder: Path) -> None:
    wrong = folder / "Tian_Schaefer/Tian_Subcortex_S4_3T_1mm.nii.gz"
    with pytest.raises(InputFault, match="the grid of MNI152NLin6Asym"):
        read(root, folder, "tian_s4", file=str(wrong))
