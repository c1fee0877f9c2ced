"""A diffusion scan while it is registered: its volumes at points of the head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonolesion.core.errors import InputFault
from sonolesion.diffusion import leave_one_out, outliers
from sonolesion.diffusion.motion_model import N_EDDY, N_RIGID, Grid, moved, rotate_vectors
from sonolesion.diffusion.registration import Samples, Search, Smoothed, sampled, smooth

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Settings:
    """What `estimate` goes by; the keys of the configuration, with their units.

    Attributes
    ----------
    eddy : str
        Field of the eddy currents: ``none``, ``linear`` or ``quadratic``.
    sigmas_mm : tuple of float
        Smoothing of each outer round [mm].
    plain_rounds : int
        First rounds in which the mean of the others is the prediction.
    working_mm : float
        Edge of a voxel while registering [mm].
    n_points : int
        About how many points of the head are used.
    margin_voxels : int
        By how much the mask is grown, as the edge of the head tells most, and shrunk where two
        contrasts are compared.
    n_iterations, tolerance_mm, tukey
        As for `registration.Search`.
    b0_max_s_mm2, shell_width_s_mm2, smoothness, directions_per_term
        As for `leave_one_out`.
    min_anchored : int
        Volumes a shell must have for its common eddy field to be told from the gradients.
    align_shells : bool
        Whether each shell is aligned to the unweighted volumes.
    max_gap_share : float
        As for `shell_alignment.interspersed`.
    n_bins : int
        As for `shell_alignment.mutual_information`.
    threshold_sd, min_loss, min_points, max_share, min_gain
        As for `outliers`.
    """

    eddy: str
    sigmas_mm: tuple[float, ...]
    plain_rounds: int
    working_mm: float
    n_points: int
    margin_voxels: int
    n_iterations: int
    tolerance_mm: float
    tukey: float
    b0_max_s_mm2: float
    shell_width_s_mm2: float
    smoothness: float
    directions_per_term: float
    min_anchored: int
    align_shells: bool
    max_gap_share: float
    n_bins: int
    threshold_sd: float
    min_loss: float
    min_points: int
    max_share: float
    min_gain: float

    @property
    def search(self) -> Search:
        """How one volume is registered."""
        return Search(self.n_iterations, self.tolerance_mm, self.tukey)


@dataclass
class Scan:
    """The scan while it is registered; `parameters` and `outlier` change from round to round."""

    data: NDArray[Any]
    shells: list[NDArray[np.int64]]
    b_values: Array
    vectors: Array
    grid: Grid
    points: Array
    inside: Flags
    deep: Flags
    settings: Settings
    parameters: Array
    outlier: Flags
    plain: bool = False
    small: list[Smoothed] = field(default_factory=list)

    def soften(self, sigma_mm: float) -> None:
        """Smooth all volumes, lost slices filled from their neighbours; 0 takes all as they are."""
        self.small = [
            smooth(
                outliers.filled(self.data[..., n], lost) if sigma_mm > 0 else self.data[..., n],
                sigma_mm=sigma_mm,
                voxel_mm=self.grid.voxel_mm,
                working_mm=self.settings.working_mm,
            )
            for n, lost in enumerate(self.outlier.T)
        ]

    def values(self, shell: NDArray[np.int64]) -> Samples:
        """Return a shell at the points, corrected as known by now; 0 where one is outside."""
        seen = np.array(
            [sampled(self.small[n], self.parameters[n], self.points, self.grid) for n in shell]
        )
        seen[:, ~np.isfinite(seen).all(axis=0)] = 0.0
        return np.asarray(seen, dtype=np.float32)

    def slices(self, number: int) -> Array:
        """Return in which slice of a volume the points were measured, not rounded."""
        return np.asarray(moved(self.parameters[number], self.points, self.grid)[2])

    def predictor(self, shell: NDArray[np.int64]) -> leave_one_out.Predictor:
        """Return the predictor of a shell, blind to lost slices."""
        flagged = np.zeros((shell.size, self.points.shape[1]), dtype=bool)
        for row, number in enumerate(shell):
            if self.outlier[:, number].any():
                flagged[row] |= outliers.touched(self.slices(number), self.outlier[:, number])
        return leave_one_out.Predictor(
            flagged,
            rotate_vectors(self.vectors[shell], self.parameters[shell]),
            smoothness=self.settings.smoothness,
            directions_per_term=np.inf if self.plain else self.settings.directions_per_term,
        )


def begin(
    data: NDArray[Any],
    b_values: Array,
    vectors: Array,
    grid: Grid,
    mask: Flags,
    settings: Settings,
) -> Scan:
    """Check the scan and thin the mask to points; as for `motion_estimate.estimate`."""
    n_volumes = data.shape[3] if data.ndim == 4 else 0
    fits = (n_volumes, n_volumes, 3, data.shape[:3]) == (
        *b_values.shape,
        *vectors.shape,
        mask.shape,
    )
    if not fits or not np.any(mask) or (b_values > settings.b0_max_s_mm2).all():
        raise InputFault(
            file="diffusion scan",
            found=f"{data.shape} with {b_values.shape} b-values, {vectors.shape} vectors and "
            f"{np.count_nonzero(mask)} voxels in a mask of {mask.shape}",
            expected=f"(X, Y, Z, N), N of each, a b-value up to {settings.b0_max_s_mm2:g}, mask",
            remedy="give scan, table and mask of the same scan",
        )
    head = ndimage.binary_dilation(mask, iterations=settings.margin_voxels)
    flat = np.flatnonzero(head)
    flat = flat[:: max(1, flat.size // settings.n_points)]
    return Scan(
        data=data,
        shells=leave_one_out.groups(
            b_values,
            b0_max_s_mm2=settings.b0_max_s_mm2,
            shell_width_s_mm2=settings.shell_width_s_mm2,
        ),
        b_values=b_values,
        vectors=vectors,
        grid=grid,
        points=np.array(np.unravel_index(flat, grid.shape), dtype=np.float64),
        inside=np.asarray(mask, dtype=bool).ravel()[flat],
        deep=ndimage.binary_erosion(mask, iterations=settings.margin_voxels).ravel()[flat],
        settings=settings,
        parameters=np.zeros((n_volumes, N_RIGID + N_EDDY[settings.eddy])),
        outlier=np.zeros((data.shape[2], n_volumes), dtype=bool),
    )
