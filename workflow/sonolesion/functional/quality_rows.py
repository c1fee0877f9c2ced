"""Motion, clean minutes and temporal signal-to-noise of a run, in numbers and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.functional.censoring import Censoring
from sonolesion.functional.run_rows import Row, row
from sonolesion.maths.volumes import require_minutes

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Quality:
    """How still the head lay and how steady the signal was.

    Attributes
    ----------
    mean_fd, max_fd : float
        Framewise displacement [mm].
    clean_minutes, censored_minutes : float
        Kept and dropped [min].
    tsnr : dict
        Tissue → median and number of voxels.
    """

    mean_fd: float
    max_fd: float
    clean_minutes: float
    censored_minutes: float
    tsnr: dict[str, tuple[float, int]]

    @property
    def told(self) -> dict[str, Any]:
        """Return what the sidecar says."""
        return {
            "MeanFD_mm": round(self.mean_fd, 5),
            "MaxFD_mm": round(self.max_fd, 5),
            "CleanMinutes": round(self.clean_minutes, 4),
            "CensoredMinutes": round(self.censored_minutes, 4),
            "TSNR": {name: round(value, 3) for name, (value, _) in self.tsnr.items()},
        }


def require_clean(
    frames: Censoring, repetition_s: float, *, limits: Mapping[str, Any], file: object
) -> str:
    """Return the mark of a run after censoring; raise `InputFault` if too little is left."""
    return require_minutes(
        int(frames.kept.sum()), repetition_s, min_minutes=limits["min_minutes"],
        accept_short=limits["accept_short"], file=file,
    )  # fmt: skip


def quality(
    columns: Mapping[str, Array],
    frames: Censoring,
    signal: NDArray[Any],
    where: Mapping[str, Flags],
) -> Quality:
    """Sum up a run.

    Parameters
    ----------
    columns : mapping
        Confounds, each (N,).
    frames : Censoring
        What is kept.
    signal : ndarray of shape (X, Y, Z)
        Temporal signal-to-noise ratio.
    where : mapping
        Tissue → mask (X, Y, Z).
    """
    moved = columns["framewise_displacement"]
    lost = frames.minutes / frames.kept.sum() * (~frames.kept).sum()
    return Quality(
        float(np.nanmean(moved)),
        float(np.nanmax(moved)),
        frames.minutes,
        float(lost),
        {
            name: (float(np.median(signal[mask])), int(mask.sum()))
            for name, mask in where.items()
            if mask.any()
        },
    )


def rows(found: Quality, labels: Mapping[str, Any], *, mark: str) -> list[Row]:
    """Return the rows of the table of measures."""
    of_run = (
        ("mean_fd", found.mean_fd, "mm"),
        ("clean_minutes", found.clean_minutes, "min"),
        ("censored_minutes", found.censored_minutes, "min"),
    )
    whole = [
        row(labels, region="brain", statistic=name, value=value, unit=unit, mark=mark)
        for name, value, unit in of_run
    ]
    return whole + [
        row(labels, region=name, statistic="tsnr_median", value=value, unit="1", mark=mark,
            n_voxels=count)
        for name, (value, count) in found.tsnr.items()
    ]  # fmt: skip


def title(found: Quality, mark: str) -> str:
    """Return the words above the carpet."""
    ratios = ", ".join(f"{name.replace('_', ' ')} {v:.0f}" for name, (v, _) in found.tsnr.items())
    parts = [
        f"FD mean {found.mean_fd:.2f}, largest {found.max_fd:.2f} mm",
        f"{found.clean_minutes:.1f} min kept, {found.censored_minutes:.1f} min dropped",
        f"tSNR {ratios}",
    ]
    return "; ".join(parts) + (f"\n{mark}" if mark else "")
