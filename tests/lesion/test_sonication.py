"""The energy-weighted focus, in the frame of the plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonolesion.core.errors import InputFault
from sonolesion.lesion import sonication
from sonolesion.lesion.target import Frames

LANDMARKS = {"ac_mm": [0, 0, 0], "pc_mm": [0, -24, 0]}
PLAN = {"frame": "acpc", "origin": "mc", "axes": "LPS", "stated_mm": [6, 8, 0]}
FRAMES = Frames.of(LANDMARKS, [], [], "MNI152NLin2009cAsym")


def foci(*energies: float | None) -> list[dict[str, Any]]:
    return [
        {"stated_mm": [6.0 + n, 8.0, 1.0], "energy_j": energy} for n, energy in enumerate(energies)
    ]


def test_energy_weighs_and_the_frame_is_that_of_the_plan() -> None:
    found = sonication.focus_mm(foci(1000.0, 3000.0), PLAN, FRAMES)
    # x grows to the left, y to the back from the middle of the commissures (12 mm behind AC).
    np.testing.assert_allclose(found, [-6.75, -20, 1])


@pytest.mark.parametrize("energies", [(None, 3000.0), (0.0, 0.0)])
def test_unknown_energies_weigh_alike(energies: tuple[float | None, ...]) -> None:
    np.testing.assert_allclose(sonication.focus_mm(foci(*energies), PLAN, FRAMES), [-6.5, -20, 1])


def test_no_foci_no_focus() -> None:
    assert sonication.focus_mm([], PLAN, FRAMES) is None


def test_scanner_millimetres_go_through_the_scan() -> None:
    shift = np.eye(4)
    shift[:3, 3] = [5, 0, 0]
    plan = {"frame": "scanner", "axes": "RAS", "image": "a.nii"}
    frames = Frames.of(LANDMARKS, [shift], [], "")
    np.testing.assert_allclose(sonication.focus_mm(foci(1.0), plan, frames), [1, 8, 1])
    with pytest.raises(InputFault, match="scanner without its transform"):
        sonication.focus_mm(foci(1.0), plan, FRAMES)
