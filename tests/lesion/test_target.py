"""The plan, from every frame."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.core.errors import InputFault
from sonolesion.lesion import target

AC, PC = (0.0, 0.0, 0.0), (0.0, -25.0, 0.0)
mm = st.floats(-90, 90)


@pytest.mark.parametrize(
    ("origin", "axes", "stated", "expected"),
    [
        ("ac", "RAS", (-8, -20, 5), (-8, -20, 5)),
        ("mc", "RAS", (-8, -7, 5), (-8, -19.5, 5)),
        ("pc", "LPS", (8, -6, 5), (-8, -19, 5)),
        ("pc", "SAL", (5, 6, 8), (-8, -19, 5)),
    ],
)
def test_acpc_by_hand(
    origin: str, axes: str, stated: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    found = target.from_acpc(stated, origin=origin, axes=axes, ac_mm=AC, pc_mm=PC, file="t")
    assert found.tolist() == list(expected)


def test_a_wrong_origin_or_axes_is_refused() -> None:
    with pytest.raises(InputFault, match="12 mm"):
        target.from_acpc((1, 2, 3), origin="", axes="RAS", ac_mm=AC, pc_mm=PC, file="t")
    for axes in ("", "RA", "RLS", "XYZ", "RASL"):
        with pytest.raises(InputFault, match="axes"):
            target.ras_from_axes((1, 2, 3), axes=axes, file="t")


@given(mm, mm, mm, st.floats(-3, 3))
def test_scanner_points_come_back(x: float, y: float, z: float, turn: float) -> None:
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    matrix[:3, 3] = [3, -40, 12]
    scanner = matrix @ [x, y, z, 1]
    stated = [-scanner[0], -scanner[1], scanner[2]]
    found = target.from_scanner(stated, axes="LPS", scan_from_acpc=matrix, file="t")
    np.testing.assert_allclose(found, [x, y, z], atol=1e-9)


def test_mni_goes_through_the_warp_and_no_other_template() -> None:
    warp, affine = np.zeros((5, 5, 5, 3)), np.diag([2.0, 2.0, 2.0, 1.0])
    warp[..., 0] = np.arange(5)[:, None, None]
    options = {"warp": warp, "warp_affine": affine, "warp_space": "A", "file": "t"}
    # Half-way between voxels 1 and 2 the shift is 1.5 mm.
    found = target.from_mni((3, 4, 4), space="A", **options)
    assert found.tolist() == [4.5, 4, 4]
    with pytest.raises(InputFault, match="differ by millimetres"):
        target.from_mni((3, 4, 4), space="B", **options)
    with pytest.raises(InputFault, match="inside the template"):
        target.from_mni((30, 4, 4), space="A", **options)


def test_a_target_without_a_frame_is_refused() -> None:
    assert target.require_frame({"frame": "mni"}, file="t") == "mni"
    with pytest.raises(InputFault, match="bare coordinates"):
        target.require_frame({"stated_mm": [1, 2, 3]}, file="t")


def test_warps_one_after_the_other() -> None:
    """A point of another template goes through the transform between the two, then the warp."""
    grid = np.diag([2.0, 2.0, 2.0, 1.0])
    between = np.broadcast_to(np.array([2.0, 0.0, -1.0]), (6, 6, 6, 3))
    own = np.zeros((6, 6, 6, 3))
    own[..., 1] = np.arange(6)[:, None, None]
    own_warp, first = (SimpleNamespace(data=field, affine=grid) for field in (own, between))
    frames = target.Frames.of({}, [], [own_warp, first], "MNI152NLin6Asym")
    planned = {"frame": "mni", "space": "MNI152NLin6Asym"}
    # (3, 4, 5) goes to (5, 4, 4), which the second warp moves by 2.5 mm in y.
    found = target.in_acpc((3, 4, 5), planned, frames, file="t")
    assert found == pytest.approx([5, 6.5, 4])
    with pytest.raises(InputFault, match="differ by millimetres"):
        target.in_acpc((3, 4, 5), planned | {"space": "MNIColin27"}, frames, file="t")
