"""Which correction is used in the end: the first whose own check bears it out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.core.settings.diffusion_distortion import Distortion
from sonolesion.maths import undistortion
from sonolesion.maths.distortion import unwarp
from sonolesion.maths.undistortion import Scene

SHAPE = (20, 44, 20)
AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
READOUT_S = 0.04
SETTINGS = Distortion().model_dump(mode="json")
PHASE: dict[str, Any] = {
    "method": "gre_map", "map": "gre_map", "reason": "why", "axis": 1, "sign": 1,
    "readout_s": READOUT_S, "partner_readout_s": READOUT_S,
}  # fmt: skip


def head() -> np.ndarray:
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    return np.asarray((x**2 + (y / 0.85) ** 2 + z**2) < 0.85)


def tissue() -> np.ndarray:
    texture = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=SHAPE), 1.5)
    levels = np.digitize(texture, np.quantile(texture, [0.3, 0.7]))
    return ndimage.gaussian_filter(np.where(head(), 60.0 + 70.0 * levels, 1.0), 0.5)


def field() -> np.ndarray:
    x, y, z = np.indices(SHAPE)
    away = (x - 10) ** 2 + (y - 26) ** 2 + (z - 8) ** 2
    return np.asarray(90.0 * np.exp(-away / 60.0), dtype=np.float32)


def scene(sign: int = 1, map_hz: np.ndarray | None = None) -> Scene:
    """Return a scan that the field displaced with a polarity, and a measured field."""
    b0 = unwarp(tissue(), -field(), axis=1, sign=sign, readout_s=READOUT_S)
    hz = field() if map_hz is None else map_hz
    t1w = np.asarray(200.0 - tissue(), dtype=np.float32)
    mask = head()
    return Scene(b0, None, hz, AFFINE, t1w, mask, mask, AFFINE, np.eye(4))


def found(seen: Scene, **phase: object) -> undistortion.Field:
    return undistortion.find_field(seen, phase=PHASE | phase, settings=SETTINGS)


def test_a_field_of_the_gradient_echo_is_used() -> None:
    done = found(scene())
    assert done.told["DistortionMethod"] == "gre_map"
    assert done.hz is not None
    assert np.corrcoef(done.hz[head()], field()[head()])[0, 1] > 0.98
    assert "turned" not in done.told["MapVerdict"]


@pytest.mark.parametrize(("sign", "factor"), [(-1, 1.0), (1, -1.0)])
def test_a_field_whose_sign_is_the_other_is_turned(sign: int, factor: float) -> None:
    """A reversed phase and a reversed label do the same; the T1w tells."""
    done = found(scene(sign, np.asarray(factor * field(), dtype=np.float32)))
    assert done.told["DistortionMethod"] == "gre_map"
    assert "its sign was turned" in done.told["MapVerdict"]
    assert done.hz is not None
    assert sign * np.corrcoef(done.hz[head()], field()[head()])[0, 1] > 0.98


def test_a_map_in_hertz_with_the_other_sign_is_refused() -> None:
    done = found(scene(-1), method="b0_map", map="b0_map")
    assert done.told["DistortionMethod"] in {"registration", "none"}
    assert "refused" in done.told["MapVerdict"]


def test_a_map_under_another_shim_is_refused() -> None:
    """Its peak is right, and a smooth field of the size of voxels lies over it."""
    x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    off = field() + 150.0 * (y**2 - x**2 + x * z)
    done = found(scene(1, np.asarray(off, dtype=np.float32)))
    assert done.told["DistortionMethod"] in {"registration", "none"}
    assert "refused" in done.told["MapVerdict"]


def test_an_undecidable_sign_is_refused_for_a_phase_alone() -> None:
    seen = replace(scene(), t1w=np.random.default_rng(0).normal(100, 9, SHAPE).astype(np.float32))
    assert "refused" in found(seen).told["MapVerdict"]


def test_an_empty_map_is_told() -> None:
    done = found(scene(1, np.zeros(SHAPE, dtype=np.float32)))
    assert done.told["MapVerdict"] == "the map is empty"


def test_a_map_is_found_where_the_head_lay_in_its_scan() -> None:
    """The map's own grid is shifted by five voxels, and the transform tells."""
    moved = np.eye(4)
    moved[1, 3] = 10.0
    seen = replace(scene(1, np.roll(field(), 5, axis=1)), to_map=moved)
    done = found(seen)
    assert done.hz is not None
    assert np.corrcoef(done.hz[head()], field()[head()])[0, 1] > 0.98


@pytest.mark.parametrize(("factor", "told"), [(1.0, "as labelled"), (-1.0, "wrong way round")])
def test_a_pair_tells_its_polarity_and_is_corrected_alike(factor: float, told: str) -> None:
    """The labels of both scans are right, or both are wrong: the scan comes out the same."""
    seen = scene(1, np.asarray(factor * field(), dtype=np.float32))
    partner = unwarp(tissue(), -field(), axis=1, sign=-1, readout_s=READOUT_S)
    done = found(replace(seen, partner=partner), method="opposed")
    assert done.told["DistortionMethod"] == "opposed"
    assert told in done.told["PolarityVerdict"]
    swapped = found(replace(seen, partner=partner), method="opposed", sign=-1)
    assert done.hz is not None
    assert swapped.hz is not None
    assert np.array_equal(done.hz, -swapped.hz)


def test_a_scan_and_its_copy_fall_to_the_map() -> None:
    """Two scans of one polarity are no pair: the next method takes its place."""
    seen = scene()
    done = found(replace(seen, partner=seen.b0), method="opposed")
    assert "same" not in done.told["DistortionMethod"]
    assert done.told["DistortionMethod"] == "gre_map"
