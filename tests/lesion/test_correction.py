"""What a person's labels mean, and which are refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.lesion import correction
from sonolesion.lesion.zones import Zones

SHAPE = (6, 6, 6)
BOX = (slice(1, 6), slice(0, 6), slice(0, 6))


def drawn(**labels: int) -> NDArray[np.uint8]:
    """Return labels of single voxels: `x2=3` puts label 3 at voxel (2, 2, 2)."""
    out = np.zeros(SHAPE, dtype=np.uint8)
    for place, label in labels.items():
        out[(int(place[1:]),) * 3] = label
    return out


def automatic() -> Zones:
    lesion = np.zeros(SHAPE, dtype=np.float32)[BOX]
    lesion[1, 2, 2] = 0.9
    nothing = np.zeros_like(lesion)
    return Zones(nothing, lesion, nothing)


def test_ones_alone_outline_the_lesion() -> None:
    zones = correction.zones_of(drawn(x2=1, x3=1), file="a")
    assert zones.mask.sum() == 2
    assert not zones.core_told
    assert "core" not in zones.masks()
    assert zones.labels().tolist() == drawn(x2=1, x3=1).tolist()


def test_labels_are_the_zones_and_come_back_as_they_were() -> None:
    labels = drawn(x1=1, x2=2, x3=3)
    zones = correction.zones_of(labels, file="a")
    counts = {name: int(mask.sum()) for name, mask in zones.masks().items()}
    assert counts == {"core": 1, "lesion": 2, "oedema": 1, "all_zones": 3}
    assert zones.labels().tolist() == labels.tolist()


def test_oedema_beside_a_lesion_without_rim() -> None:
    zones = correction.zones_of(drawn(x1=1, x3=3), file="a")
    assert not zones.core_told
    assert zones.mask.sum() == 1
    assert zones.labels().tolist() == drawn(x1=1, x3=3).tolist()


def test_an_empty_mask_says_not_visible() -> None:
    zones, told = correction.applied(
        automatic(), drawn(), BOX, file="a", voxel_mm=1.0, tolerance_mm=1.0
    )
    assert not zones.visible
    assert told["dice"] == 0.0
    assert told["hd95_mm"] is None


def test_the_record_tells_how_far_the_person_went() -> None:
    zones, told = correction.applied(
        automatic(), drawn(x2=1), BOX, file="a", voxel_mm=2.0, tolerance_mm=1.0
    )
    assert zones.mask[1, 2, 2]
    assert told == {
        "file": "a", "core_told": False, "dice": 1.0, "surface_dice": 1.0, "hd95_mm": 0.0,
        "automatic_mm3": 8.0, "corrected_mm3": 8.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.full(SHAPE, 4.0), "values 4"),
        (np.full(SHAPE, 0.5), "values 0.5"),
        (np.full(SHAPE, -1), "values -1"),
        (np.full(SHAPE, np.nan), "values nan"),
        (np.zeros((*SHAPE, 2)), "4 dimensions"),
    ],
)
def test_other_labels_are_refused(labels: NDArray[np.float64], found: str) -> None:
    with pytest.raises(InputFault, match=rf"mine\.nii.*{found}.*Remedy: save it again"):
        correction.zones_of(labels, file="mine.nii")


def test_labels_outside_the_head_are_refused() -> None:
    with pytest.raises(InputFault, match="1 labelled voxels outside the head"):
        correction.applied(
            automatic(), drawn(x0=1, x2=1), BOX, file="a", voxel_mm=1.0, tolerance_mm=1.0
        )


def test_two_masks_of_one_visit_are_refused() -> None:
    assert correction.only([("a", drawn())])[0] == "a"
    with pytest.raises(InputFault, match="second corrected mask beside a"):
        correction.only([("a", drawn()), ("b", drawn())])
