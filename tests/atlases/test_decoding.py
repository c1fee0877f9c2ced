from __future__ import annotations

import numpy as np
import pytest

from sonolesion.atlases import decoding
from sonolesion.core.errors import InputFault


def test_packed_by_hand() -> None:
    # One voxel: label 3 with 153/255 = 0.6, label 7 with 51/255 = 0.2.
    packed = np.array([3, 7, 153, 51], dtype=np.uint8).reshape(1, 1, 1, 4)
    assert decoding.unpack(packed, 3).item() == pytest.approx(0.6)
    assert decoding.unpack(packed, 7).item() == pytest.approx(0.2)
    assert decoding.unpack(packed, 5).item() == 0


@pytest.mark.parametrize("voxel", [[3, 7, 51, 153], [3, 7, 200, 100], [9, 0, 255, 0]])
def test_what_is_not_packed_is_refused(voxel: list[int]) -> None:
    packed = np.array(voxel, dtype=np.uint8).reshape(1, 1, 1, 4)
    with pytest.raises(InputFault, match="coding"):
        decoding.require_packed(packed, n_labels=9, file="a.nii.gz")


def test_box_holds_the_region_and_one_voxel_around() -> None:
    volume = np.zeros((6, 6, 6))
    volume[2, 3, 0] = 1
    assert decoding.box_of(volume) == (slice(1, 4), slice(2, 5), slice(0, 2))
