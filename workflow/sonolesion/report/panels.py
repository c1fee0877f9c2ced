"""Slices of volumes as pictures, with contours as vector paths."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy.ndimage import map_coordinates
from skimage.measure import find_contours

from sonolesion.report.records import Volume

FloatArray = NDArray[np.float64]
# Plane: axis cut through, axis to the right of the picture, axis up the picture.
PLANES = {"axial": (2, 0, 1), "coronal": (1, 0, 2), "sagittal": (0, 1, 2)}
ENDS = {0: ("L", "R"), 1: ("P", "A"), 2: ("I", "S")}


@dataclass(frozen=True)
class Frame:
    """A square window in an anatomical plane.

    Attributes
    ----------
    plane : str
        Key of `PLANES`.
    centre_mm : ndarray of shape (3,)
        Point in the middle of the picture, acpc [mm].
    half_width_mm, pixel_mm : float
        Half the edge of the window, and the edge of a pixel [mm].
    radiological : bool
        The patient's left is on the right of axial and coronal pictures.
    """

    plane: str
    centre_mm: FloatArray
    half_width_mm: float
    pixel_mm: float
    radiological: bool

    @property
    def size(self) -> int:
        """Pixels along an edge."""
        return round(2 * self.half_width_mm / self.pixel_mm)

    @property
    def flipped(self) -> bool:
        """Whether the picture's right is the negative end of its axis."""
        return self.radiological and PLANES[self.plane][1] == 0

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Letters at the left, right, bottom and top edge."""
        _, across, up = PLANES[self.plane]
        left, right = reversed(ENDS[across]) if self.flipped else ENDS[across]
        return left, right, *ENDS[up]

    @property
    def label(self) -> str:
        """Where the plane lies, such as ``z = 4.0 mm``."""
        axis = PLANES[self.plane][0]
        place = f"{self.centre_mm[axis]:.1f}".replace("-", "\u2212")
        return f"{'xyz'[axis]} = {place} mm"

    def points_mm(self) -> FloatArray:
        """Return the acpc points of the pixels, shape (rows, columns, 3), top row first."""
        _, across, up = PLANES[self.plane]
        steps = (np.arange(self.size) + 0.5) * self.pixel_mm - self.half_width_mm
        points = np.broadcast_to(self.centre_mm, (self.size, self.size, 3)).astype(float).copy()
        points[:, :, across] += (-steps if self.flipped else steps)[None, :]
        points[:, :, up] -= steps[:, None]
        return points

    def pixel_of(self, point_mm: Sequence[float] | FloatArray) -> tuple[float, float]:
        """Return (column, row) of a point projected on the picture, edges at 0 and `size`."""
        _, across, up = PLANES[self.plane]
        offset = np.asarray(point_mm, dtype=float) - self.centre_mm
        column = (-1.0 if self.flipped else 1.0) * offset[across]
        half = self.half_width_mm
        return (half + column) / self.pixel_mm, (half - offset[up]) / self.pixel_mm

    def distance_mm(self, point_mm: Sequence[float] | FloatArray) -> float:
        """Return how far a point lies from the plane [mm], towards the axis' positive end."""
        axis = PLANES[self.plane][0]
        return float(point_mm[axis] - self.centre_mm[axis])


def cut(volume: Volume, frame: Frame) -> FloatArray:
    """Sample a volume on the pixels of a frame, linearly; zero outside.

    Returns
    -------
    ndarray of shape (size, size)
        Top row first.
    """
    points = frame.points_mm()
    inverse = np.linalg.inv(volume.affine)
    indices = np.einsum("ij,rcj->irc", inverse[:3, :3], points) + inverse[:3, 3][:, None, None]
    # The cube of voxels around the window is enough: a float copy of the whole is slow.
    low = np.floor(indices.min(axis=(1, 2))).astype(int).clip(0) - 1
    low = low.clip(0)
    high = np.ceil(indices.max(axis=(1, 2))).astype(int) + 2
    part = volume.data[tuple(slice(a, max(b, a)) for a, b in zip(low, high, strict=True))]
    if part.size == 0:
        return np.zeros(indices.shape[1:])
    indices = indices - low[:, None, None]
    sampled = map_coordinates(part.astype(np.float64), indices, order=1, cval=0.0)
    return np.asarray(sampled, dtype=np.float64)


def window(data: NDArray[Any], inside: NDArray[np.bool_], *, spreads: float) -> tuple[float, float]:
    """Return the grey limits of an image: so many quartile ranges about the median.

    Fluid, bright in T2w and dark in T1w, is few of the brain's voxels, so that it moves neither:
    it may saturate, and tissue keeps its contrast.
    """
    values = data[inside & np.isfinite(data)]
    if values.size == 0:
        return 0.0, 1.0
    first, median, third = (float(q) for q in np.percentile(values, [25, 50, 75]))
    reach = spreads * (third - first) or 1.0
    return max(median - reach, float(values.min())), median + reach


def grey(values: FloatArray, limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Scale values between the limits to 0..255."""
    low, high = limits
    scaled = np.nan_to_num((values - low) / (high - low)).clip(0.0, 1.0)
    return (scaled * 255).round().astype(np.uint8)


def contours(values: FloatArray, *, level: float) -> list[str]:
    """Return the iso-lines of a picture as SVG path data in pixels, edges at 0 and `size`."""
    trace: Callable[..., list[FloatArray]] = find_contours  # which carries no types itself
    lines = trace(np.pad(values, 1), level)
    return [
        "M" + "L".join(f"{column - 0.5:.1f} {row - 0.5:.1f}" for row, column in line) + "Z"
        for line in lines
    ]


def embed(picture: NDArray[np.uint8], *, quality: int) -> str:
    """Encode a grey (R, C) or colour (R, C, 3) picture as a WebP data URI."""
    sink = io.BytesIO()
    Picture.fromarray(picture).save(sink, format="WEBP", quality=quality, method=4)
    return data_uri(sink.getvalue())


def shrink(content: bytes, *, width: int, quality: int) -> str:
    """Re-encode a picture file as a WebP data URI no wider than `width` pixels."""
    with Picture.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGB")
    if picture.width > width:
        height = round(picture.height * width / picture.width)
        picture = picture.resize((width, height), Picture.Resampling.LANCZOS)
    sink = io.BytesIO()
    picture.save(sink, format="WEBP", quality=quality, method=4)
    return data_uri(sink.getvalue())


def data_uri(webp: bytes) -> str:
    """Return WebP content as a data URI."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")
