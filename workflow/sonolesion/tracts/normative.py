"""A tractogram of healthy brains in the template: whether it lies there, and the lesion there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.core.errors import InputFault
from sonolesion.maths.points import Matrix, Points, voxel_numbers
from sonolesion.tracts.geometry import Offsets, densified, require_streamlines, subset


def prepared(
    points: Points,
    offsets: Offsets,
    brain: NDArray[np.bool_],
    affine: Matrix,
    *,
    max_streamlines: int,
    max_outside: float,
    step_mm: float,
    file: str,
) -> tuple[Points, Offsets]:
    """Check that a tractogram lies in the template's brain, thin it out, and lay points densely.

    Parameters
    ----------
    points, offsets
        Streamlines [mm].
    brain : ndarray of bool, shape (X, Y, Z)
        Brain in the template.
    affine : ndarray of shape (4, 4)
        Its voxel indices to the template's millimetres.
    max_streamlines : int
        Of more, every n-th is taken.
    max_outside : float
        Largest share of the points outside the brain.
    step_mm : float
        Largest distance of two points in the result [mm].
    file : str
        What to name in errors.

    Raises
    ------
    InputFault
        If too many points lie outside, or there is no streamline.

    Notes
    -----
    Space is told from the place alone: a tractogram of another MNI template, or mirrored, passes.
    """
    require_streamlines(points, offsets)
    if len(offsets) < 2:
        raise _fault(file, "no streamline")
    every = -(-(len(offsets) - 1) // max_streamlines)
    own = subset(points, offsets, np.arange(0, len(offsets) - 1, every))
    if not np.isfinite(own[0]).all():
        raise _fault(file, "points that are no numbers")
    number = voxel_numbers(own[0], affine, brain.shape)
    inside = brain.ravel()[np.maximum(number, 0)] & (number >= 0)
    outside = 1.0 - float(inside.mean())
    if outside > max_outside:
        raise _fault(file, f"{100 * outside:.0f} % of its points outside the template's brain")
    return densified(*own, step_mm=step_mm)


def _fault(file: str, found: str) -> InputFault:
    return InputFault(
        file=file,
        found=found,
        expected="streamlines in millimetres of MNI152NLin2009cAsym (RAS+)",
        remedy="carry the tractogram to this template, or correct tracts.connectome.normative",
    )
