from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.maths.asl_slices import slice_offsets


def offsets(**change: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    given: dict[str, Any] = {
        "acquisition": "2D", "slice_timing_s": [0.5, 0.9, 0.7], "slice_axis": None,
        "shape": (4, 5, 3), "max_s": 20.0, "file": "a.json",
    }  # fmt: skip
    return slice_offsets(**given | change)


def test_offsets_by_hand() -> None:
    found = offsets()
    assert found.shape == (1, 1, 3)
    assert found.ravel() == pytest.approx([0.0, 0.4, 0.2])
    assert offsets(slice_axis="k-").ravel() == pytest.approx([0.2, 0.4, 0.0])
    along = offsets(slice_axis="i", shape=(3, 5, 4))
    assert along.shape == (3, 1, 1)
    assert (np.zeros((3, 5, 4)) + along).shape == (3, 5, 4)


def test_one_excitation_has_one_delay() -> None:
    assert np.array_equal(offsets(acquisition="3D", slice_timing_s=None), np.zeros((1, 1, 1)))


@pytest.mark.parametrize(("change", "told"), [
    ({"slice_timing_s": None}, "SliceTiming"),
    ({"acquisition": None}, "MRAcquisitionType"),
    ({"slice_timing_s": [0.0, 0.1]}, "2 times"),
    ({"slice_timing_s": [0.0, 40.0, 80.0]}, "up to 80"),
    ({"slice_axis": "z"}, "along z"),
])  # fmt: skip
def test_what_a_2d_readout_lacks_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputFault, match=told):
        offsets(**change)
