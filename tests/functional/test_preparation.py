"""A moved run of a known head: what comes back, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.core.config import Settings
from sonolesion.core.errors import InputFault
from sonolesion.functional import preparation
from sonolesion.maths.distortion import unwarp
from sonolesion.maths.rigid_motion import matrix_of

SETTINGS = Settings().model_dump(mode="json")
FUNCTIONAL = SETTINGS["functional"]
SHAPE = (26, 28, 22)
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
CENTRE = AFFINE[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
RUN: dict[str, Any] = {
    "repetition_s": 2.0, "n_discarded": 3, "slice_times_s": None, "slice_note": "not told",
    "method": "none", "map": "", "reason": "nothing there", "axis": 1, "sign": 1,
    "readout_s": 0.03, "partner_readout_s": 0.03,
}  # fmt: skip


def head() -> Any:
    """Return a bright ellipsoid with texture, and the share of each voxel in it."""
    index = np.moveaxis(np.indices(SHAPE), 0, -1) - (np.array(SHAPE) - 1) / 2
    inside = (np.square(index / np.array([9.0, 10.0, 8.0])).sum(-1) < 1).astype(np.float32)
    texture = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 1.5)
    return inside * (800 + 2000 * texture), inside


def moved_run(rows: list[list[float]]) -> Any:
    """Return the head as seen after each motion."""
    volume, _ = head()
    soft = ndimage.spline_filter(ndimage.gaussian_filter(volume, 0.7))
    out = []
    for row in rows:
        mapping = np.linalg.solve(AFFINE, matrix_of(np.array(row), CENTRE) @ AFFINE)
        out.append(ndimage.affine_transform(soft, mapping[:3, :3], mapping[:3, 3], prefilter=False))
    return np.stack(out, axis=-1).astype(np.float32)


def prepared(data: Any, **run: Any) -> preparation.Prepared:
    volume, share = head()
    return preparation.prepared(
        data, AFFINE, preparation.Head(volume.astype(np.float32), share), pair=(None, None),
        measured=None, run=RUN | run, slice_timing=FUNCTIONAL["slice_timing"],
        realignment=FUNCTIONAL["realignment"] | {"n_points": 4000},
        brain_mask=FUNCTIONAL["mask"], distortion=SETTINGS["diffusion"]["distortion"],
        radius_mm=50.0,
    )  # fmt: skip


MOVES = [[0.0] * 6, [0.5, 0, -0.4, 0, 0, 0], [1.0, -0.8, 0, 0, 0.01, 0], [0, 0, 0.6, 0.01, 0, 0.01]]


def test_motion_is_found_and_undone() -> None:
    found = prepared(moved_run(MOVES))
    fd = np.array([float(r["framewise_displacement"]) for r in found.motion[1:]])
    steps = np.abs(np.diff(MOVES, axis=0))
    wanted = steps[:, :3].sum(axis=1) + 50.0 * steps[:, 3:].sum(axis=1)
    np.testing.assert_allclose(fd, wanted, atol=0.12)
    spread = found.data[found.mask].std(axis=1) / found.mean[found.mask]
    rough = moved_run(MOVES)[found.mask].std(axis=1) / found.mean[found.mask]
    assert np.median(spread) < 0.25 * np.median(rough)
    assert found.told["DistortionMethod"] == "none"
    assert found.told["SliceTimingNote"] == "not told"
    assert found.told["DistortionChoice"] == "nothing there"


def test_a_measured_field_is_undone_in_the_same_interpolation() -> None:
    """A slope of the field shears the head along the axis; its sign is judged by the T1w."""
    volume, share = head()
    soft = ndimage.gaussian_filter(volume, 0.7).astype(np.float32)
    offset = np.linspace(-40, 40, SHAPE[0])[:, None, None] * np.ones(SHAPE)
    shift = 1.0 / 40.0 * offset
    index = np.indices(SHAPE).astype(float)
    index[1] -= shift
    seen = ndimage.map_coordinates(soft, index, order=3).astype(np.float32)
    data = np.repeat(seen[..., None], 3, axis=3)
    found = preparation.prepared(
        data, AFFINE, preparation.Head(soft, share), pair=(None, None),
        measured=(offset.astype(np.float32), AFFINE, np.eye(4)),
        run=RUN | {"method": "b0_map", "map": "b0_map", "readout_s": 0.025},
        slice_timing=FUNCTIONAL["slice_timing"],
        realignment=FUNCTIONAL["realignment"] | {"n_points": 4000},
        brain_mask=FUNCTIONAL["mask"], distortion=SETTINGS["diffusion"]["distortion"],
        radius_mm=50.0,
    )  # fmt: skip
    assert found.told["DistortionMethod"] == "b0_map"
    inside = share > 0
    before = np.corrcoef(found.before[inside], soft[inside])[0, 1]
    after = np.corrcoef(found.mean[inside], soft[inside])[0, 1]
    assert after > 0.98 > before


@pytest.mark.parametrize("alike", [True, False])
def test_a_pair_is_undone_whether_or_not_the_run_is_a_half_of_it(alike: bool) -> None:
    """A bump of the field moves the run one way along the axis and its partner the other."""
    volume, share = head()
    soft = ndimage.gaussian_filter(volume, 0.7).astype(np.float32)
    index = np.moveaxis(np.indices(SHAPE), 0, -1) - np.array([13.0, 20.0, 9.0])
    hz = (60.0 * np.exp(-np.square(index).sum(-1) / 40.0)).astype(np.float32)
    how = {"axis": 1, "readout_s": 0.035}
    seen, partner = (unwarp(soft, -hz, sign=sign, **how) for sign in (1, -1))
    found = preparation.prepared(
        np.repeat(seen[..., None], 3, axis=3), AFFINE, preparation.Head(soft, share),
        pair=(seen if alike else None, partner), measured=None,
        run=RUN | {"method": "opposed", "readout_s": 0.035, "partner_readout_s": 0.035},
        slice_timing=FUNCTIONAL["slice_timing"],
        realignment=FUNCTIONAL["realignment"] | {"n_points": 4000},
        brain_mask=FUNCTIONAL["mask"], distortion=SETTINGS["diffusion"]["distortion"],
        radius_mm=50.0,
    )  # fmt: skip
    assert found.told["DistortionMethod"] == "opposed", found.told
    inside = share > 0
    before, after = (
        np.corrcoef(one[inside], soft[inside])[0, 1] for one in (found.before, found.mean)
    )
    assert 1 - after < 0.35 * (1 - before)


def test_slices_are_brought_to_one_time() -> None:
    times = np.linspace(0, 1.8, SHAPE[2]).tolist()
    data = moved_run([[0.0] * 6] * 6)
    found, said = preparation.at_one_time(
        data, run=RUN | {"slice_times_s": times}, how=FUNCTIONAL["slice_timing"]
    )
    assert said == {"SliceTimingCorrected": True, "StartTime": 0.9}
    np.testing.assert_allclose(found, data, rtol=1e-4, atol=1e-2)


def test_first_volumes_are_left_out_by_time_or_by_intensity() -> None:
    limits = FUNCTIONAL["volumes"] | {"accept_short": True}
    course = 100.0 + 0.1 * np.sin(np.arange(40.0))
    course[:4] = 200.0
    data = np.broadcast_to(course, (4, 4, 4, 40)).astype(np.float32)
    found, said = preparation.steady(data, run=RUN, limits=limits, file="a")
    assert (found.shape[3], said["VolumesDiscarded"]) == (36, 4)
    assert "only 1.2 min" in said["Mark"]
    with pytest.raises(InputFault, match=r"1\.2 min of clean data"):
        preparation.steady(data, run=RUN, limits=FUNCTIONAL["volumes"], file="a")


def test_a_head_elsewhere_is_refused() -> None:
    volume, share = head()
    with pytest.raises(InputFault, match="no signal where the T1w has its brain"):
        preparation.prepared(
            moved_run(MOVES[:2]), AFFINE, preparation.Head(volume, 0 * share), pair=(None, None),
            measured=None, run=RUN, slice_timing=FUNCTIONAL["slice_timing"],
            realignment=FUNCTIONAL["realignment"], brain_mask=FUNCTIONAL["mask"], distortion={},
            radius_mm=50.0,
        )  # fmt: skip
