"""The transform between two template brains, and the checks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.anatomy.gates import Check, at_least, at_most, dice, jacobian
from sonolesion.anatomy.geometry import Matrix, grid_points
from sonolesion.anatomy.resample import sample
from sonolesion.anatomy.template import TemplateFit, brain_of

Volume = NDArray[np.float32]
PERCENTILES = (0.1, 99.9)


def on_grid(template: Volume, template_affine: Matrix, fit: TemplateFit) -> Volume:
    """Return the first template on the grid of the fit."""
    points = grid_points(fit.forward.shape, fit.affine)
    return sample(template, template_affine, points, order=1)


def carried_brain(
    fit: TemplateFit, other: Volume, other_affine: Matrix
) -> tuple[Volume, NDArray[np.bool_]]:
    """Return the other template on the fit's grid, and its brain there.

    Parameters
    ----------
    fit : TemplateFit
        The first template to the other.
    other, other_affine : ndarray of shape (A, B, C) and (4, 4)
        The other, skull-stripped template.

    Returns
    -------
    carried : ndarray of shape (X, Y, Z)
    brain : ndarray of bool, shape (X, Y, Z)
    """
    points = fit.to_subject(grid_points(fit.forward.shape, fit.affine))
    carried = sample(other, other_affine, points, order=1)
    inside = sample(brain_of(other).astype(np.float32), other_affine, points, order=0)
    return carried, np.asarray(inside > 0, dtype=bool)


def between_checks(
    fit: TemplateFit,
    template: Volume,
    template_affine: Matrix,
    other_brain: NDArray[np.bool_],
    *,
    limits: Mapping[str, Any],
) -> list[Check]:
    """Check the transform between two templates: likeness, volume change, overlap of the brains.

    Parameters
    ----------
    fit : TemplateFit
        The first template to the other.
    template, template_affine : ndarray of shape (X, Y, Z) and (4, 4)
        The first, skull-stripped.
    other_brain : ndarray of bool
        Brain of the other on the fit's grid.
    limits : mapping
        ``anatomy.limits`` of the settings.
    """
    points = grid_points(fit.forward.shape, fit.affine)
    brain = sample(brain_of(template).astype(np.float32), template_affine, points, order=0) > 0
    low, high = np.percentile(jacobian(fit.forward, fit.affine)[brain], PERCENTILES)
    return [
        at_least("template_correlation", fit.correlation, limits["min_warp_correlation"]),
        at_least("smallest_volume_change", float(low), limits["min_jacobian"]),
        at_most("largest_volume_change", float(high), limits["max_jacobian"]),
        at_least("brain_overlap", dice(brain, other_brain), limits["min_brain_dice"]),
    ]
