"""Maps of disconnection over the T1w: the share of a voxel's streamlines that the lesion cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from sonolesion.report import panels
from sonolesion.report.panels import FloatArray, Frame
from sonolesion.report.records import Volume

# Colours end at this share: from here on "all but cut", and far away shares are small.
TOP = 0.5
LEAST = 0.01
# The darkest part of the colours is left out: it would not show on the T1w.
COLOURS, DARKEST = "plasma", 0.12
LESION = (0, 255, 255)
# Slices: plane and distance from the lesion's centre [mm].
SLICES = (
    ("sagittal", 0.0), ("coronal", 0.0), ("axial", -16.0), ("axial", 0.0),
    ("axial", 12.0), ("axial", 24.0), ("axial", 36.0), ("axial", 48.0),
)  # fmt: skip
COLUMNS = 4
HALF_WIDTH_MM, PIXEL_MM, SPREADS = 90.0, 0.65, 3.0
HALF = 0.5


def mosaic(
    share: Volume,
    t1w: Volume,
    brain: Volume,
    lesion: Volume,
    *,
    radiological: bool,
) -> NDArray[np.uint8] | None:
    """Draw slices through the lesion and above it; None if there is no lesion to cut through.

    Parameters
    ----------
    share, t1w, brain, lesion
        Share that is cut (NaN where too few streamlines pass), baseline, its brain, probability
        of lesion; each on its own grid, in acpc [mm].
    radiological : bool
        The patient's left is on the right of axial and coronal pictures.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
    """
    there = np.argwhere(lesion.data >= HALF)
    if not len(there):
        return None
    centre = there.mean(axis=0) @ lesion.affine[:3, :3].T + lesion.affine[:3, 3]
    inside = np.argwhere(brain.data > 0) @ brain.affine[:3, :3].T + brain.affine[:3, 3]
    middle = (inside.min(axis=0) + inside.max(axis=0)) / 2.0
    limits = panels.window(t1w.data, brain.data > 0, spreads=SPREADS)
    tiles = []
    for plane, offset in SLICES:
        axis = panels.PLANES[plane][0]
        point = middle.copy()
        point[axis] = centre[axis] + offset
        frame = Frame(plane, point, HALF_WIDTH_MM, PIXEL_MM, radiological)
        grey = panels.grey(panels.cut(t1w, frame), limits)
        tiles.append(_tile(grey, _known(share, frame), panels.cut(lesion, frame), frame))
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def _known(share: Volume, frame: Frame) -> FloatArray:
    return panels.cut(_Filled(np.nan_to_num(share.data), share.affine), frame)


@dataclass(frozen=True)
class _Filled:
    """A volume without unknown voxels."""

    data: NDArray[np.float64]
    affine: NDArray[np.float64]


def _tile(
    grey: NDArray[np.uint8], share: FloatArray, lesion: FloatArray, frame: Frame
) -> NDArray[np.uint8]:
    """Colour one slice, outline the lesion, name its sides and its place."""
    shown = np.repeat(0.75 * grey[..., None], 3, axis=2)
    colour = 255.0 * _colours(np.clip(share / TOP, 0.0, 1.0))
    seen = share >= LEAST
    shown[seen] = 0.8 * colour[seen] + 0.2 * shown[seen]
    inside = lesion >= HALF
    shown[ndimage.binary_dilation(inside, iterations=2) & ~inside] = LESION
    picture = Picture.fromarray(shown.clip(0, 255).astype(np.uint8))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=15)
    left, right, _, _ = frame.letters
    edge = frame.size - 8
    pen.text((8, edge // 2), left, fill="white", font=font, anchor="lm")
    pen.text((edge, edge // 2), right, fill="white", font=font, anchor="rm")
    # The font that comes with Pillow has no minus sign.
    pen.text((8, 6), frame.label.replace("\u2212", "-"), fill="white", font=font)
    return np.asarray(picture, dtype=np.uint8)


def scale() -> list[str]:
    """Return the colours from 0 to `TOP` in equal steps, as a legend wants them."""
    shown = _colours(np.linspace(0.0, 1.0, 6))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in shown]


def _colours(share: FloatArray) -> FloatArray:
    """Return red, green and blue of shares 0 to 1 of the scale."""
    return np.asarray(colormaps[COLOURS](DARKEST + (1.0 - DARKEST) * share)[..., :3])
