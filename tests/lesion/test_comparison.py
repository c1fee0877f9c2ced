"""One contrast of two visits: where both have data, and what is made of them there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.core.settings.lesion import Lesion
from sonolesion.lesion import comparison
from tests.lesion.conftest import CORE, VOXEL_MM, Study

SETTINGS = Lesion().model_dump()


def compared(study: Study, late: np.ndarray, early: np.ndarray) -> comparison.Change:
    return comparison.compare(
        late, early, brain=study.head.brain, excluded=study.head.excluded(15.0),
        fluid=study.head.tissue[2], voxel_mm=VOXEL_MM, hole_mm=15.0,
        field=comparison.FieldModel(**SETTINGS["calibration"]),
        noise=comparison.NoiseModel(**SETTINGS["noise"]),
    )  # fmt: skip


def test_a_block_of_zeros_is_outside_and_so_is_its_rim() -> None:
    scan = np.ones((20, 9, 9))
    scan[14:] = 0.0
    found = comparison.covered(scan)
    # Three voxels of the rim take part in derivatives across the border.
    assert found[:11].all()
    assert not found[11:].any()


def test_single_zeros_within_the_head_are_data() -> None:
    scan = np.ones((12, 12, 12))
    scan[6, 6, 6] = scan[2, :, 5] = 0.0
    scan[3, 3, 3] = -2.0
    assert comparison.covered(scan).all()


def test_where_one_scan_has_no_data_nothing_is_known(untreated: Study) -> None:
    late = untreated.late["T1w"].copy()
    late[:, :, 40:] = 0.0
    found = compared(untreated, late, untreated.early["T1w"])
    assert not found.valid[:, :, 40:].any()
    assert found.valid[:, :, :37][untreated.head.brain[:, :, :37]].all()
    assert not found.value[~found.valid].any()
    assert (found.sd[~found.valid] == comparison.UNKNOWN).all()


def test_the_rest_is_as_if_it_were_whole(untreated: Study) -> None:
    late, early = untreated.late["T1w"].copy(), untreated.early["T1w"]
    whole = compared(untreated, late, early)
    late[:, :, 48:] = 0.0
    cut = compared(untreated, late, early)
    far = untreated.head.brain & cut.valid
    far[:, :, 30:] = False
    difference = (cut.value - whole.value)[far] / whole.sd[far]
    assert np.abs(difference).mean() < 0.25
    assert np.median(cut.sd[far] / whole.sd[far]) == pytest.approx(1, abs=0.1)


def test_change_is_told_in_noise_of_its_own(untreated: Study, treated: Study) -> None:
    found = compared(treated, treated.late["FLAIR"], treated.early["FLAIR"])
    quiet = treated.head.brain & ~treated.head.excluded(15.0)
    assert np.std(found.value[quiet] / found.sd[quiet]) == pytest.approx(1, abs=0.15)
    # Away from the border, whose voxels are blurred.
    core = ndimage.binary_erosion(treated.inner)
    assert found.value[core].mean() == pytest.approx(CORE["FLAIR"], abs=0.05)
    assert found.value[core].mean() < -5 * found.sd[core].mean()
    none = compared(untreated, untreated.late["FLAIR"], untreated.early["FLAIR"])
    assert abs(none.value[treated.inner].mean()) < none.sd[treated.inner].mean()


def test_a_gain_of_slices_is_removed() -> None:
    value = np.zeros((30, 30, 16))
    value[:, :, ::2] = 0.1
    left = value - comparison.slice_gain(
        value, usable=np.ones(value.shape, dtype=bool), width=(5.0, 0.25), hole=6.0, cut=4.685
    )
    assert np.abs(left).max() < 0.01


def test_the_middle_of_a_disc_has_no_say() -> None:
    weights = comparison.disc(sigma=2.0, hole=2.5)
    middle = len(weights) // 2
    assert not weights[middle - 1 : middle + 2, middle - 1 : middle + 2].any()
    assert weights[middle, middle + 3] > 0
    assert weights.sum() == pytest.approx(1.0)


def test_a_place_is_judged_alike_in_and_out_of_the_sphere(untreated: Study) -> None:
    """What is left of an unchanged place must not depend on whether it was left out of the fits."""
    head, name = untreated.head, "FLAIR"
    sphere = head.excluded(10.0) & head.brain
    inside = {}
    for radius_mm in (0.1, 15.0):
        found = comparison.compare(
            untreated.late[name], untreated.early[name], brain=head.brain,
            excluded=head.excluded(radius_mm), fluid=head.tissue[2], voxel_mm=VOXEL_MM,
            hole_mm=15.0, field=comparison.FieldModel(**SETTINGS["calibration"]),
            noise=comparison.NoiseModel(**SETTINGS["noise"]),
        )  # fmt: skip
        inside[radius_mm] = (found.value / found.sd)[sphere]
    assert inside[0.1].std() == pytest.approx(inside[15.0].std(), rel=0.05)
    assert np.corrcoef(inside[0.1], inside[15.0])[0, 1] > 0.95
