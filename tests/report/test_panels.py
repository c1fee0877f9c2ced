from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from sonolesion.report import panels
from sonolesion.report.panels import Frame

MM = st.floats(-15, 15)


@dataclass(frozen=True)
class Volume:
    data: np.ndarray
    affine: np.ndarray


@pytest.fixture(scope="module")
def ramp() -> Volume:
    """A volume whose value is 100 + x + 2 y + 4 z [mm], on an oblique 2 mm grid."""
    angle = 0.3
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    affine[:3, :3] *= 2
    affine[:3, 3] = affine[:3, :3] @ [-30, -30, -30]
    index = np.stack(np.meshgrid(*[np.arange(60)] * 3, indexing="ij"), -1)
    mm = index @ affine[:3, :3].T + affine[:3, 3]
    return Volume(100 + mm @ [1.0, 2.0, 4.0], affine)


def frame(plane: str = "axial", *, radiological: bool = True, centre: object = (0, 0, 0)) -> Frame:
    return Frame(plane, np.asarray(centre, float), 10.0, 1.0, radiological)


@pytest.mark.parametrize("plane", list(panels.PLANES))
@pytest.mark.parametrize("radiological", [True, False])
@settings(deadline=None)
@given(x=MM, y=MM, z=MM)
def test_a_picture_shows_the_right_points(
    ramp: Volume, plane: str, radiological: bool, x: float, y: float, z: float
) -> None:
    looked = frame(plane, radiological=radiological, centre=(x, y, z))
    expected = 100 + looked.points_mm() @ [1.0, 2.0, 4.0]
    np.testing.assert_allclose(panels.cut(ramp, looked), expected, atol=1e-7)


def test_the_patients_left_is_on_the_right() -> None:
    left = (-5.0, 3.0, 0.0)
    assert frame().pixel_of(left) == (15.0, 7.0)
    assert frame(radiological=False).pixel_of(left) == (5.0, 7.0)
    assert frame().letters == ("R", "L", "P", "A")
    assert frame("coronal").letters == ("R", "L", "I", "S")
    assert frame("sagittal").letters == ("P", "A", "I", "S")


@pytest.mark.parametrize("plane", list(panels.PLANES))
@settings(deadline=None)
@given(x=MM, y=MM, z=MM)
def test_pixel_and_point_agree(plane: str, x: float, y: float, z: float) -> None:
    looked = frame(plane, centre=(x, y, z))
    points = looked.points_mm()
    column, row = looked.pixel_of(points[3, 8])
    assert (column, row) == pytest.approx((8.5, 3.5))
    assert looked.distance_mm(points[3, 8]) == pytest.approx(0)


def test_outside_the_volume_is_black(ramp: Volume) -> None:
    assert not panels.cut(ramp, frame(centre=(500, 0, 0))).any()


def test_contour_of_a_square_is_its_edge() -> None:
    square = np.zeros((8, 8))
    square[2:4, 3:6] = 1
    (path,) = panels.contours(square, level=0.5)
    numbers = np.array(path.strip("MZ").replace("L", " ").split(), float).reshape(-1, 2)
    # Pixels 3..5 and 2..3 reach from 3 to 6 and from 2 to 4, with pixel edges at whole numbers.
    assert numbers.min(axis=0).tolist() == [3.0, 2.0]
    assert numbers.max(axis=0).tolist() == [6.0, 4.0]


def test_nothing_has_no_contour() -> None:
    assert panels.contours(np.zeros((8, 8)), level=0.5) == []


def test_grey_reaches_from_black_to_white() -> None:
    values = np.array([-5.0, 0.0, 5.0, 10.0, np.nan])
    assert panels.grey(values, (0.0, 10.0)).tolist() == [0, 0, 128, 255, 0]


def test_grey_limits_follow_tissue_not_fluid() -> None:
    tissue = np.linspace(80, 120, 1001)
    # Quartiles 90 and 110, median 100.
    assert panels.window(tissue, tissue > 0, spreads=0.5) == pytest.approx((90, 110))
    fluid = np.concatenate([tissue, np.full(30, 400.0)])
    assert panels.window(fluid, fluid > 0, spreads=2.5)[1] < 170
    assert panels.window(tissue, tissue < 0, spreads=2.5) == (0.0, 1.0)
    assert panels.window(np.full(9, 7.0), np.ones(9, bool), spreads=2.5) == (7.0, 8.0)


def test_pictures_are_webp_no_wider_than_asked() -> None:
    sink = io.BytesIO()
    Picture.fromarray(np.zeros((40, 100), np.uint8)).save(sink, format="PNG")
    uri = panels.shrink(sink.getvalue(), width=50, quality=70)
    kind, _, content = uri.partition(",")
    assert kind == "data:image/webp;base64"
    with Picture.open(io.BytesIO(base64.b64decode(content))) as picture:
        assert picture.size == (50, 20)
