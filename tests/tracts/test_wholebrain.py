from __future__ import annotations

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.tracts import wholebrain


def test_the_border_holds_both_tissues() -> None:
    white = np.array([0.1, 0.5, 0.9, 0.5]).reshape(4, 1, 1)
    inside = np.array([True, True, True, False]).reshape(4, 1, 1)
    found = wholebrain.border(white, 1 - white, inside, min_share=0.2, min_voxels=1)
    assert found.ravel().tolist() == [False, True, False, False]
    with pytest.raises(InputFault, match="1 voxels"):
        wholebrain.border(white, 1 - white, inside, min_share=0.2, min_voxels=2)


def test_streamlines_are_parted_at_every_relay_but_not_those_that_end_there() -> None:
    labels = np.zeros((40, 5, 5), dtype=np.int16)
    labels[10:20], labels[25:35] = 1, 2
    points = np.zeros((60, 3), dtype=np.float32)
    points[:, 1:] = 2.0
    points[:40, 0], points[40:, 0] = np.arange(40), np.arange(20)
    how = {"radius_mm": 1.0, "relay_depth_mm": 0.0, "relay_mm": 5.0}
    lines = (points, np.array([0, 40, 60]))
    _, one = wholebrain.parted(lines, labels, np.eye(4), [1], settings=how)
    assert np.diff(one).tolist() == [20, 30, 20]
    _, two = wholebrain.parted(lines, labels, np.eye(4), [1, 2], settings=how)
    assert np.diff(two).tolist() == [20, 25, 15, 20]
    _, shallow = wholebrain.parted(
        lines, labels, np.eye(4), [1], settings=how | {"relay_depth_mm": 3.0}
    )
    assert len(shallow) == 3
